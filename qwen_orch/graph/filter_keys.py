"""The keys of filters, each declared once: what it is, the values it knows, and the test a value stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from qwen_orch.graph.filter_values import moment_test, work_test
from qwen_orch.graph.query import is_ready, status_word
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import PhaseId
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import Priority, Task, TaskStatus
from qwen_orch.model.text import one_line

T = TypeVar("T")
NONE = "none"
"""The value that matches where there is nothing: no tag, no assignee, no phase, no estimate, no parent."""
DERIVED = ("blocked", "ready", "interrupted")
"""The statuses that are not stored but follow from the rest."""
YES_NO = ("yes", "no")


class Known(NamedTuple):
    """A value that may be typed, and a few words that tell what it is."""

    value: str
    about: str = ""


class Scope(NamedTuple):
    """What a test may look at besides its record: the *graph*, which session filters lack, and the time."""

    graph: Graph | None
    now: datetime


def _nothing(_: Graph) -> Iterable[Known]:
    return ()


class Key(NamedTuple, Generic[T]):
    """One key of a filter.

    *test* turns a value into a predicate and raises `ValueError` with what was expected; *values* are offered always,
    and the only ones when *closed*; *known* finds more of them in a graph.
    """

    name: str
    about: str
    test: Callable[[str, Scope], Callable[[T], bool]]
    values: tuple[str, ...] = ()
    closed: bool = False
    known: Callable[[Graph], Iterable[Known]] = _nothing


def _status(value: str, scope: Scope) -> Callable[[Task], bool]:
    graph = scope.graph
    if value not in DERIVED or graph is None:
        return lambda t: t.status == value
    if value == "ready":
        return lambda t: is_ready(graph, t, scope.now)
    return lambda t: status_word(graph, t, scope.now) == value


def _yes(status: str) -> Callable[[str, Scope], Callable[[Task], bool]]:
    """Return the test for a key that asks whether a derived status holds."""

    def make(value: str, scope: Scope) -> Callable[[Task], bool]:
        holds = _status(status, scope)
        return lambda t: holds(t) == (value == "yes")

    return make


def _one_of(attribute: str, mark: str) -> Callable[[str, Scope], Callable[[T], bool]]:
    """Return the test for an attribute that is a text, a tuple of texts or None; *mark* may stand before the value."""

    def make(value: str, _: Scope) -> Callable[[T], bool]:
        wanted = value.removeprefix(mark).casefold()
        return lambda item: wanted in (_folded(getattr(item, attribute)) or (NONE,))

    return make


def _folded(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else value or ()
    return tuple(t.casefold() for t in texts)


def _prefix(attribute: str) -> Callable[[str, Scope], Callable[[T], bool]]:
    """Return the test for an id: any that starts with the value, or the task of that number."""

    def make(value: str, _: Scope) -> Callable[[T], bool]:
        if value.isdecimal() and value.isascii():
            number = f"task-{value.lstrip('0') or '0':0>3}"
            return lambda item: getattr(item, attribute) == number
        if value == NONE:
            return lambda item: getattr(item, attribute) is None
        return lambda item: (getattr(item, attribute) or "").startswith(value)

    return make


def _estimate(value: str, _: Scope) -> Callable[[Task], bool]:
    if value == NONE:
        return lambda t: t.estimate is None
    holds = work_test(value)
    return lambda t: t.estimate is not None and holds(t.estimate.likely)


def _moment(attribute: str) -> Callable[[str, Scope], Callable[[Session], bool]]:
    """Return the test for the ISO time in *attribute*."""

    def make(value: str, scope: Scope) -> Callable[[Session], bool]:
        holds = moment_test(value, scope.now)
        return lambda s: holds(getattr(s, attribute))

    return make


def _phase(value: str, scope: Scope) -> Callable[[Task], bool]:
    graph = scope.graph
    if graph is None:
        return lambda t: t.phase == value
    meant: set[PhaseId | None] = {None} if value == NONE else set(_phases_meant(graph, value))
    if not meant:
        raise ValueError("the id, number or part of the title of a phase")
    return lambda t: _phase_of(graph, t) in meant


def _phases_meant(graph: Graph, value: str) -> list[PhaseId]:
    """Return the phases whose id or number is *value*, else those whose title contains it."""
    phases = graph.root.plan.phases if graph.orchestration else ()
    exact = [p.id for p in phases if p.id in (value, f"phase-{value}")]
    return exact or [p.id for p in phases if value in one_line(p.title).replace('"', "").casefold()]


def _phase_of(graph: Graph, task: Task) -> PhaseId | None:
    """Return the phase of *task*, which a subtask may have from the task it is part of."""
    above: Task | None = task
    while above is not None and above.phase is None:
        above = graph.tasks.get(above.parent) if above.parent else None
    return above.phase if above else None


def _phase_titles(graph: Graph) -> Iterable[Known]:
    return (Known(p.title, p.id) for p in (graph.root.plan.phases if graph.orchestration else ()))


def _task_tags(graph: Graph) -> Iterable[Known]:
    return map(Known, sorted({tag for t in graph.tasks.values() for tag in t.tags}))


def _assignees(graph: Graph) -> Iterable[Known]:
    return map(Known, sorted({t.assignee for t in graph.tasks.values() if t.assignee}))


def _task_ids(graph: Graph) -> Iterable[Known]:
    return (Known(t.id, t.title) for t in graph.ordered())


def _session_tags(graph: Graph) -> Iterable[Known]:
    return map(Known, sorted({tag for s in graph.sessions.values() for tag in s.tags}))


def _session_ids(graph: Graph) -> Iterable[Known]:
    return (Known(s.id, s.title) for s in reversed(graph.sessions_by_age()))


def _orchestrations(graph: Graph) -> Iterable[Known]:
    return (Known(graph.root.id, graph.root.title),) if graph.orchestration else ()


_STATUSES = (*map(str, TaskStatus), *DERIVED)
_WORK = (">4h", "<=2d", "=1w", NONE)
_MOMENTS = ("today", "yesterday", "<7d", ">2w")

TASK_TABLE: tuple[Key[Task], ...] = (
    Key("status", "where the task stands", _status, _STATUSES, closed=True),
    Key("priority", "how much it matters", _one_of("priority", "!"), tuple(map(str, Priority)), closed=True),
    Key("tag", "one of its tags", _one_of("tags", "#"), (NONE,), known=_task_tags),
    Key("assignee", "who is to do it", _one_of("assignee", "@"), (NONE,), known=_assignees),
    Key("phase", "id, number or part of the title of its phase", _phase, (NONE,), known=_phase_titles),
    Key("estimate", "likely working hours", _estimate, _WORK),
    Key("id", "number or first characters of its id", _prefix("id"), known=_task_ids),
    Key("ready", "whether it can be started now", _yes("ready"), YES_NO, closed=True),
    Key("blocked", "whether it waits for something", _yes("blocked"), YES_NO, closed=True),
)

SESSION_TABLE: tuple[Key[Session], ...] = (
    Key("type", "what the session is for", _one_of("kind", ""), tuple(map(str, SessionKind)), closed=True),
    Key("state", "where it stands", _one_of("state", ""), tuple(map(str, SessionState)), closed=True),
    Key("tag", "one of its tags", _one_of("tags", "#"), (NONE,), known=_session_tags),
    Key("created", "when it was opened", _moment("created"), _MOMENTS),
    Key("updated", "when something last happened in it", _moment("updated"), _MOMENTS),
    Key("orchestration", "what it belongs to", _prefix("orchestration"), known=_orchestrations),
    Key("task", "number or id of the task it worked on", _prefix("task"), (NONE,), known=_task_ids),
    Key("parent", "the session it was opened from", _prefix("parent"), (NONE,), known=_session_ids),
)
