"""Undo and redo: a step more, that restores what was. The journal itself is never shortened.

The outside world cannot be undone: a step that started or ended an attempt by a command is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from qwen_orch.errors import StateTransitionError
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.task import Executor
from qwen_orch.project.history import REDO, UNDO, stacks
from qwen_orch.project.writer import Writer
from qwen_orch.store.journal import Record

_OUTSIDE = (e.AttemptEnded, e.VerdictGiven, e.TaskClaimed, e.CriteriaChecked, e.GatesVerified)


def undo(writer: Writer, force: bool) -> Record:
    """Take the newest step that stands back, and return it. Raises `StateTransitionError` when there is none."""
    taken: list[Record] = []

    def without_last(graph: Graph) -> list[e.Event]:
        standing, _ = stacks(writer.store.history())  # under the lock: nobody can have added a step meanwhile
        if len(standing) < 2:
            raise StateTransitionError("there is no step left to undo", "/session_history")
        if not force:
            _refuse_outside(standing[-1])
        taken[:] = [standing[-1]]
        return differences(graph, folded(standing[:-1]))

    writer.commit(UNDO, without_last)
    return taken[0]


def redo(writer: Writer) -> Record:
    """Put back the step that was undone last, and return it; raise `StateTransitionError` when there is none."""
    taken: list[Record] = []

    def with_last(graph: Graph) -> list[e.Event]:
        standing, undone = stacks(writer.store.history())
        if not undone:
            raise StateTransitionError("there is nothing to redo", "/session_history")
        taken[:] = [undone[-1]]
        return differences(graph, folded([*standing, undone[-1]]))

    writer.commit(REDO, with_last)
    return taken[0]


def _refuse_outside(step: Record) -> None:
    """Raise `StateTransitionError` if *step* recorded something that happened outside this program."""
    for event in step.events:
        ran = isinstance(event, e.AttemptStarted) and event.attempt.executor is not Executor.MANUAL
        if ran or (isinstance(event, _OUTSIDE) and step.by in ("new_task", "check_completeness", "recovery")):
            raise StateTransitionError(
                f"step {step.seq} ({step.by}) records what commands did; undoing it would not undo them",
                "/undo --force forgets it all the same",
                "/update_task TASK status:pending reopens a task",
            )


def folded(records: Iterable[Record]) -> Graph:
    """Return the state that *records* alone make."""
    graph = Graph()
    for record in records:
        for event in record.events:
            graph = apply(graph, event, record.at)
    return graph


def differences(graph: Graph, wanted: Graph) -> list[e.Event]:
    """Return the events that turn *graph* into *wanted*."""
    events: list[e.Event] = []
    if graph.root != wanted.root:
        events.append(e.PlanRestored(wanted.root))
    tasks = tuple(t for t in wanted.ordered() if graph.tasks.get(t.id) != t)
    gone = tuple(t.id for t in graph.ordered() if t.id not in wanted.tasks)
    if tasks or gone:
        events.append(e.TasksRestored(tasks, gone))
    events += [e.SessionRestored(s) for s in wanted.sessions_by_age() if graph.sessions.get(s.id) != s]
    closed = tuple(sorted(s for s in graph.sessions if s not in wanted.sessions))
    return [*events, e.SessionsRemoved(closed)] if closed else events
