"""What others did meanwhile, in a few words: work in the background, another terminal, an agent's reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from qwen_orch.graph.questions import waiting
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.task import TaskStatus
from qwen_orch.model.text import clip, one_line

if TYPE_CHECKING:
    from qwen_orch.store.journal import Record

WIDTH = 76
_TOLD_OTHERWISE = (
    *("agent", "report_progress", "sequentialthinking", "record_decision", "report_finding", "claim_done"),
    "new_task",
)
"""Commands whose results are told one by one, or need not be."""


def told(news: Iterable[Record], graph: Graph) -> list[str]:
    """Return a line for each thing that a person waits for, *graph* being the state now."""
    return [clip(one_line(text), WIDTH) for record in news for event in record.events for text in _worth(event, graph)]


def _worth(event: e.Event, graph: Graph) -> Iterator[str]:
    match event:
        case e.AttemptStarted(task):
            yield f"{task} in progress{_title(graph, task)}"
        case e.VerdictGiven(task, passed):
            yield f"{task} {'completed' if passed else 'failed'}{_title(graph, task)}"
        case e.CriteriaChecked(task) if _is_claimed(graph, task):
            yield f"{task} waits for your word → /complete_task {task}"
        case e.AttemptEnded(task, outcome, detail):
            yield f"{task} {outcome.replace('_', ' ')}" + (f": {detail}" if detail else "")
        case e.PermissionAsked(session, request) if _waits(graph, session, request.number):
            yield f"{graph.session(session).task or session} asks: {request.title} → /permissions"
        case e.PlanCompleted():
            yield "the plan is complete"
        case _:
            pass


def _waits(graph: Graph, session: SessionId, number: int) -> bool:
    return any(q.session.id == session and q.request.number == number for q in waiting(graph))


def _title(graph: Graph, task: str) -> str:
    found = graph.tasks.get(TaskId(task))
    return f" · {found.title}" if found else ""


def _is_claimed(graph: Graph, task: str) -> bool:
    found = graph.tasks.get(TaskId(task))
    return found is not None and found.status is TaskStatus.CLAIMED


def counted(news: Iterable[Record]) -> str:
    """Return in one line which commands made *news*; nothing for what agents do between their results."""
    steps = [r for r in news if r.by not in _TOLD_OTHERWISE]
    what = ", ".join(dict.fromkeys(f"/{r.by}" if r.by.isidentifier() else r.by for r in steps))
    return f"meanwhile, elsewhere: {what} ({len(steps)} {'step' if len(steps) == 1 else 'steps'})" if steps else ""
