"""What the words of /add_task and /update_task do to a task: one function a field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from attrs import evolve

from qwen_orch.commands.context import task_named
from qwen_orch.errors import StateTransitionError, UsageError, ValidationError
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import PhaseId, TaskId, did_you_mean, task_id
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.session import SessionState
from qwen_orch.model.task import Criterion, Dependency, Priority, Task, TaskStatus
from qwen_orch.model.text import clean, one_line
from qwen_orch.project.opening import finished
from qwen_orch.project.writer import timestamp
from qwen_orch.verification.judge import reopened_parents, settled_parents

NONE = "none"
LONGEST_TITLE = 500

Edit: TypeAlias = "Callable[[Graph, Task, str], Task]"


def _set(name: str, convert: Callable[[str], Any] = one_line, empty: Any = None) -> Edit:
    return lambda _, task, text: evolve(task, **{name: empty if text == NONE else convert(text)})


def _title(text: str) -> str:
    title = one_line(text)
    if not title:
        raise ValidationError("a task needs a title", "/add_task TITLE")
    if len(title) > LONGEST_TITLE:
        raise ValidationError(
            f"a title of {len(title)} characters is too long (at most {LONGEST_TITLE})", "use description:…"
        )
    return title


def _priority(text: str) -> Priority:
    if text not in list(Priority):
        choices = ", ".join(Priority)
        near = did_you_mean(text, Priority)
        raise UsageError(f"priority is one of {choices}, not {text[:40]!r}{near}", "priority:high")
    return Priority(text)


def _progress(text: str) -> float:
    number = text.rstrip("%")
    if not number.isdecimal() or len(number) > 3 or int(number) > 100:
        raise UsageError(f"progress is a number of percent from 0 to 100, not {text[:40]!r}", "progress:50")
    return int(number) / 100


def _tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(w.strip().lstrip("#") for w in one_line(text).split(",") if w.strip()))


def _estimate(graph: Graph, task: Task, text: str) -> Task:
    from qwen_orch.planning.reader.durations import whole

    found = None if text == NONE else whole(text)
    if found is None and text != NONE:
        raise UsageError(f"{text[:40]!r} is no estimate", "estimate:2h", "estimate:3-5 days", "estimate:1h-2h-4h")
    return evolve(task, estimate=found)


def _phase(graph: Graph, task: Task, text: str) -> Task:
    if text == NONE:
        return evolve(task, phase=None)
    phases = graph.root.plan.phases
    for fits in (
        lambda p: p.id == text or p.id == f"phase-{text}",
        lambda p: text.lower() in p.title.lower(),
    ):
        found: list[PhaseId] = [p.id for p in phases if fits(p)]
        if found:
            return evolve(task, phase=found[0])
    titles = [p.title for p in phases]
    known = f"phases: {', '.join(titles[:8])}" if titles else "this plan has no phases"
    raise UsageError(f"there is no phase {text[:40]!r}{did_you_mean(text, titles)}", known)


def _parent(graph: Graph, task: Task, text: str) -> Task:
    return evolve(task, parent=None if text == NONE else task_named(graph, text))


def _depends_on(graph: Graph, task: Task, text: str) -> Task:
    if text == NONE:
        return evolve(task, depends_on=())
    kept = {d.task: d for d in task.depends_on}
    wanted: list[TaskId] = [task_named(graph, name.strip()) for name in text.split(",") if name.strip()]
    return evolve(task, depends_on=tuple(kept.get(i, Dependency(i)) for i in dict.fromkeys(wanted)))


def _command(text: str) -> str:
    line = clean(text).strip()
    if not line:
        raise UsageError("an empty command does nothing", 'run:"make test"', f"run:{NONE}")
    return line


def _run(_: Graph, task: Task, text: str) -> Task:
    return evolve(task, run=() if text == NONE else (*task.run, _command(text)), approved=False)


def _check(_: Graph, task: Task, text: str) -> Task:
    if text == NONE:
        return evolve(task, acceptance=tuple(c for c in task.acceptance if not c.check), approved=False)
    return evolve(task, acceptance=(*task.acceptance, Criterion(_command(text), _command(text))), approved=False)


def _accept(_: Graph, task: Task, text: str) -> Task:
    if text == NONE:
        return evolve(task, acceptance=tuple(c for c in task.acceptance if c.check))
    return evolve(task, acceptance=(*task.acceptance, Criterion(one_line(text))))


def _blocker(_: Graph, task: Task, text: str) -> Task:
    return evolve(task, blockers=() if text == NONE else (*task.blockers, one_line(text)))


FIELDS: dict[str, Edit] = {
    "title": lambda _, task, text: evolve(task, title=_title(text)),
    "description": _set("description", lambda text: clean(text, multiline=True), ""),
    "priority": _set("priority", _priority, Priority.MEDIUM),
    "estimate": _estimate,
    "phase": _phase,
    "parent": _parent,
    "depends_on": _depends_on,
    "tags": _set("tags", _tags, ()),
    "assignee": _set("assignee", lambda text: one_line(text).lstrip("@")),
    "progress": _set("progress", _progress, 0.0),
    "run": _run,
    "check": _check,
    "accept": _accept,
    "blocker": _blocker,
}
"""What can be changed, and how."""
SINGULAR = {"tag": "tags", "depends": "depends_on", "criterion": "accept", "blockers": "blocker"}


def added(graph: Graph, title: str, terms: Mapping[str, str]) -> list[e.Event]:
    """Return the events that add a task called *title* with these fields; a completed plan is open again then."""
    if graph.root.plan.status is PlanStatus.RESET:
        raise StateTransitionError("the plan was reset: a new one takes its place", "/plan TEXT")
    at = timestamp()
    task = Task(task_id(graph.last_number + 1), _title(title), created=at, updated=at)
    for name, value in terms.items():
        task = FIELDS[name](graph, task, value)
    reopened: list[e.Event] = [e.PlanReopened()] if graph.root.plan.status is PlanStatus.COMPLETED else []
    return [*reopened, *reopened_parents(graph, task), e.TasksAdded((task,))]


def edited(graph: Graph, task: Task, changes: Iterable[str]) -> list[e.Event]:
    """Return the events that make *changes* (``field:value``) to *task*."""
    terms = [_term(change) for change in changes]
    reopens = True in [_reopens(task, value) for name, value in terms if name == "status"]
    events = _reopening(graph, task) if reopens else []
    graph = _after(graph, events)
    before = after = graph.task(task.id)
    names = tuple(name for name, _ in terms if name != "status")
    for name, value in terms:
        after = after if name == "status" else FIELDS[name](graph, after, value)
    if names and before.status.settled:
        raise StateTransitionError(f"{task.id} is {task.status}", f"/update_task {task.id} status:pending")
    if "progress" in names and before.status is not TaskStatus.IN_PROGRESS:
        message = f"{task.id} is {before.status}: only a task in progress has progress to report"
        raise StateTransitionError(message, f"/new_task {task.id}")
    if names == ("progress",):
        return [*events, e.ProgressReported(task.id, after.progress)]
    if not before.status.settled and after.parent != before.parent:
        events += reopened_parents(graph, after)
    return [*events, e.TaskEdited(after, names)] if names else events


def _reopening(graph: Graph, task: Task) -> list[e.Event]:
    """Return the events that make *task* pending again, and with it all that it is a part of."""
    plan: list[e.Event] = [e.PlanReopened()] if graph.root.plan.status is PlanStatus.COMPLETED else []
    ended = finished(graph, task.session, SessionState.COMPLETED) if task.status is TaskStatus.IN_PROGRESS else ()
    return [*plan, e.TaskReopened(task.id), *ended, *reopened_parents(graph, task)]


def _after(graph: Graph, events: Iterable[e.Event]) -> Graph:
    """Return the state that *events* make of *graph*."""
    at = timestamp()
    for event in events:
        graph = apply(graph, event, at)
    return graph


def _term(change: str) -> tuple[str, str]:
    name, colon, value = change.partition(":")
    name = SINGULAR.get(name, name)
    if not colon or (name not in FIELDS and name != "status"):
        near = did_you_mean(name, [*FIELDS, "status"])
        raise UsageError(f"{change[:40]!r} is not field:value{near}", f"fields: {', '.join([*FIELDS, 'status'])}")
    if not value.strip():
        raise UsageError(f"{name}: has no value", f"{name}:{NONE} empties it")
    return name, value.strip()


def _reopens(task: Task, value: str) -> bool:
    if value == TaskStatus.PENDING:
        return task.status is not TaskStatus.PENDING
    ways = {
        TaskStatus.COMPLETED: f"/complete_task {task.id}",
        TaskStatus.CLAIMED: f"/complete_task {task.id}",
        TaskStatus.IN_PROGRESS: f"/new_task {task.id}",
        TaskStatus.CANCELLED: f"/cancel_task {task.id}",
    }
    hint = next((way for status, way in ways.items() if status == value), f"/update_task {task.id} status:pending")
    raise StateTransitionError(f"a status is earned, not set: {value[:40]!r}", hint)


def cancelled(graph: Graph, task: Task, reason: str) -> list[e.Event]:
    """Return the events that cancel *task* and its open parts, and settle its parents."""
    doomed, waiting = [], [task]
    while waiting:
        one = waiting.pop()
        if not one.status.settled or one is task:
            doomed.append(one)
        waiting += graph.subtasks(one.id)
    events: list[e.Event] = [e.TaskCancelled(one.id, one_line(reason)) for one in doomed]
    for session in dict.fromkeys(one.session for one in doomed):
        events += finished(graph, session, SessionState.COMPLETED)
    return [*events, *settled_parents(_after(graph, events), [one.id for one in doomed], timestamp())]
