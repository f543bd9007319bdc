"""Folding records into state. Apart from ``restore`` because most starts find the snapshots current and need none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve

from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.store import journal


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
    """Yield those of *events*, of record *seq*, whose parts do not know that record yet."""
    for event in events:
        if isinstance(event, e.SessionsRemoved):
            yield evolve(event, ids=tuple(i for i in event.ids if seq > seqs.get(i, 0)))
        elif seq > seqs.get(part_of(event), 0):
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
