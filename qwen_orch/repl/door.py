"""The shell's door: commands ask and show through it."""

from __future__ import annotations

import sys

from attrs import define

from qwen_orch.commands.context import Moot, Update
from qwen_orch.errors import UsageError
from qwen_orch.repl.port import Prompt
from qwen_orch.screen import Screen


@define
class ShellDoor:
    """Asks at the prompt, and shows what happens where the answers are shown."""

    prompt: Prompt
    screen: Screen
    interactive: bool = True

    def consent(self, question: str, moot: Moot | None = None) -> bool:
        """Ask a person *question*; only a yes is one."""
        return self.prompt.ask(question, moot=moot)

    def show(self, update: Update) -> None:
        """Show what is happening now."""
        self.screen.happens(update, sys.stdout)

    def edit(self, text: str) -> str | None:
        """Let a person write; None when they gave up."""
        return self.prompt.write(text)

    def stdin(self) -> bytes:
        """Refuse: in the shell, standard input is the keyboard."""
        raise UsageError("in the shell there is no standard input", "/plan alone opens an editor", "/plan @FILE")
