"""The shell on a real (pseudo) terminal."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwen_orch.cli import main
from tests.repl.conftest import CTRL_C, CTRL_D, CTRL_O, CTRL_R, ENTER, ESCAPE, TAB, UP, Terminal

Start = Callable[..., Terminal]
HISTORY = Path(".qwen/orchestration/history")


def state() -> dict[str, Any]:
    """Return what the plan's manifest says now."""
    (manifest,) = Path(".qwen/orchestration/manifests").glob("*.json")
    found: dict[str, Any] = json.loads(manifest.read_text())
    return found


def events() -> list[dict[str, Any]]:
    """Return every event of the journal."""
    (journal,) = Path(".qwen/orchestration/journal").glob("*.jsonl")
    return [event for line in journal.read_text().splitlines() for event in json.loads(line)["events"]]


def test_greeting_without_a_plan(terminal: Start, folder: Path) -> None:
    """Says what to type, and looking around leaves no trace."""
    shell = terminal()
    shell.see("no plan here yet", "Build a REST API", "/help")
    shell.prompt()
    shell.run("/list_tasks", "there is no plan in this project yet")
    shell.type(CTRL_D)
    assert shell.ended() == 0
    assert list(folder.iterdir()) == []


def test_greeting_with_a_plan(terminal: Start, planned: Path) -> None:
    """Says where it stands and what is next; the toolbar shows it all the time."""
    shell = terminal()
    shell.prompt()
    assert "Shop (approved) · 0 of 3 tasks done" in shell.text
    assert "next: /new_task" in shell.text
    assert "3 ready" in shell.see("0/3")
    shell.run("/exit")


def test_command_and_toolbar(terminal: Start, planned: Path) -> None:
    """The toolbar is up to date after each command."""
    shell = terminal()
    shell.prompt()
    shell.run("/list_tasks", "Checkout", "3 tasks")
    shell.run("/add_task Invoices", "task-004")
    shell.see("0/4", "4 ready")
    shell.type(f"/exit{ENTER}")
    assert shell.ended() == 0


def test_errors_do_not_end_it(terminal: Start, planned: Path) -> None:
    """The nearest command is named, and the shell goes on."""
    shell = terminal()
    shell.prompt()
    shell.run("/list_taks", "did you mean list_tasks?")
    shell.run("/task_status task-999", "nothing here has the id")
    assert "Traceback" not in shell.text


def test_completion(terminal: Start, planned: Path) -> None:
    """Tab completes commands, ids with titles beside them, and filters."""
    shell = terminal()
    shell.prompt()
    shell.type("/list_ta")
    shell.see("List the tasks of the current plan.")
    shell.type(TAB)
    shell.prompt("/list_tasks")
    shell.type(" sta")
    shell.see("status:")
    shell.type(CTRL_C)
    shell.prompt()
    shell.type("/task_status task-0")
    shell.see("Catalogue", "Checkout")
    shell.type("03")
    shell.type(TAB)
    shell.prompt("/task_status task-003")
    shell.type(ENTER)
    shell.see("Checkout")
    shell.prompt()


def test_paste_never_runs(terminal: Start, planned: Path) -> None:
    """Pasted lines are text until Enter, and then one text."""
    shell = terminal()
    shell.prompt()
    shell.paste("/cancel_task 1 --yes\n/approve_plan\n/exit\n")
    shell.see("/cancel_task 1 --yes", "/approve_plan", "/exit")
    shell.type(f"{CTRL_C}")
    shell.prompt()
    shell.paste("/approve_plan --force\n/reset_plan --yes\n")
    shell.see("/reset_plan --yes")
    shell.type(ENTER)
    shell.see("/approve_plan does not take '/reset_plan --yes'")
    shell.prompt()
    assert len(state()["tasks"]) == 3


def test_pasted_plan_becomes_a_chip(terminal: Start, folder: Path) -> None:
    """A long paste shows as a chip, and is planned after a question."""
    shell = terminal()
    shell.prompt()
    tasks = "\n".join(f"- [ ] Work on number {n}" for n in range(1, 41))
    shell.paste(f"# Long\n/exit\n{tasks}\n")
    shell.prompt("[pasted text #1: 42 lines]")
    shell.type(ENTER)
    shell.see("Plan this text of 42 lines? [Y/n]")
    shell.type(ENTER)
    shell.see("Work on number 40")
    shell.prompt()
    assert len(state()["tasks"]) == 40


def test_chip_goes_as_one(terminal: Start, folder: Path) -> None:
    """Backspace behind a chip removes all of it."""
    shell = terminal()
    shell.prompt()
    shell.type("/plan ")
    shell.paste("x" * 2000)
    shell.prompt("/plan [pasted text #1: 2,000 characters]")
    shell.type("\x7f")
    shell.prompt("/plan ")


