"""The journal: numbered, sealed records, one line each, only ever appended to.

Each record names the checksum of the one before it, and the first the checksum of the orchestration's id: a record that
was doubled, lost, or comes from elsewhere does not fit where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from qwen_orch.store import codec, seal
from qwen_orch.store.migrations import is_number_newer, migrated, refuse_newer, stated

if TYPE_CHECKING:
    from qwen_orch.model.event import Event

_HEAD = b'{"format":%d,"seq":%d,"after":"%s",'
_ANY_HEAD = re.compile(rb'\{"format":(\d{1,9}),"seq":(\d{1,18}),"after":"([0-9a-f]{8})",')


class Record(NamedTuple):
    """One step: its events were committed together, at the time *at*, *by* a command."""

    seq: int
    at: str
    by: str
    events: tuple[Event, ...]


class Scan(NamedTuple):
    """What a journal's bytes are: *lines* that are whole, numbered from *first*, each following the one before it.

    They end at byte *good*, and *last* is the checksum of the last of them. *fault* says what is wrong after that, if
    anything is; *torn* that it is only an unfinished last record.
    """

    lines: tuple[bytes, ...]
    last: str
    good: int
    fault: str = ""
    torn: bool = False
    first: int = 1

    @property
    def reach(self) -> int:
        """The number of the last whole record."""
        return self.first + len(self.lines) - 1

    @property
    def format(self) -> int:
        """The format of the last whole record; 0 where there is none."""
        head = _ANY_HEAD.match(self.lines[-1]) if self.lines else None
        return int(head[1]) if head else 0

    def mark(self, seq: int) -> str | None:
        """Return the checksum of the record *seq*, or None when it is not among the lines."""
        return seal.mark_of(self.lines[seq - self.first]) if self.first <= seq <= self.reach else None

    def since(self, seq: int) -> tuple[bytes, ...]:
        """Return the lines after the record *seq*, which is not before the one ahead of the first."""
        return self.lines[seq - self.first + 1 :]


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
    document = migrated(seal.unseal(line))
    events = tuple(codec.event_from_data(data) for data in document["events"])
    return Record(document["seq"], document["at"], document["by"], events)


def scan(raw: bytes, after: str, first: int = 1, what: str = "the journal") -> Scan:
    """Check every line of *raw*, whose records must be numbered from *first* and follow the checksum *after*.

    Raises `StorageError`, naming *what* this is, where they go on in a format that this version does not know.
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
            return Scan(tuple(lines), after, position, fault, torn, first)
        ours = line.startswith(_HEAD % (codec.FORMAT, number, after.encode()))
        if not (ours or _is_older(line, number, after, what)):
            fault = f"record {number} is missing: another stands in its place"
            return Scan(tuple(lines), after, position, fault, first=first)
        lines.append(line)
        after = seal.mark_of(line)
        position = end
    return Scan(tuple(lines), after, position, first=first)


def scan_from_first(raw: bytes, orchestration: str) -> Scan:
    """Check every line of *raw* as `scan` does, from the record that it begins with.

    That is record 1, unless what was before it is sealed (`segments`): then it says itself what it follows.
    """
    head, what = _ANY_HEAD.match(raw), f"the journal of {orchestration}"
    if head is None or int(head[2]) <= 1:
        return scan(raw, origin(orchestration), what=what)
    return scan(raw, head[3].decode(), int(head[2]), what)


def last_line(raw: bytes) -> bytes:
    """Return the last line of a journal's bytes that has an end, whatever it is; nothing where there is none."""
    end = raw.rfind(b"\n") + 1
    return raw[raw.rfind(b"\n", 0, max(end - 1, 0)) + 1 : end]


def before_newer(raw: bytes) -> bytes:
    """Return a journal's bytes up to the first line that says it is of a format which this version does not know."""
    position = 0
    while position < len(raw) and not is_number_newer(stated(raw[position : position + 32])):
        position = raw.find(b"\n", position) + 1 or len(raw)
    return raw[:position]


def _is_older(line: bytes, number: int, after: str, what: str) -> bool:
    """Tell whether a whole line is the record *number*, following *after*, in a format before ours."""
    head = _ANY_HEAD.match(line)
    refuse_newer(int(head[1]) if head else seal.unseal(line).get("format"), what)
    return head is not None and 0 < int(head[1]) < codec.FORMAT and int(head[2]) == number and head[3].decode() == after


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
                refuse_newer(int(head[1]), "the journal")
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
