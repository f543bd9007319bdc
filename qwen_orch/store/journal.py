"""The journal: numbered, sealed records, one line each, only ever appended to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qwen_orch.errors import StorageError
from qwen_orch.store import codec, seal

if TYPE_CHECKING:
    from qwen_orch.model.event import Event

_HEAD = b'{"format":%d,"seq":%d,'


class Record(NamedTuple):
    """One step: its events were committed together, at the time *at*, *by* a command."""

    seq: int
    at: str
    by: str
    events: tuple[Event, ...]


class Scan(NamedTuple):
    """What a journal's bytes are: *lines* that are whole and numbered without a gap, up to byte *good*.

    *fault* says what is wrong after that, if anything is; *torn* that it is only an unfinished last record.
    """

    lines: tuple[bytes, ...]
    good: int
    fault: str = ""
    torn: bool = False
    newer: bool = False


def encode(record: Record) -> bytes:
    """Return the sealed line of *record*."""
    document: dict[str, Any] = {"format": codec.FORMAT, "seq": record.seq, "at": record.at, "by": record.by}
    document["events"] = [codec.event_to_data(event) for event in record.events]
    return seal.seal(document)


def decode(line: bytes) -> Record:
    """Return the record of a line that `scan` found whole."""
    document = seal.unseal(line)
    events = tuple(codec.event_from_data(data) for data in document["events"])
    return Record(document["seq"], document["at"], document["by"], events)


def scan(raw: bytes, first: int = 1) -> Scan:
    """Check every line of *raw*, whose records must be numbered *first*, *first* + 1 and so on."""
    lines: list[bytes] = []
    position = 0
    while position < len(raw):
        end = raw.find(b"\n", position) + 1 or len(raw)
        line = raw[position:end]
        number = first + len(lines)
        if not seal.intact(line):
            torn = not line.endswith(b"\n") or not raw[end:].strip(b"\0\n")
            fault = f"record {number} is {'unfinished' if torn else 'damaged'}"
            return Scan(tuple(lines), position, fault, torn)
        if not line.startswith(_HEAD % (codec.FORMAT, number)):
            fault = f"record {number} is missing: another stands in its place"
            return Scan(tuple(lines), position, fault, newer=_is_newer(line))
        lines.append(line)
        position = end
    return Scan(tuple(lines), position)


def _is_newer(line: bytes) -> bool:
    return int(seal.unseal(line).get("format", 0)) > codec.FORMAT


def refuse_newer(found: int, path: object) -> None:
    """Raise `StorageError` when *found* is a format of a later version than this one."""
    if found > codec.FORMAT:
        message = f"{path} was written by a newer qwen-orch (format {found}, this one knows {codec.FORMAT})"
        raise StorageError(message, "upgrade qwen-orch: pip install -U qwen-orch")
