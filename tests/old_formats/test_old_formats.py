"""I6: projects as older programs left them: read as they are, whole; changed by the first step, after a copy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_orch.errors import StorageError
from qwen_orch.project.project import HOME, Project
from qwen_orch.store import codec, migrations
from tests.commands.desk import Desk

HERE = Path(__file__).parent
PROJECTS = sorted(folder for folder in HERE.glob("[0-9]*/*"))
NAMES = [f"{folder.parent.name}-{folder.name}" for folder in PROJECTS]
READING = ("/list_tasks --tree", "/task_status", "/task_status 1", "/sessions --tree", "/session_history --timeline")
ALSO_READING = ("/think", "/context", "/checkpoint", "/export_plan json", "/export_plan markdown", "/doctor")


@pytest.fixture(params=PROJECTS, ids=NAMES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an old project."""
    return laid_out(request.param, tmp_path)


def laid_out(stored: Path, place: Path) -> Path:
    """Copy a project to where it can be worked on."""
    root = place / "project"
    shutil.copytree(stored, root / HOME)
    for path in (root / HOME).rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return root


@pytest.fixture
def approved(tmp_path: Path) -> Desk:
    """A desk at the richest of the projects of format 1."""
    return Desk(laid_out(HERE / "1/approved", tmp_path))


def contents(root: Path) -> dict[str, bytes]:
    """Every file that is kept: not the locks, what a process that died was writing, and the index, made at any time."""
    passing = ("lock", ".tmp", "index.json")
    files = (p for p in (root / HOME).rglob("*") if p.is_file() and not p.name.endswith(passing))
    return {str(p.relative_to(root / HOME)): p.read_bytes() for p in files}


def journal_of(root: Path) -> Path:
    """The journal of the one orchestration."""
    (path,) = (root / HOME).glob("journal/orch-*.jsonl")
    return path


def test_there_is_a_project_of_every_format() -> None:
    """Frozen before the number changed."""
    assert {folder.parent.name for folder in PROJECTS} >= {str(n) for n in range(1, codec.FORMAT)}


def test_no_machine_is_in_them() -> None:
    """They are the same for everybody."""
    for stored in PROJECTS:
        for path in stored.rglob("*.json*"):
            assert not any(word in path.read_bytes() for word in (b"/home/", b"/root", b"/tmp/", b"/work/"))


def test_reading_changes_nothing(old: Path) -> None:
    """Whatever is asked; and nothing is reported."""
    before = contents(old)
    for line in (*READING, *ALSO_READING):
        outcome = Desk(old).run(line)
        assert (outcome.error, outcome.warnings) == (None, ()), line
    assert contents(old) == before


def test_snapshots_and_journal_tell_the_same(old: Path) -> None:
    """Each without the other."""
    whole = Project.at(old).writer().graph
    sessions = dict(whole.sessions)
    before = contents(old)
    for path in (p for p in before if p.startswith(("plans", "manifests", "sessions"))):
        (old / HOME / path).unlink()
    again = Project.at(old).writer().graph
    assert (again, dict(again.sessions)) == (whole, sessions)
    for path, raw in before.items():
        (old / HOME / path).write_bytes(raw)
    journal_of(old).unlink()
    shutil.rmtree(old / HOME / "backups", ignore_errors=True)
    again = Project.at(old).writer().graph
    assert (again, dict(again.sessions)) == (whole, sessions)


def test_what_the_old_program_stored_is_all_there(old: Path) -> None:
    """Every key of every old snapshot, as it is now: format 2 only adds."""
    graph = Project.at(old).writer().graph
    now = {str(i): codec.unstructure(t) for i, t in graph.tasks.items()}
    now |= {str(i): codec.unstructure(s) for i, s in graph.sessions.items()}
    pages = [json.loads(raw) for path, raw in contents(old).items() if path.startswith(("manifests", "sessions"))]
    stored = [task for page in pages for task in page.get("tasks", [])] + [
        p["session"] for p in pages if "session" in p
    ]
    assert len(stored) == len(now)
    for one in stored:
        assert one == within(one, now[one["id"]])


def within(shape: object, value: object) -> object:
    """Return *value* with those keys only that *shape* has."""
    if isinstance(shape, dict) and isinstance(value, dict):
        return {key: within(shape[key], value.get(key)) for key in shape}
    if isinstance(shape, list) and isinstance(value, list | tuple):
        return [within(s, v) for s, v in zip(shape, value, strict=True)]
    return value


def test_the_first_step_keeps_a_copy_and_says_so_once(old: Path) -> None:
    """The old records are the beginning of the new journal; from now on it is of our format."""
    before = journal_of(old).read_bytes()
    number = json.loads(before.splitlines()[-1])["format"]
    (told,) = Desk(old).run("/note for the road").warnings
    assert f"format {codec.FORMAT}" in told
    (copy,) = (old / HOME / "backups").glob(f"*.format-{number}.jsonl")
    assert copy.name in told
    assert copy.read_bytes() == before
    after = journal_of(old).read_bytes()
    assert after.startswith(before)
    assert json.loads(after.splitlines()[-1])["format"] == codec.FORMAT
    assert Desk(old).run("/note once more").warnings == ()
    assert Desk(old)("/doctor").healthy
    assert len(list((old / HOME / "backups").glob("*.format-*"))) == 1


