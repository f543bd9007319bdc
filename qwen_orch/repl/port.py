"""The port between the shell and whoever types: prompt_toolkit, plain input, or a test."""

from __future__ import annotations

from typing import Protocol

from qwen_orch.commands.context import Moot


class Prompt(Protocol):
    """Reads from a person. Ctrl-C raises `KeyboardInterrupt`, the end of input `EOFError`."""

    def read(self, start: str = "") -> str:
        """Return what is submitted at the prompt, in full; *start* stands there already."""

    def ask(self, question: str, default: bool = False, moot: Moot | None = None) -> bool:
        """Return the answer to a yes/no *question*; a bare Enter is *default*; the end of input is no, as is *moot*."""

    def write(self, text: str) -> str | None:
        """Return a text of several lines, begun with *text*; None when the person gave up."""

    def stop(self) -> bool:
        """Make `read` raise `EOFError`, if it is waiting and can; tell whether it will. For signal handlers."""
