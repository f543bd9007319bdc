"""One orchestration on the disk.

The invariants, named by the tests:

I1 Records are numbered 1..n without gaps and are never rewritten. Older ones may stand in sealed segments.
I2 A snapshot at k equals the fold of records 1..k over its part.
I3 A step is durable before its effect starts and before anything shows it.
I4 Only the last record may be torn: it is cut off, kept aside, and reported.
I5 Any other damage is detected, never guessed at: the bad file goes to ``backups/`` untouched, the state is rebuilt
   from journal, snapshots and backups, whichever reaches furthest, and the report says what was used and what is gone.
I6 A newer format is only looked at, as far as it is understood, and nothing is written. An older one is read as it is;
   before the first step in our format a copy is kept.
I7 Many processes may work at once: one writer at a time for the length of a commit, after catching up with the others.
I8 After a checkpoint the snapshots are current.

What the caller must hold: `Store.locked` around everything but `Store.changed`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from qwen_orch.errors import StorageError
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.store import codec, journal, migrations, seal, segments, snapshots
from qwen_orch.store.aside import stamp
from qwen_orch.store.files import Disk, Stands, standing
from qwen_orch.store.journal import Record, Scan
from qwen_orch.store.later import Later
from qwen_orch.store.restore import Loaded, Restoration, restore, write_snapshots
from qwen_orch.store.snapshots import Layout, PlanPicture, Point

if TYPE_CHECKING:
    from qwen_orch.store.past import Past

KEPT_BACKUPS = 20
"""How many backups of one orchestration are kept; the oldest go first."""

_NOT_TRUSTED = (0, 0, 0)
"""What a journal stands at when only reading all of it can tell."""


@define(eq=False, repr=False)
class Store:
    """Reads and writes the files of one orchestration."""

    disk: Disk
    layout: Layout
    orchestration: OrchestrationId
    _fd: int | None = None
    _size: int = 0
    """Bytes of the live journal that the caller's graph knows."""
    _stands: tuple[int, int, int] | None = None
    """What the journal was when we last looked at it: inode, size, time of change."""
    _last: str = ""
    """The checksum of the last record the caller's graph knows."""
    _reaches: dict[str, int] = field(factory=dict)
    """Which record each snapshot reaches."""
    _plan: Stands | None = None
    """How the plan's snapshot stood when we last read or wrote it."""
    _looks: bool = False
    """Whether a later version wrote here: then the plan, which it writes last, tells when there is news."""
    _format: int = 0
    """The format of the last record; 0 before the first."""
    reports: list[str] = field(factory=list)
    """What became of the files that their owner should know, for the next answer to show."""

    @property
    def path(self) -> Path:
        """The journal."""
        return self.layout.journal(self.orchestration)

    @property
    def last(self) -> str:
        """The checksum of the last record that the caller's graph knows."""
        return self._last

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one writer while the block runs."""
        with self.disk.locked(self.layout.lock(self.orchestration)):
            try:
                yield
            finally:
                self._close()

    def _close(self) -> None:
        """Give the journal's file handle back: a shell may look at a thousand orchestrations."""
        if self._fd is not None:
            with contextlib.suppress(OSError):  # what was written is synced, or was refused already
                self.disk.calls.close(self._fd)
            self._fd = None

    def changed(self) -> bool:
        """Tell, without the lock, whether the journal was written to or replaced since we last read it."""
        return self._standing() != self._stands

    def _standing(self) -> Stands | None:
        return standing(self.layout.plan(self.orchestration) if self._looks else self.path)

    def refuse_newer(self) -> None:
        """Raise `StorageError` when a later version wrote here. For this nothing is written, not even a lock."""
        self.layout.refuse_outside()
        own, read = self.orchestration, self.disk.read
        pages = [read(self.layout.plan(own)) or b"", read(self.layout.manifest(own)) or b""]
        for raw in (journal.last_line(read(self.path) or b""), *pages):
            migrations.refuse_newer(migrations.newer_format(raw), own)

    def look(self, refusal: StorageError) -> Loaded:
        """Return what is understood of what a later version wrote, or raise *refusal*; nothing is written for it."""
        self._looks = True
        self._stands = self._standing()
        return Restoration(self.disk, self.layout, self.orchestration, mend=False).look(refusal)

    def load(self, mend: bool = True, thorough: bool = False) -> Loaded:
        """Restore the state from snapshots and the records after them, repairing what is damaged.

        What was sealed is looked at only when it is needed, or when *thorough*. Without *mend* nothing is written, and
        the lock need not be held: for a folder in which we may not write.
        """
        self._close()
        self.layout.refuse_outside()
        self._looks = False
        before = self._standing()
        if mend:
            self.disk.sweep()
        loaded = restore(self.disk, self.layout, self.orchestration, mend, thorough)
        self._size, self._last, self._reaches = loaded.size, loaded.last, dict(loaded.reaches)
        self._format, self._plan = loaded.format, standing(self.layout.plan(self.orchestration))
        self._stands = self._standing() if mend else before
        return loaded

    def news(self, seq: int) -> list[Record] | None:
        """Return the records that others appended after record *seq*, or None when only `load` can tell."""
        found = self._standing()
        if found == self._stands:
            return []
        if found is None or self._stands in (None, _NOT_TRUSTED):
            return None
        scan = self._grown(found[1], seq) if found[0] == self._stands[0] else self._replaced(seq)
        if scan is None or scan.fault:
            return None
        self.disk.sync_file(self.path)  # who wrote them may have died before it could (I3)
        self._size, self._last, self._stands = found[1], scan.last, found
        self._format = scan.format if scan.lines else self._format
        return [journal.decode(line) for line in scan.lines]

    def _grown(self, size: int, seq: int) -> Scan | None:
        """Return what a journal that is now *size* bytes long holds after record *seq*; None when it was cut."""
        if size <= self._size:
            return None
        raw = os.pread(self._journal(), size - self._size, self._size)
        return journal.scan(raw, self._last, seq + 1) if len(raw) == size - self._size else None

    def _replaced(self, seq: int) -> Scan | None:
        """Return what a journal that was sealed meanwhile holds after record *seq*; None when it does not hold that."""
        self._close()
        found = journal.scan_from_first(self.disk.read(self.path) or b"", self.orchestration)
        if found.first == 1 or found.mark(seq) != self._last:
            return None
        return found._replace(lines=found.since(seq), first=seq + 1)

    def append(self, record: Record) -> bytes:
        """Make *record* durable, and return its line.

        When this returns it will be there after any crash; when it raises it is not (I3).

        Before the first record that an older program cannot read, a copy is kept. After a failure the disk is not
        trusted: `news` has everything read again.
        """
        self._keep_older()
        line = journal.encode(record, self._last)
        fd = self._journal()
        try:
            self.disk.append(fd, line, self.path, self._size)
        except BaseException:
            self._stands = _NOT_TRUSTED
            raise
        self._size, self._last, self._stands = self._size + len(line), seal.mark_of(line), self._standing()
        return line

    def _journal(self) -> int:
        """Return a handle of the journal, which nobody else can replace while we hold the lock."""
        if self._fd is None:
            self._fd = self.disk.open_journal(self.path)
        return self._fd

    def _keep_older(self) -> None:
        """Keep a copy of a journal that an older program wrote, before it can no longer be read by that."""
        if 0 < self._format < codec.FORMAT:
            copy = self.backup(f"format-{self._format}")
            told = f"{self.orchestration} is now of format {codec.FORMAT}, which an older qwen-orch refuses"
            self.reports.append(f"{told}; it is kept of format {self._format} as backups/{copy.name}")
            self._format = codec.FORMAT

    def checkpoint(self, graph: Graph, seq: int, parts: set[str]) -> None:
        """Write the snapshots of *parts* (``plan``, ``manifest``, session ids) as of *seq*; then all are current.

        So what is before the last record can be sealed, and is when it has grown.
        """
        self._keep_older()
        self._heed_others()
        self._reaches = write_snapshots(self.disk, self.layout, graph, Point(seq, self._last), parts, self._reaches)
        self._plan = standing(self.layout.plan(self.orchestration))
        if self._size > segments.SEAL_BYTES:
            self._seal()

    def _heed_others(self) -> None:
        """Take in which snapshots others wrote since: what the new plan says of one must be what is on the disk."""
        path = self.layout.plan(self.orchestration)
        if standing(path) != self._plan:
            with contextlib.suppress(seal.Damaged, KeyError, TypeError, StorageError):
                told = snapshots.read_plan(self.disk.read(path) or b"", self.orchestration).reaches
                self._reaches = {**self._reaches, **told}

    def _seal(self) -> None:
        live = segments.sealed_off(self.disk, self.layout, self.orchestration, self._last)
        if live is not None:
            self._close()
            self._size, self._stands = len(live), self._standing()
            self._copy_sealed()

    def later(self, graph: Graph, seq: int) -> Later:
        """Return what reads the sessions of *graph* from the snapshots of a checkpoint just made at record *seq*."""
        work = Restoration(self.disk, self.layout, self.orchestration, mend=True)
        return Later(work, PlanPicture(seq, self._last, graph.root, self._reaches))

    def past(self, seq: int) -> Past:
        """Return the records *seq* to 1, newest first, read as far as somebody goes back.

        Raises `SessionCorrupted` when the journal does not go as far as *seq*.
        """
        from qwen_orch.store.past import past

        return past(self.disk, self.layout, self.orchestration, seq, newer=self._looks)

    def backup(self, reason: str) -> Path:
        """Keep a copy of the journal, which is the truth, and return its path; the oldest copies go.

        Of what was sealed, which does not change, one copy is kept.
        """
        self._copy_sealed()
        folder = self.layout.backups
        copy = folder / f"{self.orchestration}.{stamp()}.{reason}.jsonl"
        self.disk.replace(copy, self.disk.read(self.path) or b"")
        for old in self.disk.glob(folder, f"{self.orchestration}.*T*.*.jsonl")[:-KEPT_BACKUPS]:
            self.disk.remove(old)
        return copy

    def _copy_sealed(self) -> None:
        """Keep a copy of every segment: of old steps nothing else tells, should a bit of one flip."""
        for last in segments.sealed(self.disk, self.layout, self.orchestration):
            segment = self.layout.segment(self.orchestration, last)
            copy = self.layout.backups / segment.name
            if not copy.is_file():
                self.disk.replace(copy, self.disk.read(segment) or b"")
