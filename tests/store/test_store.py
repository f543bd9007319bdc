"""The invariants of one orchestration on the disk, as the docstring of ``store/store.py`` numbers them."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.errors import SessionCorrupted, StorageError
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.session import Note
from qwen_orch.store import journal, seal
from qwen_orch.store.codec import FORMAT
from qwen_orch.store.fold import folded, parts_of
from qwen_orch.store.journal import Record
from qwen_orch.store.snapshots import Layout
from qwen_orch.store.store import KEPT_BACKUPS, Store
from tests.faults.seams import Failing, Recording
from tests.store.conftest import history, store_at
from tests.store.samples import RECORDS, state
from tests.strategies import LAW, ORCH, SESSION, T0, Step, histories

PARTS = {"plan", "manifest", SESSION}


def filled(layout: Layout, count: int = len(RECORDS)) -> Store:
    """A store with the first *count* records and no snapshots."""
    store = store_at(layout)
    for record in RECORDS[:count]:
        store.append(record)
    return store


def test_i1_records_are_numbered_and_what_is_written_stays(layout: Layout) -> None:
    """Every append leaves the bytes before it as they were."""
    store, before = store_at(layout), b""
    for number, record in enumerate(RECORDS, 1):
        store.append(record)
        raw = store.path.read_bytes()
        assert raw.startswith(before)
        assert [r.seq for r in history(store, number)] == list(range(1, number + 1))
        before = raw


@LAW
@given(histories(), st.data())
def test_i2_snapshots_are_the_fold_of_the_records(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step], data: st.DataObject
) -> None:
    """Checkpoints at any time, of the parts that changed: what is loaded is the fold of all records."""
    layout = Layout(tmp_path_factory.mktemp("law") / ".qwen/orchestration")
    store, graph, stale = store_at(layout), Graph(), set[str]()
    for number, (event, at) in enumerate(steps, 1):
        store.append(Record(number, at, "test", (event,)))
        graph = apply(graph, event, at)
        stale |= parts_of((event,))
        if data.draw(st.booleans()):
            store.checkpoint(graph, number, stale)
            stale = set()
        again = store_at(layout).load()
        assert (again.graph, again.seq, again.repairs) == (graph, number, ())
    assert folded(history(store, len(steps))) == graph


def test_i3_a_step_is_synced_before_append_returns(layout: Layout) -> None:
    """Write, then sync; nothing after."""
    store = filled(layout, 1)
    store.disk.calls = calls = Recording()
    store._close()
    store.append(RECORDS[1])
    assert [op.kind for op in calls.ops] == ["write", "sync"]


def test_i3_what_a_process_that_died_wrote_is_synced_before_it_is_shown(layout: Layout) -> None:
    """It may have died between its write and its sync; by `load` or by `news`, the reader makes sure first."""
    filled(layout, 3)
    reader = Store(store_at(layout).disk, layout, ORCH)
    reader.disk.calls = calls = Recording()
    reader.load()
    assert [(op.kind, op.path) for op in calls.ops] == [("sync", str(reader.path))]
    other = store_at(layout)
    other.append(RECORDS[3])
    calls.ops.clear()
    assert reader.news(3) == [RECORDS[3]]
    assert ("sync", str(reader.path)) in [(op.kind, op.path) for op in calls.ops]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_i3_a_step_that_raises_is_not_there(number: int, layout: Layout) -> None:
    """Neither now nor for others, and the next append does not trust what is in memory."""
    store = filled(layout, 2)
    before = store.path.read_bytes()
    store.disk.calls = Failing(1, number)
    with pytest.raises(StorageError):
        store.append(RECORDS[2])
    assert store.path.read_bytes() == before
    assert store.news(2) is None, "everything is to be read again"
    assert store.load().seq == 2
    store.append(RECORDS[2])
    assert store_at(layout).load().seq == 3


def test_i4_a_torn_record_is_cut_off_kept_and_reported(layout: Layout) -> None:
    """Wherever it is torn."""
    store = filled(layout, 3)
    whole = store.path.read_bytes()
    store.append(RECORDS[3])
    line = store.path.read_bytes()[len(whole) :]
    for at in (1, len(line) // 2, len(line) - 2):
        store.path.write_bytes(whole + line[:at])
        loaded = store_at(layout).load(), store.path.read_bytes()
        assert loaded[1] == whole
        kept = {p.read_bytes() for p in layout.backups.glob("*.damaged")}
        assert whole + line[:at] in kept
        store.path.write_bytes(whole + line[:at])
        loaded_again = Store(store.disk, layout, ORCH).load()
        assert (loaded_again.seq, loaded_again.graph) == (3, state(3))
        (report,) = loaded_again.repairs
        assert "record 4 is unfinished and was cut off" in report


def test_i4_a_torn_record_that_a_snapshot_knows_is_not_lost(layout: Layout) -> None:
    """Then the journal was cut after it was whole: the step counts."""
    store = filled(layout, 4)
    store.checkpoint(state(4), 4, PARTS)
    store.path.write_bytes(store.path.read_bytes()[:-9])
    loaded = Store(store.disk, layout, ORCH).load()
    assert loaded.graph == state(4)
    assert folded(history(store_at(layout), 4)) == state(4)


def test_i5_a_damaged_record_is_never_guessed_at(layout: Layout) -> None:
    """Whole records before it count, and the snapshots as far as they reach; a copy is kept first."""
    store = filled(layout)
    raw = store.path.read_bytes()
    bad = raw.replace(b"mind the gap", b"mind the cat")
    store.path.write_bytes(bad)
    loaded = Store(store.disk, layout, ORCH).load()
    assert loaded.graph == state(2)
    assert [p.read_bytes() for p in layout.backups.glob("*.damaged")] == [bad]
    (report,) = loaded.repairs
    assert "record 3 is damaged; the state is rebuilt from records 1 to 2" in report
    assert Store(store.disk, layout, ORCH).load().repairs == ()


def test_i6_a_newer_format_is_refused(layout: Layout) -> None:
    """With an error that says what to do, and nothing changed."""
    store = filled(layout, 2)
    last = seal.mark_of(store.path.read_bytes())
    with store.path.open("ab") as file:
        file.write(seal.seal({"format": FORMAT + 1, "seq": 3, "after": last}))
    before = store.path.read_bytes()
    with pytest.raises(StorageError, match="newer qwen-orch"):
        store_at(layout)
    assert store.path.read_bytes() == before
    assert not layout.backups.exists()


def test_i7_everybody_catches_up_before_writing(layout: Layout) -> None:
    """Two writers in turn: each sees the other's records, and the numbers go on."""
    stores = filled(layout, 1), store_at(layout)
    for record in RECORDS[1:]:
        mine, other = stores[record.seq % 2], stores[1 - record.seq % 2]
        assert mine.changed() == bool(mine.news(record.seq - 1)) or mine.news(record.seq - 1) == []
        mine.append(record)
        assert other.changed()
        assert other.news(record.seq - 1) == [record]
        assert not other.changed()
    assert store_at(layout).load().graph == state(5)


