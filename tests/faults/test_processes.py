"""Many processes on one project, and processes that are killed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_orch.errors import StorageError
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.project.project import HOME, Project
from qwen_orch.store import files
from qwen_orch.store.files import Disk
from tests.faults.conftest import DEEP
from tests.faults.kill9 import kill, start
from tests.faults.seams import Quick
from tests.faults.work import A, B, create, note, planning

PROCESSES, UPDATES = 8, 25


def test_8_processes_25_updates_each(tmp_path: Path) -> None:
    """200 acknowledged, 200 there, none refused, each process in its own order."""
    create(A)(Project.at(tmp_path))
    workers = [start(tmp_path, f"p{i}", UPDATES) for i in range(PROCESSES)]
    said = [worker.communicate(timeout=300)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * PROCESSES
    lines = [line.split() for text in said for line in text.splitlines()]
    acknowledged = [line[1] for line in lines]
    assert len(acknowledged) == PROCESSES * UPDATES
    project = Project.at(tmp_path)
    notes = [note.text for note in project.writer(A).graph.sessions[planning(A).id].notes]
    assert sorted(notes) == sorted(acknowledged)
    for i in range(PROCESSES):
        assert [n for n in notes if n.startswith(f"p{i}-")] == [f"p{i}-{k}" for k in range(1, UPDATES + 1)]
    assert [record.seq for record in project.writer(A).history()] == list(range(1, PROCESSES * UPDATES + 2))
    assert len(list((tmp_path / HOME).glob("journal/*.0*.jsonl"))) > 3, "journals were sealed meanwhile"
    assert not project.take_reports()
    seconds = sorted(float(line[2]) for line in lines)
    p99 = seconds[int(len(seconds) * 0.99)]
    print(f"p99 of {len(seconds)} steps by {PROCESSES} processes: {p99:.3f} s")


def test_processes_that_are_killed_lose_nothing(tmp_path: Path) -> None:
    """Two at work, one killed every moment: always loadable at once, nothing lost, nothing twice, nothing left."""
    tally = kill(tmp_path, 200 if DEEP else 30, seed=7)
    assert not tally.wrong
    assert tally.acknowledged


def test_two_processes_that_create_orchestrations_at_once(tmp_path: Path) -> None:
    """In a folder where nothing is yet: all are there, whole."""
    code = (
        "import sys; from pathlib import Path; from qwen_orch.project.project import Project\n"
        "from tests.faults.work import create\n"
        "for i in range(5): create(f'orch-{sys.argv[2]}-aa{i}z')(Project.at(Path(sys.argv[1])))\n"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    repository = Path(__file__).parents[2]
    makers = [subprocess.Popen([*words, name], cwd=repository, env={**os.environ}) for name in ("one", "two")]
    assert [maker.wait(300) for maker in makers] == [0, 0]
    project = Project.at(tmp_path)
    assert len(list(project.writers())) == 10
    assert not project.take_reports()
    assert project.opened(OrchestrationId("orch-one-aa0z")).graph.root.id == "orch-one-aa0z"


class Lockless(Quick):
    """A file system without locks, as some network mounts are."""

    def __init__(self, number: int) -> None:
        self.number = number

    def lock(self, fd: int) -> None:
        """Refuse."""
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_without_locks_nobody_writes(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writers could not be told apart, so even the first is refused: at once, with the way out; all stays."""
    create(A)(Project.at(tmp_path))
    project = Project.at(tmp_path, Disk(Quick()))
    writer = project.writer(A)
    project.checkpoint(last=True)
    before = {p: p.read_bytes() for p in (tmp_path / HOME).rglob("*") if p.is_file()}
    project.disk.calls = Lockless(number)
    monkeypatch.setattr(files, "LOCK_SECONDS", 120.0)
    began = time.monotonic()
    acts: list[Callable[[], object]] = [
        lambda: writer.commit("note", lambda _: [note("lost?")]),
        lambda: writer.backup("undo"),
        lambda: project.configure("jobs", "3"),
        lambda: Project.at(tmp_path, Disk(Lockless(number))).writer(A),
        lambda: create(B)(Project.at(tmp_path, Disk(Lockless(number)))),
    ]
    for act in acts:
        with pytest.raises(StorageError) as refused:
            act()
        assert refused.value.hints == ("this file system has no locks: keep the project on a local disk",)
    assert time.monotonic() - began < 120, "there is nothing to wait for"
    after = {p: p.read_bytes() for p in (tmp_path / HOME).rglob("*") if p.is_file() and p.stat().st_size}
    assert after == {p: raw for p, raw in before.items() if raw}
