"""Text into columns: cut off with an ellipsis, or broken over lines between words.

Takes time linear in what is shown, and a line is short in bytes too, whatever marks are piled on its characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from qwen_orch.model.text import ELLIPSIS, cells
from qwen_orch.views.blocks import Piece

Painted: TypeAlias = list[Piece]
"""One line as it is painted."""

_MARKS = 8
"""How many characters without a width a line may hold for each of its columns."""


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
    filling = _Filling(max(1, first), max(1, rest), most)
    for span in spans:
        filling.add(span.text, span.style)
    lines = [_joined(pieces) for pieces in filling.lines]
    if most and len(lines) > most:
        width = first if most == 1 else rest
        lines[most - 1 :] = [clipped([*lines[most - 1], Piece(f" {ELLIPSIS}")], max(1, width))]
    return lines


class _Filling:
    """Lines that are being filled with text, at most one more than *most*."""

    def __init__(self, first: int, rest: int, most: int) -> None:
        self.lines: list[Painted] = [[]]
        self.width = first
        self.left = first
        self.rest = rest
        self.most = most

    def add(self, text: str, style: str) -> None:
        """Put *text* behind what there is, on as many lines as it takes."""
        for number, paragraph in enumerate(text.split("\n")):
            if number:
                self._turn()
            if self._full:
                return
            at = 0
            while at < len(paragraph) and not self._full:
                at = self._advance(paragraph, at, style)

    @property
    def _full(self) -> bool:
        return 0 < self.most < len(self.lines)

    def _advance(self, text: str, at: int, style: str) -> int:
        """Put on the line what fits of *text* from *at* on; return where the next line begins."""
        head = fitting(text[at : at + _MARKS * (self.left + 1)], self.left)
        end = at + len(head)
        if _skipped(text, end) == len(text):
            return self._put(head, style, len(text))
        space = text.rfind(" ", at, end + 1)
        if (space >= 0 or self.left < self.width) and self._next_holds(text, max(at, space + 1)):
            return self._break(text, at, max(at, space), style)
        if not head and self.left == self.width:
            return self._put("?", style, at + 1)  # a wide character where there is but one column
        self._put(head, style, end)
        self._turn()
        return _skipped(text, end)

    def _break(self, text: str, at: int, space: int, style: str) -> int:
        """End the line at *space*; return where the next word begins. Spaces alone make no line."""
        if self.left < self.width or text[at:space].strip(" "):
            self._put(text[at:space], style, space)
            self._turn()
        return _skipped(text, space)

    def _next_holds(self, text: str, word: int) -> bool:
        """Tell whether the word that begins at *word* fits on a line of its own."""
        window = text[word : word + _MARKS * (self.rest + 1) + 1]
        return fits([Piece(window.partition(" ")[0])], self.rest)

    def _put(self, text: str, style: str, at: int) -> int:
        """Put *text* on the line and return *at*."""
        if text:
            self.lines[-1].append(Piece(text, style))
            self.left -= cells(text)
        return at

    def _turn(self) -> None:
        """Begin the next line."""
        self.lines.append([])
        self.width = self.left = self.rest


def _skipped(text: str, at: int) -> int:
    """Return where the spaces of *text* that begin at *at* end."""
    while at < len(text) and text[at] == " ":
        at += 1
    return at


def _joined(pieces: Painted) -> Painted:
    """Return *pieces* with neighbours of the same style made one."""
    joined: Painted = []
    for piece in pieces:
        if joined and joined[-1].style == piece.style:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.style)
        else:
            joined.append(piece)
    return joined
