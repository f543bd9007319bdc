"""What the fault tests share: a quick disk, a clock that stands still, and how much is tried."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.strategies import T0

DEEP = bool(os.environ.get("QWEN_ORCH_DEEP"))
"""Whether everything is tried, or what fits in a minute or two."""


@pytest.fixture
def ram() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of projects are written here."""
    shm = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="qwen-orch-", dir=shm if os.access(shm, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every step happen at the same time, so that states can be compared."""
    monkeypatch.setattr("qwen_orch.project.writer.timestamp", lambda: T0)
