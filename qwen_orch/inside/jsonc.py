"""JSON with comments that another program and its user write: one entry is put in or taken out, no other byte changes.

What `put` adds stands right behind the bracket, so that `remove` gives back the very bytes there were.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Path = Sequence[str | int]
"""Where a value is: keys of objects and places in lists, from the outermost in."""

_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


class Child(NamedTuple):
    """An entry of an object or a list: where it *start*s (with its key), where its *value* stands, where it *end*s."""

    key: str | int
    start: int
    value: int
    end: int


def parse(text: str) -> Any:
    """Return the value of *text*; raise `ValueError` if it is no JSON with comments."""
    return json.loads(_blank(text))


def put(text: str, path: Path, value: Any) -> str:
    """Return *text* with *value* as a new first entry at *path*: a key that is not there yet, or 0 of a list.

    The objects around it must be there: `put` them before, empty.
    """
    blank = _blank(text)
    at = _find(blank, path[:-1])
    first = next(_children(blank, at), None)
    outer = _indent(text, at)
    inner = _indent(text, first.start) if first and "\n" in text[at : first.start] else f"{outer}  "
    key = f"{json.dumps(path[-1])}: " if isinstance(path[-1], str) else ""
    told = json.dumps(value, indent=2, ensure_ascii=False).replace("\n", f"\n{inner}")
    after = "," if first else f"\n{outer}"
    return f"{text[: at + 1]}\n{inner}{key}{told}{after}{text[at + 1 :]}"


def remove(text: str, path: Path) -> str:
    """Return *text* without the entry at *path*, and without the comma and the white space that came with it."""
    blank = _blank(text)
    at = _find(blank, path[:-1])
    children = list(_children(blank, at))
    place = max(n for n, child in enumerate(children) if child.key == path[-1])
    start, end = _gap(text, blank, children[place].start), children[place].end
    if place + 1 < len(children):
        return text[:start] + text[blank.index(",", end) + 1 :]
    if place:
        comma = blank.index(",", children[place - 1].end)
        return text[:comma] + text[comma + 1 : start] + text[end:]
    added = f"\n{_indent(text, at)}"
    return text[:start] + text[end:].removeprefix(added if start < children[place].start else "")


def _gap(text: str, blank: str, start: int) -> int:
    """Return where the white space before *start* begins; behind a comment all of it stays, which may end the line."""
    begin = len(text[:start].rstrip())
    return begin if text[begin - 1] == blank[begin - 1] else start


def _blank(text: str) -> str:
    """Return *text* with spaces in the place of comments, so that every place in it stays what it is."""
    return _STRING_OR_COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else re.sub(r"[^\n]", " ", m[0]), text)


def _find(blank: str, path: Path) -> int:
    """Return where the value at *path* stands; raise `KeyError` when there is none."""
    at = _skip(blank, 0)
    for key in path:
        found = [child for child in _children(blank, at) if child.key == key]
        if not found:
            raise KeyError(key)
        at = found[-1].value
    return at


def _children(blank: str, at: int) -> Iterator[Child]:
    """Yield what is in the object or list that opens *at*."""
    is_object, number = blank[at] == "{", 0
    position = _skip(blank, at + 1)
    while blank[position] not in "]}":
        start, key = position, number
        if is_object:
            key, position = _decode(blank, position)
            position = _skip(blank, _skip(blank, position) + 1)  # the colon
        _, end = _decode(blank, position)
        yield Child(key, start, position, end)
        position = _skip(blank, end)
        if blank[position] == ",":
            position = _skip(blank, position + 1)
        number += 1


def _skip(blank: str, at: int) -> int:
    found = _SPACE.match(blank, at)
    return found.end() if found else at


def _indent(text: str, at: int) -> str:
    """Return the white space that the line of *at* begins with."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]
