"""No command of a plan runs before it was shown, whole, and approved; and none that was changed after that."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_orch.errors import StateTransitionError, StorageError, ValidationError
from qwen_orch.model.text import cells
from qwen_orch.views.paint import paint
from tests.commands.desk import Desk

EVIL = "touch owned"
SHARP = f"# P\n- [ ] A\n  - run: `{EVIL}`\n  - check: `{EVIL}`\n\n## Quality gates\n- green - check: `{EVIL}`\n"


def _tries_everything(desk: Desk) -> bool:
    """Whether any command there is makes the attack happen, with all consent that may be given beforehand."""
    for line in (
        "/new_task",
        "/new_task --all",
        "/new_task 1 --force",
        "/new_task 1 --executor shell --force",
        "/new_task 1 --skip-verification --force",
        "/complete_task 1 done",
        "/check_completeness",
        "/check_completeness --strict",
        "/resume session",
        "/sessions --recover",
        "/doctor",
        "/context",
        "/export_plan html",
        "/undo",
        "/undo --redo",
    ):
        desk.run(line, yes=True)
    return Path("owned").exists()


def test_the_attack_works_once_it_is_approved(desk: Desk) -> None:
    """Else the tests below would prove nothing: the command, the check and the gate each make the file."""
    for line in ("/new_task 1 --skip-verification", "/complete_task 1 done", "/check_completeness"):
        desk.plan(SHARP)
        desk.run(line, yes=True)
        assert Path("owned").exists(), line
        Path("owned").unlink()


COMES_IN: dict[str, Callable[[Desk], object]] = {
    "a pasted plan": lambda d: d(f"/plan\n{SHARP}", yes=True),
    "a file": lambda d: (Path("p.md").write_text(SHARP), d("/plan @p.md", yes=True)),
    "standard input": lambda d: (setattr(d.door, "input", SHARP.encode()), d("/plan -", yes=True)),
    "an import": lambda d: (Path("p.md").write_text(SHARP), d("/import p.md", yes=True)),
    "an export of an approved plan": lambda d: _exported(d),
}


def _exported(desk: Desk) -> None:
    desk.plan(SHARP)
    desk("/export_plan json --output plan.json --include-progress")
    page = json.loads(Path("plan.json").read_text())
    assert page["tasks"][0]["approved"]
    desk("/import plan.json", yes=True)


@pytest.mark.parametrize("way", COMES_IN)
def test_a_command_that_came_in_does_not_run(way: str, desk: Desk) -> None:
    """By no command, though --yes is given to each; after /approve_plan it does, which shows that the attack works."""
    COMES_IN[way](desk)
    assert not _tries_everything(desk)
    desk("/approve_plan")
    desk.run("/new_task 1")
    assert Path("owned").exists()


CHANGES: dict[str, Callable[[Desk], object]] = {
    "run": lambda d: d(f"/update_task 1 run:none run:'{EVIL}'"),
    "one more run": lambda d: d(f"/update_task 1 run:'{EVIL}'"),
    "check": lambda d: d(f"/update_task 1 check:'{EVIL}'"),
    "a task more": lambda d: (d("/add_task B"), d(f"/update_task 2 run:'{EVIL}'"), d("/cancel_task 1")),
    "an edited text": lambda d: d(f"/plan --merge\n# P\n- [ ] A\n  - run: `{EVIL}`\n", yes=True),
    "another shell": lambda d: d.another()(f"/update_task 1 run:none run:'{EVIL}'"),
    "a hidden character": lambda d: d("/update_task 1 run:none run:'touch\u200b owned'"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_command_that_changed_does_not_run_before_it_is_approved_again(how: str, desk: Desk) -> None:
    """However it came to change; what did not change goes on."""
    desk.plan("# P\n- [ ] A\n  - run: `true`\n")
    CHANGES[how](desk)
    assert not _tries_everything(desk)


def test_a_gate_that_an_edited_text_brings_does_not_run(desk: Desk) -> None:
    """Quality gates are commands, too."""
    desk.plan("# P\n- [ ] A\n")
    desk(f"/plan --merge\n# P\n- [ ] A\n\n## Quality gates\n- green - check: `{EVIL}`\n", yes=True)
    assert not _tries_everything(desk)


def _painted(desk: Desk, width: int = 80) -> str:
    stream = io.StringIO()
    paint(desk("/approve_plan --force"), stream, width, color=False)
    return stream.getvalue()


HIDDEN = {
    "a control sequence that erases the line": "echo ok\x1b[2K\x1b[1G",
    "a carriage return": "echo ok\r",
    "a right-to-left mark": "echo \u202ekcab",
    "no width": "tou\u200bch x",
    "a tag": "touch\U000e0041 x",
    "a line break of another kind": "echo ok\u2028touch x",
    "a form feed": "echo ok\x0ctouch x",
}


@pytest.mark.parametrize("trick", HIDDEN)
def test_what_runs_is_what_was_shown(trick: str, desk: Desk) -> None:
    """A character that hides something is gone before it is stored: each command is stored as it is shown."""
    text = HIDDEN[trick]
    desk(f"/plan\n# P\n- [ ] A\n  - run: `{text}`\n", yes=True)
    stored = [line for t in desk.graph.ordered() for line in t.run]
    picture = _painted(desk)
    for line in stored:
        assert line.strip() in picture
        assert cells(line) == len(line)


@pytest.mark.parametrize("trick", HIDDEN)
def test_an_export_whose_command_hides_something_is_refused(trick: str, desk: Desk) -> None:
    """It was made by hand: ours never holds one."""
    desk.plan("# P\n- [ ] A\n  - run: `echo mark`\n")
    desk("/export_plan json --output plan.json")
    bad = Path("plan.json").read_text().replace("echo mark", json.dumps(HIDDEN[trick])[1:-1])
    Path("plan.json").write_text(bad)
    assert "cannot be seen" in desk.refused("/import plan.json", ValidationError, yes=True).message


DISGUISED = {
    "a Cyrillic letter": "с\u0430t x",
    "a word of Cyrillic letters that look Latin": "\u0441\u0440 a b",
    "a Greek letter": "t\u03bfuch x",
    "a full-width semicolon": "echo a\uff1b touch x",
    "a mathematical letter": "\U0001d42douch x",
    "a blank that is none": "echo\u00a0a",
    "words behind blanks": "true" + " " * 200 + "; touch x",
    "words behind empty lines": "true\n\n\n\n\n\n\ntouch x",
    "a line that nobody reads": "echo " + "a" * 5000 + "; touch x",
}


@pytest.mark.parametrize("trick", DISGUISED)
def test_a_command_that_is_not_what_it_looks_like_is_named(trick: str, desk: Desk) -> None:
    """It is approved only with --force, after the reason was said; then it is shown to its last character."""
    desk.plan("# P\n- [ ] A\n  - run: `echo mark`\n", approve=False)
    desk("/export_plan json --output plan.json")
    raw = Path("plan.json").read_text().replace("echo mark", json.dumps(DISGUISED[trick])[1:-1])
    Path("plan.json").write_text(raw)
    desk("/import plan.json", yes=True)
    error = desk.refused("/approve_plan", ValidationError)
    assert any(word in error.message for word in ("looks like", "behind blanks", "read it to its end")), error.message
    assert not desk.task(1).approved
    picture = _painted(desk, 60)
    assert "".join(DISGUISED[trick].split()) in "".join(picture.split())


@pytest.mark.parametrize(
    "command", ["echo größe", "echo 計画 > plan.txt", "сделать", "echo 'Привет, мир'", "ls -l 😀", "make"]
)
def test_other_languages_are_no_disguise(command: str, desk: Desk) -> None:
    """Who writes in them is not asked twice."""
    desk(f"/plan\n# P\n- [ ] A\n  - run: `{command}`\n", yes=True)
    assert [c.command for c in desk("/approve_plan").commands] == [command]


def test_every_command_is_listed_whole_wherever_it_stands(desk: Desk) -> None:
    """Of each task, open or done, phase, part and gate; nothing is cut or counted."""
    lines = [
        f"- [ ] T{n} task {n}\n  - run: `echo run-{n} {'x' * 300} end-{n}`\n  - check: `true {n}`" for n in range(1, 61)
    ]
    gates = "\n## Quality gates\n- green - check: `true gate`\n"
    desk(f"/plan\n# P\n{chr(10).join(lines)}\n{gates}", yes=True)
    stored = [c for t in desk.graph.ordered() for c in t.commands]
    stored += [g.check for g in desk.graph.root.plan.quality_gates if g.check]
    answer = desk("/approve_plan --force")
    assert sorted(c.command for c in answer.commands) == sorted(stored)
    assert len(stored) == 121
    stream = io.StringIO()
    paint(answer, stream, 80, color=False)
    picture = "".join(stream.getvalue().split())
    assert [c for c in stored if "".join(c.split()) not in picture] == []


def test_an_approval_that_came_with_a_folder_counts_for_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone, an archive or a copy that holds an approved plan: its commands are approved anew before one runs."""
    desk.plan(SHARP)
    clone = tmp_path / "clone"
    shutil.copytree(desk.root, clone)
    monkeypatch.chdir(clone)
    stranger = Desk(clone)
    assert not _tries_everything(stranger)
    assert "elsewhere" in stranger.refused("/new_task", StateTransitionError).message
    assert EVIL in [c.command for c in stranger("/approve_plan").commands]
    stranger("/new_task 1")
    assert Path("owned").exists()


