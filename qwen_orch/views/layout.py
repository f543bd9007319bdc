"""Where everything stands: blocks become lines of pieces that fit a width, the same for every painter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qwen_orch.model.text import cells
from qwen_orch.views.blocks import Block, Line, Piece, Table
from qwen_orch.views.columns import table_lines
from qwen_orch.views.wrapping import Painted, clipped, wrapped


def lay_out(blocks: Iterable[Block], width: int) -> Iterator[Painted]:
    """Yield the lines of *blocks*, none of them wider than *width* columns and none ending in blanks."""
    for block in blocks:
        painted = table_lines(block, width) if isinstance(block, Table) else _line(block, width)
        for pieces in painted:
            yield _ended(pieces, width)


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
