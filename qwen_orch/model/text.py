"""What makes text from outside safe to show: plans, agents and files may carry anything.

A terminal obeys control sequences and a reader is fooled by characters that cannot be seen, so both are taken out
before text is stored or shown. Every function takes time linear in its input. The
patterns are compiled by ``re`` when first needed: most text is plain ASCII and never needs them.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
_MARKS = 8
"""How many zero-width characters a clipped text may have for each cell of its width, so that its size is bounded."""

_SEQUENCE = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor, clear
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"  # all others: reset, character sets, an OSC that never ends
)
_CONTROLS = "[\\x00-\\x08\\x0b-\\x1f\\x7f]"
_BREAK = "\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]"
_ZERO = "\u200b\u2060-\u2065\ufeff"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HIDDEN = "\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u206a-\u206f\u3164\uffa0\ufff0-\ufffb\ufffe\uffff"
_HIDDEN_FAR = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
_UNSEEN = f"[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff{_ZERO}{_BIDI}{_HIDDEN}{_HIDDEN_FAR}]+"
_UNSEEN_IN_JSON = f"[\\x7f-\\x9f\u2028\u2029{_ZERO}{_BIDI}{_HIDDEN}{_HIDDEN_FAR}\U000e0000-\U000e007f]"
_SELECTORS = "\ufe00-\ufe0f\u180b-\u180d\u180f\U000e0100-\U000e01ef"
_SELECTED_TWICE = f"(?<=[{_SELECTORS}])[{_SELECTORS}]+"
_TAGS = "(\U0001f3f4[\U000e0030-\U000e007a]{3,6}\U000e007f)|[\U000e0000-\U000e007f]+"
_EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_JOINING = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af"
_JOINER = (
    f"((?<=[{_EMOJI}{_SELECTORS}])\u200d(?=[{_EMOJI}])|(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}]))|[\u200c\u200d]"
)


def clean(text: str, multiline: bool = False) -> str:
    """Return *text* without what a terminal would obey or an eye would miss.

    Control characters, whole escape sequences, bidirectional controls, invisible characters and lone surrogates go.
    Joiners stay inside emoji and in the scripts that are spelled with them; a variation selector stays after the
    character it selects for. Every kind of line break becomes a newline and tabs stay when *multiline*; else each
    becomes a space, so that no words are joined.
    """
    if text.isascii() and (text.isprintable() or (multiline and not re.search(_CONTROLS, text))):
        return text
    text = re.sub(_BREAK, "\n", re.sub(_SEQUENCE, "", text))
    text = re.sub(_UNSEEN, "", text)
    if not text.isascii():
        text = _without_stray_joiners(text)
    return text if multiline else text.replace("\n", " ").replace("\t", " ")


def _without_stray_joiners(text: str) -> str:
    """Return *text* with tags, variation selectors and joiners only where they change what is seen."""
    text = re.sub(_JOINER, _first_group, re.sub(_TAGS, _first_group, text))
    return re.sub(_SELECTED_TWICE, "", text)


def _first_group(match: re.Match[str]) -> str:
    return match[1] or ""


def escaped(json: str) -> str:
    """Return *json* with every character that cannot be seen written as its escape: it means the same."""
    return re.sub(_UNSEEN_IN_JSON, _escape, json)


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def one_line(text: str) -> str:
    """Return *text* clean, on one line, with single spaces between words and none at its ends."""
    return " ".join(clean(text).split())


def cells(text: str) -> int:
    """Return how many columns of a terminal *text* takes, counting joined emoji one by one: never too few."""
    if text.isascii():
        return len(text)
    return sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    """Return the columns of one character. The emoji selector counts one, for the narrow character it widens."""
    if character < "\u0300":
        return 1
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    if character == "\ufe0f":
        return 1
    return 0 if unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff" else 1


def clip(text: str, width: int) -> str:
    """Return one line of *text* in at most *width* columns, ending in an ellipsis where something was cut off.

    Expects clean text. Looks at no more of it than it returns, however long it is.
    """
    if width <= 0:
        return ""
    head = text[: _MARKS * (width + 1)]
    if len(head) == len(text) and cells(head) <= width:
        return text
    return head[: _fitting(head, width - 1)].rstrip(" \u200d") + ELLIPSIS


def _fitting(text: str, width: int) -> int:
    """Return how many characters of *text* fit in *width* columns, with the marks that belong to the last."""
    used = 0
    for position, character in enumerate(text):
        used += _cells_of(character)
        if used > width:
            return position
    return len(text)


def one_word(text: str) -> str:
    """Return *text* as a person types it to be one word of a command."""
    if text and re.fullmatch(r"[\w@%+=:,./-]+", text, re.ASCII):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if '"' not in text or "'" in text else f"'{text}'"
