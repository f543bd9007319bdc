"""What durability is made of: append and sync, replace atomically, lock, keep aside.

Each function either has its whole effect, durably, or raises `StorageError` and leaves what was there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

from qwen_orch.errors import StorageError
from qwen_orch.store.syscalls import Syscalls

LOCK_SECONDS = 20.0
"""How long to wait for another writer. A commit holds the lock for milliseconds."""

_NEXT_STEP = {
    errno.ENOSPC: "free some disk space, then repeat the command",
    errno.EDQUOT: "free some of your disk quota, then repeat the command",
    errno.EFBIG: "the file size limit is reached (ulimit -f)",
    errno.EROFS: "the file system is read-only: choose another folder with --project",
    errno.EACCES: "give yourself write permission, or choose another folder with --project",
    errno.EPERM: "give yourself write permission, or choose another folder with --project",
    errno.ENOENT: "choose an existing folder with --project",
    errno.ELOOP: "a symbolic link stands where a file should be: remove it",
    errno.ENOLCK: "this file system has no locks: keep the project on a local disk",
}


@contextlib.contextmanager
def explained(action: str, path: Path) -> Iterator[None]:
    """Turn an `OSError` into a `StorageError` that names the path, the reason and the next step."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        hint = _NEXT_STEP.get(error.errno or 0, "nothing was changed: repeat the command, or /doctor")
        raise StorageError(f"cannot {action} {path}: {reason}", hint) from error


class Disk:
    """The durable operations, made of *calls*."""

    def __init__(self, calls: Syscalls | None = None) -> None:
        self.calls = calls or Syscalls()

    def read(self, path: Path) -> bytes | None:
        """Return the bytes of a file, or None when there is no such file."""
        with explained("read", path):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def ensure_folder(self, path: Path) -> None:
        """Make *path* and the folders above it, 0700, durably."""
        if path.is_dir():
            return
        self.ensure_folder(path.parent)
        with explained("make the folder", path):
            with contextlib.suppress(FileExistsError):
                self.calls.mkdir(path)
            self.sync_folder(path.parent)

    def sync_folder(self, path: Path) -> None:
        """Return when the names in a folder are on the disk."""
        fd = self.calls.open_folder(path)
        try:
            self.calls.fsync(fd)
        finally:
            self.calls.close(fd)

    def append(self, fd: int, data: bytes, path: Path, size: int) -> None:
        """Append *data* to the file open as *fd*, *size* bytes long, and sync it.

        When a write fails the file is cut back to *size*. When the sync fails that is tried too, but the kernel may
        have dropped the pages: the caller must read the file again before it trusts it (Rebello et al. 2020).
        """
        with explained("write", path):
            try:
                self._write_all(fd, data)
                self.calls.fdatasync(fd)
            except OSError:
                with contextlib.suppress(OSError):
                    self.calls.truncate(fd, size)
                raise

    def _write_all(self, fd: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self.calls.write(fd, view[: 1 << 26]) :]  # type: ignore[arg-type] # a view is written as it is

    def replace(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        """Put *data* in the place of *path*: whoever opens it sees the old bytes or the new, even after a crash."""
        self.ensure_folder(path.parent)
        temporary = path.parent / f".{path.name[:180]}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
        with explained("write", path):
            try:
                self._create(temporary, data, mode)
                self.calls.rename(temporary, path)
            except OSError:
                with contextlib.suppress(OSError):
                    self.calls.unlink(temporary)
                raise
            self.sync_folder(path.parent)

    def write_file(self, path: Path, data: bytes) -> None:
        """Put *data* into a file a person asked for: whole or not at all; into a device or pipe as it is."""
        with explained("write", path):
            if path.exists() and not path.is_file():
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                path.write_bytes(data)
                return
            if not path.parent.is_dir():
                raise FileNotFoundError(errno.ENOENT, f"there is no folder {path.parent}")
        self.replace(path.resolve(), data, mode=0o644)

    def _create(self, path: Path, data: bytes, mode: int) -> None:
        fd = self.calls.open_new(path, mode)
        try:
            self._write_all(fd, data)
            self.calls.fsync(fd)
        finally:
            self.calls.close(fd)

    def remove(self, path: Path) -> None:
        """Remove a file, durably; it need not exist."""
        with explained("remove", path):
            try:
                self.calls.unlink(path)
            except FileNotFoundError:
                return
            self.sync_folder(path.parent)

    def open_journal(self, path: Path) -> int:
        """Open an append-only file, making it, durably, if it is new."""
        self.ensure_folder(path.parent)
        with explained("open", path):
            fd = self.calls.open_append(path)
            if os.fstat(fd).st_size == 0:
                self.sync_folder(path.parent)
            return fd

    def cut(self, fd: int, length: int, path: Path) -> None:
        """Cut the file to *length* bytes, durably."""
        with explained("repair", path):
            self.calls.truncate(fd, length)
            self.calls.fdatasync(fd)

    @contextlib.contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Hold the one writer's lock while the block runs. The kernel frees it whatever becomes of us."""
        self.ensure_folder(path.parent)
        with explained("lock", path):
            fd = self.calls.open_append(path)
        try:
            with explained("lock", path):
                self._wait_for(fd, path)
            yield
        finally:
            self.calls.close(fd)

    def _wait_for(self, fd: int, path: Path) -> None:
        deadline, pause = time.monotonic() + LOCK_SECONDS, 0.0005
        while True:
            try:
                return self.calls.lock(fd)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = f"another process has held {path} for {LOCK_SECONDS:.0f} seconds"
                    raise StorageError(message, "end the other qwen-orch, then repeat the command") from None
            time.sleep(pause * (0.5 + os.urandom(1)[0] / 256))
            pause = min(pause * 1.5, 0.02)
