"""Going back: what any subject was at any record is what the fold of all records says, and little is read for it."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.errors import SessionCorrupted
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import task_id
from qwen_orch.model.session import Note, Session, SessionKind
from qwen_orch.store import journal, segments
from qwen_orch.store.fold import PLAN, begun, folded, only, subjects
from qwen_orch.store.journal import Record
from qwen_orch.store.past import FEW, Past
from qwen_orch.store.snapshots import Layout
from qwen_orch.store.store import Store
from tests.store.conftest import store_at
from tests.store.samples import RECORDS
from tests.strategies import LAW, ORCH, SESSION, T0, Step, histories, orchestration, task


def known(graph: Graph) -> tuple[object, ...]:
    """What a graph says of its subjects: the order of keys and the number last given are not among it."""
    return graph.orchestration, dict(graph.tasks), dict(graph.sessions)


@st.composite
def journals(draw: st.DrawFn) -> list[Record]:
    """Records of one or some events each."""
    steps: list[Step] = draw(histories(most=30))
    cuts = [0, *(n for n in range(1, len(steps)) if draw(st.booleans())), len(steps)]
    return [
        Record(seq, steps[first][1], "test", tuple(event for event, _ in steps[first:end]))
        for seq, (first, end) in enumerate(pairwise(cuts), start=1)
    ]


def past_of(records: list[Record]) -> Past:
    """The past of a journal that holds *records*."""
    lines = [journal.encode(record, "0" * 8) for record in records]
    return Past(len(lines), iter(lines[::-1]))


def named(records: list[Record]) -> list[str]:
    """All subjects."""
    return sorted(set().union(*(subjects(event) for record in records for event in record.events)))


@LAW
@given(journals(), st.data())
def test_what_a_subject_was_is_what_the_fold_of_all_records_says(records: list[Record], data: st.DataObject) -> None:
    """Of any subjects, after any record, however often it is asked, with records written meanwhile."""
    names, later = named(records), data.draw(st.integers(0, len(records)))
    past = past_of(records[: len(records) - later])
    for record in records[len(records) - later :]:
        past.grow(journal.encode(record, "0" * 8))
    for _ in range(3):
        some = data.draw(st.sets(st.sampled_from(names)))
        seq = data.draw(st.integers(0, len(records)))
        at_once = folded(Record(r.seq, r.at, r.by, r.events) for r in records[:seq])
        assert known(past.state(some, seq)) == known(only(at_once, some))
    assert list(past.records()) == records[::-1]


@LAW
@given(journals())
def test_an_event_changes_its_subjects_and_nothing_else(records: list[Record]) -> None:
    """So each of them is a fold of its own; and of those that begin with a step there was nothing before."""
    names, graph = set(named(records)), Graph()
    for record in records:
        assert known(only(graph, begun(record.events))) == known(Graph())
        for event in record.events:
            after = folded([Record(1, record.at, "", (event,))], graph)
            others = names - subjects(event)
            assert known(only(after, others)) == known(only(graph, others))
            graph = after


def test_what_was_there_is_not_begun_by_being_stated_again() -> None:
    """Nor by coming back after it was removed in the same step."""
    added = e.TasksAdded((task(1), task(2)))
    assert begun([added, e.PlanApproved()]) == {"task-001", "task-002"}
    assert begun([e.TasksRemoved((task_id(1),)), added, e.TasksRestored((task(3),))]) == {"task-002"}
    assert begun([e.OrchestrationCreated(orchestration())]) == {PLAN}


@pytest.fixture
def long(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose journal is sealed many times: the samples, then notes on a session and edits of a task in turn."""
    monkeypatch.setattr(segments, "SEAL_BYTES", 3_000)
    store = store_at(layout)
    records = list(RECORDS)
    for seq in range(len(records) + 1, 101):
        edit = e.TaskEdited(evolve(task(1), title=f"title {seq}"), ("title",))
        note = e.NoteAdded(SESSION, Note(f"note {seq}"))
        records.append(Record(seq, T0, "test", (edit if seq % 2 else note,)))
    for record in records:
        store.append(record)
        store.checkpoint(folded(records[: record.seq]), record.seq, {"plan", "manifest", SESSION})
    assert len(segments.sealed(store.disk, store.layout, ORCH)) > 5
    return store


def decoded(past: Past, names: Collection[str], seq: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The records that are decoded to tell what *names* were."""
    found: list[int] = []
    plain = journal.decode
    with monkeypatch.context() as spied:
        spied.setattr(journal, "decode", lambda raw: [r := plain(raw), found.append(r.seq)][0])
        past.state(names, seq)
    return found


def test_no_more_is_read_than_tells(long: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that was stated whole lately: the live file alone; one that was not: the records that name it."""
    whole = segments.back
    runs: list[int] = []

    def spied(*given: object) -> object:
        for lines in whole(*given):  # type: ignore[arg-type]
            runs.append(len(lines))
            yield lines

    monkeypatch.setattr(segments, "back", spied)
    assert decoded(long.past(100), {"task-001"}, 99, monkeypatch) == [99]
    assert len(runs) <= 2
    assert decoded(long.past(100), {"task-002"}, 99, monkeypatch) == [5]
    assert decoded(long.past(100), {PLAN}, 99, monkeypatch) == [1]
    assert decoded(long.past(100), {SESSION}, 10, monkeypatch) == [10, 8, 6, 3, 1]


def test_many_subjects_are_not_looked_for_one_by_one(long: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then every record is decoded until all are known."""
    many = [*(f"task-{n:03d}" for n in range(2, FEW + 3)), PLAN]
    assert decoded(long.past(100), many, 100, monkeypatch) == list(range(100, 0, -1))


def test_damage_is_met_when_one_gets_there(long: Store) -> None:
    """What is nearer is told all the same; and it is never taken for the beginning."""
    first = segments.sealed(long.disk, long.layout, ORCH)[0]
    path = long.layout.segment(ORCH, first)
    path.write_bytes(path.read_bytes().replace(b"mind the gap", b"mind the cat"))
    assert long.past(100).state({"task-001"}, 99).tasks[task_id(1)].title == "title 99"
    past = long.past(100)
    for _ in range(2):
        with pytest.raises(SessionCorrupted, match=rf"{first:012d}.jsonl is damaged"):
            past.state({SESSION}, 99)
    with pytest.raises(SessionCorrupted, match="record 101 is missing"):
        long.past(101)


def test_a_session_that_was_removed_and_opened_anew_is_the_new_one() -> None:
    """What it was before its removal is another matter."""
    opened = e.SessionOpened(Session(SESSION, SessionKind.TASK, "work", ORCH, created=T0))
    events = (opened, e.NoteAdded(SESSION, Note("old")), e.SessionsRemoved((SESSION,)), opened)
    past = past_of([Record(seq, T0, "test", (event,)) for seq, event in enumerate(events, start=1)])
    told = [past.state({SESSION}, seq).sessions.get(SESSION) for seq in range(5)]
    assert [None if s is None else len(s.notes) for s in told] == [None, 0, 1, None, 0]