def test_goal(terminal: Start, folder: Path) -> None:
    """A line without a slash is a goal; Enter alone plans nothing."""
    shell = terminal()
    shell.prompt()
    shell.type(f"Write a poem{ENTER}")
    shell.see("commands begin with a slash", "Plan this goal? [y/N]")
    shell.type(ENTER)
    shell.prompt()
    assert list(folder.iterdir()) == []
    shell.type(f"list_tasks{ENTER}")
    shell.prompt("/list_tasks")


def test_lines(terminal: Start, folder: Path) -> None:
    """Alt-Enter makes a new line, Enter submits them all."""
    shell = terminal()
    shell.prompt()
    shell.type(f"/plan # Two{ESCAPE}{ENTER}- [ ] one{ESCAPE}{ENTER}- [ ] two")
    shell.see("- [ ] two")
    shell.run("", "orch-two")
    assert [t["title"] for t in state()["tasks"]] == ["one", "two"]


def test_plan_is_written_in_the_shell(terminal: Start, folder: Path) -> None:
    """/plan alone opens an input of several lines where there is no editor."""
    shell = terminal()
    shell.prompt()
    shell.type(f"/plan{ENTER}")
    shell.see("Alt-Enter (or Esc, Enter) ends it")
    shell.type(CTRL_C)
    shell.see("there is no text")
    shell.prompt()
    shell.run("/list_tasks", "there is no plan")
    shell.type(f"/plan{ENTER}")
    shell.see("qwen-orch> /plan\nWrite or paste", where=lambda t: t.text.rpartition("no plan")[2])
    shell.paste("# Two\n- [ ] one\n- [ ] two\n")
    shell.see("- [ ] two")
    shell.type(f"{ESCAPE}{ENTER}")
    shell.see("orch-two")
    shell.prompt()


def test_editor(terminal: Start, folder: Path, tmp_path: Path) -> None:
    """/plan opens the person's editor, Ctrl-O opens it on what is typed."""
    editor = tmp_path / "ed"
    editor.write_text('#!/bin/sh\ncat "$1" > "$0.saw"\nprintf "# Two\\n- [ ] one\\n- [ ] two\\n" > "$1"\n')
    editor.chmod(0o755)
    shell = terminal(VISUAL=os.fspath(editor))
    shell.prompt()
    shell.run("/plan", "orch-two")
    shell.type(f"/note a{CTRL_O}")
    shell.see("- [ ] two")
    assert (tmp_path / "ed.saw").read_text() == "/note a"
    shell.type(CTRL_C)
    shell.prompt()


def test_ctrl_c_at_the_prompt(terminal: Start, planned: Path) -> None:
    """Clears the line, and says once how to leave."""
    shell = terminal()
    shell.prompt()
    shell.type("/reset_plan --yes")
    shell.prompt("/reset_plan --yes")
    shell.type(CTRL_C)
    shell.see("Ctrl-D or /exit leaves")
    shell.prompt()
    shell.type(ENTER)
    shell.run("/list_tasks", "Checkout")
    shell.type(CTRL_D)
    assert shell.ended() == 0
    assert len(state()["tasks"]) == 3


def test_ctrl_c_during_a_command(terminal: Start, folder: Path) -> None:
    """Cancels the wait; the shell and the plan survive."""
    (folder / "slow.md").write_text("# Slow\n- [ ] Sleep\n  run: `expr 6 + 36; sleep 600`\n")
    shell = terminal()
    shell.prompt()
    shell.run("/plan @slow.md", "orch-slow")
    shell.run("/approve_plan", "sleep 600")
    shell.type(f"/new_task{ENTER}")
    shell.see(" 42")
    shell.type(CTRL_C)
    shell.prompt()
    shell.run("/list_tasks", "Sleep")
    assert "Traceback" not in shell.text


def test_typed_ahead(terminal: Start, planned: Path, tmp_path: Path) -> None:
    """Keys typed before the prompt is there are kept, those typed while a command runs too."""
    shell = terminal(held=tmp_path / "go")
    shell.type(f"/list_tasks{ENTER}")
    (tmp_path / "go").touch()
    shell.see("Checkout")
    shell.prompt()
    shell.type(f"/note one{ENTER}/note two{ENTER}/context --d")
    shell.prompt("/context --d")
    assert [e["note"]["text"] for e in events() if e["event"] == "NoteAdded"] == ["one", "two"]


