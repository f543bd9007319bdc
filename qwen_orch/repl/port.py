"""The port between the shell and whoever types: prompt_toolkit, plain input, or a test."""

from __future__ import annotations

from typing import Protocol

from qwen_orch.commands.context import Moot
from qwen_orch.model.text import clean

PROMPT = "qwen-orch> "
LOOK_SECONDS = 0.1
"""How often it is looked whether a question is moot."""
SET_ASIDE = "that was a no: the command waits at the prompt, and Enter runs it"


class Prompt(Protocol):
    """Reads from a person. Ctrl-C raises `KeyboardInterrupt`, the end of input `EOFError`.

    A command that is typed where a yes or no is asked is a no, and stands at the next prompt: it is said so.
    """

    def read(self, start: str = "") -> str:
        """Return what is submitted at the prompt, in full; *start* stands there already."""

    def ask(self, question: str, default: bool = False, moot: Moot | None = None) -> bool:
        """Return the answer to a yes/no *question*; a bare Enter is *default*; the end of input is no, as is *moot*."""

    def write(self, text: str) -> str | None:
        """Return a text of several lines, begun with *text*; None when the person gave up."""

    def stop(self) -> bool:
        """Make `read` raise `EOFError`, if it is waiting and can; tell whether it will. For signal handlers."""


def asked(question: str, default: bool = False) -> str:
    """Return *question* as it is asked, with the answer that a bare Enter gives in capitals."""
    return f"{clean(question, multiline=True)} {'[Y/n]' if default else '[y/N]'} "


def agrees(said: str, default: bool = False) -> bool:
    """Tell whether what was *said* to a yes/no question is a yes; saying nothing is *default*."""
    word = said.strip().lower()
    return word in ("y", "yes") or (default and not word)


def command_in(said: str) -> str:
    """Return the command that was *said* to a yes/no question; nothing if it was none."""
    word = said.strip()
    return word if word.startswith("/") else ""
