"""What durability is made of: append and sync, replace atomically, lock.

Each function either has its whole effect, durably, or raises `StorageError` and leaves what was there; where even that
cannot be known, the error says so.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

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
    errno.EOPNOTSUPP: "this file system has no locks: keep the project on a local disk",
}


@contextlib.contextmanager
def explained(action: str, path: Path) -> Iterator[None]:
    """Turn an `OSError` into a `StorageError` that names the path, the reason and the next step."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        hint = _NEXT_STEP.get(error.errno or 0, "repeat the command, or /doctor")
        raise StorageError(f"cannot {action} {path}: {reason}", hint) from error


Stands: TypeAlias = "tuple[int, int, int]"
"""What a file is just now: inode, size and time of change."""


def standing(path: Path) -> Stands | None:
    """Return how a file stands, or None when it is not there; while it stands so nobody has written to it."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def listed(folder: Path, pattern: str) -> list[Path]:
    """Return the files in *folder* whose paths below it fit *pattern*, sorted; none when there is no such folder."""
    with explained("read", folder):
        return sorted(folder.glob(pattern))


def is_read_only(error: StorageError) -> bool:
    """Tell whether *error* says that we may not write, rather than that writing failed."""
    return getattr(error.__cause__, "errno", None) in (errno.EROFS, errno.EACCES, errno.EPERM)


class Disk:
    """The durable operations, made of *calls*.

    New files are written in the folder *scratch*, if there is one, and then put in their places: what a process that
    died leaves behind is found there by the next.
    """

    rehearses = False
    """Whether nothing is changed, see `Rehearsal`."""

    def __init__(self, calls: Syscalls | None = None, scratch: Path | None = None) -> None:
        self.calls = calls or Syscalls()
        self.scratch = scratch

    def read(self, path: Path) -> bytes | None:
        """Return the bytes of a file of ours, or None when there is no such file."""
        with explained("read", path):
            try:
                fd = self.calls.open_read(path)
            except (FileNotFoundError, NotADirectoryError):
                return None
            try:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
                with open(fd, "rb", closefd=False) as file:
                    return file.read()
            finally:
                self._close(fd)

    def glob(self, folder: Path, pattern: str) -> list[Path]:
        """Return the files of a folder whose names fit *pattern*, sorted."""
        return listed(folder, pattern)

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
            self._close(fd)

    def sync_file(self, path: Path) -> None:
        """Return when the bytes of a file that others wrote are on the disk."""
        with explained("read", path):
            fd = self.calls.open_read(path)
            try:
                self.calls.fdatasync(fd)
            finally:
                self._close(fd)

    def append(self, fd: int, data: bytes, path: Path, size: int) -> None:
        """Append *data* to the file open as *fd*, *size* bytes long, and sync it.

        When that fails the file is cut back to *size*; when that fails too, the error says that nobody knows. Either
        way the kernel may have dropped pages: the caller must read the file again (Rebello et al. 2020).
        """
        with explained("write", path):
            try:
                self._write_all(fd, data)
                self.calls.fdatasync(fd)
            except OSError as error:
                self._take_back(fd, path, size, error)
                raise

    def _take_back(self, fd: int, path: Path, size: int, error: OSError) -> None:
        try:
            self.calls.truncate(fd, size)
            self.calls.fdatasync(fd)
        except OSError:
            reason = os.strerror(error.errno) if error.errno else str(error)
            message = f"cannot write {path}: {reason}; whether the step was kept is not known"
            raise StorageError(message, "look before you repeat it: /session_history") from error

    def _write_all(self, fd: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self.calls.write(fd, view[: 1 << 26]) :]  # type: ignore[arg-type] # a view is written as it is

    def replace(self, path: Path, data: bytes) -> None:
        """Put *data* in the place of *path*: whoever opens it sees the old bytes or the new, even after a crash."""
        folder = self.scratch or path.parent
        self.ensure_folder(path.parent)
        self.ensure_folder(folder)
        self._replace(path, data, 0o600, folder)

    def _replace(self, path: Path, data: bytes, mode: int, folder: Path) -> None:
        with explained("write", path):
            fd, temporary = self._new_temporary(folder, path.name, mode)
            try:
                self._write_all(fd, data)
                self.calls.fsync(fd)
                self.calls.rename(temporary, path)
            except OSError:
                with contextlib.suppress(OSError):
                    self.calls.unlink(temporary)
                raise
            finally:
                self._close(fd)
            self.sync_folder(path.parent)

    def _new_temporary(self, folder: Path, name: str, mode: int) -> tuple[int, Path]:
        """Create a file to write in. In the scratch folder it is locked, which tells `sweep` that its writer lives."""
        while True:
            path = folder / f".{name[:180]}.{os.urandom(6).hex()}.tmp"
            fd = self.calls.open_new(path, mode)
            if folder != self.scratch:
                return fd, path
            try:
                self.calls.lock(fd)
                if os.fstat(fd).st_nlink:
                    return fd, path
            except BlockingIOError:
                pass
            except OSError:
                self._close(fd)
                with contextlib.suppress(OSError):
                    self.calls.unlink(path)
                raise
            self._close(fd)  # a sweep was quicker than our lock: once more

    def sweep(self) -> None:
        """Remove from the scratch folder what writers that died have left there, as far as that is possible."""
        left: list[Path] = []
        with contextlib.suppress(StorageError):
            left = listed(self.scratch, ".*.tmp") if self.scratch else []
        for path in left:
            with contextlib.suppress(OSError):
                fd = self.calls.open_read(path)
                try:
                    self.calls.lock(fd)
                    self._discard(path)
                finally:
                    self._close(fd)

    def _discard(self, path: Path) -> None:
        self.calls.unlink(path)

    def write_file(self, path: Path, data: bytes) -> None:
        """Put *data* into a file a person asked for: whole or not at all; into a device or pipe as it is."""
        mode = 0o644
        with explained("write", path):
            if path.exists():
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                if not path.is_file():
                    path.write_bytes(data)
                    return
                mode = stat.S_IMODE(path.stat().st_mode)
            elif not path.parent.is_dir():
                raise StorageError(f"cannot write {path}: there is no folder {path.parent}", f"mkdir -p {path.parent}")
        target = path.resolve()
        self._replace(target, data, mode, target.parent)

    def remove(self, path: Path) -> None:
        """Remove a file, durably; it need not exist."""
        with explained("remove", path):
            try:
                self.calls.unlink(path)
            except FileNotFoundError:
                return
            self.sync_folder(path.parent)

    def open_journal(self, path: Path) -> int:
        """Open an append-only file. A new one, and every folder above it that may be new too, is made durable."""
        self.ensure_folder(path.parent)
        with explained("open", path):
            fd = self.calls.open_append(path)
            try:
                if os.fstat(fd).st_size == 0:
                    for folder in list(path.parents)[:4]:  # journal, orchestration, .qwen, the project
                        self.sync_folder(folder)
            except BaseException:
                self._close(fd)
                raise
            return fd

    @contextlib.contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Hold the one writer's lock while the block runs. The kernel frees it whatever becomes of us."""
        self.ensure_folder(path.parent)
        fd = self._lock(path)
        try:
            yield
        finally:
            self._close(fd)

    def _lock(self, path: Path) -> int:
        """Return the locked file *path*: the one of that name, should it have been removed and made anew meanwhile."""
        with explained("lock", path):
            while True:
                fd = self.calls.open_append(path)
                try:
                    self._wait_for(fd, path)
                    if os.path.exists(path) and os.path.samestat(os.stat(path), os.fstat(fd)):
                        return fd
                except BaseException:
                    self._close(fd)
                    raise
                self._close(fd)

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

    def _close(self, fd: int) -> None:
        """Close *fd*. What was to be durable was synced before, so a failure tells nothing that matters."""
        with contextlib.suppress(OSError):
            self.calls.close(fd)
