"""How text is written in Markdown so that it is read back as the same text, and nothing in it becomes structure.

Code spans stay as they are. Elsewhere a backslash takes the meaning of a character away; where the words themselves
could be taken for a mark (``Ship - DONE``, ``Fix it (2h)``) the title is set in bold, which keeps marks outside.
"""

from __future__ import annotations

import re
import unicodedata

from qwen_orch.model.text import one_line
from qwen_orch.planning.export.shape import block
from qwen_orch.planning.reader.fields import Field, labelled, loose
from qwen_orch.planning.reader.text import masked

_INLINE = re.compile(
    r"[\\*\[\]<|]"  # escapes, emphasis, links, HTML, tables
    r"|(?<=\])\(|(?<!\w)_|_(?!\w)|~(?=~)|(?<=~)~"  # links, emphasis at the edge of a word, struck out text
    r"|(?<!\S)[#@!]|!(?=!)|(?<=!)!"  # what could be a tag, a person or a priority
)
_START = re.compile(r"[-+=>](?=\s|$)|\d{1,9}(?P<dot>[.)])(?=\s|$)")
_LEVEL = r"(?:critical|high|medium|low|urgent)(?:est)?[- ]prio(?:rity)?"
_HEAD = re.compile(rf"\W|(?:{_LEVEL}|P\d)\b", re.IGNORECASE)
_TAIL = re.compile(rf"\s[-–—|~≈→:@#!(\[]|[)\]）】:!]$|\b(?:{_LEVEL}|P\d)$", re.IGNORECASE)
_NEED = re.compile(
    r"\b(?:on|upon|by|for|of|from|requires|needs|prerequisites?:|dependenc(?:y|ies):|after|once|must follow|follows|"
    r"(?:un)?blocks|gates?(?: the)?|before|precede|extends)[:\s]*(?P<gap>\s)(?=[^.;\n]{0,45}\d)",
    re.IGNORECASE,
)
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_STRUCTURE = re.compile(r"(\s*)(#{1,6}(?=\s|$)|<(?=[!?/a-zA-Z])|[-=*_](?=[-=*_\s]*$)|\|)")
_MARKED = re.compile(r"(\s*(?:[-*+]|\d{1,9}[.)])\s+)(.*)")
_PLAIN_LINE = re.compile(r"[^\W\d_].*")


def inline(text: str) -> str:
    """Return *text* as inline Markdown on one line."""
    line = one_line(text)
    mask = masked(line)
    parts, done = [], 0
    for match in _INLINE.finditer(mask):
        parts += [line[done : match.start()], "\\", match[0]]
        done = match.end()
    return "".join(parts) + line[done:]


def item(text: str) -> str:
    """Return *text* as the inline Markdown of a list item, which it neither nests nor labels."""
    line = inline(text)
    if match := _START.match(line):
        at = match.start("dot") if match["dot"] else 0
        return f"{line[:at]}\\{line[at:]}"
    return _unlabelled(line)


def title(text: str) -> str:
    """Return *text* as the title of a task, free of what could be taken for a mark; in bold if that is needed."""
    line, shown = inline(text), one_line(text)
    needed = _NEED.search(line) is not None
    if not (needed or _HEAD.match(shown) or _TAIL.search(shown) or any(map(_is_sign, shown))):
        return line
    return f"**{_NEED.sub(_apart, line) if needed else line}**" if shown else line


def _apart(match: re.Match[str]) -> str:
    """Interrupt the bold after a word that says what something waits for, so that it says it to people alone."""
    at = match.start("gap") - match.start()
    return f"{match[0][:at]}** **{match[0][at + 1 :]}"


def _is_sign(character: str) -> bool:
    return character > "\u2000" and unicodedata.category(character) in ("So", "Sm", "Sk", "Pd")


def heading(text: str) -> str:
    """Return *text* as the words of a heading."""
    return re.sub(r"#(?=#*$)", r"\\#", inline(text))


def code(command: str) -> str:
    """Return *command* as a code span that no backtick inside ends."""
    text = block(command).replace("\n", " ")
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    edges = text[:1] + text[-1:]
    space = " " if "`" in edges or (edges == "  " and text.strip()) else ""
    return f"{fence}{space}{text}{space}{fence}"


def paragraph(text: str) -> list[str]:
    """Return the lines of *text* as they are, but for what would be a heading, a field, a task or an open fence."""
    lines = block(text).split("\n") if text.strip() else []
    closed = _fences_close(lines)
    inside = ""
    shown: list[str] = []
    for line in lines:
        fence = _FENCE.match(line)
        shown.append(line if inside or (fence and closed) else _harmless(line))
        if closed and fence:
            inside = _after(inside, fence)
    return shown


def stands_apart(lines: list[str]) -> bool:
    """Tell whether some line is more than plain words, so that a title right above might become part of it."""
    return not all(_PLAIN_LINE.match(line) for line in lines)


def _fences_close(lines: list[str]) -> bool:
    """Tell whether every code fence is closed by one of its own."""
    inside = ""
    for line in lines:
        if fence := _FENCE.match(line):
            inside = _after(inside, fence)
        elif "```" in line or "~~~" in line:
            return False
    return not inside


def _after(inside: str, fence: re.Match[str]) -> str:
    """Return the fence that is open after the line of *fence*, given the one that was open before it."""
    mark, info = fence["fence"], fence["info"]
    if not inside:
        return "" if mark[0] == "`" and "`" in info else mark
    return "" if mark.startswith(inside) and not info.strip() else inside


def _harmless(line: str) -> str:
    """Return one line of prose so that it stays prose."""
    line = re.sub(r"(?=```|~~~)", r"\\", line, count=1) if "```" in line or "~~~" in line else line
    line = line.replace("<!--", "<\\!--")
    if match := _STRUCTURE.match(line):
        return f"{match[1]}\\{line[match.end(1) :]}"
    if (match := _MARKED.match(line)) and (_is_task(match[2]) or _unlabelled(match[2]) != match[2]):
        return f"{match[1]}{_unlabelled(match[2])}" if not _is_task(match[2]) else f"{match[1]}\\{match[2]}"
    return _unlabelled(line)


def _is_task(text: str) -> bool:
    return re.match(r"\W*(?:\[.?\]|task-\d)", text) is not None


def _unlabelled(line: str) -> str:
    """Return *line* so that it does not read as a field such as ``run: ...`` or ``depends on ...``."""
    found = labelled(line)
    if found and found.field is not Field.PROSE:
        return re.sub("[:：]", r"\\\g<0>", line, count=1)
    return f"\\{line}" if loose(line) else line
