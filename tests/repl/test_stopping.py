"""Ctrl-C in the shell, and an agent that does not react: what is waited for is said, and need not be waited for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.agents.product import soon
from tests.repl.agents import at_work, outcomes
from tests.repl.conftest import CTRL_C, ENTER, Terminal
from tests.repl.test_questions import processes_in

Start = Callable[..., Terminal]
WAITING = "│ waiting for what is at work to stop; Ctrl-C again ends it now"
STUBBORN = f"{sys.executable} {Path(__file__).parents[1] / 'agents' / 'odd_agent.py'} stubborn"


def test_a_second_ctrl_c_ends_what_does_not_stop(terminal: Start, folder: Path) -> None:
    at_work(folder, "nothing", agent__name="odd", agent__command=STUBBORN)
    shell = terminal()
    shell.prompt()
    shell.type(f"/new_task{ENTER}")
    shell.see("I go on")
    shell.type(CTRL_C)
    shell.see(WAITING)
    shell.type(CTRL_C)
    shell.see("/new_task was interrupted")
    shell.prompt()
    assert outcomes(folder) == {"task-001": "cancelled"}
    shell.run("/list_tasks", "Part 1")
    assert soon(lambda: not [line for line in processes_in(folder) if "odd_agent" in line])
