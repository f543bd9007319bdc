"""The few characters of ours that are not ASCII, and what stands for each where the output cannot carry it."""

from __future__ import annotations

import codecs

from qwen_orch.model.text import cells

DONE, ACTIVE, OPEN, FAILED, BLOCKED, NEXT = "✓", "●", "○", "✗", "⊘", "▸"
CLAIMED, STOPPED, DROPPED, WARNING, UNSURE = "◐", "!", "–", "!", "?"
FULL, EMPTY, DOT, ARROW, BRANCH, PIPE = "━", "─", "·", "→", "╰", "│"

MARKS = {
    DONE: "+", ACTIVE: "*", OPEN: "o", FAILED: "x", BLOCKED: "#", NEXT: ">", CLAIMED: "?", DROPPED: "-",
    FULL: "=", EMPTY: "-", DOT: "-", ARROW: ">", BRANCH: "`", PIPE: "|", "±": "~", "…": "~", "—": "-", "≈": "~",
}  # fmt: skip
"""One column each, as the mark itself: the layout stays the same."""

_ASCII = str.maketrans(MARKS)


def carries_marks(encoding: str) -> bool:
    """Tell whether text in *encoding* can hold every mark."""
    try:
        "".join(MARKS).encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def without_marks(text: str) -> str:
    """Return *text* with the marks in ASCII and all else as it is."""
    return text if text.isascii() else text.translate(_ASCII)


def carried(text: str, encoding: str) -> str:
    """Return *text* as *encoding* can hold it, in the same columns: a question mark for each it cannot carry."""
    if text.isascii():
        return text
    try:
        text.encode(encoding)
    except LookupError:
        return carried(text, "ascii")
    except UnicodeEncodeError:
        return "".join(c if _has(encoding, c) else "?" * cells(c) for c in text)
    return text


def _has(encoding: str, character: str) -> bool:
    try:
        codecs.encode(character, encoding)
    except UnicodeEncodeError:
        return False
    return True
