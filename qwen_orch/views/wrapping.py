"""Text into columns: cut off with an ellipsis, or broken over lines between words.

Takes time linear in what is shown, and a line is short in bytes too, whatever marks are piled on its characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from qwen_orch.model.text import ELLIPSIS, cells
from qwen_orch.views.blocks import Piece

Painted: TypeAlias = list[Piece]
"""One line as it is painted."""

_MARKS = 8
"""How many characters without a width a line may hold for each of its columns."""
_WORD = r"\n| *[^ \n]+| +"


def fitting(text: str, width: int) -> str:
    """Return as much of the beginning of *text* as fits in *width* columns."""
    head = text[: _MARKS * (width + 1)]
    if head.isascii():
        return head[:width]
    used = 0
    for position, character in enumerate(head):
        used += cells(character)
        if used > width:
            return head[:position]
    return head


def fits(pieces: Iterable[Piece], width: int) -> bool:
    """Tell whether *pieces* fit on one line of *width* columns, looking at no more than it takes to know."""
    left = width
    for piece in pieces:
        if len(piece.text) > _MARKS * (width + 1):
            return False
        left -= cells(piece.text)
        if left < 0:
            return False
    return True


def clipped(spans: Sequence[Piece], width: int) -> Painted:
    """Return *spans* on one line of at most *width* columns, ending in an ellipsis where something was cut off."""
    if width <= 0:
        return []
    if len(spans) == 1 and len(spans[0].text) * 2 <= width and "\n" not in spans[0].text:
        return list(spans)
    pieces = [Piece(s.text.replace("\n", " "), s.style) for s in spans if s.text]
    return pieces if fits(pieces, width) else _cut(pieces, width)


def _cut(pieces: Painted, width: int) -> Painted:
    """Return the beginning of *pieces* and an ellipsis, in *width* columns."""
    cut: Painted = []
    left = width - 1
    for piece in pieces:
        head = fitting(piece.text, left)
        cut.append(Piece(head, piece.style))
        left -= cells(head)
        if len(head) < len(piece.text):
            break
    last = cut.pop()
    return [*cut, Piece(last.text.rstrip(" \u200d") + ELLIPSIS, last.style)]


def wrapped(spans: Iterable[Piece], first: int, rest: int, most: int = 0) -> list[Painted]:
    """Return *spans* over lines of *first*, then *rest* columns, broken between words where it can be.

    Of more than *most* lines the last ends in an ellipsis; 0 is no limit.
    """
    filling = _Filling(max(1, first), max(1, rest))
    for word, style in _words(spans):
        filling.add(word, style)
        if most and len(filling.lines) > most:
            break
    lines = [_joined(pieces) for pieces in filling.lines]
    if most and len(lines) > most:
        width = first if most == 1 else rest
        lines[most - 1 :] = [clipped([*lines[most - 1], Piece(f" {ELLIPSIS}")], max(1, width))]
    return lines


def _words(spans: Iterable[Piece]) -> Iterator[tuple[str, str]]:
    """Yield words with the spaces before them, and every line break, each with its style."""
    for span in spans:
        for match in re.finditer(_WORD, span.text):
            yield match[0], span.style


class _Filling:
    """Lines that are being filled with words."""

    def __init__(self, first: int, rest: int) -> None:
        self.lines: list[Painted] = [[]]
        self.width = first
        self.left = first
        self.rest = rest

    def add(self, word: str, style: str) -> None:
        """Put *word* on the line, on the next one where it fits better, or over several."""
        if word == "\n":
            self.turn()
        elif self._fits(word):
            self._put(word, style)
        elif word.strip(" "):
            self._turn_for(word)
            word = word.lstrip(" ") if self.left == self.width and len(self.lines) > 1 else word
            self._spread(word, style)

    def turn(self) -> None:
        """Begin the next line."""
        self.lines.append([])
        self.width = self.left = self.rest

    def _fits(self, word: str) -> bool:
        return len(word) <= _MARKS * (self.left + 1) and cells(word) <= self.left

    def _turn_for(self, word: str) -> None:
        """Begin the next line if something stands on this one and *word* would fit on the next."""
        if self.left < self.width and fits([Piece(word.strip(" "))], self.rest):
            self.turn()

    def _put(self, text: str, style: str) -> None:
        self.lines[-1].append(Piece(text, style))
        self.left -= cells(text)

    def _spread(self, word: str, style: str) -> None:
        """Put *word* on as many lines as it takes."""
        at = 0
        while at < len(word):
            head = fitting(word[at : at + _MARKS * (self.left + 1)], self.left)
            if not head and self.left == self.width:
                self._put("?", style)  # a wide character where there is but one column
                at += 1
                continue
            self._put(head, style)
            at += len(head)
            if at < len(word):
                self.turn()


def _joined(pieces: Painted) -> Painted:
    """Return *pieces* with neighbours of the same style made one."""
    joined: Painted = []
    for piece in pieces:
        if joined and joined[-1].style == piece.style:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.style)
        else:
            joined.append(piece)
    return joined
