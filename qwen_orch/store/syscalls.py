"""The seam: each durable system call once, so that a test can make any one of them fail, stop or be recorded.

A test passes an object with these methods in place of `Syscalls`. Nothing else in the package may call ``os.write``,
``os.fsync``, ``os.rename`` and their kin.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Syscalls:
    """The real system calls, with the flags this product always wants (close-on-exec is Python's default)."""

    def open_append(self, path: Path) -> int:
        """Open for appending, creating it 0600; never through a symbolic link."""
        return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)

    def open_new(self, path: Path, mode: int) -> int:
        """Create for writing with the permissions *mode*; it must not exist."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)

    def open_read(self, path: Path) -> int:
        """Open for reading; never through a symbolic link, and never waiting for the other end of a pipe."""
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)

    def open_folder(self, path: Path) -> int:
        """Open a folder, to sync or lock it."""
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def close(self, fd: int) -> None:
        """Close *fd*."""
        os.close(fd)

    def write(self, fd: int, data: bytes) -> int:
        """Write some of *data*; return how many bytes were taken."""
        return os.write(fd, data)

    def fdatasync(self, fd: int) -> None:
        """Return when the bytes of *fd*, and its length, are on the disk."""
        os.fdatasync(fd) if hasattr(os, "fdatasync") else os.fsync(fd)

    def fsync(self, fd: int) -> None:
        """Return when *fd* (a file or a folder) is on the disk."""
        os.fsync(fd)

    def truncate(self, fd: int, length: int) -> None:
        """Cut the file to *length* bytes."""
        os.ftruncate(fd, length)

    def rename(self, source: Path, target: Path) -> None:
        """Put *source* in the place of *target*, atomically."""
        os.rename(source, target)

    def unlink(self, path: Path) -> None:
        """Remove the name *path*."""
        os.unlink(path)

    def mkdir(self, path: Path) -> None:
        """Make a folder, 0700."""
        os.mkdir(path, 0o700)

    def lock(self, fd: int) -> None:
        """Take the exclusive lock of *fd* or raise `BlockingIOError`; the kernel frees it when its holder dies."""
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
