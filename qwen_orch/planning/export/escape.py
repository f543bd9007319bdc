"""How text is written in Markdown so that it is read back as the same text, and nothing in it becomes structure.

Code spans stay as they are. Elsewhere a backslash takes the meaning of a character away; where the words themselves
could be taken for a mark (``Ship - DONE``, ``Fix it (2h)``) the title is set in bold, which keeps marks outside.
"""

from __future__ import annotations

import re
import unicodedata

from qwen_orch.model.text import one_line
from qwen_orch.planning.export.shape import block
from qwen_orch.planning.reader import marks
from qwen_orch.planning.reader.fields import Field, criterion, is_scenario, labelled, loose
from qwen_orch.planning.reader.headings import APART, Kind
from qwen_orch.planning.reader.headings import read as heading_read
from qwen_orch.planning.reader.statements import in_prose
from qwen_orch.planning.reader.text import masked

_INLINE = re.compile(
    r"[\\*\[\]<|~]|(?<=<)!"  # escapes, emphasis, links, tables, HTML
    r"|(?<=\])\(|(?<![^\W_])_|_(?![^\W_])"  # links, emphasis at the edge of a word
    r"|(?<!\S)[#@!]|!(?=!)|(?<=!)!|(?<=\s)-(?=\s)"  # what could be a tag, a person, a priority or an estimate
)
_START = re.compile(r"\d{1,9}[.)](?=\s|$)")
_OPENING = re.compile(r"^(?:[-+=>#](?=[\s=-]|$)|(?P<number>\d{1,9})(?=[.)](?:\s|$)))")
_LEVEL = r"(?:critical|high|medium|low|urgent)(?:est)?[- ]prio(?:rity)?"
_HEAD = re.compile(rf"\W|{_LEVEL}|P\d\s*[:：]", re.IGNORECASE)
_TAIL = re.compile(
    rf"\s[-–—|~≈→:@#!(\[]|[)\]）】:：!]$|\s(?:{_LEVEL}|P\d|\d[\d.,–-]*(?:m|min|h|hrs?|d|w)[,;]?)$", re.IGNORECASE
)
_WAITS = (
    r"(?:depend\w*|blocked|waits?|required|based|builds?|prerequisites?)\s+(?:up)?(?:on|by|for|of)|requires|needs|"
    r"prerequisites?:|dependenc(?:y|ies):|after|once|follows?|(?:un)?blocks|gates?(?: the)?|before|precedes?|extends|"
    r"top of|continues"
)
_GAPS = re.compile(
    rf"(?:\s[–—≈→]|\b(?:critical|high|medium|low|urgent)(?:est)?|\b(?:{_WAITS})[:\s]*)(?P<gap>\s)(?=prio|[^.;\n]{{0,45}}\d)",
    re.IGNORECASE,
)
_KEYWORD = re.compile(rf"\b(?:{_WAITS})\b(?=[:\s]+\S)", re.IGNORECASE)
_LABEL = re.compile(r".*[:：][*_ ]*(?:\([^()]*\)[*_ ]*)?|(?:\*\*|__).*")
_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_STRUCTURE = re.compile(r"(\s*)(#{1,6}(?=\s|$)|<(?=[!?/a-zA-Z])|[-=*_](?=[-=*_\s]*$)|\|)")
_MARKED = re.compile(r"(?P<indent>\s*)(?P<number>\d{1,9})?(?P<mark>(?(number)[.)]|[-*+]))\s+(?P<text>.*)")
_PLAIN_LINE = re.compile(r"[^\W\d_].*[^:：\s]")


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
    """Return *text* as a list item that is neither a task nor a list of its own."""
    line, shown = inline(text), one_line(text)
    return f"**{line}**" if _HEAD.match(shown) or _START.match(shown) else line


def claim(text: str) -> str:
    """Return *text* as a criterion that names no command, whatever it says."""
    line = item(text)
    return re.sub("[:：]", r"\\\g<0>", line) if criterion(line).check else line


def prose(text: str) -> str:
    """Return one line of *text* as the beginning or continuation of a paragraph."""
    line = inline(text)
    opening = _OPENING.match(line)
    at = opening.end() if opening and opening["number"] else 0
    return f"{line[:at]}\\{line[at:]}" if opening else line


