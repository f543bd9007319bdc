"""A store in a folder of its own, without waiting for the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen_orch.model.ids import OrchestrationId
from qwen_orch.store.files import Disk
from qwen_orch.store.journal import Record
from qwen_orch.store.snapshots import Layout
from qwen_orch.store.store import Store
from tests.faults.seams import Quick
from tests.strategies import ORCH


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Where the files of a new project are."""
    return Layout(tmp_path / ".qwen/orchestration")


def store_at(layout: Layout, name: str = ORCH) -> Store:
    """A store that has just been opened, as in another process."""
    store = Store(Disk(Quick(), layout.scratch), layout, OrchestrationId(name))
    store.load()
    return store


@pytest.fixture
def store(layout: Layout) -> Store:
    """A store of an orchestration that is not there yet."""
    return store_at(layout)


def history(store: Store, seq: int) -> list[Record]:
    """The records 1 to *seq*."""
    return list(store.past(seq).records())[::-1]
