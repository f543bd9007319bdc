"""What was typed, kept between runs in ``history``: newest last, each line of an entry behind a ``+``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from prompt_toolkit.history import History

from qwen_orch.repl.paste import Chips

MOST_ENTRIES = 2_000
MOST_BYTES = 1_000_000
"""A file that has grown longer is cut to its newer half when the shell starts."""
LONGEST = 20_000
"""A longer entry is remembered for this run only: what was planned is in the project anyway."""


class ShellHistory(History):
    """Entries in memory, and in the file at *path* as soon as its folder exists: looking around makes no folder."""

    def __init__(self, path: Path, chips: Chips) -> None:
        super().__init__()
        self.path = path
        self.chips = chips
        self._waiting: list[str] = []

    def load_history_strings(self) -> Iterable[str]:
        """Return the entries of earlier runs, newest first; a long one as a chip."""
        try:
            raw = self.path.read_bytes()
        except OSError:
            return []
        if len(raw) > MOST_BYTES:
            raw = self._halved(raw)
        kept: list[str] = []
        for entry in reversed(entries(raw)):
            if not kept or kept[-1] != entry:
                kept.append(entry)
        return [self.chips.fold_command(entry) for entry in kept[:MOST_ENTRIES]]

    def store_string(self, string: str) -> None:
        """Append one entry to the file; a disk that refuses costs the memory of it and nothing else."""
        text = self.chips.expand(string)
        self._waiting += [text] if len(text) <= LONGEST else []
        if self.path.parent.is_dir():
            data = b"".join(map(_written, self._waiting))
            self._waiting = []
            with contextlib.suppress(OSError):
                self._append(data)

    def _append(self, data: bytes, start_anew: bool = False) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (os.O_TRUNC if start_anew else os.O_APPEND)
        with open(os.open(self.path, flags, 0o600), "wb") as file:  # noqa: PTH123 - a handle, not a path
            file.write(data)

    def _halved(self, raw: bytes) -> bytes:
        newer = raw[raw.find(b"\n# ", len(raw) - MOST_BYTES // 2) + 1 :]
        with contextlib.suppress(OSError):
            self._append(newer, start_anew=True)
        return newer


def entries(raw: bytes) -> list[str]:
    """Return the entries in the bytes of a history file, oldest first; lines of another kind part them."""
    found: list[list[str]] = [[]]
    for line in raw.decode("utf-8", "replace").split("\n"):
        if line.startswith("+"):
            found[-1].append(line[1:])
        elif found[-1]:
            found.append([])
    return ["\n".join(lines) for lines in found if lines]


def _written(text: str) -> bytes:
    lines = "".join(f"+{line}\n" for line in text.split("\n"))
    return f"# {datetime.now(UTC).isoformat(timespec='seconds')}\n{lines}".encode("utf-8", "replace")
