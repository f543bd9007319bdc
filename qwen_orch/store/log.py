"""Logs: text for people who look for a cause. Bounded, private, and never needed to restore anything."""

from __future__ import annotations

import os
from pathlib import Path

LONGEST = 1_000_000
"""Bytes: a log that has grown so long is begun anew."""


def append(home: Path, name: str, text: str) -> Path:
    """Append *text* to a log of the project whose folder of ours is *home*; return its path, or raise `OSError`.

    A project that has no such folder gets none for a log.
    """
    if home.is_dir():
        (home / "logs").mkdir(mode=0o700, exist_ok=True)
    path = home / "logs" / name
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
    flags |= os.O_TRUNC if path.exists() and path.stat().st_size > LONGEST else os.O_APPEND
    with open(os.open(path, flags, 0o600), "wb") as file:  # noqa: PTH123 - a handle, not a path
        file.write(text.encode("utf-8", "replace"))
    return path
