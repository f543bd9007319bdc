"""Keeping what was damaged: a copy, as it was, before anything is repaired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from qwen_orch.errors import StorageError
from qwen_orch.store import seal
from qwen_orch.store.files import Disk
from qwen_orch.store.snapshots import Layout

T = TypeVar("T")


def stamp() -> str:
    """Return the present time as a part of a file name that sorts by age."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")


def keep_aside(disk: Disk, layout: Layout, path: Path, raw: bytes) -> Path:
    """Copy damaged bytes to ``backups/``, as they are, before anything is repaired; return where they are."""
    copy = layout.backups / f"{path.parent.name}-{path.name}.{stamp()}.damaged"
    disk.replace(copy, raw)
    return copy


def read_or_aside(disk: Disk, layout: Layout, path: Path, read: Callable[[bytes], T], repairs: list[str]) -> T | None:
    """Return what *read* makes of a snapshot; None, kept aside and reported, when it is damaged; None when absent."""
    raw = disk.read(path)
    if raw is None:
        return None
    try:
        return read(raw)
    except (seal.Damaged, KeyError, StorageError) as error:
        if isinstance(error, StorageError) and "newer" in error.message:
            raise
        kept = keep_aside(disk, layout, path, raw)
        repairs.append(f"{path.name} was damaged ({error}); kept as backups/{kept.name}")
        return None
