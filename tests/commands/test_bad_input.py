"""Bad input: a typed error, what to type next, the right exit code, and not a byte on the disk has changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from qwen_orch.commands.lexer import Line, split
from qwen_orch.commands.registry import bind, find
from qwen_orch.errors import (
    AgentError,
    DependencyError,
    OrchError,
    PlanNotFound,
    SessionNotFound,
    StateTransitionError,
    StorageError,
    TaskNotFound,
    UsageError,
    ValidationError,
)
from qwen_orch.project.project import Project
from tests.commands.desk import Desk

PLAN = """# Shop
## Build
- [ ] Catalogue
  - run: `false`
- [ ] Cart
  - depends on: Catalogue
- [ ] Checkout
- [ ] Gone
- [ ] Packing
  - [ ] Box
  - [ ] Ribbon
## Later
- [ ] Party
"""


class Bad(NamedTuple):
    """A line that must be refused with *kind*; *said* is in the message; *yes* was typed before the command."""

    line: str
    kind: type[OrchError]
    said: str = ""
    yes: bool = False


TABLE = [
    # Unknown and ambiguous
    Bad("/plna x", UsageError, "did you mean plan?"),
    Bad("", UsageError, "no command"),
    Bad("   ", UsageError),
    Bad("/", UsageError),
    Bad("//plan", UsageError),
    Bad("/plan\0x", UsageError),
    Bad("/" + "x" * 100_000, UsageError),
    Bad("/list_tasks --tre", UsageError, "--tree"),
    Bad("/list_tasks stauts:ready", UsageError, "status"),
    Bad("/list_tasks status:redy", UsageError, "ready"),
    Bad("/list_tasks estimate:much", UsageError),
    Bad('/list_tasks "open', UsageError),
    Bad("/sessions state:asleep", UsageError),
    Bad("/sessions created:2026-99-99", UsageError),
    Bad("/task_status task-0", UsageError, "may mean"),
    Bad("/task_status task-099", TaskNotFound),
    Bad("/task_status 099", TaskNotFound),
    Bad("/task_status " + "9" * 5000, TaskNotFound),
    Bad("/task_status ٣", TaskNotFound),
    Bad('/task_status ""', TaskNotFound),
    Bad("/task_status ../../etc/passwd", TaskNotFound),
    Bad("/resume ../../x", SessionNotFound),
    Bad("/resume orch-../../x", PlanNotFound),
    Bad("/resume session-nope", SessionNotFound),
    Bad("/resume " + "9" * 5000, SessionNotFound),
    Bad('/resume ""', SessionNotFound),
    Bad("/resume /etc/passwd", SessionNotFound),
    Bad("/context ../../x", SessionNotFound),
    Bad("/session_history ../../x", SessionNotFound),
    Bad("/session_history orch-nope", PlanNotFound),
    Bad("/session_history " + "9" * 5000, TaskNotFound),
    Bad("/approve_plan orch-nope", PlanNotFound),
    Bad("/approve_plan ../../x", PlanNotFound),
    Bad("/check_completeness nope", PlanNotFound),
    Bad("/reset_plan nope", PlanNotFound, yes=True),
    Bad("/plan x --parent nope", PlanNotFound, yes=True),
    Bad("/help nope", UsageError),
    # Plans
    Bad("/plan", UsageError),
    Bad("/plan ''", UsageError),
    Bad('/plan "   "', UsageError),
    Bad("/plan\n\n  \n", UsageError),
    Bad("/plan -", ValidationError, "standard input is empty", yes=True),
    Bad("/plan\nJust some words.\nAnd some more of them.\n", ValidationError, "no tasks", yes=True),
    Bad("/plan\n```\n- [ ] code is no task\n```\n", ValidationError, yes=True),
    Bad("/plan x", StateTransitionError, "under way"),
    Bad("/plan x --template nope", UsageError, "no playbook", yes=True),
    Bad("/plan x --template ../../etc/passwd", UsageError, yes=True),
    Bad("/plan\n# P\n- [ ] A\n  - depends on: B\n- [ ] B\n  - depends on: A\n", DependencyError, yes=True),
    Bad("/plan @missing.md", ValidationError, "there is no file", yes=True),
    Bad("/plan @folder", ValidationError, "is a folder", yes=True),
    Bad("/plan @empty.md", ValidationError, "is empty", yes=True),
    Bad("/plan @blank.md", ValidationError, "is empty", yes=True),
    Bad("/plan @binary.md", ValidationError, yes=True),
    Bad("/plan @~nobody-of-this-name/x.md", ValidationError, yes=True),
    Bad("/plan @a\0b.md", ValidationError, yes=True),
    Bad("/plan @\ud800.md", ValidationError, yes=True),
    Bad("/plan @" + "x" * 5_000, ValidationError, yes=True),
    Bad("/plan @loop.md", ValidationError, yes=True),
    Bad("/import missing.json", ValidationError, yes=True),
    Bad("/import folder", ValidationError, yes=True),
    Bad("/import empty.md", ValidationError, yes=True),
    Bad("/import broken.json", ValidationError, yes=True),
    Bad("/approve_plan", StateTransitionError, "approved already"),
    Bad("/reset_plan", StateTransitionError, "nobody agreed"),
    # Tasks
    Bad('/add_task ""', ValidationError, "needs a title"),
    Bad("/add_task '  '", ValidationError, "needs a title"),
    Bad("/add_task \x1b[31m\u202e\u200b", ValidationError, "needs a title"),
    Bad("/add_task " + "x" * 100_000, ValidationError, "too long"),
    Bad("/add_task " + "🚢" * 50_000, ValidationError, "too long"),
    Bad("/add_task X --depends-on task-099", TaskNotFound),
    Bad("/add_task X --parent task-099", TaskNotFound),
    Bad("/add_task X --phase Nowhere", UsageError, "no phase"),
    Bad("/add_task X --priority urgent", UsageError),
    Bad("/add_task X --estimate soon", UsageError),
    Bad("/add_task X --estimate -2h", UsageError),
    Bad("/add_task X --run ''", UsageError),
    Bad("/update_task 1 depends_on:1", DependencyError, "itself"),
    Bad("/update_task 1 depends_on:2", DependencyError, "cycle"),
    Bad("/update_task 1 depends_on:2,3", DependencyError, "task-001 → task-002 → task-001"),
    Bad("/update_task 1 depends_on:99", TaskNotFound),
    Bad("/update_task 5 parent:6", DependencyError, "cycle"),
    Bad("/update_task 5 parent:5", DependencyError, "itself"),
    Bad("/update_task 5 depends_on:6", DependencyError, "cycle"),
    Bad("/update_task 1 status:completed", StateTransitionError, "earned"),
    Bad("/update_task 1 status:nonsense", StateTransitionError),
    Bad("/update_task 1 colour:red", UsageError),
    Bad("/update_task 1 title", UsageError),
    Bad("/update_task 1 title:", UsageError),
    Bad("/update_task 1 progress:101", UsageError),
    Bad("/update_task 1 progress:half", UsageError),
    Bad("/update_task 1 progress:" + "9" * 5000, UsageError),
    Bad("/update_task 1 progress:50", StateTransitionError),
    Bad("/update_task 1 progress:50 priority:high", StateTransitionError),
    Bad("/update_task 1 title:x status:completed", StateTransitionError),
    Bad("/update_task 4 title:x", StateTransitionError),
    Bad("/cancel_task 4", StateTransitionError),
    Bad("/cancel_task 99", TaskNotFound),
    # Work
    Bad("/new_task 2", DependencyError, "blocked by task-001"),
    Bad("/complete_task 2", DependencyError, "blocked by task-001"),
    Bad("/complete_task 5", DependencyError, "task-006"),
    Bad("/complete_task 4", StateTransitionError),
    Bad("/new_task 4", StateTransitionError),
    Bad("/new_task 3 --executor shell", AgentError, "no command"),
    Bad("/new_task 3 --executor robot", UsageError),
    Bad("/new_task --all --jobs many", UsageError),
    Bad("/new_task --all --jobs 0", UsageError),
    Bad("/new_task 1 --all", UsageError),
    Bad("/complete_task", StateTransitionError, "no tasks are in progress"),
    # Thinking
    Bad('/note ""', ValidationError, "empty"),
    Bad("/note \x1b[0m\u200b", ValidationError, "empty"),
    Bad("/note " + "x" * 30_000, ValidationError, "too many"),
    Bad('/decide "  "', ValidationError, "empty"),
    Bad('/think "  "', ValidationError, "empty"),
    Bad("/think x --revises 99", ValidationError, "no such thought"),
    Bad("/think x --revises 0", ValidationError),
    Bad("/think x --branch b --from 99", ValidationError),
    Bad("/think x --from 1", UsageError),
    Bad("/think --revises 1", UsageError),
    # Exports
    Bad("/export_plan pdf", UsageError),
    Bad("/export_plan json --output folder", StorageError),
    Bad("/export_plan json --output no/such/folder.json", StorageError),
    Bad("/export_plan json --output a\0b", ValidationError),
    Bad("/export_plan json --output ~nobody-of-this-name/x", ValidationError),
    Bad("/export_plan json --output " + "x" * 5_000, ValidationError),
    Bad("/export_plan json --output " + "x" * 300, StorageError),
    Bad("/context --export folder", StorageError),
    # Safety
    Bad("/undo 0", UsageError),
    Bad("/undo -1", UsageError),
    Bad("/undo 99", StateTransitionError),
    Bad("/undo " + "9" * 18, StateTransitionError),
    Bad("/undo --redo", StateTransitionError, "nothing to redo"),
    Bad("/undo --to nowhere", ValidationError),
    Bad("/undo 4", StateTransitionError, "records what commands did"),
    Bad("/checkpoint ../../x", ValidationError),
    Bad("/checkpoint 'Before Lunch'", ValidationError),
    Bad("/checkpoint " + "x" * 200, ValidationError),
    Bad("/config colour", ValidationError),
    Bad("/config colour red", ValidationError),
    Bad("/config jobs 0", ValidationError),
    Bad("/config jobs many", ValidationError),
    Bad("/config jobs " + "9" * 5000, ValidationError),
    Bad("/config sessionTimeout soon", ValidationError),
    Bad("/config autoCleanup maybe", ValidationError),
    Bad("/config thinkingDepth profound", ValidationError),
]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which things have happened: a failed attempt, a cancelled task, a note; and odd files beside it."""
    folder = tmp_path_factory.mktemp("bad") / "shop"
    folder.mkdir()
    before = Path.cwd()
    os.chdir(folder)
    desk = Desk(folder).plan(PLAN)
    desk("/new_task 1")
    desk("/cancel_task 4 not wanted")
    desk("/note remember the milk")
    (folder / "folder").mkdir()
    (folder / "empty.md").write_bytes(b"")
    (folder / "blank.md").write_bytes(b"\xef\xbb\xbf \r\n\t\r\n")
    (folder / "binary.md").write_bytes(bytes(range(256)) * 20)
    (folder / "broken.json").write_text('{"kind": "qwen-orch-plan", "tasks": 5}')
    (folder / "loop.md").symlink_to("loop.md")
    os.chdir(before)
    return folder


