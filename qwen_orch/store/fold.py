"""Folding records into state. Apart from ``restore`` because most starts find the snapshots current and need none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from attrs import evolve
from immutables import Map

from qwen_orch.graph.apply import apply
from qwen_orch.graph.shelf import Shelf
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.store import journal

PLAN = "plan"


def fold(graph: Graph, lines: Iterable[bytes], seqs: Mapping[str, int]) -> tuple[Graph, set[str]]:
    """Return *graph* after those events of *lines* that come after what *seqs* says each part of it knows already.

    With it come the names of the parts that they changed.
    """
    touched: set[str] = set()
    for record in map(journal.decode, lines):
        for event in unknown(record.events, record.seq, seqs):
            graph = apply(graph, event, record.at)
            touched |= parts_of((event,))
    return graph, touched


def unknown(events: Iterable[e.Event], seq: int, seqs: Mapping[str, int]) -> Iterable[e.Event]:
    """Yield those of *events*, of record *seq*, whose parts do not know that record yet.

    A session that is not in *seqs* was not there at the record that the plan knows.
    """
    unnamed = seqs.get(PLAN, 0)
    for event in events:
        if isinstance(event, e.SessionsRemoved):
            yield evolve(event, ids=tuple(i for i in event.ids if seq > seqs.get(i, unnamed)))
        elif seq > seqs.get(part_of(event), unnamed):
            yield event


def folded(records: Iterable[journal.Record], graph: Graph | None = None) -> Graph:
    """Return the state that *records* make of *graph*, or alone."""
    graph = graph or Graph()
    for record in records:
        for event in record.events:
            graph = apply(graph, event, record.at)
    return graph


def part_of(event: e.Event) -> str:
    """Return the name of the part an event changes: ``plan``, ``manifest`` or the id of a session."""
    match event:
        case e.InSession(session_id):
            return session_id
        case e.SessionOpened(session) | e.SessionRestored(session):
            return session.id
        case _:
            return event.part


def parts_of(events: Iterable[e.Event]) -> set[str]:
    """Return the names of all parts that *events* change."""
    removed = {i for event in events if isinstance(event, e.SessionsRemoved) for i in event.ids}
    return removed | {part_of(event) for event in events if not isinstance(event, e.SessionsRemoved)}


def subjects(event: e.Event) -> set[str]:
    """Return what *event* changes: ``plan``, ids of tasks and sessions. Each is a fold of the journal by itself."""
    match event:
        case e.PlanEvent():
            return {PLAN}
        case e.TasksAdded(tasks):
            return {task.id for task in tasks}
        case e.TasksRestored(tasks, removed):
            return {*(task.id for task in tasks), *removed}
        case e.TasksRemoved(ids) | e.CommandsApproved(ids) | e.SessionsRemoved(ids):
            return set(ids)
        case e.TaskEdited(task):
            return {task.id}
        case e.TaskEvent(task_id):
            return {task_id}
        case _:
            return {part_of(event)}


_WHOLE = (
    *(e.OrchestrationCreated, e.PlanRestored),
    *(e.TasksAdded, e.TasksRemoved, e.TasksRestored, e.TaskEdited),
    *(e.SessionOpened, e.SessionRestored, e.SessionsRemoved),
)
_FIRST = (e.OrchestrationCreated, e.TasksAdded, e.SessionOpened)


def states_whole(event: e.Event) -> bool:
    """Tell whether the subjects of *event* are known after it whatever they were before."""
    return isinstance(event, _WHOLE)


def begun(events: Iterable[e.Event]) -> set[str]:
    """Return the subjects of *events* of which there was nothing before them: the rules say so of some events."""
    new: set[str] = set()
    seen: set[str] = set()
    for event in events:
        about = subjects(event)
        new |= about - seen if isinstance(event, _FIRST) else set()
        seen |= about
    return new


def only(graph: Graph, names: Collection[str]) -> Graph:
    """Return the subjects *names* of *graph*, and nothing else of it: no other session is read."""
    tasks = Map({i: task for i in map(TaskId, names) if (task := graph.tasks.get(i))})
    sessions = Shelf.of(graph.sessions[i] for i in map(SessionId, names) if i in graph.sessions)
    return Graph(graph.orchestration if PLAN in names else None, tasks, sessions)


def differences(graph: Graph, wanted: Graph) -> list[e.Event]:
    """Return the events that turn *graph* into *wanted*."""
    events: list[e.Event] = []
    if graph.orchestration != wanted.orchestration:
        events.append(e.PlanRestored(wanted.root))
    tasks = tuple(t for t in wanted.ordered() if graph.tasks.get(t.id) != t)
    gone = tuple(t.id for t in graph.ordered() if t.id not in wanted.tasks)
    if tasks or gone:
        events.append(e.TasksRestored(tasks, gone))
    events += [e.SessionRestored(s) for s in wanted.sessions_by_age() if graph.sessions.get(s.id) != s]
    closed = tuple(sorted(s for s in graph.sessions if s not in wanted.sessions))
    return [*events, e.SessionsRemoved(closed)] if closed else events
