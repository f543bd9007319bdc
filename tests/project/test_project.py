"""The project folder: where it is, what is current, and its orchestrations."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from qwen_orch.errors import PlanNotFound, SessionNotFound, StorageError, UsageError
from qwen_orch.project.project import HOME, Project, find_root
from qwen_orch.store import seal
from qwen_orch.store.files import Disk
from tests.faults.seams import Counted
from tests.faults.work import A, B, create, fresh, planning

ROOT_USER = os.geteuid() == 0


def test_the_root_is_the_nearest_folder_of_ours(tmp_path: Path) -> None:
    """Else that of git, else the folder itself; one of ours further up counts before a nearer git."""
    deep = tmp_path / "a/b/c"
    deep.mkdir(parents=True)
    assert find_root(deep) == deep
    (tmp_path / "a/b/.git").mkdir()
    assert find_root(deep) == tmp_path / "a/b"
    (tmp_path / "a" / HOME).mkdir(parents=True)
    assert find_root(deep) == tmp_path / "a"
    (deep / ".qwen").mkdir()  # Qwen Code's own settings are not ours
    assert find_root(deep) == tmp_path / "a"


def test_a_folder_that_may_not_be_searched_stops_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Above us there may be some of others."""
    real = os.stat

    def refused(path: object, *args: object, **kwargs: object) -> os.stat_result:
        if str(path).startswith(str(tmp_path / "a" / ".")):
            raise PermissionError(13, "no")
        return real(path, *args, **kwargs)  # type: ignore[arg-type]

    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(os, "stat", refused)
    assert find_root(tmp_path / "a/b") == tmp_path


