"""From one format to the next: what an older program wrote, as this one would have written it.

A migration takes plain data as it was read, a record of the journal or a snapshot, and returns what the next format
holds in its place. Records and snapshots of every age pass through the same chain each time they are read; files are
not rewritten for it. So an older project may be read without being changed, and a journal may hold records of several
formats, one after the other. The first record of a newer format is what locks older programs out: they refuse the
whole orchestration there, and cannot misread the half of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from qwen_orch.errors import StorageError
from qwen_orch.store import codec
from qwen_orch.store.seal import Damaged

Document: TypeAlias = dict[str, Any]
Migration: TypeAlias = Callable[[Document], Document]


class Newer(Exception):  # noqa: N818 - a state of files, and only ever the cause of a `StorageError`
    """A later version wrote this; this one reads nothing of it and changes nothing."""


def _to_2(document: Document) -> Document:
    """Format 2 adds events, and fields that have defaults; what format 1 holds means what it meant.

    Its journals may also begin with a later record than the first, because what was before it is sealed (`segments`).
    """
    return document


MIGRATIONS: dict[int, Migration] = {1: _to_2}
"""By the format they take; each returns the next."""


def migrated(document: Document) -> Document:
    """Return *document*, of any format up to ours, as of ours; raise `Damaged` for a number that never was one."""
    found = document["format"]
    if not isinstance(found, int) or not 1 <= found <= codec.FORMAT:
        raise Damaged(f"it says it is of format {found!r}")
    for number in range(found, codec.FORMAT):
        document = MIGRATIONS[number](document)
    return document


def refuse_newer(found: Any, what: object) -> None:
    """Raise `StorageError`, caused by `Newer`, when *found* is a format of a later version than this one."""
    if isinstance(found, int) and found > codec.FORMAT:
        message = f"{what} was written by a newer qwen-orch (format {found}, this one knows {codec.FORMAT})"
        raise StorageError(message, "upgrade qwen-orch: pip install -U qwen-orch") from Newer()
