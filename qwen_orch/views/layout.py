"""Where everything stands: blocks become lines of pieces that fit a width, the same for every painter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qwen_orch.model.text import cells
from qwen_orch.views.blocks import Bar, Block, Line, Piece, Table, line
from qwen_orch.views.columns import table_lines
from qwen_orch.views.marks import EMPTY, FULL
from qwen_orch.views.wrapping import Painted, clipped, wrapped

LONGEST_BAR, SHORTEST_BAR = 30, 4
"""A bar that would be shorter is left out: what it says is enough."""


def lay_out(blocks: Iterable[Block], width: int) -> Iterator[Painted]:
    """Yield the lines of *blocks*, none of them wider than *width* columns and none ending in blanks."""
    for block in blocks:
        for pieces in _painted(block, width):
            yield _ended(pieces, width)


def _painted(block: Block, width: int) -> Iterator[Painted]:
    match block:
        case Table():
            return table_lines(block, width)
        case Bar():
            return _bar(block, width)
        case Line():
            return _line(block, width)


def _bar(bar: Bar, width: int) -> Iterator[Painted]:
    size = min(LONGEST_BAR, width - bar.indent - cells(bar.says.text) - 2)
    if size < SHORTEST_BAR:
        yield from _line(line(bar.says, indent=bar.indent), width)
        return
    full = int(size * min(1.0, max(0.0, bar.fraction)))
    margin, gap = Piece(" " * bar.indent), Piece("  ")
    yield [margin, Piece(FULL * full, "done"), Piece(EMPTY * (size - full), "muted"), gap, bar.says]


def _line(line: Line, width: int) -> Iterator[Painted]:
    indent = min(line.indent, width // 2)
    hang = min(indent + line.hang, width // 2)
    if line.most == 1:
        painted = [clipped(line.spans, width - indent)]
    else:
        painted = wrapped(line.spans, width - indent, width - hang, line.most)
    for number, pieces in enumerate(painted):
        yield [Piece(" " * (hang if number else indent)), *pieces]


def _ended(pieces: Painted, width: int) -> Painted:
    """Return *pieces* with no blanks at the end, cut where they would still be too wide."""
    pieces = [p for p in pieces if p.text]
    while pieces and not (text := pieces[-1].text.rstrip(" ")):
        pieces.pop()
    if pieces:
        pieces[-1] = Piece(text, pieces[-1].style)
    return clipped(pieces, width) if sum(cells(p.text) for p in pieces) > width else pieces
