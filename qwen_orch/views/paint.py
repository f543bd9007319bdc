"""The one way out: an answer or blocks onto a stream, by the painter that suits it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol, TextIO

from qwen_orch.errors import OrchError
from qwen_orch.views import marks
from qwen_orch.views.blocks import Block, Line, Span, exact, line
from qwen_orch.views.marks import ARROW, CLAIMED, DONE, FAILED, NEXT, PIPE, UNSURE, WARNING

WIDTH = 80


class Happening(Protocol):
    """What happens while a command is at work (the commands' ``Update``)."""

    @property
    def kind(self) -> str:
        """``started``, ``output``, ``thought``, ``asks``, ``checking`` or ``ended``."""

    @property
    def task(self) -> str:
        """The id of the task."""

    @property
    def text(self) -> str:
        """What there is to say."""


def paint(shown: Any, stream: TextIO, width: int | None = None, color: bool | None = None) -> None:
    """Write *shown*, an answer or a list of blocks, to *stream*.

    Without *width*, as wide as the terminal (80 columns where there is none); without *color*, in colours where there
    is a terminal that wants them. A pipe that breaks raises, as any write.
    """
    blocks = shown if isinstance(shown, list) else _drawn(shown)
    columns = max(1, width or width_of(stream))
    if color if color is not None else wants_color(stream):
        from qwen_orch.views.terminal import paint_terminal

        paint_terminal(blocks, stream, columns, speech(stream))
    else:
        from qwen_orch.views.plain import paint_plain

        paint_plain(blocks, stream, columns, speech(stream))


def _drawn(answer: object) -> list[Block]:
    from qwen_orch.views.draw import draw

    return draw(answer)


def wants_color(stream: TextIO) -> bool:
    """Tell whether *stream* is a terminal, and neither NO_COLOR nor its kind speaks against colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "") in ("dumb", "unknown"):
        return False
    return stream.isatty()


def width_of(stream: TextIO) -> int:
    """Return how many columns *stream* has: what COLUMNS says, else its terminal, else 80."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(stream.fileno()).columns or WIDTH
    except (OSError, ValueError, AttributeError):
        return WIDTH


def speech(stream: TextIO) -> Callable[[str], str]:
    """Return what puts text into characters that *stream* can carry.

    Where the locale is C the marks are ASCII, and what a plan says stays as it is if the encoding allows.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    if marks.carries_marks(encoding) and not _plain_locale():
        return partial(marks.carried, encoding=encoding)
    return lambda text: marks.carried(marks.without_marks(text), encoding)


def _plain_locale() -> bool:
    """Tell whether a person asked for the C locale. Python itself sets LC_CTYPE to C.UTF-8 where LANG says C."""
    env = os.environ
    coerced = env.get("LC_CTYPE") in (None, "", "C.UTF-8") and env.get("LANG") in ("C", "POSIX")
    said = env.get("LC_ALL") or ("C" if coerced else env.get("LC_CTYPE") or env.get("LANG"))
    return said in ("C", "POSIX")


def error_blocks(error: OrchError) -> list[Block]:
    """Draw what failed, and under it what to type next, a line each."""
    failed = line(Span.of(f"{FAILED} ", "failed"), exact(error.message), hang=2)
    hints = (line(Span.of(f"{ARROW} ", "muted"), exact(h, "hint"), indent=2, hang=2) for h in error.hints)
    return [failed, *hints]


def warnings_blocks(warnings: Iterable[str]) -> list[Block]:
    """Draw each warning on its own lines."""
    return [line(Span.of(f"{WARNING} ", "warn"), exact(w), hang=2) for w in warnings]


_HAPPENS = {
    "started": (NEXT, "active"),
    "output": (PIPE, "muted"),
    "thought": (PIPE, "muted"),
    "asks": (UNSURE, "warn"),
    "checking": (UNSURE, "muted"),
}
_ENDS = {"completed": (DONE, "done"), "claimed": (CLAIMED, "claimed"), "undecided": (CLAIMED, "claimed")}
_LONGEST = 8
"""Lines that one update may take; a question takes as many as it needs."""
_SIGNS = {"+++ ": "muted", "--- ": "muted", "+": "done", "-": "failed", "@": "muted", "": ""}
"""How the lines of a diff look, by what they begin with."""


def update_line(update: Happening) -> Line:
    """Draw one thing that happens while a command is at work, after the id of the task it happens to."""
    known = _HAPPENS.get(update.kind) or _ENDS.get(update.text)
    mark, style = known or (FAILED, "failed")
    lead = f"{update.task} " if update.task else ""
    most = 0 if update.kind == "asks" else _LONGEST
    return line(Span(lead, "id"), Span.of(f"{mark} ", style), *_said(update, style), hang=len(lead) + 2, most=most)


def _said(update: Happening, style: str) -> list[Span]:
    if update.kind == "asks":
        return _asked(update.text)
    if update.kind == "thought":
        label, bracket, text = update.text.partition("] ")
        return [exact(label + bracket, "muted"), exact(text)] if bracket else [exact(label)]
    return [exact(update.text, "" if update.kind == "started" else style)]


def _asked(text: str) -> list[Span]:
    """Return what an agent asks for: its title, and below it the exact command, or the diff in its colours."""
    title, _, detail = text.partition("\n")
    if detail == title:
        return [exact(title, "command")]
    is_diff = detail.startswith("--- ")
    lines = detail.splitlines()
    return [exact(title, "title"), *(exact(f"\n{t}", _sign(t) if is_diff else "command") for t in lines)]


def _sign(text: str) -> str:
    return next(style for start, style in _SIGNS.items() if text.startswith(start))
