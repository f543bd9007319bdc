"""A rehearsal: everything is done as it would be, and nothing is changed on the disk.

What would be written is kept in memory and read back from there, so that what comes after it does what it would do.
What a rehearsal says is therefore not a second opinion on the repair: it is the repair.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from qwen_orch.errors import StorageError
from qwen_orch.store.files import Disk


class Rehearsal(Disk):
    """A disk that is read, and written in memory alone."""

    rehearses = True

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[Path, bytes | None] = {}

    def read(self, path: Path) -> bytes | None:
        """Return the bytes that *path* would have now."""
        return self._written[path] if path in self._written else super().read(path)

    def glob(self, folder: Path, pattern: str) -> list[Path]:
        """Return the files that would be there now."""
        made = {p for p, data in self._written.items() if data is not None and p.parent == folder and p.match(pattern)}
        return sorted(made | {p for p in folder.glob(pattern) if self._written.get(p, b"") is not None})

    def ensure_folder(self, path: Path) -> None:
        """Make no folder."""

    def sync_file(self, path: Path) -> None:
        """Leave the file as it is."""

    def replace(self, path: Path, data: bytes) -> None:
        """Remember what *path* would hold."""
        self._written[path] = data

    def remove(self, path: Path) -> None:
        """Remember that *path* would be gone."""
        self._written[path] = None

    def open_journal(self, path: Path) -> int:
        """Open the journal, or nothing in the place of one that is not there, to read."""
        return os.open(path if path.exists() else os.devnull, os.O_RDONLY | os.O_NOFOLLOW)

    def append(self, fd: int, data: bytes, path: Path, size: int) -> None:
        """Remember what *path* would go on with."""
        self._written[path] = (self.read(path) or b"") + data

    def _discard(self, path: Path) -> None:
        self.remove(path)

    @contextlib.contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Be the one writer where there is a lock to hold and we may; none is made."""
        with contextlib.ExitStack() as held:
            if path.exists():
                with contextlib.suppress(StorageError):
                    held.enter_context(super().locked(path))
            yield

    def changes(self, below: Path) -> Iterator[tuple[str, str, int]]:
        """Yield what would become of each file: its path below a folder, what would be done, and its bytes then.

        That is ``create``, ``rewrite``, ``append`` or ``remove``; what would stay as it is, is left out.
        """
        for path, data in sorted(self._written.items()):
            before = super().read(path)
            if data != before:
                yield str(path.relative_to(below)), _action(before, data), len(data or b"")


def _action(before: bytes | None, after: bytes | None) -> str:
    if after is None:
        return "remove"
    if before is None:
        return "create"
    return "append" if after.startswith(before) else "rewrite"
