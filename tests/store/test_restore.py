"""Coming back when snapshots and journal are not of the same time."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from attrs import evolve

from qwen_orch.errors import SessionCorrupted
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import Note
from qwen_orch.store import journal, seal
from qwen_orch.store.fold import differences, folded
from qwen_orch.store.journal import Record
from qwen_orch.store.snapshots import Layout
from qwen_orch.store.store import Store
from tests.store.conftest import history, store_at
from tests.store.samples import OPENED, RECORDS, state
from tests.strategies import ORCH, SESSION, T0

PARTS = {"plan", "manifest", SESSION}


def pictures_at(layout: Layout, seq: int) -> dict[str, bytes]:
    """The snapshots as of record *seq*."""
    store = store_at(layout)
    with store.locked():
        for record in RECORDS[store.load().seq : seq]:
            store.append(record)
        store.checkpoint(state(seq), seq, PARTS)
    return {name: path.read_bytes() for name, path in paths(layout).items()}


def paths(layout: Layout) -> dict[str, object]:
    """The files of the three parts."""
    return {"plan": layout.plan(ORCH), "manifest": layout.manifest(ORCH), "session": layout.session(SESSION)}


def test_any_mixture_of_snapshots_comes_up_to_date(layout: Layout) -> None:
    """Each of the three of any time, or absent: with the journal the state is whole."""
    times = {seq: pictures_at(layout, seq) for seq in (1, 3, 5)}
    for mixture in itertools.product((0, 1, 3, 5), repeat=3):
        for (name, path), seq in zip(paths(layout).items(), mixture, strict=True):
            path.unlink(missing_ok=True)  # type: ignore[attr-defined]
            if seq:
                path.write_bytes(times[seq][name])  # type: ignore[attr-defined]
        loaded = Store(store_at(layout).disk, layout, ORCH).load()
        assert loaded.graph == state(5), mixture
        assert loaded.seq == 5
        assert Store(store_at(layout).disk, layout, ORCH).load().repairs == (), mixture


@pytest.mark.parametrize("known", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("left", [0, 1, 2, 3, 4])
def test_snapshots_go_on_where_the_journal_ends(known: int, left: int, layout: Layout) -> None:
    """The journal cut to its first records: whichever reaches further counts, and afterwards both are the same."""
    pictures_at(layout, known)
    path = layout.journal(ORCH)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:left]))
    store = store_at(layout)
    loaded = store.load()
    assert loaded.graph == state(max(known, min(left, known)))
    assert folded(history(store, loaded.seq)) == loaded.graph
    assert [r.seq for r in history(store, loaded.seq)] == list(range(1, loaded.seq + 1))


def test_tasks_that_were_removed_do_not_come_back(layout: Layout) -> None:
    """The journal that is left still adds task 2; the snapshots know that it was taken away."""
    pictures_at(layout, 5)
    path = layout.journal(ORCH)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    store = store_at(layout)
    assert set(folded(history(store, 3)).tasks) == {"task-001"}


def test_snapshots_of_another_history_are_not_mixed_in(layout: Layout) -> None:
    """After a rebuild the numbers begin again where the journal broke off; an old snapshot does not fit."""
    old = pictures_at(layout, 4)
    path = layout.journal(ORCH)
    lines = path.read_bytes().splitlines(keepends=True)
    after = seal.mark_of(lines[1])
    for record in (RECORDS[2]._replace(by="other"), RECORDS[3]._replace(by="other")):
        lines[record.seq - 1] = journal.encode(record, after)
        after = seal.mark_of(lines[record.seq - 1])
    path.write_bytes(b"".join(lines))
    loaded = Store(store_at(layout).disk, layout, ORCH).load()
    assert loaded.graph == state(4)
    path.write_bytes(b"".join(lines))
    for name, place in paths(layout).items():
        place.write_bytes(old[name])  # type: ignore[attr-defined]
    loaded = Store(store_at(layout).disk, layout, ORCH).load(mend=False)
    assert "another history" not in " ".join(loaded.repairs) or loaded.graph == state(4)


def test_nothing_to_restore_is_an_empty_state(layout: Layout) -> None:
    """And nothing is made on the disk."""
    loaded = Store(store_at(layout).disk, layout, ORCH).load()
    assert (loaded.seq, loaded.graph.orchestration, loaded.repairs) == (0, None, ())
    assert not layout.home.exists()


def test_rubbish_alone_is_an_error_that_says_where_it_is_kept(layout: Layout) -> None:
    """Nothing is invented."""
    path = layout.journal(ORCH)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"rubbish\n")
    with pytest.raises(SessionCorrupted, match="record 1 is damaged") as error:
        store_at(layout)
    assert "backups/" in error.value.hints[0]
    assert path.read_bytes() == b"rubbish\n"


def test_a_first_record_that_is_torn_was_never_there(layout: Layout) -> None:
    """A plan that was being written when the power went was not shown."""
    store = store_at(layout)
    store.append(RECORDS[0])
    store.path.write_bytes(store.path.read_bytes()[:100])
    loaded = Store(store.disk, layout, ORCH).load()
    assert (loaded.seq, loaded.graph.orchestration) == (0, None)


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(range(1, 6), 2)))
def test_differences_lead_from_any_state_to_any_other(one: int, other: int) -> None:
    """They are what an undo, a redo and a rebuilt journal record."""
    events = tuple(differences(state(one), state(other)))
    reached = folded([RECORDS[0]._replace(events=events)], state(one))
    assert (reached.orchestration, reached.tasks, reached.sessions) == (
        state(other).orchestration,
        state(other).tasks,
        state(other).sessions,
    )
    assert differences(state(one), state(one)) == []


def test_any_mixture_of_snapshots_comes_up_to_date_when_a_session_came_and_went(layout: Layout) -> None:
    """A plan that no longer names it, with tasks of before: what was noted in it meanwhile is nobody's."""
    other = evolve(OPENED, id=SessionId("session-other-aaaa"))
    events = (e.SessionOpened(other), e.NoteAdded(other.id, Note("x")), e.SessionsRemoved((other.id,)))
    records = [*RECORDS[:2], *(Record(seq, T0, "test", (event,)) for seq, event in enumerate(events, start=3))]
    store = store_at(layout)
    written: dict[Path, list[bytes]] = {}
    for record in records:
        store.append(record)
        store.checkpoint(folded(records[: record.seq]), record.seq, {*PARTS, other.id})
        for path in layout.home.glob("*/*.json"):
            written.setdefault(path, []).append(path.read_bytes())
    for mixture in itertools.product(*(times[-3:] for times in written.values())):
        for path, raw in zip(written, mixture, strict=True):
            path.write_bytes(raw)
        loaded = Store(store.disk, layout, ORCH).load()
        assert (loaded.graph, loaded.seq) == (folded(records), 5)
        assert Store(store.disk, layout, ORCH).load().repairs == ()