def test_a_plan_without_commands_is_worked_on_wherever_it_is(desk: Desk, tmp_path: Path) -> None:
    """There is nothing to consent to."""
    desk.plan("# P\n- [ ] A\n")
    shutil.copytree(desk.root, tmp_path / "clone")
    other = Desk(tmp_path / "clone")
    other("/new_task 1")
    assert other("/complete_task 1 done").task.status == "completed"


def test_an_approval_that_cannot_be_remembered_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no command runs; once it can, it is approved as before."""
    desk.plan(SHARP, approve=False)
    Path("file").write_text("")
    with monkeypatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(Path("file").resolve()))
        desk.refused("/approve_plan", StorageError)
        assert not _tries_everything(desk)
    desk("/approve_plan")
    desk.run("/new_task 1")
    assert Path("owned").exists()


def test_what_another_process_changed_meanwhile_is_not_approved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is approved is what was shown."""
    from qwen_orch.commands import plans

    desk.plan("# P\n- [ ] A\n  - run: `true`\n", approve=False)
    shown = plans._commands

    def slow(graph: object) -> object:
        found = shown(graph)  # type: ignore[arg-type]
        monkeypatch.undo()
        desk.another()(f"/update_task 1 run:none run:'{EVIL}'")
        return found

    monkeypatch.setattr(plans, "_commands", slow)
    desk.refused("/approve_plan", StateTransitionError)
    assert not _tries_everything(desk)
