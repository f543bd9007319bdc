"""The state of one orchestration, as a persistent value: an old graph stays valid when a new one is made of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from attrs import field, frozen
from immutables import Map

from qwen_orch.errors import PlanNotFound, SessionNotFound, TaskNotFound
from qwen_orch.graph.shelf import Shelf
from qwen_orch.model.ids import PhaseId, SessionId, TaskId, number_of
from qwen_orch.model.plan import Orchestration, Phase
from qwen_orch.model.task import Task

if TYPE_CHECKING:
    from qwen_orch.model.session import Session


@frozen
class Graph:
    """Everything known of one orchestration.

    *parts* (the subtasks of a task) and *last_number* (of the newest task) are derived from *tasks* and kept up to date
    by ``apply``, so that a step need not look at every task.
    """

    orchestration: Orchestration | None = None
    tasks: Map[TaskId, Task] = field(factory=Map)
    sessions: Shelf = field(factory=Shelf)
    parts: Map[TaskId, tuple[TaskId, ...]] = field(factory=Map)
    last_number: int = 0

    @cached_property
    def open_phases(self) -> frozenset[PhaseId]:
        """The phases that have a task which is not settled."""
        return frozenset(t.phase for t in self.tasks.values() if t.phase and not t.status.settled)

    @cached_property
    def held_phases(self) -> dict[PhaseId, tuple[PhaseId, ...]]:
        """The open phases that each phase waits for; a phase without open tasks passes on what it waits for itself."""
        held: dict[PhaseId, tuple[PhaseId, ...]] = {}
        for phase in self.orchestration.plan.phases if self.orchestration else ():  # they wait for earlier ones
            found = [(p,) if p in self.open_phases else held.get(p, ()) for p in phase.depends_on]
            held[phase.id] = tuple(dict.fromkeys(p for some in found for p in some))
        return held

    @cached_property
    def _phases(self) -> dict[str, Phase]:
        return {p.id: p for p in self.root.plan.phases}

    @property
    def root(self) -> Orchestration:
        """The orchestration itself; raises `PlanNotFound` in an empty graph."""
        if self.orchestration is None:
            raise PlanNotFound("there is no plan here", "/plan")
        return self.orchestration

    def task(self, task_id: str) -> Task:
        """Return the task with exactly this id, or raise `TaskNotFound`."""
        found = self.tasks.get(TaskId(task_id))
        if found is None:
            raise TaskNotFound(f"there is no task {task_id[:60]!r}", "/list_tasks")
        return found

    def session(self, session_id: str) -> Session:
        """Return the session with exactly this id, or raise `SessionNotFound`."""
        found = self.sessions.get(SessionId(session_id))
        if found is None:
            raise SessionNotFound(f"there is no session {session_id[:60]!r}", "/sessions")
        return found

    def subtasks(self, task_id: TaskId) -> list[Task]:
        """Return the direct parts of a task, in order."""
        return [self.tasks[i] for i in self.parts.get(task_id, ())]

    def ordered(self) -> list[Task]:
        """Return all tasks in the order of their numbers: the order of the document, then of adding."""
        return sorted(self.tasks.values(), key=lambda t: number_of(t.id))

    def phase(self, phase_id: str | None) -> Phase | None:
        """Return the phase with this id, or None."""
        return self._phases.get(phase_id or "")

    def sessions_by_age(self) -> list[Session]:
        """Return all sessions, oldest first."""
        return sorted(self.sessions.values(), key=lambda s: (s.created, s.id))
