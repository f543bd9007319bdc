"""What a step means to somebody who waits: a task ended, an agent asks, a plan was approved. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from qwen_orch.model import event as e
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import CriterionStatus, Outcome, Task, TaskStatus
from qwen_orch.model.text import one_line

if TYPE_CHECKING:
    from qwen_orch.graph.state import Graph
    from qwen_orch.store.journal import Record

_ENDS = {TaskStatus.COMPLETED: "task.completed", TaskStatus.FAILED: "task.failed"}
_LONGEST = 2_000
"""Characters of one text."""


class Happening(NamedTuple):
    """Something that hooks run on: the *event* by name, a line of *text* for people, and the *facts* for programs."""

    event: str
    text: str
    facts: dict[str, Any]


def happenings(before: Graph, record: Record, after: Graph) -> Iterator[Happening]:
    """Yield what the step *record* means, given the states before and after it; mostly nothing."""
    for one in record.events:
        if isinstance(one, e.PlanApproved):
            yield _told("plan.approved", f"approved: {after.root.title}", after, record)
        elif isinstance(one, e.PermissionAsked) and _waits(after, one):
            yield _asked(after, record, one)
    for task in dict.fromkeys(one.task for one in record.events if isinstance(one, e.TaskEvent)):
        yield from _ended(before.tasks.get(task), after.tasks.get(task), after, record)


def _ended(was: Task | None, task: Task | None, graph: Graph, record: Record) -> Iterator[Happening]:
    """Yield that a task has become completed or failed; one that is found to be so again is no news."""
    if task is None or task.status not in _ENDS or (was and was.status is task.status):
        return
    detail = _why(task).removeprefix("failed: ") if task.status is TaskStatus.FAILED else task.summary
    text = f"{task.id} {task.title}: {task.status}" + (f", {detail}" if detail else "")
    yield _told(_ENDS[task.status], text, graph, record, task.id, session=task.session, detail=detail[:_LONGEST])


def _why(task: Task) -> str:
    last = task.attempts[-1] if task.attempts else None
    if last and last.outcome in (Outcome.FAILED, Outcome.TIMED_OUT):
        return last.detail
    failed = next((c.text for c in task.acceptance if c.status is CriterionStatus.FAILED), "")
    return f"check failed: {failed}" if failed else ""


def _waits(graph: Graph, asked: e.PermissionAsked) -> bool:
    """Tell whether the same step did not answer, too, as a policy does."""
    session = graph.sessions.get(asked.id)
    request = session.activity.request(asked.request.number) if session else None
    return request is not None and request.allowed is None


def _asked(graph: Graph, record: Record, asked: e.PermissionAsked) -> Happening:
    session, request = graph.sessions.get(asked.id), asked.request
    task = session.task if session else None
    text = f"{task or asked.id} asks: {request.title}"
    wanted = {"number": request.number, "kind": request.kind, "title": request.title, "detail": request.detail}
    wanted = {k: v[:_LONGEST] if isinstance(v, str) else v for k, v in wanted.items()}
    return _told("permission.waiting", text, graph, record, task, session=asked.id, request=wanted)


def _told(event: str, text: str, graph: Graph, record: Record, task: TaskId | None = None, **more: Any) -> Happening:
    """Return what happened; *more* of its facts are the session, a detail, and what was asked for."""
    text = one_line(text)[:_LONGEST]
    about = graph.tasks.get(task) if task else None
    facts = {
        "event": event,
        "at": record.at,
        "text": text,
        "orchestration": graph.root.id,
        "step": record.seq,
        "task": task,
        "title": about.title if about else graph.root.title,
        "session": None,
        "detail": "",
        "request": None,
        **more,
    }
    return Happening(event, text, facts)