def shown(bad: Bad) -> str:
    """Return a name for a test that can be read."""
    return ascii(bad.line[:50])


@pytest.mark.parametrize("bad", TABLE, ids=shown)
def test_it_is_refused_and_nothing_is_touched(bad: Bad, used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is of its type and says what to type next; the disk is byte for byte as it was."""
    monkeypatch.chdir(used)
    desk = Desk(used)
    before = desk.bytes_on_disk()
    error = desk.refused(bad.line, bad.kind, yes=bad.yes)
    assert bad.said in error.message
    assert desk.run(bad.line, yes=bad.yes).exit_code == {UsageError: 2, StorageError: 3}.get(bad.kind, 1)
    assert len(error.message) < 1_000
    assert desk.bytes_on_disk() == before


PLACES = {"TEXT": "x", "TASK": "1", "TITLE": "x", "NAME": "x", "VALUE": "2", "FILE": "x", "GOAL": "x", "GOAL…": "x"}


def test_every_hint_that_looks_like_a_command_is_one(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed as it stands, with its capital words filled in, it is bound by the command that it names."""
    monkeypatch.chdir(used)
    desk = Desk(used)
    hints = {h for bad in TABLE for h in desk.refused(bad.line, bad.kind, yes=bad.yes).hints if h.startswith("/")}
    hints |= set(desk("/task_status").next) | set(desk("/task_status 1").next) | set(desk("/resume").recap.next)
    hints |= {r.command for r in desk("/check_completeness").remaining}
    assert len(hints) > 25
    wrong = [h for h in sorted(hints) if not _is_bound(h)]
    assert wrong == []


def _is_bound(hint: str) -> bool:
    if hint.split() and hint.split()[1:2] == ["[TEXT]"]:
        return True
    typed = " ".join(PLACES.get(w, w) for w in hint.split(" "))
    line = split(typed.replace(" --yes", ""))  # which every command takes
    if " [" in hint or hint.endswith(" --help"):  # the usage of a command; or its help
        return find(line.words[0].text) is not None
    try:
        bind(find(line.words[0].text), Line(line.words[1:], line.raw, line.below))
    except UsageError:
        return False
    return True


# Without a plan


@pytest.mark.parametrize(
    "line",
    [
        "/approve_plan",
        "/reset_plan",
        "/export_plan",
        "/new_task",
        "/list_tasks",
        "/task_status",
        "/check_completeness",
        "/resume",
        "/context",
        "/session_history",
        "/complete_task",
        "/update_task 1 title:x",
        "/add_task x",
        "/cancel_task 1",
        "/think x",
        "/think",
        "/note x",
        "/decide x",
        "/undo",
        "/checkpoint a",
        "/graph",
        "/plan x --parent current",
        "/plan x --merge",
    ],
)
def test_there_is_no_plan_yet(desk: Desk, line: str) -> None:
    """It is said how to make one, and no folder of ours is made."""
    assert desk.refused(line, PlanNotFound, yes=True).hints[0] == "/plan TEXT"
    assert list(desk.root.iterdir()) == []


# Files


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    "encoded",
    [str.encode, _crlf, lambda t: b"\xef\xbb\xbf" + t.encode(), lambda t: t.encode("utf-16"), lambda t: t.encode() * 1],
    ids=["utf-8", "crlf", "bom", "utf-16", "again"],
)
def test_files_as_they_come(desk: Desk, encoded: Callable[[str], bytes]) -> None:
    """Line ends, a byte order mark and UTF-16 make no difference to what is read."""
    Path("plan.md").write_bytes(encoded(PLAN))
    assert [t.title for t in desk("/plan @plan.md").tasks][:2] == ["Catalogue", "Cart"]


