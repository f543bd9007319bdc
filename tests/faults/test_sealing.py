"""Sealing a journal: whatever call fails, whenever the process dies or the power is cut, nothing of it is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_orch.model import event as e
from qwen_orch.model.ids import task_id
from qwen_orch.project import undo as undoing
from qwen_orch.project.project import HOME, Project
from qwen_orch.store import segments
from qwen_orch.store.files import Disk
from qwen_orch.store.snapshots import Layout
from tests.faults.conftest import DEEP
from tests.faults.harness import Scene, everything, replay, scenes
from tests.faults.test_damage import Bench, damages
from tests.faults.work import A, checkpoint, create, fresh, note, on_a, planning, seen
from tests.strategies import task

LIMIT = 700
"""Every few steps are sealed."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let journals be sealed early."""
    monkeypatch.setattr(segments, "SEAL_BYTES", LIMIT)


def notes(*texts: str) -> Callable[[Project], None]:
    """Take so many notes."""

    def step(project: Project) -> None:
        for text in texts:
            on_a("note", note(text))(project)

    return step


WORK: dict[str, Callable[[Project], object]] = {
    "create": create(A),
    "current": lambda p: p.make_current(A, planning(A).id),
    "first checkpoint": checkpoint,
    "a note": notes("one"),
    "first sealing": checkpoint,
    "add": on_a("add_task", e.TasksAdded((task(3),))),
    "more notes": notes("two"),
    "third note": notes("three"),
    "second sealing": checkpoint,
    "undo from a segment": lambda p: undoing.undo(p.writer(A), force=False),
    "backup with segments": lambda p: p.writer(A).backup("undo"),
    "redo from a segment": lambda p: undoing.redo(p.writer(A)),
    "fourth note": notes("four"),
    "third sealing": checkpoint,
    "last note": notes("five"),
    "last checkpoint": checkpoint,
}
LAST = list(WORK)[-1]
SEALING = [name for name in WORK if name not in ("create", "current", "first checkpoint")]


