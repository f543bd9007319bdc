"""What every rule of the reader does to characters: clean a document, mask code spans, make one plain line.

Everything here is linear in the length of its input, whatever that input is.
"""

from __future__ import annotations

import re
import unicodedata

from qwen_orch.model.text import clean as seen

CODE = "\uf8ff"
"""Stands for each character of a code span in a masked text: a private-use letter that no rule looks for."""

_BREAKS = dict.fromkeys((11, 12, 133, 8232, 8233), " ") | dict.fromkeys(range(55296, 57344), "�")
"""What is no line end here, though elsewhere it may be, and halves of characters."""
_SPECIAL = re.compile(r"[<\]*_~\\]")
_BACKTICKS = re.compile(r"`+")
_MARKERS = re.compile(r"\*\*|(?<!\w)__(?=\S)|(?<=\S)__(?!\w)|~~")
_EMPHASIS = (
    re.compile(r"(?<![\w*/.\\])\*(?=[^\s*])([^*\n]{1,200})(?<=[^\s*])\*(?![\w*])"),
    re.compile(r"(?<![\w\\])_(?=[^\s_])([^_\n]{1,200})(?<=[^\s_])_(?!\w)"),
)
_LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\]\([^()\n]{1,500}\)")
_TAG = re.compile(
    r"(?<!\\)</?(?:br|details|summary|b|i|u|em|strong|sub|sup|kbd|span|div|p|small|center|hr|img|a)(?:\s[^<>]{0,300})?/?>",
    re.I,
)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!@~|<>-])")


def clean(text: str) -> str:
    """Return *text* with ``\\n`` line ends and without what a terminal would obey or an eye would miss.

    Lines keep their numbers: nothing here adds or removes a line end. Half a character is shown as �.
    """
    return seen(text.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS), multiline=True)


def one_line(text: str) -> str:
    """Return *text* with every run of white space as one blank."""
    return " ".join(text.split())


def masked(text: str) -> str:
    """Return *text* with the inside of code spans (and their backticks) replaced by `CODE`, same length."""
    if "`" not in text:
        return text
    runs = [(m.start(), m.end()) for m in _BACKTICKS.finditer(text)]
    waiting: dict[int, list[int]] = {}
    for index in range(len(runs) - 1, -1, -1):
        waiting.setdefault(runs[index][1] - runs[index][0], []).append(index)
    parts: list[str] = []
    done = index = 0
    while index < len(runs):
        start, end = runs[index]
        same = waiting[end - start]
        while same and same[-1] <= index:
            same.pop()
        if not same:
            index += 1
            continue
        index = same.pop()
        parts += [text[done:start], CODE * (runs[index][1] - start)]
        done = runs[index][1]
        index += 1
    return "".join(parts) + text[done:]


def without_comments(text: str) -> str:
    """Return *text* without ``<!-- ... -->``; an unclosed one stays."""
    if "<!--" not in text:
        return text
    parts: list[str] = []
    done = 0
    while (start := text.find("<!--", done)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts.append(text[done:start])
        done = end + 3
    return "".join(parts) + text[done:]


def outside_code(pattern: re.Pattern[str], replacement: str, text: str) -> str:
    """Substitute like ``pattern.sub`` but leave code spans alone; *replacement* is literal or ``\\1``."""
    mask = masked(text)
    parts: list[str] = []
    done = 0
    for match in pattern.finditer(mask):
        inside = text[slice(*match.span(1))] if replacement == r"\1" else replacement
        parts += [text[done : match.start()], inside]
        done = match.end()
    return "".join(parts) + text[done:]


def plain(text: str) -> str:
    """Return *text* as one line without emphasis, link targets, comments and backslash escapes; code stays as it is."""
    line = one_line(text)
    if not _SPECIAL.search(line):
        return line
    line = one_line(without_comments(line))
    if "<" in line:
        line = one_line(outside_code(_TAG, " ", line))
    if "](" in line:
        line = outside_code(_LINK, r"\1", line)
    if "*" in line or "_" in line or "~~" in line:
        line = outside_code(_MARKERS, "", line)
        for pattern in _EMPHASIS:
            line = outside_code(pattern, r"\1", line)
    if "\\" in line:
        line = outside_code(_ESCAPE, r"\1", line)
    return one_line(line)


def is_symbol(char: str) -> bool:
    """Tell whether *char* is an emoji, arrow, box or other sign that carries no letters."""
    return unicodedata.category(char) in ("So", "Sk", "Mn", "Me", "Cf", "Sm") and char not in "~+=<>|^`"


def without_signs(text: str) -> str:
    """Return *text* without leading and trailing emoji and signs."""
    start, end = 0, len(text)
    while start < end and (is_symbol(text[start]) or text[start].isspace()):
        start += 1
    while end > start and (is_symbol(text[end - 1]) or text[end - 1].isspace()):
        end -= 1
    return text[start:end]