@pytest.mark.parametrize("line", ["/undo", "/add_task More", "/check_completeness", "/update_task 2 priority:low"])
def test_work_goes_on(line: str, old: Path) -> None:
    """Every kind of step may be the first; the state is sound, and an undo of it is the state before."""
    desk = Desk(old)
    outcome = desk.run(line)
    if outcome.error is None:
        desk.sound()
        assert desk("/doctor").healthy


def test_damage_of_an_old_project_is_mended(old: Path) -> None:
    """Copies are kept of what was damaged; nothing is lost."""
    whole = Project.at(old).writer().graph
    raw = journal_of(old).read_bytes()
    harms: dict[str, Callable[[bytes], bytes]] = {
        "torn": lambda raw: raw + raw[:40],
        "flipped": lambda raw: raw[:300] + bytes([raw[300] ^ 1]) + raw[301:],
        "emptied": lambda _: b"",
    }
    for what, harm in harms.items():
        journal_of(old).write_bytes(harm(raw))
        project = Project.at(old)
        assert project.writer().graph == whole, what
        assert project.take_reports(), what
        assert Desk(old)("/doctor").healthy, what


def test_what_was_done_is_known(approved: Desk) -> None:
    """Attempts, evidence, verdicts, thoughts with their revision and branch, decisions, the checkpoint: by hand."""
    tasks = {t.label: t for t in approved.graph.tasks.values()}
    assert [str(tasks[label].status) for label in ("T1", "T2", "T3", "T4")] == [
        "completed",
        "failed",
        "in_progress",
        "pending",
    ]
    (proof,) = [c.evidence for c in tasks["T1"].acceptance]
    assert (proof.command, proof.exit_code) == ("grep -q hello hello.txt", 0)
    assert [a.outcome for t in ("T1", "T2", "T3") for a in tasks[t].attempts] == ["claimed", "failed", "running"]
    thoughts = approved("/think").thoughts
    assert [t.text for t in thoughts[-3:]] == ["greet in English first", "or in Latin", "a branch"]
    assert (thoughts[-2].revises, thoughts[-1].branch) == (1, "latin")
    assert approved("/checkpoint").checkpoints == {"before-notes": 12}
    assert approved.project.config.jobs == 3
    decisions = [d.text for s in approved.graph.sessions.values() for d in s.decisions]
    assert decisions == ["English"]


def test_undo_goes_back_over_the_old_steps(approved: Desk) -> None:
    """To a checkpoint that the old program named; and forth again."""
    before = approved.graph
    taken = approved("/undo --to before-notes --force").steps
    assert len(taken) >= 4
    assert not [d for s in approved.graph.sessions.values() for d in s.decisions]
    approved(f"/undo {len(taken)} --redo")
    assert approved.graph.tasks == before.tasks
    approved.sound()


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that goes on in a format that is not ours yet."""
    root = laid_out(HERE / "1/approved", tmp_path)
    with monkeypatch.context() as future:
        future.setattr(codec, "FORMAT", codec.FORMAT + 1)
        future.setitem(migrations.MIGRATIONS, codec.FORMAT - 1, lambda document: document)
        Desk(root)("/note from the future")
    return root


REFUSED = ("/undo", "/new_task", "/add_task More", "/cancel_task 3", "/resume", "/think of it", "/update_task 2 tags:a")
REFUSED_TOO = ("/note x", "/complete_task 3", "/checkpoint here", "/check_completeness", "/reset_plan", "/approve_plan")


@pytest.mark.parametrize("line", [*REFUSED, *REFUSED_TOO])
def test_what_would_write_in_a_newer_project_is_refused(line: str, newer: Path) -> None:
    """To act on the half of a state is worse than not to act: it says which format, and what to do."""
    before = contents(newer)
    error = Desk(newer).refused(line, StorageError, yes=True)
    assert f"newer qwen-orch (format {codec.FORMAT + 1}, this one knows {codec.FORMAT})" in error.message
    assert "orch-greeting-adef" in error.message
    assert error.hints == ("upgrade qwen-orch: pip install -U qwen-orch",)
    assert contents(newer) == before


def test_the_doctor_says_that_a_project_is_newer(newer: Path) -> None:
    """And repairs nothing of it; settings and help are there as ever."""
    before = contents(newer)
    found = [f for f in Desk(newer)("/doctor").findings if f.state == "problem"]
    assert [f.what for f in found] == ["orch-greeting-adef"]
    assert f"format {codec.FORMAT + 1}" in found[0].detail
    assert Desk(newer)("/config jobs").settings[0].value == 3
    assert Desk(newer)("/help undo").commands
    assert contents(newer) == before