def test_i7_a_journal_that_was_replaced_is_read_again(layout: Layout) -> None:
    """By a repair, by a person's copy of any length, in place or by another file; or it is gone."""
    store = filled(layout)
    raw = store.path.read_bytes()
    spare = store.path.with_name("spare")
    for other in (raw, raw[: raw.index(b"\n") + 1], raw.replace(b"mind the gap", b"mind the cat")):
        spare.write_bytes(other)
        spare.replace(store.path)
        assert store.changed()
        assert store.news(5) is None
        store.path.write_bytes(raw)
        store.load()
        store.path.write_bytes(other)
        os.utime(store.path, ns=(1, 1))
        assert store.changed()
        assert store.news(5) is None
        store.path.write_bytes(raw)
        store.load()
    store.path.unlink()
    assert store.changed()
    assert store.news(5) is None


def test_i8_after_a_checkpoint_the_snapshots_are_current(layout: Layout) -> None:
    """So that a start need not read a single event."""
    store = filled(layout)
    store.checkpoint(state(5), 5, PARTS)
    loaded = Store(store.disk, layout, ORCH).load()
    assert (loaded.graph, loaded.stale) == (state(5), frozenset())


def test_i8_snapshots_that_are_behind_are_known_to_be(layout: Layout) -> None:
    """A burst, or a process that died before its checkpoint: the next one brings them up to date."""
    store = filled(layout, 2)
    store.checkpoint(state(2), 2, PARTS)
    store.append(RECORDS[2])
    assert Store(store.disk, layout, ORCH).load().stale == {SESSION}
    layout.manifest(ORCH).unlink()
    assert Store(store.disk, layout, ORCH).load().stale >= {"manifest", SESSION}