def test_a_file_that_is_not_utf_8(desk: Desk) -> None:
    """It is read as what it most likely is, and that is said."""
    Path("plan.md").write_bytes("# Plan\n- [ ] Café öffnen\n".encode("latin-1"))
    outcome = desk.run("/plan @plan.md")
    assert outcome.answer.tasks[0].title == "Café öffnen"
    assert any("plan.md" in w for w in outcome.warnings)


def test_a_file_that_cannot_be_read(desk: Desk) -> None:
    """Permissions are said."""
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    Path("plan.md").write_text(PLAN)
    Path("plan.md").chmod(0)
    assert "cannot be read" in desk.refused("/plan @plan.md", ValidationError).message


def test_a_paste_of_five_megabytes(desk: Desk) -> None:
    """It is kept whole if it is a plan, and refused if it is none; it never hangs."""
    desk.refused(
        "/plan\n"
        + "all work and no play makes Jack a dull boy, and so on, and so on, and so on, to the end\n" * 60_000,
        ValidationError,
        yes=True,
    )
    assert not desk.project.home.exists()


def test_titles_that_would_fool_a_reader(desk: Desk) -> None:
    """Controls, right-to-left marks and joiners go; what can be seen stays, in any script."""
    desk("/plan\n# Plan\n- [ ] red\x07 \u202eevil\u202c 测试 🚢 عربي\x07\n- [ ] " + "y" * 100_000 + "\n")
    titles = [t.title for t in desk.graph.ordered()]
    assert titles[0] == "red evil 测试 🚢 عربي"
    assert len(titles[1]) <= 500
    assert desk("/add_task \x1b]0;x\x07Ship 🚢 测试\u200f").task.title == "Ship 🚢 测试"


