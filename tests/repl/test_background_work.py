"""Agents that work in the background of a shell on a real terminal."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agents.product import soon
from tests.commands.desk import Desk
from tests.commands.test_background import running
from tests.repl.agents import answers, at_work, outcomes
from tests.repl.conftest import CTRL_C, CTRL_D, ENTER, TAB, Terminal

Start = Callable[..., Terminal]
ASKS = "run echo one > one.txt; claim it"


@pytest.fixture(autouse=True)
def nothing_left(folder: Path) -> Iterator[None]:
    """End what works in the background when a test is over."""
    yield
    for pid in running(folder):
        os.kill(pid, signal.SIGTERM)
    assert soon(lambda: not running(folder))


def begun(terminal: Start, words: str = "", tasks: int = 1, **more: str) -> Terminal:
    """Return a shell in which work at so many *tasks* goes on in the background."""
    shell = terminal(**more)
    shell.prompt()
    shell.run(f"/new_task {words} --background", "in the background")
    assert soon(lambda: len(outcomes(Path.cwd())) == tasks)
    return shell


def test_four_at_once_and_the_keys_stay_where_they_are(terminal: Start, folder: Path) -> None:
    """What is typed survives the news above it, and Tab completes it meanwhile."""
    lines = (f"chatter 200; await ../go; chatter 200; {'sleep 300' if n == 4 else ASKS}" for n in range(1, 5))
    at_work(folder, *lines)
    shell = begun(terminal, "--all --jobs 4", tasks=4)
    shell.see("4 in progress")
    shell.type("/task_sta")
    (folder.parent / "go").touch()
    shell.see("task-001 asks", "task-002 asks", "task-003 asks")
    shell.prompt("/task_sta")
    shell.see("3 ask: /permissions")
    shell.type(TAB)
    shell.prompt("/task_status")
    shell.type(f" task-004{ENTER}")
    shell.see("● in progress  Part 4")
    assert "chatter" not in shell.text.split("/task_status")[0]


def test_answered_from_the_prompt(terminal: Start, folder: Path) -> None:
    """Tab offers who asks; the news say what became of it."""
    at_work(folder, ASKS, "sleep 300")
    shell = begun(terminal, "--all --jobs 2", tasks=2)
    shell.see("task-001 asks: /permissions")
    shell.run("/permissions", "│ echo one > one.txt", "next: /allow task-001 1")
    shell.type("/allow ")
    shell.see("Shell: echo one > one.txt", where=lambda t: t.text.rpartition("/allow ")[2])
    shell.type(TAB)
    shell.prompt("/allow task-001")
    shell.run(" 1", "allowed by person")
    shell.see("task-001 waits for your word → /complete_task task-001")
    assert answers(folder) == [("task-001 echo one > one.txt", True, "person")]


def test_denied_from_the_prompt(terminal: Start, folder: Path) -> None:
    at_work(folder, ASKS)
    shell = begun(terminal)
    shell.see("task-001 asks: /permissions")
    shell.run("/deny", "denied by person")
    shell.see("task-001 suspicious: claimed, but nothing changed")
    assert not (folder / "one.txt").exists()


def test_leaving_says_what_goes_on(terminal: Start, folder: Path) -> None:
    """And it does."""
    at_work(folder, "sleep 300", "sleep 300")
    shell = begun(terminal, "--all --jobs 2", tasks=2)
    shell.type(CTRL_D)
    shell.see("goes on in the background: task-001, task-002 · qwen-orch /cancel_task task-001 stops it")
    assert shell.ended() == 0
    assert outcomes(folder) == {"task-001": "running", "task-002": "running"}
    assert running(folder)


def test_leaving_without_work_says_nothing(terminal: Start, planned: Path) -> None:
    shell = terminal()
    shell.prompt()
    shell.type(CTRL_D)
    assert shell.ended() == 0
    assert "background" not in shell.text


def test_a_killed_shell_takes_nothing_with_it(terminal: Start, folder: Path) -> None:
    """The work goes on; a new shell shows it and can stop it."""
    at_work(folder, "sleep 300")
    shell = begun(terminal)
    shell.kill()
    again = terminal()
    again.see("task-001 in progress")
    again.prompt()
    assert "interrupted" not in again.text
    again.run("/cancel_task task-001", "cancelled")
    assert soon(lambda: not running(folder))


def test_two_shells(terminal: Start, folder: Path) -> None:
    """Both are told, either answers, and the other does not stay in the belief that somebody asks."""
    at_work(folder, f"await seen; {ASKS}")
    one, two = terminal(), terminal()
    two.prompt()
    one.prompt()
    one.run("/new_task --background", "in the background")
    two.see("task-001 in progress · Part 1")
    (folder / "seen").touch()
    for shell in (one, two):
        shell.see("task-001 asks: Shell: echo one > one.txt → /permissions")
    two.run("/allow", "allowed by person")
    one.see("task-001 waits for your word")
    one.see("asks no more", where=lambda t: "asks no more" if "asks: /p" not in t.text.splitlines()[-1] else "asks")
    one.run("/allow", "no such question waits")


def test_without_colours_in_a_narrow_c_locale(terminal: Start, folder: Path) -> None:
    at_work(folder, ASKS)
    shell = begun(terminal, NO_COLOR="1", LANG="C", LC_ALL="", LC_CTYPE="")
    text = shell.see("task-001 asks: Shell: echo one > one.txt > /permissions", "task-001 asks: /permissions")
    assert text.isascii()


def test_it_is_stopped_when_the_shell_is_at_work_itself(terminal: Start, folder: Path) -> None:
    """Ctrl-C in the foreground is no word to what goes on behind it."""
    at_work(folder, "sleep 300", "chatter 3; sleep 300")
    shell = begun(terminal, "task-001")
    shell.type(f"/new_task task-002{ENTER}")
    shell.see("chatter 3 of 3")
    shell.type(CTRL_C)
    shell.see("/new_task was interrupted")
    shell.prompt()
    assert outcomes(folder) == {"task-001": "running", "task-002": "cancelled"}


def test_a_failure_at_once_is_an_error_like_any_other(terminal: Start, folder: Path) -> None:
    at_work(folder, "sleep 1", agent__name="nobody")
    shell = terminal()
    shell.prompt()
    shell.run("/new_task --background", "✗ how is the agent nobody started?", "/config agent.command")


def thought_out(terminal: Start, folder: Path, depth: str) -> Terminal:
    """Have the simulator think a plan out, to this depth; return the terminal in which it did."""
    home = folder / ".qwen" / "orchestration"
    home.mkdir(mode=0o700, parents=True)
    (home / "config.json").write_text(json.dumps({"agent.name": "sim", "thinkingDepth": depth}))
    shell = terminal()
    shell.prompt()
    shell.run("/plan --agent Build a shop for used books", "next:")
    return shell


def test_a_plan_that_an_agent_thinks_out_streams(terminal: Start, folder: Path) -> None:
    """A line a thought, aligned, its purpose first."""
    shell = thought_out(terminal, folder, "quick")
    thoughts = [line for line in shell.text.splitlines() if line.startswith("planning │ ")]
    assert [line.split()[2:4] for line in thoughts][:4] == [
        ["1.", "[requirements]"],
        ["2.", "[architecture]"],
        ["3.", "[decomposition]"],
        ["4.", "[risks]"],
    ]
    assert len(Desk(folder).graph.tasks) == 3


def test_thoughts_stand_in_line_past_the_ninth(terminal: Start, folder: Path) -> None:
    """A number of two figures shifts nothing."""
    shell = thought_out(terminal, folder, "deep")
    thoughts = [line for line in shell.text.splitlines() if re.match(r"planning │ +\d+\. ", line)]
    assert len(thoughts) > 9
    assert {line.index(". ") for line in thoughts} == {13}
