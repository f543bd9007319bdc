"""How the tests see a picture: as the text that reaches the stream."""

from __future__ import annotations

import io
import re
from typing import Any

from qwen_orch.views.paint import paint
from tests.views.samples import SAMPLES


def painted(shown: Any, width: int = 80, color: bool = False) -> str:
    """Return what is written for *shown*, an answer or blocks."""
    stream = io.StringIO()
    paint(shown, stream, width, color)
    return stream.getvalue()


def check(name: str, width: int, expected: str) -> None:
    """Compare the picture of a sample with *expected*, set in by four columns and begun on the second line."""
    assert painted(SAMPLES[name], width) == re.sub("^    ", "", expected[1:], flags=re.MULTILINE)


class Terminal(io.StringIO):
    """A stream that says it is a terminal, or not, and in which encoding."""

    def __init__(self, tty: bool = True, encoding: str = "utf-8") -> None:
        super().__init__()
        self._tty = tty
        self._encoding = encoding

    def isatty(self) -> bool:
        return self._tty

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding
