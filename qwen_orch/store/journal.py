"""The journal: numbered, sealed records, one line each, only ever appended to.

Each record names the checksum of the one before it, and the first the checksum of the orchestration's id: a record that
was doubled, lost, or comes from elsewhere does not fit where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from qwen_orch.errors import StorageError
from qwen_orch.store import codec, seal

if TYPE_CHECKING:
    from qwen_orch.model.event import Event

_HEAD = b'{"format":%d,"seq":%d,"after":"%s",'
_ANY_HEAD = re.compile(rb'\{"format":(\d{1,9}),"seq":(\d{1,18}),"after":"([0-9a-f]{8})",')


class Newer(Exception):  # noqa: N818 - a state of files, and only ever the cause of a `StorageError`
    """A later version wrote this; this one reads nothing of it and changes nothing."""


class Record(NamedTuple):
    """One step: its events were committed together, at the time *at*, *by* a command."""

    seq: int
    at: str
    by: str
    events: tuple[Event, ...]


class Scan(NamedTuple):
    """What a journal's bytes are: *lines* that are whole and follow one another, up to byte *good*.

    *last* is the checksum of the last of them. *fault* says what is wrong after that, if anything is; *torn* that it is
    only an unfinished last record.
    """

    lines: tuple[bytes, ...]
    last: str
    good: int
    fault: str = ""
    torn: bool = False


def origin(orchestration: str) -> str:
    """Return what the first record of an orchestration names as the checksum before it."""
    return f"{crc32(orchestration.encode()):08x}"


def encode(record: Record, after: str) -> bytes:
    """Return the sealed line of *record*, which follows the one whose checksum is *after*."""
    document: dict[str, Any] = {"format": codec.FORMAT, "seq": record.seq, "after": after}
    document |= {"at": record.at, "by": record.by}
    document["events"] = [codec.event_to_data(event) for event in record.events]
    return seal.seal(document)


def decode(line: bytes) -> Record:
    """Return the record of a line that `scan` found whole."""
    document = seal.unseal(line)
    events = tuple(codec.event_from_data(data) for data in document["events"])
    return Record(document["seq"], document["at"], document["by"], events)


def scan(raw: bytes, after: str, first: int = 1) -> Scan:
    """Check every line of *raw*, whose records must be numbered from *first* and follow the checksum *after*.

    Raises `StorageError` where they go on in a format that this version does not know.
    """
    lines: list[bytes] = []
    position = 0
    while position < len(raw):
        end = raw.find(b"\n", position) + 1 or len(raw)
        line = raw[position:end]
        number = first + len(lines)
        if not seal.intact(line):
            torn = _is_torn(line) and end == len(raw)
            fault = f"record {number} is {'unfinished' if torn else 'damaged'}"
            return Scan(tuple(lines), after, position, fault, torn)
        if not line.startswith(_HEAD % (codec.FORMAT, number, after.encode())):
            _refuse_newer_line(line)
            return Scan(tuple(lines), after, position, f"record {number} is missing: another stands in its place")
        lines.append(line)
        after = seal.mark_of(line)
        position = end
    return Scan(tuple(lines), after, position)


def _is_torn(last: bytes) -> bool:
    """Tell whether a last line may be a write that was cut short: it has no end, or is partly zeros."""
    if b"\0" in last:
        return True
    return not last.endswith(b"\n") and not _without_end(last)


def _without_end(line: bytes) -> bytes:
    """Return the whole line of which *line* lacks nothing but its last byte, or nothing."""
    for whole in (line + b"\n", line[:-1] + b"\n"):
        if seal.intact(whole):
            return whole
    return b""


def after_of(line: bytes) -> str:
    """Return the checksum that a whole line says it follows."""
    head = _ANY_HEAD.match(line)
    return head[3].decode() if head else ""


Pool = dict[tuple[int, str], bytes]
"""Whole records by their number and the checksum they follow."""


def pieces(raw: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Yield every whole record in damaged bytes: its number, the checksum it follows, its line."""
    for chunk in raw.split(b"\n"):
        for start in (m.start() for m in _ANY_HEAD.finditer(chunk)):
            line = _without_end(chunk[start:]) or _up_to_next(chunk, start)
            head = _ANY_HEAD.match(line)
            if head:
                _refuse_newer_line(line)
                yield int(head[2]), head[3].decode(), line


def _up_to_next(chunk: bytes, start: int) -> bytes:
    """Return the record at *start* of a chunk in which its line feed was damaged, or nothing."""
    following = _ANY_HEAD.search(chunk, start + 1)
    return _without_end(chunk[start : following.start()]) if following else b""


def chain(pool: Pool, after: str) -> tuple[bytes, ...]:
    """Return the records of *pool* that follow one another from number 1, whose predecessor is *after*."""
    lines: list[bytes] = []
    while (line := pool.get((len(lines) + 1, after))) is not None:
        lines.append(line)
        after = seal.mark_of(line)
    return tuple(lines)


def _refuse_newer_line(line: bytes) -> None:
    refuse_newer(seal.unseal(line).get("format", 0), "the journal")


def refuse_newer(found: Any, what: object) -> None:
    """Raise `StorageError`, caused by `Newer`, when *found* is a format of a later version than this one."""
    if isinstance(found, int) and found > codec.FORMAT:
        message = f"{what} was written by a newer qwen-orch (format {found}, this one knows {codec.FORMAT})"
        raise StorageError(message, "upgrade qwen-orch: pip install -U qwen-orch") from Newer()
