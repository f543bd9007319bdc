"""From one format to the next: what an older program wrote, as this one would have written it.

A migration takes plain data as it was read, a record of the journal or a snapshot, and returns what the next format
holds in its place. Records and snapshots of every age pass through the same chain each time they are read; files are
not rewritten for it. So an older project may be read without being changed, and a journal may hold records of several
formats, one after the other. The first record of a newer format is what locks older programs out: from there on they
write nothing, and show what they understand of the newest snapshots, which is all of a snapshot but what was added.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

from qwen_orch.errors import StorageError
from qwen_orch.store import codec
from qwen_orch.store.seal import Damaged, intact

T = TypeVar("T")

Document: TypeAlias = dict[str, Any]
Migration: TypeAlias = Callable[[Document], Document]


_HEAD = re.compile(rb'\{\s*"format":\s*(\d{1,9})\b')


class Newer(Exception):  # noqa: N818 - a state of files, and only ever the cause of a `StorageError`
    """A later version wrote this; this one changes nothing of it."""


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
    if is_number_newer(found):
        message = f"{what} was written by a newer qwen-orch (format {found}, this one knows {codec.FORMAT})"
        raise StorageError(message, "upgrade qwen-orch: pip install -U qwen-orch") from Newer()


def stated(raw: bytes) -> int:
    """Return the format that a record or snapshot says it is of; 0 when it says none."""
    head = _HEAD.match(raw)
    return int(head[1]) if head else 0


def newer_format(raw: bytes) -> int | None:
    """Return the format of a record or snapshot that a later version wrote, and that is whole; None of any other."""
    return stated(raw) if is_number_newer(stated(raw)) and intact(raw) else None


def is_number_newer(found: Any) -> bool:
    """Tell whether *found* is the number of a format that this version does not know yet."""
    return isinstance(found, int) and found > codec.FORMAT


def is_newer(error: BaseException) -> bool:
    """Tell whether *error* says that a later version wrote what was to be read or changed."""
    return isinstance(error.__cause__, Newer)


@contextlib.contextmanager
def ignoring_newer() -> Iterator[None]:
    """Leave the block without a word where a later version wrote what it needs."""
    try:
        yield
    except StorageError as error:
        if not is_newer(error):
            raise


def understood(data: Any, kind: type[T]) -> T:
    """Return what *data*, of a later version, is as a *kind*: what was added to it is passed over.

    Raises `Damaged` unless all that we would have written stands there, and as we would have written it.
    """
    value = codec.structure(data, kind)
    if not _holds(data, codec.unstructure(value)):
        raise Damaged(f"this is another {getattr(kind, '__name__', kind)} than ours")
    return value


def _holds(data: Any, ours: Any) -> bool:
    """Tell whether plain *data* says everything that *ours* does."""
    if isinstance(ours, dict):
        return isinstance(data, dict) and all(k in data and _holds(data[k], v) for k, v in ours.items())
    if isinstance(ours, list | tuple):
        same = isinstance(data, list | tuple) and len(data) == len(ours)
        return same and all(map(_holds, data, ours))
    return bool(data == ours) and isinstance(data, bool) == isinstance(ours, bool)