def test_duplicate_ids_in_a_document(desk: Desk) -> None:
    """Both tasks are kept, with ids of ours that differ; the label alone is no longer enough to name one."""
    desk("/plan\n# Plan\n- [ ] T001 First\n- [ ] T001 Second\n- [ ] T002 Third\n")
    assert [t.id for t in desk.graph.ordered()] == ["task-001", "task-002", "task-003"]


def test_what_waits_for_what_is_not_there(desk: Desk) -> None:
    """A missing dependency of a document is said, and the task is kept."""
    outcome = desk.run("/plan\n# Plan\n- [ ] A\n  - depends on: Unheard of\n- [ ] B\n")
    assert outcome.error is None
    assert any("Unheard of" in w for w in outcome.warnings)


# The project


def test_settings_that_cannot_be_read(desk: Desk) -> None:
    """What needs none goes on, with a warning; what needs them names line and key; the file is not touched."""
    desk.plan()
    path = desk.project.home / "config.json"
    path.write_text('{\n  "jobs": 2,\n  "executer": "auto"\n}\n')
    before = desk.bytes_on_disk()
    outcome = desk.reopen().run("/list_tasks")
    assert outcome.error is None
    assert "executor" in desk.refused("/new_task", ValidationError).message
    assert "line 3" in desk.refused("/config jobs 3", ValidationError).message
    path.write_text('{\n  "jobs": }\n')
    assert "line 2" in desk.reopen().refused("/config jobs 3", ValidationError).message
    path.write_bytes(b"\xff\xfe\x00")
    desk.reopen().refused("/config jobs 3", ValidationError)
    assert not desk("/doctor").healthy
    assert set(desk.bytes_on_disk()) == set(before)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """It is named, whether missing or a file."""
    (tmp_path / "file").write_text("")
    for name, why in (("gone", "does not exist"), ("file", "is not a folder")):
        with pytest.raises(StorageError, match=why) as caught:
            Project.at(tmp_path / name)
        assert caught.value.hints


def test_a_folder_that_cannot_be_written(desk: Desk) -> None:
    """A plan cannot be kept, and that is said."""
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    desk.root.chmod(0o500)
    desk.refused("/plan Build a thing", StorageError)
    desk.root.chmod(0o700)


def test_a_file_where_our_folder_should_be(desk: Desk) -> None:
    """Nothing is removed to make room."""
    Path(".qwen").write_text("mine")
    desk.refused("/plan Build a thing", StorageError)
    assert Path(".qwen").read_text() == "mine"
