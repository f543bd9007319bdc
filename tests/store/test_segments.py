"""Journals that have grown: what is sealed stays as it was, and is read when it is needed and only then."""

from __future__ import annotations

import itertools

import pytest

from qwen_orch.errors import SessionCorrupted
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.session import Note
from qwen_orch.store import segments
from qwen_orch.store.fold import folded
from qwen_orch.store.journal import Record
from qwen_orch.store.restore import restore
from qwen_orch.store.snapshots import Layout
from qwen_orch.store.store import KEPT_BACKUPS, Store
from tests.faults.seams import Recording
from tests.store.conftest import history, store_at
from tests.store.samples import RECORDS
from tests.strategies import ORCH, SESSION, T0

PARTS = {"plan", "manifest", SESSION}
LIMIT = 2_000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let journals be sealed early."""
    monkeypatch.setattr(segments, "SEAL_BYTES", LIMIT)


def record(number: int) -> Record:
    """A record: the samples, then notes."""
    if number <= len(RECORDS):
        return RECORDS[number - 1]
    return Record(number, T0, "note", (e.NoteAdded(SESSION, Note(f"note {number}")),))


def after(count: int) -> Graph:
    """The state after so many."""
    return folded(map(record, range(1, count + 1)))


def grow(store: Store, count: int, seq: int = 0) -> Store:
    """Append records up to number *count*, with a checkpoint after each, as commands do."""
    for number in range(seq + 1, count + 1):
        store.append(record(number))
        store.checkpoint(after(number), number, PARTS)
    return store


def sealed(store: Store) -> list[int]:
    """The records that the segments end with."""
    return segments.sealed(store.disk, store.layout, ORCH)


def test_i1_all_segments_and_the_live_file_are_the_journal_as_it_was_written(layout: Layout) -> None:
    """Byte for byte; each begins with the record that the one before it ends with."""
    store, written = store_at(layout), b""
    for number in range(1, 41):
        size = store.path.stat().st_size if number > 1 else 0
        store.append(record(number))
        written += store.path.read_bytes()[size:]
        store.checkpoint(after(number), number, PARTS)
    files = [layout.segment(ORCH, last).read_bytes().splitlines(keepends=True) for last in sealed(store)]
    files.append(store.path.read_bytes().splitlines(keepends=True))
    assert len(files) > 3
    joined = files[0] + [line for lines in files[1:] for line in lines[1:]]
    assert b"".join(joined) == written
    assert all(one[-1] == other[0] for one, other in itertools.pairwise(files))
    assert store.path.stat().st_size <= LIMIT + len(joined[-1])


def test_i1_a_segment_is_never_written_again(layout: Layout) -> None:
    """Whatever comes after it."""
    store = grow(store_at(layout), 12)
    before = {last: layout.segment(ORCH, last).read_bytes() for last in sealed(store)}
    grow(store, 40, 12)
    assert before
    assert before == {last: layout.segment(ORCH, last).read_bytes() for last in before}


def test_a_start_reads_no_segment(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """With snapshots that are current, or behind by what the live file holds."""
    store = grow(store_at(layout), 30)
    last = sealed(store)[-1]
    monkeypatch.setattr(segments, "SEAL_BYTES", 1 << 20)
    store.append(record(31))
    monkeypatch.setattr(segments, "whole", lambda *_: pytest.fail("a segment was read"))
    loaded = store_at(layout).load()
    assert (loaded.graph, loaded.seq, loaded.repairs) == (after(31), 31, ())
    assert 1 < last <= 31


@pytest.mark.parametrize("lost", ["plans", "manifests", "sessions", "all"])
def test_whoever_misses_a_snapshot_reads_them_all(lost: str, layout: Layout) -> None:
    """The journal is the truth, sealed or not."""
    grow(store_at(layout), 30)
    for path in layout.home.glob("*/*.json"):
        if lost in ("all", path.parent.name):
            path.unlink()
    assert store_at(layout).load().graph == after(30)


def test_history_reads_them_all(layout: Layout) -> None:
    """From the first record."""
    store = grow(store_at(layout), 30)
    assert history(store, 30) == [record(number) for number in range(1, 31)]
    assert history(store, 7) == [record(number) for number in range(1, 8)]
    layout.segment(ORCH, sealed(store)[0]).unlink()
    with pytest.raises(SessionCorrupted, match="is missing"):
        history(store, 30)


def test_a_journal_that_has_not_grown_is_not_read_for_it(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint costs what its snapshots cost."""
    store = grow(store_at(layout), 3)
    monkeypatch.setattr(segments, "SEAL_BYTES", store.path.stat().st_size)
    monkeypatch.setattr(store.disk, "read", lambda path: pytest.fail(f"{path} was read"))
    store.checkpoint(after(3), 3, PARTS)


