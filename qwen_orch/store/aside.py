"""Keeping what was damaged: a copy, as it was, before anything is repaired."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

from qwen_orch.store.files import Disk
from qwen_orch.store.snapshots import Layout


def stamp() -> str:
    """Return the present time as a part of a file name that sorts by age."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")


def keep_aside(disk: Disk, layout: Layout, path: Path, raw: bytes) -> Path:
    """Copy damaged bytes to ``backups/``, as they are, before anything is repaired; return where they are.

    The same damage of the same file is kept once, however often it is met.
    """
    name, end = f"{path.parent.name}-{path.name}", f"{crc32(raw):08x}.damaged"
    for kept in disk.glob(layout.backups, f"{name}.*.{end}"):
        if disk.read(kept) == raw:
            return kept
    copy = layout.backups / f"{name}.{stamp()}.{end}"
    disk.replace(copy, raw)
    return copy
