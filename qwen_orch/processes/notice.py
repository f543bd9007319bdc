"""How a person is told without having asked: the bell of the terminal, or a notice on the desktop."""

from __future__ import annotations

import contextlib
import html
import os
import shlex
import sys

from qwen_orch.processes.happening import Happening

TELLING = ("task.completed", "task.failed", "permission.waiting")
"""What a person is told of; that a plan was approved, whoever approved it knows."""
TITLE = "qwen-orch"
_ERRORS = 2


def ring() -> None:
    """Ring the bell, if a terminal is there to ring; never into a file or a pipe."""
    with contextlib.suppress(OSError):
        if os.isatty(_ERRORS):
            os.write(_ERRORS, b"\a")


def desktop_command(one: Happening) -> str:
    """Return the command that shows a notice on this kind of desktop."""
    if sys.platform == "darwin":
        show = "display notification (item 2 of argv) with title (item 1 of argv)"
        return shlex.join(["osascript", "-e", "on run argv", "-e", show, "-e", "end run", TITLE, one.text])
    return shlex.join(["notify-send", f"--app-name={TITLE}", "--", TITLE, html.escape(one.text, quote=False)])