def test_one_large_record_is_not_sealed_by_itself(layout: Layout) -> None:
    """The live file keeps its last record; what is before that is sealed with the next step."""
    store = store_at(layout)
    big = Record(1, T0, "plan", (*RECORDS[0].events, e.NoteAdded(SESSION, Note("x" * 3 * LIMIT))))
    store.append(big)
    graph = folded([big])
    store.checkpoint(graph, 1, PARTS)
    assert sealed(store) == []
    store.append(record(2))
    store.checkpoint(folded([record(2)], graph), 2, PARTS)
    assert sealed(store) == [2]
    assert store.path.stat().st_size < LIMIT


def test_another_process_goes_on_after_a_sealing(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told what came after the record it knows; when that is sealed too, it reads everything again."""
    monkeypatch.setattr(segments, "SEAL_BYTES", 1 << 20)
    other = grow(store_at(layout), 20)
    store, late = store_at(layout), store_at(layout)
    monkeypatch.setattr(segments, "SEAL_BYTES", LIMIT)
    store.checkpoint(after(20), 20, PARTS)
    store.append(record(21))
    assert sealed(store) == [20]
    assert other.news(20) == [record(21)]
    other.append(record(22))
    assert store.news(21) == [record(22)]
    grow(store, 50, 22)
    assert late.news(20) is None
    assert late.load().graph == after(50)


def test_a_journal_that_is_not_whole_is_not_sealed(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is for the next start to mend; what is damaged stays where it can be seen."""
    monkeypatch.setattr(segments, "SEAL_BYTES", 1 << 20)
    store = grow(store_at(layout), 20)
    raw = store.path.read_bytes()
    with store.path.open("r+b") as file:
        file.seek(raw.index(b"note 9"))
        file.write(b"#")
    monkeypatch.setattr(segments, "SEAL_BYTES", LIMIT)
    store.checkpoint(after(20), 20, PARTS)
    assert sealed(store) == []
    loaded = restore(store.disk, layout, ORCH)
    assert (loaded.graph, bool(loaded.repairs)) == (after(20), True)


def test_sealing_is_synced_before_the_live_file_is_replaced(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the segment is on the disk, name and bytes; then the live file goes."""
    monkeypatch.setattr(segments, "SEAL_BYTES", 1 << 20)
    store = grow(store_at(layout), 20)
    monkeypatch.setattr(segments, "SEAL_BYTES", LIMIT)
    store.disk.calls = calls = Recording()
    store.checkpoint(after(20), 20, set())
    ops = [(op.kind, op.target or op.path) for op in calls.ops]
    segment = ops.index(("rename", str(layout.segment(ORCH, 20))))
    assert ops[segment + 1] == ("sync folder", str(store.path.parent))
    assert ops.index(("rename", str(store.path))) > segment + 1


def test_a_copy_of_each_segment_is_kept_once(layout: Layout) -> None:
    """As it is sealed, or later if somebody removed it; no rotation takes it."""
    store = grow(store_at(layout), 20)
    copies = {layout.segment(ORCH, last).name: layout.segment(ORCH, last).read_bytes() for last in sealed(store)}
    assert {p.name: p.read_bytes() for p in layout.backups.iterdir()} == copies
    (layout.backups / min(copies)).unlink()
    for _ in range(KEPT_BACKUPS + 3):
        store.backup("undo")
    kept = {p.name: p.read_bytes() for p in layout.backups.iterdir()}
    assert {name: raw for name, raw in kept.items() if "undo" not in name} == copies
    assert len(kept) == KEPT_BACKUPS + len(copies)


def test_a_damaged_segment_comes_back_from_its_copy(layout: Layout) -> None:
    """Every record of it, and those after it; without the copy, the report says of which steps only the outcome is."""
    store = grow(store_at(layout), 40)
    path = layout.segment(ORCH, sealed(store)[1])
    raw = path.read_bytes()
    path.write_bytes(raw[:300] + b"#" + raw[301:])
    loaded = restore(store.disk, layout, ORCH, thorough=True)
    assert loaded.repairs
    assert history(store_at(layout), 40) == [record(number) for number in range(1, 41)]
    store = grow(store_at(layout), 60, 40)
    for copy in layout.backups.iterdir():
        copy.unlink()
    first, second = sealed(store)[:2]
    layout.segment(ORCH, second).write_bytes(b"")
    loaded = restore(store.disk, layout, ORCH, thorough=True)
    assert loaded.graph == after(60)
    assert f"of steps {first + 1} to 60 only what came of them is known" in loaded.repairs[-1]
