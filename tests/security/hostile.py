"""Text that attacks whoever shows it, and what must not be left of it."""

from __future__ import annotations

import io
import re
import unicodedata

from qwen_orch.dispatch import Outcome, envelope
from qwen_orch.views.paint import error_blocks, paint, warnings_blocks

TITLE, CLEAR, C1, CLIPBOARD = "\x1b]0;owned\x07", "\x1b[2J\x1b[H", "\x9b31m", "\x1b]52;c;b3duZWQ=\x1b\\"
BIDI, UNSEEN = "\u202e\u2066\u200f", "\u200b\u2060\ufeff\U000e0041"
RAW = f"{TITLE}{CLEAR}{C1}{CLIPBOARD}{BIDI}{UNSEEN}\x00\x08\x7f\x85"
"""Sets the title, clears the screen, writes the clipboard, turns the reading direction, hides a tag."""
_COLOUR = r"\x1b\[[0-9;]*m"


def poison(word: str) -> str:
    """Return *word* with an attack in its midst."""
    return f"{word[:2]}{RAW}{word[2:]}"


def unsafe(text: str) -> list[str]:
    """Return what a terminal would obey or an eye would miss in *text*; line breaks and tabs are neither."""
    kinds = {c: unicodedata.category(c) for c in set(text) - set("\n\t")}
    marks = re.findall("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]", text)
    return [repr(c) for c, kind in kinds.items() if kind in ("Cc", "Cs", "Zl", "Zp")] + [repr(m) for m in marks]


def shown(outcome: Outcome) -> str:
    """Return all that a coloured terminal and a pipe are sent for *outcome*, but for our own colours."""
    stream = io.StringIO()
    for color in (True, False):
        if outcome.answer is not None:
            paint(outcome.answer, stream, 80, color=color)
        if outcome.error is not None:
            paint(error_blocks(outcome.error), stream, 80, color=color)
        paint(warnings_blocks(outcome.warnings), stream, 80, color=color)
    return re.sub(_COLOUR, "", stream.getvalue())


def replied(outcome: Outcome) -> str:
    """Return the line of JSON that a program is sent."""
    return envelope(outcome).decode()