@pytest.mark.parametrize(("name", "words"), [("nothing", "does not exist"), ("file", "is not a folder")])
def test_a_project_must_be_a_folder(name: str, words: str, tmp_path: Path) -> None:
    """The error says what it is instead."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=words):
        Project.at(tmp_path / name)


def test_opening_and_asking_makes_nothing_on_the_disk(tmp_path: Path) -> None:
    """Nothing is made before something is to be kept."""
    project = fresh(tmp_path)
    project.upkeep()
    project.checkpoint(last=True)
    assert (project.orchestrations(), project.current, list(project.writers())) == ([], (None, None), [])
    with pytest.raises(PlanNotFound):
        project.writer()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [".qwen", ".qwen/orchestration", ".qwen/orchestration/sessions"])
def test_a_home_outside_the_project_is_refused(name: str, project: Project) -> None:
    """A link out of the project is not followed, not even to read."""
    away = project.root.with_name(project.root.name + "-away")
    shutil.move(project.root / name, away)
    (project.root / name).symlink_to(away)
    with pytest.raises(StorageError, match="leads out of the project"):
        fresh(project.root)


# What is current


def test_current_is_what_was_made_so(project: Project) -> None:
    """For other processes too."""
    assert fresh(project.root).current == (A, planning(A).id)
    create(B)(project)
    assert fresh(project.root).current.orchestration == A
    project.make_current(B, None)
    assert fresh(project.root).current == (B, None)


def test_without_a_state_file_it_is_the_one_worked_on_last(project: Project) -> None:
    """One that was never begun does not count."""
    create(B)(project)
    (project.home / "state.json").unlink()
    os.utime(project.layout.journal(A), (1, 1))
    project.layout.journal("orch-empty-zzzz").write_bytes(b"")
    assert fresh(project.root).current == (B, None)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\xff",
        seal.seal({"format": 1}),
        seal.seal({"format": 1, "orchestration": "../../x", "session": None}),
        seal.seal({"format": 1, "orchestration": 5, "session": None}),
    ],
)
def test_a_damaged_state_file_is_kept_reported_and_done_without(raw: bytes, project: Project) -> None:
    """Once."""
    (project.home / "state.json").write_bytes(raw)
    again = fresh(project.root)
    assert again.current.orchestration == A
    (report,) = again.take_reports()
    assert "state.json was damaged" in report
    assert [p.read_bytes() for p in (project.home / "backups").iterdir()] == [raw]
    assert again.current.orchestration == A
    assert not again.take_reports()


def test_a_current_orchestration_that_is_gone_is_told(project: Project) -> None:
    """Another takes its place, and nothing is made anew under its name."""
    create(B)(project)
    for path in project.home.rglob(f"*{A}*"):
        path.unlink()
    again = fresh(project.root)
    assert again.writer().graph.root.id == B
    assert f"{A}, which was current, is no longer here; {B} is" in again.take_reports()[0]
    assert not list(project.home.rglob(f"*{A}*"))
    for path in project.home.rglob(f"*{B}*"):
        path.unlink()
    with pytest.raises(PlanNotFound):
        fresh(project.root).writer()


# Orchestrations


def test_a_prefix_names_one_orchestration(project: Project) -> None:
    """An ambiguous one lists them."""
    create(B)(project)
    assert project.writer("orch-f").graph.root.id == A
    with pytest.raises(UsageError, match=f"{A}, {B}"):
        project.writer("orch-")
    with pytest.raises(PlanNotFound):
        project.writer("orch-third")


def test_an_id_that_is_taken_is_not_created_again(project: Project) -> None:
    """By whomever."""
    with pytest.raises(StorageError, match="exists already"):
        fresh(project.root).new_writer(A)


def test_one_that_cannot_be_read_is_reported_and_the_others_are_there(project: Project) -> None:
    """A damaged one, and a file whose name is none of ours."""
    create(B)(project)
    for path in project.home.rglob(f"*{A}*"):
        if path.is_file():
            path.write_bytes(b"rubbish\n")
    (project.home / "journal" / "orch-Bad Name.jsonl").write_bytes(b"x\n")
    again = fresh(project.root)
    assert [w.graph.root.id for w in again.writers()] == [B]
    assert len(again.take_reports()) == 1


def test_a_session_is_found_in_the_whole_project(project: Project) -> None:
    """By its full id without reading the other orchestrations, by a prefix through all of them."""
    create(B)(project)
    project.checkpoint(last=True)
    again = fresh(project.root)
    writer, found = again.writer_of_session(planning(B).id)
    assert (writer.graph.root.id, found) == (B, planning(B).id)
    assert set(again._writers) == {A, B}, "the current one, and the one it is in"
    assert fresh(project.root).writer_of_session("session-planning-b")[1] == planning(B).id
    for wrong in ("session-none-zzzz", "../../x", "session-planning-bbbb\0"):
        with pytest.raises(SessionNotFound):
            again.writer_of_session(wrong)
    with pytest.raises(UsageError):
        again.writer_of_session("session-planning")


def test_asking_again_costs_no_durable_call(project: Project) -> None:
    """A shell that looks whether others did something makes none when they did not."""
    calls = Counted()
    again = fresh(project.root, Disk(calls))
    again.writer(A)
    before = calls.count
    for _ in range(5):
        again.writer(A)
    assert calls.count == before


@pytest.mark.skipif(ROOT_USER, reason="nothing is forbidden to root")
def test_a_read_only_project_can_be_read(project: Project) -> None:
    """And a step in it is a typed error."""
    for path in [*project.home.rglob("*"), project.home]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        look_but_do_not_touch(project.root)
    finally:
        for path in [project.home, *project.home.rglob("*")]:
            path.chmod(0o700)


def test_a_file_system_that_refuses_can_be_read(project: Project) -> None:
    """The same, as a read-only mount does it."""
    look_but_do_not_touch(project.root, Disk(ReadOnly()))


class ReadOnly(Counted):
    """A file system mounted read-only."""

    def happens(self, name: str) -> bool:
        """Tell whether the call would write."""
        return name not in ("open_read", "open_folder", "close", "fsync", "fdatasync", "lock")

    def strike(self, name: str, *args: object) -> object:
        """Refuse."""
        raise OSError(30, os.strerror(30))

    def __init__(self) -> None:
        super().__init__(n=1)


def look_but_do_not_touch(root: Path, disk: Disk | None = None) -> None:
    """Everything that reads works, with a torn journal and a missing lock too; everything that writes says why not."""
    from tests.faults.work import note, seen

    sound = seen(fresh(root, disk))
    project = fresh(root, disk)
    assert seen(project) == sound
    project.upkeep()
    project.checkpoint(last=True)
    writer = project.writer(A)
    assert writer.history()
    assert not project.take_reports()
    for act in (
        lambda: writer.commit("note", lambda _: [note("x")]),
        lambda: project.configure("jobs", "3"),
        lambda: project.make_current(A, None),
        lambda: writer.backup("undo"),
    ):
        with pytest.raises(StorageError) as error:
            act()  # type: ignore[no-untyped-call]
        assert "write permission" in error.value.hints[0] or "read-only" in error.value.hints[0]
    assert seen(fresh(root, disk)) == sound
