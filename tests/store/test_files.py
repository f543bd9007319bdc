"""Append, replace, lock, sweep: each whole, or an error that says what to do."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen_orch.errors import StorageError
from qwen_orch.store import files
from qwen_orch.store.files import Disk, is_read_only
from tests.faults.seams import Failing, Quick, Recording


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A disk that need not be waited for."""
    return Disk(Quick(), tmp_path / "tmp")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES, errno.ENOLCK])
def test_an_error_names_path_reason_and_what_to_do(number: int, tmp_path: Path) -> None:
    """In one line."""
    disk = Disk(Failing(1, number, 99))
    with pytest.raises(StorageError) as failed:
        disk.replace(tmp_path / "x.json", b"1")
    assert str(tmp_path / "x.json") in failed.value.message
    assert os.strerror(number) in failed.value.message
    assert failed.value.hints[0]
    assert is_read_only(failed.value) == (number in (errno.EROFS, errno.EACCES))


def test_replace_syncs_the_file_before_its_name_and_the_folder_after(tmp_path: Path) -> None:
    """The order that a power cut cannot hurt."""
    calls = Recording()
    (tmp_path / "tmp").mkdir()
    Disk(calls, tmp_path / "tmp").replace(tmp_path / "x.json", b"1")
    assert [op.kind for op in calls.ops] == ["create", "write", "sync", "rename", "sync folder"]
    assert calls.ops[-1].path == str(tmp_path)


def test_a_new_journal_makes_its_folders_sure(tmp_path: Path) -> None:
    """Those too that somebody else made and did not sync."""
    folder = tmp_path / ".qwen/orchestration/journal"
    folder.mkdir(parents=True)
    calls = Recording()
    os.close(Disk(calls).open_journal(folder / "a.jsonl"))
    synced = {op.path for op in calls.ops if op.kind == "sync folder"}
    assert synced == {str(p) for p in (folder, *folder.parents[:3])}


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let no file grow beyond 1,000 bytes, as on a full disk: writes come short, then fail."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("small_files")
def test_a_file_that_cannot_grow_stays_as_it_was(tmp_path: Path) -> None:
    """A real short write of the kernel: old bytes, no temporary file, a typed error."""
    disk = Disk(scratch=tmp_path / "tmp")
    path = tmp_path / "x"
    disk.replace(path, b"old")
    with pytest.raises(StorageError, match="File too large"):
        disk.replace(path, b"n" * 5000)
    fd = disk.open_journal(tmp_path / "j")
    disk.append(fd, b"old\n", tmp_path / "j", 0)
    with pytest.raises(StorageError, match="File too large"):
        disk.append(fd, b"n" * 5000, tmp_path / "j", 4)
    os.close(fd)
    assert (path.read_bytes(), (tmp_path / "j").read_bytes()) == (b"old", b"old\n")
    assert not list((tmp_path / "tmp").iterdir())


def test_an_append_that_can_neither_be_made_nor_taken_back_says_so(tmp_path: Path) -> None:
    """Nobody knows then; the error must not claim that nothing happened."""
    calls = Failing(0, errno.EIO, 99)
    disk = Disk(calls)
    fd = disk.open_journal(tmp_path / "j")
    calls.n = calls.count + 2  # the sync after the write, and all that follows
    with pytest.raises(StorageError, match="whether the step was kept is not known"):
        disk.append(fd, b"line\n", tmp_path / "j", 0)
    os.close(fd)


