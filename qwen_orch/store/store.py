"""One orchestration on the disk.

The invariants, named by the tests:

I1 Records are numbered 1..n without gaps and are never rewritten.
I2 A snapshot at k equals the fold of records 1..k over its part.
I3 A step is durable before its effect starts and before anything shows it.
I4 Only the last record may be torn: it is cut off, kept aside, and reported.
I5 Any other damage is detected, never guessed at: the bad file goes to ``backups/`` untouched, the state is rebuilt
   from journal and snapshots, whichever reaches furthest, and the report says what was used and what is gone.
I6 A newer format is refused with a clear error.
I7 Many processes may work at once: one writer at a time for the length of a commit, after catching up with the others.
I8 After a checkpoint the snapshots are current.

What the caller must hold: `Store.locked` around everything but `Store.changed`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from attrs import define

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import OrchestrationId, SessionId
from qwen_orch.store import journal, snapshots
from qwen_orch.store.aside import stamp
from qwen_orch.store.files import Disk
from qwen_orch.store.journal import Record
from qwen_orch.store.restore import Loaded, restore
from qwen_orch.store.snapshots import Layout

KEPT_BACKUPS = 20
"""How many backups of one orchestration are kept; the oldest go first."""


@define
class Store:
    """Reads and writes the files of one orchestration."""

    disk: Disk
    layout: Layout
    orchestration: OrchestrationId
    _fd: int | None = None
    _size: int = 0
    """Bytes of the journal that the caller's graph knows."""

    @property
    def path(self) -> Path:
        """The journal."""
        return self.layout.journal(self.orchestration)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one writer while the block runs."""
        with self.disk.locked(self.layout.lock(self.orchestration)):
            yield

    def close(self) -> None:
        """Give the journal's file handle back; the store may be used again."""
        if self._fd is not None:
            self.disk.calls.close(self._fd)
            self._fd = None

    def changed(self) -> bool:
        """Tell, without the lock, whether the journal has grown or was replaced since we last read it."""
        try:
            found = os.stat(self.path)
        except OSError:
            return self._size > 0
        return found.st_size != self._size or (self._fd is not None and os.fstat(self._fd).st_ino != found.st_ino)

    def load(self) -> Loaded:
        """Restore the state from snapshots and the records after them, repairing what is damaged."""
        self.close()
        loaded = restore(self.disk, self.layout, self.orchestration)
        self._size = self.path.stat().st_size if self.path.exists() else 0
        return loaded

    def news(self, seq: int) -> list[Record] | None:
        """Return the records that others appended after record *seq*, or None when only `load` can tell."""
        if not self.path.exists():
            return None if self._size else []  # and it is not made before there is something to keep
        fd = self._journal()
        size = os.fstat(fd).st_size
        if size == self._size:
            return []
        if size < self._size:
            return None
        raw = os.pread(fd, size - self._size, self._size)
        scan = journal.scan(raw, seq + 1)
        if scan.fault or len(raw) != size - self._size:
            return None
        self._size = size
        return [journal.decode(line) for line in scan.lines]

    def append(self, record: Record) -> None:
        """Make *record* durable. When this returns it will be there after any crash; when it raises it is not (I3)."""
        line = journal.encode(record)
        self.disk.append(self._journal(), line, self.path, self._size)
        self._size += len(line)

    def _journal(self) -> int:
        """Return a handle of the journal as it now stands under its name."""
        if self._fd is not None and self._replaced(self._fd):
            self.close()
        if self._fd is None:
            self._fd = self.disk.open_journal(self.path)
        return self._fd

    def _replaced(self, fd: int) -> bool:
        try:
            return os.stat(self.path).st_ino != os.fstat(fd).st_ino
        except OSError:
            return True

    def checkpoint(self, graph: Graph, seq: int, parts: set[str]) -> None:
        """Write the snapshots of *parts* (``manifest``, session ids) as of *seq*; the plan comes last."""
        layout = self.layout
        for part in sorted(parts - {"plan", "manifest"}):
            session = graph.sessions.get(SessionId(part))
            path = layout.session(part)
            self.disk.replace(path, snapshots.session_bytes(session, seq)) if session else self.disk.remove(path)
        if "manifest" in parts:
            self.disk.replace(layout.manifest(self.orchestration), snapshots.manifest_bytes(graph, seq))
        self.disk.replace(layout.plan(self.orchestration), snapshots.plan_bytes(graph, seq))

    def history(self) -> Iterator[Record]:
        """Yield every record, oldest first."""
        raw = self.disk.read(self.path) or b""
        return (journal.decode(line) for line in journal.scan(raw).lines)

    def backup(self, reason: str) -> Path:
        """Keep a copy of the journal, which is the truth, and return its path; the oldest copies go."""
        folder = self.layout.backups
        copy = folder / f"{self.orchestration}.{stamp()}.{reason}.jsonl"
        self.disk.replace(copy, self.disk.read(self.path) or b"")
        for old in sorted(folder.glob(f"{self.orchestration}.*.jsonl"))[:-KEPT_BACKUPS]:
            self.disk.remove(old)
        return copy
