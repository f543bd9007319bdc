"""Sessions are read from their snapshots when they are asked for, or folded from the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen_orch.store.snapshots import Layout
from qwen_orch.store.store import Store
from tests.store.conftest import store_at
from tests.store.samples import RECORDS, state
from tests.store.test_store import PARTS, filled
from tests.strategies import SESSION


@pytest.fixture
def stored(layout: Layout) -> Layout:
    """All records, and snapshots that are current."""
    filled(layout).checkpoint(state(len(RECORDS)), len(RECORDS), PARTS)
    return layout


def opened(layout: Layout) -> Store:
    """A store as another process opens it, before it has read anything."""
    return Store(store_at(layout).disk, layout, store_at(layout).orchestration)


def session_file(layout: Layout) -> Path:
    """The snapshot of the session."""
    return layout.session(SESSION)


def test_nothing_is_read_before_it_is_asked_for(stored: Layout) -> None:
    """A session's snapshot may be gone without a command noticing that needs none."""
    loaded = opened(stored).load()
    session_file(stored).unlink()
    assert (loaded.repairs, list(loaded.graph.sessions)) == ((), [SESSION])
    assert loaded.later is not None
    assert loaded.graph.tasks == state(len(RECORDS)).tasks
    assert loaded.later.repairs == []


@pytest.mark.parametrize("damage", ["gone", "cut", "empty"])
def test_a_damaged_snapshot_is_found_when_it_is_wanted(stored: Layout, damage: str) -> None:
    """The session is whole, the damage told, what stood there kept, and the snapshot due to be written anew."""
    path = session_file(stored)
    raw = {"gone": None, "cut": path.read_bytes()[:-30], "empty": b""}[damage]
    path.unlink() if raw is None else path.write_bytes(raw)
    loaded = opened(stored).load()
    assert loaded.graph.sessions[SESSION] == state(len(RECORDS)).sessions[SESSION]
    assert loaded.later is not None
    (told,) = loaded.later.repairs
    assert told.startswith(f"{SESSION}.json was ")
    assert loaded.later.stale == {SESSION}
    kept = [p.read_bytes() for p in stored.backups.glob("*.damaged")]
    assert kept == ([] if raw is None else [raw])


def test_a_session_that_went_on_elsewhere_is_read_as_it_stood(layout: Layout) -> None:
    """Another process has written more: who has not caught up yet sees the session of its own record, and no damage."""
    first = len(RECORDS) - 1
    filled(layout, first).checkpoint(state(first), first, PARTS)
    loaded = opened(layout).load()
    other = opened(layout)
    other.load()
    other.append(RECORDS[-1])
    other.checkpoint(state(len(RECORDS)), len(RECORDS), PARTS)
    assert loaded.graph.sessions[SESSION] == state(first).sessions[SESSION]
    assert loaded.later is not None
    assert loaded.later.repairs == []
