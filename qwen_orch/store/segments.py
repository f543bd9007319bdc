"""Sealed segments: the older part of a journal that has grown, kept out of the way of every start.

When the snapshots are current nothing before the last record is needed to go on. Then the bytes of the journal, as they
are, become ``journal/ORCH.000000004711.jsonl``, named after the last record in it and never written again, and the
journal goes on in a new file that begins with that same record. A copy of each segment is kept in ``backups/``. So the
live file is never empty, says what it follows, and each segment is joined to the next by a record that both hold. A
start reads snapshots and live file; history, undo and whoever misses a snapshot read them all.

Sealing takes two steps, each of them atomic: the segment is there, then the live file is replaced. Between them every
record is in both, and the live file counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from qwen_orch.store import journal, seal
from qwen_orch.store.files import Disk
from qwen_orch.store.journal import Scan
from qwen_orch.store.snapshots import Layout

SEAL_BYTES = 1 << 20
"""A journal is sealed when it holds more bytes than this before its last record."""


def sealed_off(disk: Disk, layout: Layout, orchestration: str, last: str) -> bytes | None:
    """Seal the journal, whose last record has the checksum *last*, if it has grown; return what the live file is now.

    The caller holds the lock and has just written the snapshots. A journal that is not whole is left as it is, for
    the next start to mend.
    """
    path = layout.journal(orchestration)
    raw = disk.read(path) or b""
    line = raw[raw.rfind(b"\n", 0, -1) + 1 :]
    if len(raw) - len(line) <= SEAL_BYTES:
        return None
    found = journal.scan_from_first(raw, orchestration)
    if found.fault or found.last != last:
        return None
    disk.replace(layout.segment(orchestration, found.reach), raw)
    disk.replace(path, line)
    return line


def sealed(disk: Disk, layout: Layout, orchestration: str) -> list[int]:
    """Return the numbers of the records that the segments of an orchestration end with, ascending."""
    any_segment = layout.segment(orchestration, 0).name.replace("0" * 12, "[0-9]" * 12)
    return [int(path.name.split(".")[1]) for path in disk.glob(layout.journal(orchestration).parent, any_segment)]


def whole(disk: Disk, layout: Layout, orchestration: str, live: Scan) -> Scan:
    """Return *live* with everything that was sealed before it: the records from 1, or none and what is wrong."""
    try:
        runs = list(back(disk, layout, orchestration, live))
    except seal.Damaged as error:
        return Scan((), live.last, live.good, str(error))
    return live._replace(lines=tuple(chain.from_iterable(reversed(runs))), first=1)


def back(disk: Disk, layout: Layout, orchestration: str, live: Scan) -> Iterator[tuple[bytes, ...]]:
    """Yield the lines of *live*, then those of each segment before it, the newest first; raise `Damaged` at a bad one.

    The live file must have been read before this is called: then a sealing that happens meanwhile takes nothing away.
    """
    lines, first = live.lines, live.first
    yield lines
    while first > 1:
        path = layout.segment(orchestration, first)
        found = journal.scan_from_first(disk.read(path) or b"", orchestration)
        joined = found.reach == first and found.lines[-1:] == lines[:1]
        if found.fault or not joined or len(found.lines) < 2:
            raise seal.Damaged(f"{path.name} is {'damaged' if path.is_file() else 'missing'}")
        lines, first = found.lines[:-1], found.first
        yield lines


def base(disk: Disk, layout: Layout, orchestration: str, lines: tuple[bytes, ...]) -> int:
    """Return the number of the record that a live file is to begin with, when *lines* are all records, from 1.

    Segments that hold just what they should stay in force.
    """
    first = 1
    for last in sealed(disk, layout, orchestration):
        if disk.read(layout.segment(orchestration, last)) == b"".join(lines[first - 1 : last]) and last > first:
            first = last
    return first
