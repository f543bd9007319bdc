"""Questions of agents at the prompt of a real terminal: shown whole, answered once, disturbed by nothing."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_orch.project.project import Project
from tests.agents.product import soon
from tests.commands.desk import Desk
from tests.repl.agents import answers, at_work, outcomes
from tests.repl.conftest import CTRL_C, CTRL_D, ENTER, Terminal

Start = Callable[..., Terminal]
QUESTION = "May the agent do this, once? [y/N]"


def started(terminal: Start, command: str, **more: str) -> Terminal:
    """Return a shell in which *command* was typed."""
    shell = terminal(**more)
    shell.prompt()
    shell.type(f"{command}{ENTER}")
    return shell


def go(folder: Path) -> None:
    """Let the agents go on that await it; no file of the project, and so no work of theirs."""
    (folder.parent / "go").touch()


def asked(shell: Terminal, *wanted: str) -> str:
    """Return the screen once the cursor stands behind the question and nothing else does, *wanted* being above."""
    shell.see(*wanted)
    return shell.see("yes", where=lambda t: "yes" if t.line == QUESTION else t.line) and shell.text


def test_the_exact_command_is_shown_and_keys_typed_before_are_no_answer(terminal: Start, folder: Path) -> None:
    at_work(folder, "await ../go; run echo one > one.txt; claim it is there")
    shell = started(terminal, "/new_task")
    shell.see("task-001 ▸")
    shell.type(f"y{ENTER}")
    go(folder)
    asked(shell, "task-001 ? Shell", "\n           echo one > one.txt\n")
    assert answers(folder) == [("task-001 echo one > one.txt", None, "")]
    shell.type(f"y{ENTER}")
    shell.prompt()
    assert answers(folder) == [("task-001 echo one > one.txt", True, "person")]
    assert (folder / "one.txt").read_text() == "one\n"


@pytest.mark.parametrize("dumb", [False, True])
def test_typed_before_in_plain_lines(terminal: Start, folder: Path, dumb: bool) -> None:
    """On a dumb terminal, and where one command runs without the shell: no answer either."""
    at_work(folder, "await ../go; run echo one > one.txt; claim it is there")
    shell = started(terminal, "/new_task", TERM="dumb") if dumb else terminal("new_task")
    shell.see("task-001 ▸")
    shell.type("y\n")
    go(folder)
    asked(shell, "echo one > one.txt")
    assert answers(folder) == [("task-001 echo one > one.txt", None, "")]
    shell.type("n\n")
    shell.see("denied by person")


def test_what_others_say_waits_until_the_answer(terminal: Start, folder: Path) -> None:
    """Nothing is written behind the question while another agent talks; all of it is there afterwards, in order."""
    at_work(folder, "run echo one > one.txt; claim it", "await ../go; chatter 30; write end.txt x; claim it")
    shell = started(terminal, "/new_task --all --jobs 2")
    asked(shell)
    go(folder)
    assert soon(lambda: len(answers(folder)) == 2)  # the other has talked, and now asks, too
    assert "chatter" not in shell.watched()
    assert shell.line == QUESTION
    shell.type(f"n{ENTER}")
    text = asked(shell, "denied by person", "+x")
    assert re.findall(r"task-002 │ chatter (\d+)", text) == [str(n) for n in range(1, 31)]
    shell.type(f"y{ENTER}")
    shell.prompt()
    assert [(allowed, by) for _, allowed, by in answers(folder)] == [(False, "person"), (True, "person")]


def test_a_long_diff_is_shown_whole(terminal: Start, folder: Path) -> None:
    """It is taller than the terminal, and scrolls by; the question stands below it."""
    at_work(folder, f"write long.txt {''.join(f'line {n}{chr(92)}n' for n in range(1, 61))}; claim it")
    shell = started(terminal, "/new_task")
    text = asked(shell, "+line 60")
    assert re.findall(r"^ {11}\+line (\d+)$", text, re.MULTILINE) == [str(n) for n in range(1, 61)]
    shell.type(f"{ENTER}")
    shell.prompt()
    assert not (folder / "long.txt").exists()


def test_a_long_command_is_shown_whole(terminal: Start, folder: Path) -> None:
    at_work(folder, f"run echo {'x' * 3_000}END; claim it")
    text = asked(started(terminal, "/new_task"), "END")
    assert "not shown" not in text


def test_ctrl_c_at_a_question_cancels_the_turn_and_records_it(terminal: Start, folder: Path) -> None:
    at_work(folder, "run echo one > one.txt; claim it", "sleep 300", "sleep 300")
    shell = started(terminal, "/new_task --all --jobs 2")
    asked(shell)
    shell.type(CTRL_C)
    shell.see("/new_task was interrupted")
    shell.prompt()
    assert outcomes(folder) == {"task-001": "cancelled", "task-002": "cancelled"}
    assert not (folder / "one.txt").exists()
    shell.run("/list_tasks", "Part 3")


def test_ctrl_d_at_a_question_is_no(terminal: Start, folder: Path) -> None:
    at_work(folder, "run echo one > one.txt; claim it")
    shell = started(terminal, "/new_task")
    asked(shell)
    shell.type(CTRL_D)
    shell.see("denied by person")
    shell.prompt()


def test_ctrl_c_while_an_agent_streams(terminal: Start, folder: Path) -> None:
    at_work(folder, "chatter 5; sleep 300")
    shell = started(terminal, "/new_task")
    shell.see("chatter 5 of 5")
    shell.type(CTRL_C)
    shell.see("/new_task was interrupted")
    shell.prompt()
    assert outcomes(folder) == {"task-001": "cancelled"}


@pytest.mark.parametrize(("answer", "allowed"), [("allow", True), ("deny", False)])
def test_a_question_that_another_terminal_answers_goes_away(
    terminal: Start, folder: Path, answer: str, allowed: bool
) -> None:
    at_work(folder, "run echo one > one.txt; claim it")
    shell = started(terminal, "/new_task")
    asked(shell)
    Desk(folder)(f"/{answer}")
    shell.prompt()
    assert answers(folder) == [("task-001 echo one > one.txt", allowed, "person")]
    assert (folder / "one.txt").exists() == allowed
    shell.run("/list_tasks", "Part 1")


def test_a_task_cancelled_elsewhere_takes_its_question_with_it(terminal: Start, folder: Path) -> None:
    """And the next one is asked in peace."""
    at_work(folder, "run echo one > one.txt", "await ../go; run echo two > two.txt; claim it")
    shell = started(terminal, "/new_task --all --jobs 2")
    asked(shell, "echo one")
    go(folder)
    Desk(folder)("/cancel_task 1")
    asked(shell, "echo two")
    shell.type(f"y{ENTER}")
    shell.prompt()
    assert (folder / "two.txt").exists()
    assert not (folder / "one.txt").exists()


def test_on_a_dumb_terminal(terminal: Start, folder: Path) -> None:
    """Plain lines; what another terminal answers ends the wait there, too."""
    at_work(folder, "run echo one > one.txt; run echo two > two.txt; claim it")
    shell = started(terminal, "/new_task", TERM="dumb")
    asked(shell, "echo one")
    Desk(folder)("/allow")
    asked(shell, "echo two")
    shell.type("y\n")
    shell.prompt()
    assert [(allowed, by) for _, allowed, by in answers(folder)] == [(True, "person"), (True, "person")]
    assert (folder / "two.txt").exists()
    shell.run("/list_tasks", "Part 1")


def test_where_the_locale_is_c(terminal: Start, folder: Path) -> None:
    at_work(folder, "write a.txt x; claim it")
    shell = started(terminal, "/new_task", LANG="C", LC_ALL="", LC_CTYPE="")
    text = asked(shell, "task-001 ? WriteFile: a.txt", "+x")
    assert text.isascii()


@pytest.mark.parametrize("work", ["run echo one > one.txt", "chatter 3; run sleep 300"])
def test_killed_in_the_foreground_nothing_of_it_is_left(terminal: Start, folder: Path, work: str) -> None:
    """The agent ends when nobody listens any more; what it had started ends when the next shell looks."""
    at_work(folder, work, agent__mode="default" if "echo" in work else "yolo")
    shell = started(terminal, "/new_task")
    shell.see("? Shell" if "echo" in work else "→ Shell: sleep 300")
    shell.kill()
    again = terminal()
    again.prompt()
    again.see("task-001 was interrupted")
    again.kill()
    assert soon(lambda: not processes_in(folder)), processes_in(folder)


def processes_in(folder: Path) -> list[str]:
    """Return the command lines of the processes whose folder this is, our own apart."""
    found = []
    for one in Path("/proc").iterdir():
        try:
            if one.name.isdigit() and int(one.name) != os.getpid() and (one / "cwd").readlink() == folder:
                found.append((one / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it has ended
            continue
    return [line for line in found if line]


def test_killed_while_it_asks(terminal: Start, folder: Path) -> None:
    """The attempt is interrupted, and the next shell says so; nothing was done."""
    at_work(folder, "run echo one > one.txt; claim it")
    shell = started(terminal, "/new_task")
    asked(shell)
    shell.kill()
    again = terminal()
    again.see("task-001 was interrupted")
    again.prompt()
    assert outcomes(folder) == {"task-001": "interrupted"}
    assert not (folder / "one.txt").exists()
    assert Project.at(folder).writer().graph.task("task-001").open_attempt is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end_while_an_agent_asks(terminal: Start, folder: Path, number: int) -> None:
    """A terminal that closes is no answer: the work is cancelled, and the shell leaves in good order."""
    at_work(folder, "run echo one > one.txt; run echo two > two.txt; claim it")
    shell = started(terminal, "/new_task")
    asked(shell)
    shell.child.kill(number)
    assert shell.ended() == 130
    assert outcomes(folder) == {"task-001": "cancelled"}
    assert len(answers(folder)) == 1
    assert soon(lambda: not processes_in(folder)), processes_in(folder)
