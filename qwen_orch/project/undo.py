"""Undo and redo: a step more, that restores what was. The journal itself is never shortened.

The outside world cannot be undone: a step that started or ended an attempt by a command is refused.
"""

from __future__ import annotations

from qwen_orch.errors import StateTransitionError
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.task import Executor
from qwen_orch.project.history import REDO, UNDO, stacks
from qwen_orch.project.writer import Writer
from qwen_orch.store.fold import differences, folded
from qwen_orch.store.journal import Record

_OUTSIDE = (e.AttemptEnded, e.VerdictGiven, e.TaskClaimed, e.CriteriaChecked, e.GatesVerified)
_REBUILT = (e.PlanRestored, e.TasksRestored, e.SessionRestored, e.SessionsRemoved)


def undo(writer: Writer, force: bool) -> Record:
    """Take the newest step that stands back, and return it. Raises `StateTransitionError` when there is none."""
    taken: list[Record] = []

    def without_last(graph: Graph) -> list[e.Event]:
        standing, _ = stacks(writer.store.history(writer.seq))  # under the lock: nobody can have added a step meanwhile
        if len(standing) < 2:
            raise StateTransitionError("there is no step left to undo", "/session_history")
        if not force:
            refuse_outside(standing[-1])
        taken[:] = [standing[-1]]
        return _towards(graph, folded(standing[:-1]))

    writer.commit(UNDO, without_last)
    return taken[0]


def redo(writer: Writer) -> Record:
    """Put back the step that was undone last, and return it; raise `StateTransitionError` when there is none."""
    taken: list[Record] = []

    def with_last(graph: Graph) -> list[e.Event]:
        standing, undone = stacks(writer.store.history(writer.seq))
        if not undone:
            raise StateTransitionError("there is nothing to redo", "/session_history")
        taken[:] = [undone[-1]]
        return _towards(graph, folded([*standing, undone[-1]]))

    writer.commit(REDO, with_last)
    return taken[0]


def _towards(graph: Graph, wanted: Graph) -> list[e.Event]:
    """Return the events that turn *graph* into *wanted*: one at least, for a step that changed nothing is one too."""
    return differences(graph, wanted) or [e.PlanRestored(wanted.root)]


def refuse_outside(step: Record) -> None:
    """Raise `StateTransitionError` if *step* recorded something that happened outside this program."""
    if step.by == "recovery" and any(isinstance(event, _REBUILT) for event in step.events):
        raise StateTransitionError(
            f"step {step.seq} rebuilt the state after damage; what was before it is not known",
            "/undo --force",
        )
    for event in step.events:
        ran = isinstance(event, e.AttemptStarted) and event.attempt.executor is not Executor.MANUAL
        if ran or (isinstance(event, _OUTSIDE) and step.by in ("new_task", "check_completeness", "recovery")):
            raise StateTransitionError(
                f"step {step.seq} ({step.by}) records what commands did; undoing it would not undo them",
                "/undo --force",
                *(f"/update_task {i} status:pending" for i in sorted(_tasks(step))[:1]),
            )


def _tasks(step: Record) -> set[str]:
    return {event.task for event in step.events if isinstance(event, e.TaskEvent)}