def test_opening_a_journal_that_fails_leaks_no_handle(tmp_path: Path) -> None:
    """A long-lived shell on a bad disk does not run out of them."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    refused = 0
    for n in range(1, 20):
        try:
            os.close(Disk(Failing(n, errno.EIO)).open_journal(tmp_path / str(n) / "j"))
        except StorageError:
            refused += 1
    assert refused > 5
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_sweep_removes_what_the_dead_left_and_nothing_else(disk: Disk, tmp_path: Path) -> None:
    """A file that somebody is writing is locked, and stays."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    (scratch / ".a.json.1.tmp").write_bytes(b"half")
    fd, mine = disk._new_temporary(scratch, "b.json", 0o600)
    (scratch / "precious").write_bytes(b"")
    disk.sweep()
    assert sorted(p.name for p in scratch.iterdir()) == sorted([mine.name, "precious"])
    os.close(fd)
    disk.sweep()
    assert [p.name for p in scratch.iterdir()] == ["precious"]


def test_a_sweep_that_is_quicker_than_the_lock_costs_another_try(tmp_path: Path) -> None:
    """The writer sees that its new file is gone, and makes another."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()

    class Swept(Quick):
        times = 2

        def lock(self, fd: int) -> None:
            if self.times:
                self.times -= 1
                Disk(Quick(), scratch).sweep()
            super().lock(fd)

    Disk(Swept(), scratch).replace(tmp_path / "x", b"1")
    assert (tmp_path / "x").read_bytes() == b"1"


def test_a_lock_is_let_go_by_the_kernel(disk: Disk, tmp_path: Path) -> None:
    """When its holder is killed the next one has it at once."""
    path = tmp_path / "x.lock"
    code = "import sys,time;from pathlib import Path;from qwen_orch.store.files import Disk\n"
    code += f"with Disk().locked(Path({str(path)!r})): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.kill()
    with disk.locked(path):
        pass


def test_a_lock_that_is_never_let_go_is_an_error(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says whose file it is, and does not wait for ever."""
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.01)
    with disk.locked(tmp_path / "x.lock"), pytest.raises(StorageError, match="another process has held"):  # noqa: SIM117
        with Disk(Quick()).locked(tmp_path / "x.lock"):
            pass


def test_a_lock_whose_file_was_removed_is_not_one(disk: Disk, tmp_path: Path) -> None:
    """Who waited for a lock file that is gone takes the one that is there now."""
    path = tmp_path / "x.lock"

    class Removed(Quick):
        done = False

        def lock(self, fd: int) -> None:
            super().lock(fd)
            if not self.done:
                self.done = True
                path.unlink()

    with Disk(Removed()).locked(path):
        assert path.exists()


def test_a_person_s_file_keeps_its_permissions(disk: Disk, tmp_path: Path) -> None:
    """An export over a private file stays private; a new one is as others are; a link is followed."""
    private, link = tmp_path / "private.md", tmp_path / "link.md"
    private.write_bytes(b"")
    private.chmod(0o600)
    link.symlink_to(private)
    disk.write_file(link, b"plan")
    assert (private.read_bytes(), stat.S_IMODE(private.stat().st_mode)) == (b"plan", 0o600)
    assert link.is_symlink()
    disk.write_file(tmp_path / "new.md", b"plan")
    assert stat.S_IMODE((tmp_path / "new.md").stat().st_mode) == 0o644
    disk.write_file(Path("/dev/null"), b"plan")
    for bad in (tmp_path, tmp_path / "nowhere" / "x.md"):
        with pytest.raises(StorageError):
            disk.write_file(bad, b"plan")
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_only_files_are_read(kind: str, disk: Disk, tmp_path: Path) -> None:
    """A link is not followed, a pipe is not waited for."""
    path = tmp_path / "x"
    {"link": lambda: path.symlink_to("/etc/hostname"), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    with pytest.raises(StorageError):
        disk.read(path)
    assert disk.read(tmp_path / "nothing") is None


def test_a_folder_that_cannot_be_listed_is_a_typed_error(tmp_path: Path) -> None:
    """And no reason not to write: what others left behind is swept another time."""
    disk = Disk(scratch=tmp_path)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        disk.sweep()
        with pytest.raises(StorageError, match=f"cannot read {tmp_path}: Too many open files"):
            disk.glob(tmp_path, "*")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
