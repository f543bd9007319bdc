"""Records to store."""

from __future__ import annotations

from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.session import Note, Session, SessionKind
from qwen_orch.store.fold import folded
from qwen_orch.store.journal import Record
from tests.strategies import ORCH, SESSION, T0, orchestration, task

OPENED = Session(SESSION, SessionKind.PLANNING, "plan", ORCH, created=T0, updated=T0)

RECORDS = (
    Record(1, T0, "plan", (e.OrchestrationCreated(orchestration()), e.SessionOpened(OPENED))),
    Record(2, T0, "add_task", (e.TasksAdded((task(1), task(2, 1))),)),
    Record(3, T0, "note", (e.NoteAdded(SESSION, Note("mind the gap")),)),
    Record(4, T0, "complete_task", (e.TaskClaimed(task(1).id, "ann", "did it"),)),
    Record(5, T0, "undo", (e.TasksRestored((task(1),), (task(2).id,)),)),
)


def state(count: int) -> Graph:
    """The state after the first *count* records."""
    return folded(RECORDS[:count])
