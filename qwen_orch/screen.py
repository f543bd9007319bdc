"""How an outcome reaches a person or a program: a picture or one line of JSON on stdout, what went wrong on stderr.

Used by ``cli`` and ``repl``. A reader that has gone, or a disk that is full, becomes `Unheard` or `Undelivered`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from qwen_orch.errors import OrchError, StorageError

if TYPE_CHECKING:
    from qwen_orch.commands.context import Update
    from qwen_orch.dispatch import Outcome
    from qwen_orch.views.blocks import Block


class Unheard(Exception):  # noqa: N818 - a fact about the reader, not a failure of ours
    """Whoever read our output has gone."""


class Undelivered(StorageError):  # noqa: N818 - a fact, like the other
    """The answer could not be written, though what the command did is kept."""


class Screen(NamedTuple):
    """Where outcomes are shown: as JSON, or painted with or without *color* (None: as the stream allows)."""

    json: bool = False
    color: bool | None = None

    def show(self, outcome: Outcome) -> None:
        """Show *outcome*, all of it, now."""
        if self.json:
            from qwen_orch.dispatch import envelope

            self._bytes(envelope(outcome))
            return
        drawn = getattr(outcome.answer, "warnings", ())  # a picture of its own shows them
        self.warn([w for w in outcome.warnings if w not in drawn])
        if outcome.error is not None:
            self.complain(outcome.error)
        elif outcome.answer is not None:
            self._answer(outcome.answer)

    def _answer(self, answer: Any) -> None:
        content = getattr(answer, "content", None)
        if isinstance(content, str):  # an export, for a file or the next program
            self._bytes(content.encode("utf-8", "replace") + b"\n" * (not content.endswith("\n")))
            return
        with _heard():
            self._paint(answer, sys.stdout)

    def _bytes(self, data: bytes) -> None:
        with _heard():
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def warn(self, warnings: Iterable[str]) -> None:
        """Say on stderr what should be known."""
        if warnings:
            from qwen_orch.views.paint import warnings_blocks

            self._aside(warnings_blocks(warnings), sys.stderr)

    def complain(self, error: OrchError) -> None:
        """Say on stderr what went wrong, and what to type next."""
        from qwen_orch.views.paint import error_blocks

        self._aside(error_blocks(error), sys.stderr)

    def happens(self, update: Update, stream: TextIO) -> None:
        """Tell what happens while a command is at work."""
        from qwen_orch.views.paint import update_line

        self._aside([update_line(update)], stream)

    def tell(self, text: str) -> None:
        """Write words of the door itself on stdout."""
        with _heard():
            sys.stdout.write(text)
            sys.stdout.flush()

    def say(self, blocks: list[Block]) -> None:
        """Paint *blocks* where the answers are painted."""
        with _heard():
            self._paint(blocks, sys.stdout)

    def _aside(self, blocks: list[Block], stream: TextIO) -> None:
        """Paint what is not the answer; that nobody reads it is no failure."""
        with contextlib.suppress(OSError, ValueError):
            self._paint(blocks, stream)

    def _paint(self, what: Any, stream: TextIO) -> None:
        from qwen_orch.views.paint import paint

        paint(what, stream, color=self.color)
        stream.flush()


@contextlib.contextmanager
def _heard() -> Iterator[None]:
    """Turn a failure of stdout into `Unheard` or `Undelivered`; nothing is written to it after that."""
    try:
        yield
    except BrokenPipeError:
        _silence()
        raise Unheard from None
    except OSError as error:
        _silence()
        reason = error.strerror or str(error)
        raise Undelivered(f"the answer could not be written: {reason}", "what the command did is kept") from None


def _silence() -> None:
    """Send what is still to be written to stdout, by the interpreter's last flush for one, nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
