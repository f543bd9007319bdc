"""The file in which an agent keeps a session of its own: written late, torn by a crash; a cache, never the record."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import orjson

from qwen_orch.agents.profile import Profile
from qwen_orch.errors import StorageError
from qwen_orch.model.session import AGENT_SESSION, Session
from qwen_orch.processes.shop import Shop
from qwen_orch.store.aside import keep_aside
from qwen_orch.store.files import Disk
from qwen_orch.store.snapshots import Layout

QUIET_SECONDS, LONG_SECONDS, MOST_SECONDS = 0.1, 0.5, 2.0
"""A file that ends with an answer is written when it did not grow for so long, any other after the second; longer than
the third nobody waits."""
LONGEST_RECORD = 64_000
"""Bytes at the end of the file in which its last record is looked for."""
STEP_SECONDS = 0.03


def continued(shop: Shop, session: Session | None, profile: Profile) -> tuple[str, str]:
    """Return the agent's own session of *session* to go on in, or nothing, and what had to be done to its file.

    It must be the same agent, and what it keeps of the session must be whole: then its memory goes on. If not, a brief
    of ours takes its place.
    """
    if session is None or session.agent != profile.name:
        return "", ""
    theirs = session.metadata.get(AGENT_SESSION, "")
    path = profile.chat(shop.project.root, theirs) if theirs else None
    if path is None:
        return theirs, ""
    try:
        usable, told = mended(shop.project.disk, shop.project.layout, path)
    except StorageError as error:
        usable, told = False, error.message
    return (theirs if usable else ""), told


async def settled(path: Path) -> None:
    """Wait until the agent has written what it said: it loses the end when its input closes before.

    The words stand in the file before they are kept as an answer, in a record of another kind.
    """
    began = quiet_since = time.monotonic()
    before = None
    while time.monotonic() - began < MOST_SECONDS:
        now, last = _end_of(path)
        quiet = time.monotonic() - quiet_since
        if now != before or now is None:
            before, quiet_since = now, time.monotonic()
        elif quiet >= QUIET_SECONDS and (last.get("type") == "assistant" or quiet >= LONG_SECONDS):
            return
        await asyncio.sleep(STEP_SECONDS)


def _end_of(path: Path) -> tuple[int | None, dict[str, Any]]:
    """Return how long the file is, and its last record if that is whole."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LONGEST_RECORD))
            lines = file.read().splitlines()
        record = orjson.loads(lines[-1]) if lines else {}
    except orjson.JSONDecodeError:
        return size, {}
    except OSError:
        return None, {}
    return size, record if isinstance(record, dict) else {}


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
