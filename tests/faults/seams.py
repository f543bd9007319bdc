"""Stand-ins for the system calls: quick ones, ones that fail, ones that stop for ever, ones that remember."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

from attrs import define, frozen

from qwen_orch.store.syscalls import Syscalls


class Crash(BaseException):
    """The process is dead: no cleanup of ours can run."""


class Quick(Syscalls):
    """The real calls, but for the waiting: what is asked here is not whether the kernel keeps its word."""

    def fdatasync(self, fd: int) -> None:
        """Trust the kernel."""

    def fsync(self, fd: int) -> None:
        """Trust the kernel."""


class Counted(Quick):
    """Calls that are counted, and whose *n*-th (from 1) something happens to. What was opened is known."""

    def __init__(self, n: int = 0) -> None:
        self.n = n
        self.count = 0
        self.fds: set[int] = set()

    def meet(self, name: str, *args: Any) -> Any:
        """Do the call *name*, or what is to happen in its place."""
        self.count += 1
        if self.n and self.happens(name):
            return self.strike(name, *args)
        return self.do(name, *args)

    def happens(self, name: str) -> bool:
        """Tell whether this is the call that something happens to."""
        return self.count == self.n

    def strike(self, name: str, *args: Any) -> Any:
        """Do what happens in the place of the call."""
        raise NotImplementedError

    def do(self, name: str, *args: Any) -> Any:
        """Do the call."""
        done = getattr(Quick, name)(self, *args)
        if name.startswith("open"):
            self.fds.add(done)
        if name == "close":
            self.fds.discard(args[0])
        return done

    def die(self) -> None:
        """Close every file, as the kernel does when a process ends: so are its locks let go."""
        for fd in self.fds:
            os.close(fd)
        self.fds.clear()


def _through(name: str) -> Any:
    def call(self: Counted, *args: Any) -> Any:
        return self.meet(name, *args)

    call.__name__ = name
    return call


CALLS = [name for name in vars(Syscalls) if not name.startswith("_")]
for _name in CALLS:
    setattr(Counted, _name, _through(_name))

SHORT = -1
"""In the place of an error number: the disk takes half of a write, and nothing of the next."""


class Failing(Counted):
    """The *n*-th call fails with the error *number*."""

    def __init__(self, n: int, number: int, times: int = 1) -> None:
        super().__init__(n)
        self.number = number
        self.times = times

    def happens(self, name: str) -> bool:
        """Tell whether this call fails; a short write makes the next call of the file fail."""
        return self.n <= self.count < self.n + self.times

    def strike(self, name: str, *args: Any) -> Any:
        """Fail. A file is closed even when that fails."""
        if name == "close":
            self.do(name, *args)
        if self.number != SHORT:
            raise OSError(self.number, os.strerror(self.number))
        if name != "write" or len(args[1]) < 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.n += 1  # the rest does not fit
        return self.do(name, args[0], bytes(args[1])[: len(args[1]) // 2])


class Stopping(Counted):
    """The *n*-th call never returns, nor does any later one; a write may have been taken in *part* (of one)."""

    def __init__(self, n: int, part: float = 0.0) -> None:
        super().__init__(n)
        self.part = part

    def happens(self, name: str) -> bool:
        """Tell whether the process is dead."""
        return self.count >= self.n

    def strike(self, name: str, *args: Any) -> Any:
        """Die; a first write may have come half of its way."""
        if self.count == self.n and name == "write" and self.part:
            data = bytes(args[1])
            self.do(name, args[0], data[: max(1, int(len(data) * self.part))])
        raise Crash


@frozen
class Op:
    """One call that changes the disk: *kind*, the file's *inode*, and what else it needs."""

    kind: str
    inode: int = 0
    path: str = ""
    target: str = ""
    data: bytes = b""
    at: int = 0


@define
class _Open:
    inode: int
    path: Path
    folder: bool = False


class Recording(Quick):
    """The real calls, each remembered in ``ops``."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.fds: dict[int, _Open] = {}
        self._numbers: dict[int, int] = {}
        """Numbers of our own for files made since: the kernel uses its own again."""

    def _opened(self, fd: int, path: Path, new: bool, folder: bool = False) -> int:
        inode = os.fstat(fd).st_ino
        if new:
            self._numbers[inode] = -len(self.ops) - 1
        inode = self._numbers.get(inode, inode)
        self.fds[fd] = _Open(inode, path, folder)
        if new:
            self.ops.append(Op("create", inode, str(path)))
        return fd

    def open_append(self, path: Path) -> int:
        """Open or create."""
        new = not path.exists()
        return self._opened(super().open_append(path), path, new)

    def open_new(self, path: Path, mode: int) -> int:
        """Create."""
        return self._opened(super().open_new(path, mode), path, True)

    def open_read(self, path: Path) -> int:
        """Open."""
        return self._opened(super().open_read(path), path, False)

    def open_folder(self, path: Path) -> int:
        """Open."""
        return self._opened(super().open_folder(path), path, False, True)

    def write(self, fd: int, data: bytes) -> int:
        """Write at the end."""
        at = os.fstat(fd).st_size
        taken = super().write(fd, data)
        self.ops.append(Op("write", self.fds[fd].inode, str(self.fds[fd].path), data=bytes(data)[:taken], at=at))
        return taken

    def truncate(self, fd: int, length: int) -> None:
        """Cut."""
        super().truncate(fd, length)
        self.ops.append(Op("truncate", self.fds[fd].inode, str(self.fds[fd].path), at=length))

    def fdatasync(self, fd: int) -> None:
        """Remember."""
        self.fsync(fd)

    def fsync(self, fd: int) -> None:
        """Remember."""
        file = self.fds[fd]
        self.ops.append(Op("sync folder" if file.folder else "sync", file.inode, str(file.path)))

    def rename(self, source: Path, target: Path) -> None:
        """Rename."""
        inode = self._numbers[source.stat().st_ino]
        super().rename(source, target)
        self.ops.append(Op("rename", inode, str(source), str(target)))

    def unlink(self, path: Path) -> None:
        """Unlink."""
        super().unlink(path)
        self.ops.append(Op("unlink", path=str(path)))

    def mkdir(self, path: Path) -> None:
        """Make a folder."""
        super().mkdir(path)
        self.ops.append(Op("mkdir", path=str(path)))

    def lock(self, fd: int) -> None:
        """Lock; that leaves no trace on the disk."""
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
