"""The first step in a project of an older format: whatever happens it can be read, and a copy of it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen_orch.errors import StorageError
from qwen_orch.model import event as e
from qwen_orch.model.session import Note
from qwen_orch.project.project import HOME, Project
from qwen_orch.store import codec
from tests.faults.conftest import DEEP
from tests.faults.harness import Scene, call_count, crash, everything
from tests.faults.work import fresh, seen
from tests.old_formats.test_old_formats import NAMES, PROJECTS, contents, journal_of, laid_out
from tests.strategies import T0


def step(project: Project) -> None:
    """Take a note, and bring the snapshots up to date, as a command does."""
    writer = project.writer()
    session = writer.graph.sessions_by_age()[0]
    events = [] if session.state.ended else [e.NoteAdded(session.id, Note("for the road", T0))]
    writer.commit("note", lambda graph: events or [e.PlanRestored(graph.root)])
    project.checkpoint(last=True)


@pytest.fixture(params=PROJECTS, ids=NAMES)
def scene(request: pytest.FixtureRequest, ram: Path) -> Scene:
    """That step in an old project."""
    before, after = laid_out(request.param, ram / "before"), laid_out(request.param, ram / "after")
    old = seen(fresh(before))
    step(fresh(after))
    return Scene("first step", step, before, old, seen(fresh(after)))


def test_whatever_fails(scene: Scene, ram: Path) -> None:
    """A call that fails, a disk that stays full, a process that dies, a power cut: the old state or the new."""
    assert not list(everything(scene, ram / "now", 2000 if DEEP else 40))


def test_dead_at_any_call_the_old_program_reads_all_or_nothing(
    scene: Scene, ram: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sees the old state, or only looks; and as soon as it only looks there is a copy of what it wrote."""
    before = journal_of(scene.before).read_bytes()
    locked_out = 0
    for n in range(1, call_count(scene, ram / "now") + 1):
        assert not list(crash(scene, ram / "now", n, 0.5 * (n % 3)))
        root = scene.copy(ram / "now")
        _die(root, n)
        if seen_by_older(root, monkeypatch) is not None:
            assert seen_by_older(root, monkeypatch) == scene.old, n
            continue
        locked_out += 1
        assert before in [raw for path, raw in contents(root).items() if path.startswith("backups")], n
        assert list(formats(root / HOME)) == sorted(formats(root / HOME)), n
    assert locked_out


def _die(root: Path, n: int) -> None:
    """Take the step, and die at call *n*."""
    from qwen_orch.store.files import Disk
    from tests.faults.seams import Crash, Stopping

    calls = Stopping(n)
    with pytest.raises(Crash):
        step(fresh(root, Disk(calls)))
    calls.die()


def seen_by_older(root: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """What a program of the format before sees, or None where it may only look; it changes nothing then."""
    with monkeypatch.context() as past:
        past.setattr(codec, "FORMAT", codec.FORMAT - 1)
        files = contents(root)
        project = fresh(root)
        try:
            found = seen(project)
            if not project.newer:
                return found
            told = " ".join(project.take_reports())
        except StorageError as error:
            told = error.message
    assert "newer qwen-orch" in told
    assert contents(root) == files
    return None


def formats(home: Path) -> Iterator[int]:
    """The format of each record, in order."""
    for path in home.glob("journal/orch-*.jsonl"):
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                yield json.loads(line)["format"]
