"""Whatever call fails, whenever the process dies or the power is cut: the old state or the new, never a third."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from qwen_orch.store.files import Disk
from tests.faults.conftest import DEEP
from tests.faults.harness import Scene, call_count, crash, fault, replay, scenes
from tests.faults.seams import SHORT
from tests.faults.work import WORK

ERRORS = (errno.ENOSPC, errno.EIO, errno.EFBIG, SHORT)


def scene_of(name: str, folder: Path) -> Scene:
    """The scene of the step *name*."""
    until = list(WORK).index(name) + 1
    return scenes(dict(list(WORK.items())[:until]), folder)[-1]


@pytest.mark.parametrize("name", WORK)
def test_a_call_that_fails(name: str, ram: Path) -> None:
    """Every call of every step fails once: a typed error, old state or new, and the next command works at once."""
    scene = scene_of(name, ram / "scenes")
    wrong: list[str] = []
    for n in range(1, call_count(scene, ram / "now") + 1):
        for number in ERRORS if DEEP else {ERRORS[n % 2], ERRORS[2 + n % 2]}:
            wrong += fault(scene, ram / "now", n, number)
    assert not wrong


@pytest.mark.parametrize("name", WORK)
def test_a_disk_that_stays_full(name: str, ram: Path) -> None:
    """From some call on every call fails, those that would take things back too: old state or new."""
    scene = scene_of(name, ram / "scenes")
    wrong: list[str] = []
    for n in range(1, call_count(scene, ram / "now") + 1):
        wrong += fault(scene, ram / "now", n, ERRORS[n % 2], times=1000)
    assert not wrong


@pytest.mark.parametrize("name", WORK)
def test_a_process_that_dies(name: str, ram: Path) -> None:
    """Every call of every step is the last: a fresh process finds the old state or the new, and goes on."""
    scene = scene_of(name, ram / "scenes")
    wrong: list[str] = []
    for n in range(1, call_count(scene, ram / "now") + 1):
        for part in (0.0, 0.5, 1.0) if DEEP else (0.5 * (n % 3),):
            wrong += crash(scene, ram / "now", n, part)
    assert not wrong


@pytest.mark.parametrize("name", WORK)
def test_a_power_cut(name: str, ram: Path) -> None:
    """Whatever of the unsynced operations is on the disk: the old state or the new; the new once acknowledged."""
    scene = scene_of(name, ram / "scenes")
    assert not list(replay(scene, ram / "now", 2000 if DEEP else 60))


# The harness itself


class InPlace(Disk):
    """Wrong: overwrites the file where it stands."""

    def replace(self, path: Path, data: bytes) -> None:
        """Empty the file, then write it."""
        self.ensure_folder(path.parent)
        fd = self.calls.open_append(path)
        try:
            self.calls.truncate(fd, 0)
            self._write_all(fd, data)
            self.calls.fsync(fd)
        finally:
            self.calls.close(fd)


class Unsynced(Disk):
    """Wrong: gives a file its name before its bytes are on the disk, and says done before a step is."""

    def replace(self, path: Path, data: bytes) -> None:
        """Write, then rename."""
        self.ensure_folder(path.parent)
        temporary = path.with_suffix(".new")
        fd = self.calls.open_new(temporary, 0o600)
        self._write_all(fd, data)
        self.calls.close(fd)
        self.calls.rename(temporary, path)

    def append(self, fd: int, data: bytes, path: Path, size: int) -> None:
        """Write."""
        self._write_all(fd, data)


def test_the_harness_finds_writing_in_place(ram: Path) -> None:
    """A protocol that overwrites a file is caught by all three backends."""
    scene = scene_of("configure again", ram / "scenes")
    calls = range(1, call_count(scene, ram / "now", InPlace) + 1)
    assert any(line for n in calls for line in fault(scene, ram / "now", n, errno.ENOSPC, InPlace, 1000))
    assert any(line for n in calls for line in crash(scene, ram / "now", n, 0.5, InPlace))
    assert list(replay(scene, ram / "now", 2000, InPlace))


@pytest.mark.parametrize("name", ["configure again", "note"])
def test_the_harness_finds_what_is_not_synced(name: str, ram: Path) -> None:
    """Renaming without a sync, and acknowledging without one, are caught by the power cut."""
    scene = scene_of(name, ram / "scenes")
    assert any("acknowledged" in line for line in replay(scene, ram / "now", 2000, Unsynced))