def scene_of(name: str, folder: Path) -> Scene:
    """The scene of the step *name*."""
    until = list(WORK).index(name) + 1
    return scenes(dict(list(WORK.items())[:until]), folder)[-1]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after all the work: three segments, and a live file."""
    root = tmp_path_factory.mktemp("sealed")
    with pytest.MonkeyPatch.context() as early:
        early.setattr(segments, "SEAL_BYTES", LIMIT)
        for step in WORK.values():
            step(fresh(root))
        shutil.rmtree(root / HOME / "backups")
    return root


@pytest.fixture
def bench(whole: Path, ram: Path) -> Bench:
    """A bench with that project."""
    return Bench(whole, ram)


def sealed(root: Path) -> list[Path]:
    """Its segments."""
    layout = Layout(root / HOME)
    return [layout.segment(A, last) for last in segments.sealed(Disk(), layout, A)]


def name_of(path: Path) -> str:
    """How a bench calls a file."""
    return f"{path.parent.name}/{path.name}"


def test_the_work_seals(whole: Path) -> None:
    """Or nothing below would be tried."""
    assert len(sealed(whole)) == 3


@pytest.mark.parametrize("name", SEALING)
def test_whatever_fails(name: str, ram: Path) -> None:
    """A call that fails, a disk that stays full, a process that dies, a power cut: the old state or the new."""
    assert not list(everything(scene_of(name, ram / "scenes"), ram / "now", 2000 if DEEP else 40))


class Hasty(Disk):
    """Wrong: puts a file in its place before its bytes are on the disk."""

    def replace(self, path: Path, data: bytes) -> None:
        """Write, then rename."""
        self.ensure_folder(path.parent)
        temporary = path.with_suffix(".new")
        fd = self.calls.open_new(temporary, 0o600)
        self._write_all(fd, data)
        self.calls.close(fd)
        self.calls.rename(temporary, path)


def test_the_harness_finds_a_hasty_sealing(ram: Path) -> None:
    """A live file that is replaced before the segment is on the disk is caught by the power cut."""
    assert list(replay(scene_of("first sealing", ram / "scenes"), ram / "now", 2000, Hasty))


def thorough(root: Path) -> tuple[object, list[str]]:
    """What a process sees that asks for the history, too; and what was reported."""
    project = fresh(root)
    writer = project.writer(A)
    history = writer.history()
    assert [record.seq for record in history] == list(range(1, writer.seq + 1))
    found = seen(project)
    project.checkpoint(last=True)
    return found, [*project.take_reports(), *writer.take_repairs()]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_any_damage_of_a_segment_is_found_and_costs_no_state(which: int, bench: Bench) -> None:
    """Cut, flipped, doubled: who reads it finds it, keeps it, has the state from the snapshots; then it is quiet."""
    name = name_of(sealed(bench.whole)[which])
    for what, bad in damages(bench.raw(name), seed=which):
        bench.damaged(name, bad)
        found, told = thorough(bench.root)
        assert found == bench.sound, what
        assert told, what
        assert bad in bench.kept(), what
        assert thorough(bench.root) == (bench.sound, []), what


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_segment_comes_back_from_its_copy(which: int, bench: Bench) -> None:
    """With a backup nothing of the history is lost either: the records are those there were."""
    bench.again()
    project = fresh(bench.root)
    before = project.writer(A).history()
    project.writer(A).backup("undo")
    path = sealed(bench.root)[which]
    raw = path.read_bytes()
    for bad in (None, raw[:200] + b"#" + raw[201:]):
        path.write_bytes(bad) if bad else path.unlink()
        assert fresh(bench.root).writer(A).history() == before
        assert thorough(bench.root) == (bench.sound, [])
        project.writer(A).checkpoint(last=True)
        if not path.exists():
            break


def test_the_segment_before_the_live_file_is_missed_at_start(bench: Bench) -> None:
    """The others when they are read; neither costs any state."""
    last = name_of(sealed(bench.whole)[-1])
    project = bench.damaged(last, None)
    assert seen(project) == bench.sound
    assert "missing" in project.take_reports()[0]
    assert thorough(bench.root) == (bench.sound, [])


def test_records_cut_off_at_the_front_are_missed(bench: Bench) -> None:
    """A journal that begins later than it should is not taken for one of which the rest is sealed."""
    project = bench.damaged("journal", b"".join(bench.raw("journal").splitlines(keepends=True)[1:]))
    assert seen(project) == bench.sound
    assert project.take_reports()
    assert thorough(bench.root) == (bench.sound, [])


@pytest.mark.parametrize("snapshots", [True, False], ids=["with snapshots", "without"])
def test_any_damage_of_the_live_file_costs_nothing_that_is_known_elsewhere(snapshots: bool, bench: Bench) -> None:
    """What was sealed stays; without snapshots the state is that of the last record there is, and that is said."""
    raw = bench.raw("journal")
    for what, bad in damages(raw, seed=7):
        bench.again()
        kept = {path: path.read_bytes() for path in sealed(bench.root)}
        bench.path("journal").write_bytes(bad)
        if not snapshots:
            for path in bench.path("journal").parent.parent.glob("*/*.json"):
                path.unlink()
        project = fresh(bench.root)
        graph = project.writer(A).graph
        if snapshots or not _ends_with_a_record(raw, bad):
            assert project.take_reports(), what
            assert bad in bench.kept(), what
        assert all(path.read_bytes() == raw for path, raw in kept.items()), what
        assert graph.sessions[planning(A).id].notes[-1].text in ("five", "four"), what
        if snapshots:
            assert seen(fresh(bench.root)) == bench.sound, what
        assert thorough(bench.root)[1] == [], what


def _ends_with_a_record(raw: bytes, bad: bytes) -> bool:
    """Tell whether *bad* is *raw* cut just behind a record: without snapshots nothing is left that knows of more."""
    return raw.startswith(bad) and bad.endswith(b"\n")


def test_an_older_journal_does_not_hide_what_was_sealed_later(bench: Bench) -> None:
    """A copy from before the first sealing, put back while no snapshot is left: the segments tell more."""
    bench.again()
    first = sealed(bench.root)[0].read_bytes()
    bench.path("journal").write_bytes(first)
    for path in bench.path("journal").parent.parent.glob("*/*.json"):
        path.unlink()
    project = fresh(bench.root)
    graph = project.writer(A).graph
    assert graph.sessions[planning(A).id].notes[-1].text == "four"
    assert task_id(3) in graph.tasks
    assert any("sealed goes further" in line for line in project.take_reports())
    assert thorough(bench.root)[1] == []
