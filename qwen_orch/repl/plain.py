"""The prompt where prompt_toolkit cannot work: a dumb terminal, or a screen that is not one."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
from typing import TextIO

from qwen_orch.commands.context import Moot
from qwen_orch.repl.port import LOOK_SECONDS, PROMPT, SET_ASIDE, agrees, asked, command_in

BURST = 0.05
"""Lines that follow within so many seconds were pasted, not typed."""


class PlainPrompt:
    """Reads the terminal's own lines; several that arrive at once are one text, so a paste runs no command."""

    _aside: str = ""

    def read(self, start: str = "") -> str:
        """Return a line, or the lines of a paste once a person has agreed; *start* is said, and is what Enter means."""
        start, self._aside = start or self._aside, ""
        _say(f"{start}\n{PROMPT}" if start else PROMPT)
        lines = [_typed_line()]
        while select.select([0], [], [], BURST)[0]:
            try:
                lines.append(_typed_line())
            except EOFError:
                break
        text = "".join(lines).rstrip("\n")
        if len(lines) == 1:
            return text or start
        return text if self.ask(f"Take these {len(lines)} lines as one text?") else ""

    def ask(self, question: str, default: bool = False, moot: Moot | None = None) -> bool:
        """Ask *question*; lines typed before it was asked are no answer to it."""
        said = answer_to(asked(question, default), sys.stdout, moot)
        if command := command_in(said):
            self._aside = command
            _say(f"{SET_ASIDE}\n")
        return agrees(said, default)

    def write(self, text: str) -> str | None:
        """Open the person's editor; without one, read up to a line with a single full stop."""
        from qwen_orch.repl import editor

        if editor.command():
            return editor.edit(text)
        _say("Write or paste the plan; a line with a single . ends it.\n")
        lines: list[str] = []
        try:
            while (line := _typed_line()).strip() != ".":
                lines.append(line)
        except EOFError:
            return None
        return text + "".join(lines)

    def stop(self) -> bool:
        """Leave it to the signal to interrupt the read."""
        return False


def _say(text: str, sink: TextIO | None = None) -> None:
    sink = sink or sys.stdout
    sink.write(text)
    sink.flush()


def answer_to(question: str, sink: TextIO, moot: Moot | None = None) -> str:
    """Return the line typed after *question* was asked on *sink*; ``no`` at the end of input, and once it is *moot*."""
    _forget_typed()
    _say(question, sink)
    try:
        return _typed_line(moot)
    except EOFError:
        return "no"


def _forget_typed() -> None:
    """Drop what was typed and not read yet: it cannot be the answer to a question that was not asked yet."""
    with contextlib.suppress(termios.error):
        termios.tcflush(0, termios.TCIFLUSH)


def _typed_line(moot: Moot | None = None) -> str:
    """Return one line, as the kernel's line editor gives it, without reading on into the next.

    Nothing of Python's is locked meanwhile: a program may end while a thread waits here. Raises `EOFError` at the end
    of input, and once nobody wants the line any more.
    """
    raw = b""
    while not raw.endswith(b"\n"):
        while moot and not select.select([0], [], [], LOOK_SECONDS)[0]:
            if moot():
                raise EOFError
        more = os.read(0, 65536)
        if not more:
            if raw:
                break
            raise EOFError
        raw += more
    return raw.decode("utf-8", "replace")
