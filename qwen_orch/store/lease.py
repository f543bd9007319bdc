"""Leases: a log file whose lock is held by the process that is at work, so that anybody can tell whether it lives.

The kernel frees the lock when its holder dies, however it dies; process numbers, which come again, are not asked.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import BinaryIO

from qwen_orch.store.files import explained

MARK = "QWEN_ORCH_ATTEMPT"
"""The environment variable by which a process of an attempt is known, even when it outlives us: its session's id."""
TAIL_BYTES = 8_000
"""How much of a command's output is kept in the record: its end. The whole of it is in the log."""


def take(path: Path) -> BinaryIO:
    """Create the log at *path*, hold its lease, and return it open for writing; closing it ends the lease.

    Raises `StorageError` when the log cannot be made.
    """
    with explained("make the log", path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        log = os.fdopen(fd, "wb", buffering=0)
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return log


def _opened(path: Path) -> BinaryIO:
    """Return the log open for reading: never through a symbolic link, and never waiting for the other end of a pipe."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def is_held(path: Path) -> bool:
    """Tell whether the process that took the lease at *path* is alive."""
    try:
        with _opened(path) as log:
            fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: who else is asking must not look like a holder
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def tail(path: Path) -> str:
    """Return the last `TAIL_BYTES` of a log as text, or nothing when it cannot be read."""
    try:
        with _opened(path) as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL_BYTES))
            return log.read().decode("utf-8", "replace")
    except OSError:
        return ""