def test_history_of_a_journal_damaged_meanwhile_is_an_error(layout: Layout) -> None:
    """Half of it would be taken for the whole."""
    store = filled(layout)
    store.path.write_bytes(store.path.read_bytes().replace(b"mind the gap", b"mind the cat"))
    assert len(history(store, 2)) == 2
    with pytest.raises(SessionCorrupted, match="record 3 is damaged"):
        history(store, 5)


def test_backups_are_copies_and_the_oldest_go(layout: Layout) -> None:
    """As many as are kept, never one of another orchestration."""
    store, other = filled(layout), store_at(layout, "orch-law-other-zzzz")
    other.backup("undo")
    for _ in range(KEPT_BACKUPS + 3):
        last = store.backup("undo")
    assert last.read_bytes() == store.path.read_bytes()
    assert len(list(layout.backups.glob(f"{ORCH}.*"))) == KEPT_BACKUPS
    assert len(list(layout.backups.glob("orch-law-other-zzzz.*"))) == 1


def test_a_folder_where_nothing_may_be_written_can_be_read(layout: Layout) -> None:
    """Torn or damaged, what is known is shown, and no byte changes."""
    store = filled(layout)
    raw = store.path.read_bytes()
    for bad, seq in ((raw[:-9], 4), (raw.replace(b"mind the gap", b"mind the cat"), 2)):
        store.path.write_bytes(bad)
        reader = Store(store.disk, layout, ORCH)
        loaded = reader.load(mend=False)
        assert loaded.graph == state(seq)
        assert "nothing can be written here" in loaded.repairs[0]
        assert not reader.changed()
        assert store.path.read_bytes() == bad
        assert not layout.backups.exists()


def test_a_removed_session_that_came_back_stays(layout: Layout) -> None:
    """Undone, redone, and the plan's snapshot still of before: the removal is not done again."""
    store = filled(layout, 3)
    store.checkpoint(state(3), 3, PARTS)
    session = state(3).sessions[SESSION]
    back = [
        Record(4, T0, "undo", (e.SessionsRemoved((SESSION,)),)),
        Record(5, T0, "redo", (e.SessionRestored(session),)),
    ]
    for record in back:
        store.append(record)
    graph = folded(back, state(3))
    plan = layout.plan(ORCH).read_bytes()
    store.checkpoint(graph, 5, {SESSION})
    layout.plan(ORCH).write_bytes(plan)  # as after a crash just before it was written
    assert Store(store.disk, layout, ORCH).load().graph == graph


def test_records_are_one_line_however_many_lines_they_hold(layout: Layout) -> None:
    """And text of any kind comes back."""
    store = filled(layout, 1)
    text = "a\nb\r\n\0\u2028 ship 🚢 \x1b[2J"
    record = Record(2, T0, "note", (e.NoteAdded(SESSION, Note(text)),))
    store.append(record)
    assert store.path.read_bytes().count(b"\n") == 2
    assert journal.decode(store.path.read_bytes().splitlines(keepends=True)[1]) == record
