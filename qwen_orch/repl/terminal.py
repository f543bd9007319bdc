"""The terminal while the shell lives: keys typed early are kept and not echoed, and a paste is always marked as one.

prompt_toolkit sets this up for each prompt and takes it back after it. A command that runs in between would leave the
keys typed meanwhile to the kernel's line editor, and pasted lines to be run one by one.
"""

from __future__ import annotations

import contextlib
import os
import select
import termios
from collections.abc import Iterator
from typing import Any

from attrs import define

PASTE_ON, PASTE_OFF = b"\x1b[?2004h", b"\x1b[?2004l"
IFLAG, LFLAG, CC = 0, 3, 6


@define
class Terminal:
    """The terminal open as *source* (keys) and *sink* (screen)."""

    source: int = 0
    sink: int = 1
    _before: list[Any] | None = None

    @contextlib.contextmanager
    def attentive(self) -> Iterator[None]:
        """Keep keys for the next prompt, unseen, while the block runs. Ctrl-C still interrupts."""
        self._attend()
        try:
            yield
        finally:
            self._release()

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Leave the terminal to another program, such as an editor, while the block runs."""
        self._release()
        try:
            yield
        finally:
            self._attend()

    def _attend(self) -> None:
        with contextlib.suppress(termios.error):
            self._before = termios.tcgetattr(self.source)
            quiet = termios.tcgetattr(self.source)
            quiet[LFLAG] &= ~(termios.ECHO | termios.ICANON)
            quiet[IFLAG] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
            quiet[CC][termios.VMIN] = 1
            termios.tcsetattr(self.source, termios.TCSANOW, quiet)
        self.mark_pastes()

    def _release(self) -> None:
        self._write(PASTE_OFF)
        if self._before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.source, termios.TCSADRAIN, self._before)

    def mark_pastes(self) -> None:
        """Ask the terminal to mark pastes, as after every prompt it was asked to stop."""
        self._write(PASTE_ON)

    def _write(self, sequence: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self.sink, sequence)

    def early_keys(self) -> str:
        """Return what was typed before the shell was ready.

        The kernel has turned Enter into line feeds by then, and no paste was marked. A single line feed at the end is
        an Enter; of several lines nobody can tell, so they are text, and wait for an Enter.
        """
        with contextlib.suppress(OSError):
            if select.select([self.source], [], [], 0)[0]:
                typed = os.read(self.source, 65536).decode("utf-8", "replace")
                return typed[:-1] + "\r" if typed.count("\n") == 1 and typed.endswith("\n") else typed
        return ""

    def forget_keys(self) -> None:
        """Drop what was typed and not read yet: it cannot be the answer to a question that was not asked yet."""
        with contextlib.suppress(termios.error):
            termios.tcflush(self.source, termios.TCIFLUSH)