def test_lines_typed_too_early_are_text(terminal: Start, planned: Path, tmp_path: Path) -> None:
    """Several lines that came before pastes could be marked may be a paste: they wait for Enter."""
    shell = terminal(held=tmp_path / "go")
    shell.type("/note one\n/note two\n")
    (tmp_path / "go").touch()
    shell.see("qwen-orch> /note one\n           /note two")
    assert not [e for e in events() if e["event"] == "NoteAdded"]
    shell.type(CTRL_C)
    shell.prompt()


def test_killed_and_started_again(terminal: Start, planned: Path) -> None:
    """Nothing that was shown is lost, and the history is there."""
    shell = terminal()
    shell.prompt()
    shell.run("/add_task Invoices", "task-004")
    shell.kill()
    again = terminal()
    again.prompt()
    again.see("0/4")
    again.type(UP)
    again.prompt("/add_task Invoices")
    again.type(f"{CTRL_C}{CTRL_R}invo")
    again.see("/add_task Invoices")
    again.type(CTRL_C)
    assert stat.S_IMODE(HISTORY.stat().st_mode) == 0o600


def test_a_task_that_was_interrupted_is_said_at_once(terminal: Start, planned: Path) -> None:
    """Before anything is typed, and in the line at the bottom."""
    shell = terminal()
    shell.prompt()
    shell.run("/add_task Sleep --run 'expr 6 + 36; sleep 300'", "task-004")
    shell.run("/approve_plan", "Ready to start")
    shell.type("/new_task 4\r")
    shell.see(" 42")
    shell.kill()
    again = terminal()
    again.see("task-004 was interrupted")
    again.prompt()
    again.see("1 interrupted")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end(terminal: Start, planned: Path, number: int) -> None:
    """It leaves in good order."""
    shell = terminal()
    shell.prompt()
    shell.child.kill(number)
    assert shell.ended() == 130


def test_two_terminals(terminal: Start, planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What another process did is said before the next prompt."""
    one, two = terminal(), terminal()
    one.prompt()
    two.prompt()
    one.run("/add_task Invoices", "task-004")
    two.type(ENTER)
    two.see("meanwhile, elsewhere: /add_task (1 step)", "0/4")
    two.run("/task_status task-004", "Invoices")


def test_terminal_that_tells_nothing(terminal: Start, planned: Path) -> None:
    """Has no toolbar, and no warning either."""
    shell = terminal(cursor=False)
    shell.prompt()
    shell.run("/list_tasks", "Checkout")
    shell.type(CTRL_D)
    assert shell.ended() == 0
    assert "WARNING" not in shell.text


def test_one_command_asks(terminal: Start, planned: Path) -> None:
    """On a terminal; anything but yes is no."""
    for answer, code, left in (("\r", 1, 3), ("y\r", 0, 0)):
        shell = terminal("reset_plan")
        shell.see("(3 tasks)? [y/N]")
        shell.type(answer)
        assert shell.ended() == code
        assert len(state()["tasks"]) == left


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
def test_command_at_a_question(terminal: Start, planned: Path, kind: str) -> None:
    """Is a no that is said, and is run by the next Enter."""
    shell = terminal(TERM=kind)
    shell.prompt()
    shell.type(f"/reset_plan{ENTER}")
    shell.see("(3 tasks)? [y/N]")
    shell.type(f"/list_tasks{ENTER}")
    shell.see("that was a no", "nobody agreed")
    shell.prompt("/list_tasks" if kind == "xterm" else "")
    shell.type(ENTER)
    shell.see("Checkout")
    shell.prompt()
    assert len(state()["tasks"]) == 3


def test_dumb_terminal(terminal: Start, planned: Path) -> None:
    """Plain lines, and a paste is still text."""
    shell = terminal(TERM="dumb")
    shell.prompt()
    shell.run("/list_tasks", "Checkout")
    assert "\x1b" not in shell.text
    shell.type("/reset_plan --yes\n/note x\n")
    shell.see("Take these 2 lines as one text? [y/N]")
    shell.type("\n")
    shell.prompt()
    shell.type(CTRL_C)
    shell.see("Ctrl-D or /exit leaves")
    shell.type(CTRL_D)
    assert shell.ended() == 0
    assert len(state()["tasks"]) == 3


def test_terminal_is_left_as_it_was(planned: Path, tmp_path: Path) -> None:
    """Echo and line editing are back when the shell has ended."""
    import termios

    shell = Terminal(held=tmp_path / "go")
    before = termios.tcgetattr(shell.child.child_fd)
    (tmp_path / "go").touch()
    shell.prompt()
    shell.type(CTRL_D)
    shell.see("\n")
    shell.child.wait()
    assert termios.tcgetattr(shell.child.child_fd) == before
    assert shell.child.exitstatus == 0


def test_main_is_still_usable(planned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder of these tests is what the other doors see."""
    assert main(["--json", "list_tasks"]) == 0