def title(text: str, behind: str = "") -> str:
    """Return *text* as the title of a task, free of what could be taken for a mark; in bold if that is needed.

    *behind* are the marks that will stand behind it. Words that say what something waits for, with a number near, end
    the bold and begin it anew: then they say it to people alone.
    """
    line, shown = inline(text), one_line(text)
    gaps = [at for m in _GAPS.finditer(masked(f"{line} {behind}")) if (at := m.start("gap")) <= len(line)]
    if not shown or not (gaps or _HEAD.match(shown) or _TAIL.search(shown) or any(map(_is_sign, shown))):
        return line
    pieces = [line[a:b] for a, b in zip([0, *(at + 1 for at in gaps)], [*gaps, len(line)], strict=True)]
    return " ".join(f"**{piece}**" for piece in pieces if piece)


def _is_sign(character: str) -> bool:
    return character > "\u2000" and unicodedata.category(character) in ("So", "Sm", "Sk", "Pd")


def heading(text: str) -> str:
    """Return *text* as the words of a heading."""
    return re.sub(r"#(?=#*$)", r"\\#", inline(text))


def phase_heading(text: str, number: int) -> str:
    """Return *text* as the heading of a phase; with ``Phase <number>:`` before it when it names something else.

    Under ``Risks`` or ``Requirements`` no list is taken for tasks: a longer title is better than lost work.
    """
    line = heading(text)
    read = heading_read(line)
    taken = read.box or read.kind in (*APART, Kind.WORK, Kind.TASK)
    return f"Phase {number}: {line}" if taken else line


def code(command: str) -> str:
    """Return the one line of *command* as a code span that no backtick inside ends."""
    text = block(command)
    fence = "`" * (_longest(text) + 1)
    edges = text[:1] + text[-1:]
    space = " " if "`" in edges or (edges == "  " and text.strip()) else ""
    return f"{fence}{space}{text}{space}{fence}"


def script(label: str, command: str) -> list[str]:
    """Return a command of several lines as an item with a fence, which nothing inside ends."""
    text = block(command)
    fence = "`" * max(3, _longest(text) + 1)
    return [f"- {label}:", "", *(f"  {line}" if line else "" for line in (f"{fence}sh", *text.split("\n"), fence))]


def _longest(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)


def paragraph(text: str, headings: bool = False) -> list[str]:
    """Return the lines of *text* as they are, but for what would be a heading, a field, a task or an open fence.

    With *headings* those stay that open neither a phase nor a task.
    """
    lines = block(text).split("\n") if text.strip() else []
    closed = _fences_close(lines)
    inside = ""
    shown: list[str] = []
    for line in lines:
        fence = _FENCE.match(line)
        kept = inside or (fence and closed) or (headings and _is_quiet(line))
        shown.append(line if kept else _harmless(line))
        if closed and fence:
            inside = _after(inside, fence)
    return shown


def _is_quiet(line: str) -> bool:
    """Tell whether *line* is a heading under which no list is taken for tasks."""
    match = re.fullmatch(r"#{2,6}\s+(\S.*)", line)
    read = heading_read(match[1]) if match else None
    return read is not None and not read.box and read.kind not in (Kind.PHASE, Kind.TASK)


def stands_apart(lines: list[str]) -> bool:
    """Tell whether *lines* are more than a plain paragraph, so that a title right above might become part of it."""
    return not all(_PLAIN_LINE.fullmatch(line) for line in lines)


def introduces(lines: list[str]) -> bool:
    """Tell whether a list right below *lines* would be labelled by them or be one with theirs."""
    return bool(lines) and (_LABEL.fullmatch(lines[-1]) is not None or any(map(_MARKED.match, lines)))


def _fences_close(lines: list[str]) -> bool:
    """Tell whether every code fence stands at the margin, where no list holds it, and is closed by one of its own."""
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
    if (match := _MARKED.match(line)) and _is_more(match["text"]):
        return f"{match['indent']}{match['number'] or ''}\\{line[match.start('mark') :]}"
    return _unlabelled(line)


def _is_more(text: str) -> bool:
    """Tell whether a list item of a description would be read as a task, a field or a criterion."""
    found = marks.Marks()
    marks.after(one_line(text)[-200:], found)
    boxed, rest = marks.box(text)
    is_id = marks.identifier(rest) is not None
    return boxed is not None or is_id or found.estimate is not None or is_scenario(text) or _unlabelled(text) != text


def _unlabelled(line: str) -> str:
    """Return *line* so that it does not read as a field such as ``run: ...``, nor say what to wait for."""
    found = labelled(line)
    if found and found.field is not Field.PROSE:
        line = re.sub("[:：]", r"\\\g<0>", line, count=1)
    return _KEYWORD.sub(r"_\g<0>_", line) if loose(line) or in_prose(line, 0) else line
