"""A file of commands: one a line, blank lines and ``#`` comments skipped, text of many lines as a heredoc.

A heredoc begins below a line that ends in ``<<WORD``, and ends above the line that is ``WORD`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from qwen_orch.commands.lexer import Line, split
from qwen_orch.errors import UsageError, ValidationError

_HEREDOC = re.compile(r"(?:^|\s)<<\s?(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1\s*$")


class Statement(NamedTuple):
    """One command of a script, and the *number* of the line it stands in."""

    number: int
    line: Line


def statements(source: Iterable[bytes], name: str) -> Iterator[Statement]:
    """Yield the commands of *source* as they arrive; raise a typed error naming the line that cannot be read."""
    lines = _decoded(source, name)
    for number, text in lines:
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        marked = _HEREDOC.search(text)
        if marked is None:
            yield Statement(number, split(text))
        else:
            below = _until(marked[2], lines, f"{name} line {number}")
            head = split(text[: marked.start()])
            yield Statement(number, Line(head.words, head.raw, below))


def _decoded(source: Iterable[bytes], name: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(source, 1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise ValidationError(f"{name} line {number} is not UTF-8 text", "save the script as UTF-8") from None
        yield number, text.rstrip("\r\n")


def _until(word: str, lines: Iterator[tuple[int, str]], where: str) -> str:
    """Return the lines up to the one that is *word* alone."""
    body: list[str] = []
    for _, text in lines:
        if text.strip() == word:
            return "\n".join(body)
        body.append(text)
    raise UsageError(f"{where}: the text after <<{word} never ends", f"put {word} on a line of its own below it")
