"""The file in which an agent keeps a session of its own: written late, torn by a crash; a cache, never the record."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import orjson

from qwen_orch.errors import StorageError
from qwen_orch.store.aside import keep_aside
from qwen_orch.store.files import Disk
from qwen_orch.store.snapshots import Layout

QUIET_SECONDS, MOST_SECONDS = 0.15, 2.0
"""A file that did not grow for so long is written; longer than the second nobody waits."""
STEP_SECONDS = 0.03


async def settled(path: Path) -> None:
    """Wait until the agent has written what it was told: it loses the end when its input closes before."""
    began = quiet_since = time.monotonic()
    before = None
    while time.monotonic() - began < MOST_SECONDS:
        now = _size(path)
        if now != before or now is None:
            before, quiet_since = now, time.monotonic()
        elif time.monotonic() - quiet_since >= QUIET_SECONDS:
            return
        await asyncio.sleep(STEP_SECONDS)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def mended(disk: Disk, layout: Layout, path: Path) -> tuple[bool, str]:
    """Return whether the agent can go on from the file at *path*, and what had to be done to it, in words.

    A torn end is cut off, after a copy was kept in ``backups/``. With any other damage it cannot be used, and stays.
    """
    try:
        raw = disk.read(path)
    except StorageError as error:
        return False, error.message
    if not raw:
        return False, "the agent kept nothing of that session"
    lines = raw.splitlines(keepends=True)
    whole = lines if _is_record(lines[-1]) and lines[-1].endswith(b"\n") else lines[:-1]
    if not whole or not all(map(_is_record, whole)):
        return False, "the agent's own record of that session is damaged"
    if whole == lines:
        return True, ""
    kept = keep_aside(disk, layout, path, raw)
    disk.replace(path, b"".join(whole))
    return (
        True,
        f"the end of the agent's own record was torn and is cut off; the whole of it is kept as backups/{kept.name}",
    )


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
