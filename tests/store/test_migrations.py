"""I6: from format to format over plain data, on reading; files change with the first step of ours, after a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen_orch.errors import StorageError
from qwen_orch.model import event as e
from qwen_orch.model.session import Note
from qwen_orch.store import codec, migrations
from qwen_orch.store.files import Disk
from qwen_orch.store.journal import Record
from qwen_orch.store.migrations import MIGRATIONS, Document, Newer, migrated
from qwen_orch.store.restore import restore
from qwen_orch.store.seal import Damaged
from qwen_orch.store.snapshots import Layout
from tests.faults.seams import Recording
from tests.store.conftest import store_at
from tests.store.samples import RECORDS, state
from tests.strategies import ORCH, SESSION, T0

PARTS = {"plan", "manifest", SESSION}
NEXT = codec.FORMAT + 1


def in_capitals(document: Document) -> Document:
    """A migration: notes are in capitals, in records as in snapshots."""
    for notes in _notes_in(document):
        for note in notes:
            note["text"] = note["text"].upper()
    return document


def _notes_in(document: Document) -> Iterator[list[dict[str, Any]]]:
    for event in document.get("events", ()):
        yield [event["note"]] if event["event"] == "NoteAdded" else []
    yield document.get("session", {}).get("notes", [])


@pytest.fixture
def old(layout: Layout) -> Layout:
    """A project of the present format, its snapshots current."""
    store = store_at(layout)
    for record in RECORDS:
        store.append(record)
    store.checkpoint(state(5), 5, PARTS)
    return layout


@pytest.fixture
def upgraded(old: Layout, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """The same project, and a program of the next format."""
    monkeypatch.setattr(codec, "FORMAT", NEXT)
    monkeypatch.setitem(migrations.MIGRATIONS, NEXT - 1, in_capitals)
    return old


def contents(layout: Layout) -> dict[Path, bytes]:
    """Every file."""
    return {p: p.read_bytes() for p in layout.home.rglob("*") if p.is_file()}


def note(text: str) -> tuple[e.Event, ...]:
    """The events of one more step."""
    return (e.NoteAdded(SESSION, Note(text, T0)),)


def test_the_chain_has_no_gap() -> None:
    """From every format there was to the present one."""
    assert sorted(MIGRATIONS) == list(range(1, codec.FORMAT))


@pytest.mark.parametrize("number", [0, -1, "1", None, 1.0])
def test_a_number_that_never_was_is_damage(number: Any) -> None:
    """Not a newer format, and not the newest migration."""
    with pytest.raises(Damaged, match="it says it is of format"):
        migrated({"format": number})


@pytest.mark.parametrize("lost", ["journal", "sessions", "nothing"])
def test_records_and_snapshots_go_through_the_same_chain(lost: str, upgraded: Layout) -> None:
    """So whichever of them is read, the state is the same; and reading it changes no file."""
    for path in (upgraded.home / lost).glob("*.json*"):
        path.unlink()
    before = contents(upgraded)
    loaded = restore(Disk(), upgraded, ORCH, mend=False)
    assert [n.text for n in loaded.graph.sessions[SESSION].notes] == ["MIND THE GAP"]
    assert contents(upgraded) == before


def test_a_copy_is_kept_before_the_first_step_and_records_stay(upgraded: Layout) -> None:
    """The old records are the beginning of the new journal; the copy is on the disk before anything is appended."""
    store = store_at(upgraded)
    before = store.path.read_bytes()
    store.disk.calls = calls = Recording()
    store.append(Record(6, T0, "note", note("one more")))
    (copy,) = upgraded.backups.glob(f"*.format-{NEXT - 1}.jsonl")
    assert copy.read_bytes() == before
    assert store.path.read_bytes().startswith(before)
    ops = [(op.kind, op.target or op.path) for op in calls.ops]
    assert ops.index(("rename", str(copy))) < ops.index(("sync folder", str(copy.parent))) < len(ops) - 2
    assert [kind for kind, path in ops if path == str(store.path)] == ["write", "sync"]
    texts = [n.text for n in store_at(upgraded).load().graph.sessions[SESSION].notes]
    assert texts == ["MIND THE GAP", "one more"], "what was written as of the new format is not migrated again"


def test_it_is_told_once_and_the_next_step_makes_no_copy(upgraded: Layout) -> None:
    """Nor does another process make one that had the project open before."""
    store, other = store_at(upgraded), store_at(upgraded)
    store.append(Record(6, T0, "note", note("one")))
    (told,) = store.reports
    assert f"is now of format {NEXT}" in told
    store.append(Record(7, T0, "note", note("two")))
    assert len(other.news(5) or []) == 2
    other.append(Record(8, T0, "note", note("three")))
    assert (len(store.reports), other.reports) == (1, [])
    assert len(list(upgraded.backups.iterdir())) == 1


@pytest.mark.parametrize("write", ["step", "checkpoint", "another's step"])
def test_an_older_program_refuses_what_we_have_written(
    write: str, upgraded: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One step, or one snapshot, is enough: it reads nothing, and writes nothing; so does one that is running."""
    with monkeypatch.context() as past:
        past.setattr(codec, "FORMAT", NEXT - 1)
        running = store_at(upgraded)
    store = store_at(upgraded)
    if write == "checkpoint":
        store.checkpoint(store.load().graph, 5, PARTS)
    else:
        store.append(Record(6, T0, "note", note("one more")))
    monkeypatch.setattr(codec, "FORMAT", NEXT - 1)
    before = contents(upgraded)
    with pytest.raises(StorageError, match="written by a newer qwen-orch") as refused:
        running.news(5) if write == "another's step" else store_at(upgraded)
    assert isinstance(refused.value.__cause__, Newer)
    assert contents(upgraded) == before
