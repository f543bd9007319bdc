"""Folding records into state. Apart from ``restore`` because most starts find the snapshots current and need none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.store import journal
from qwen_orch.store.journal import Record


def fold(graph: Graph, lines: Iterable[bytes], seqs: Mapping[str, int]) -> Graph:
    """Return *graph* after those events of *lines* that come after what *seqs* says each part of it knows already."""
    for record in map(journal.decode, lines):
        for event in record.events:
            if record.seq > seqs.get(part_of(event), 0):
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


def restoring(seq: int, graph: Graph) -> Record:
    """Return a record that says the whole state anew, for a journal whose own records are gone."""
    events: list[e.Event] = [e.PlanRestored(graph.root), e.TasksRestored(tuple(graph.ordered()))]
    events += [e.SessionRestored(session) for session in graph.sessions_by_age()]
    return Record(seq, datetime.now(UTC).isoformat(timespec="milliseconds"), "recovery", tuple(events))
