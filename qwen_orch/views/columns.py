"""Tables: columns as wide as what they hold, and which of them give way where the width is short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from qwen_orch.model.text import cells
from qwen_orch.views.blocks import Cell, Piece, Row, Span, Table
from qwen_orch.views.wrapping import Painted, clipped, fitting, wrapped

GUTTER = 2
STEP = 2
DEEPEST = 12
"""From this depth on, deeper is not set in any further."""
NARROW = 24
"""What the flexible column keeps before the others give way."""
READABLE = 14
"""Less of it than this is read by nobody: then the last column makes room, and the next, but never the first."""
ENOUGH = 6
LEAST = 4
_NOTHING = Span("")


class _Column(NamedTuple):
    """A column that is painted: its *place* in the rows and its *width*."""

    place: int
    width: int
    right: bool
    flexible: bool


def table_lines(table: Table, width: int) -> Iterator[Painted]:
    """Yield the lines of *table*, set in and in columns that together fit *width*."""
    columns = _columns(table, width)
    margin = Piece(" " * min(table.indent, width // 4))
    if table.headers and columns:
        yield [margin, *_beside(_header(table), columns)]
    for row in table.rows:
        if len(row.cells) == 1:
            indent = min(row.depth * STEP, width // 2)
            yield [Piece(" " * indent), *clipped(_spans(row.cells[0]), width - indent)]
        elif table.wrap:
            yield from ([margin, *pieces] for pieces in _below(row, columns))
        else:
            yield [margin, *_beside(row, columns)]


def _header(table: Table) -> Row:
    return Row(tuple(Span.of(h, "header") for h in table.headers))


def _columns(table: Table, width: int) -> list[_Column]:
    """Return the columns that hold anything, as wide as their content where *width* allows."""
    rows = [r for r in table.rows if len(r.cells) > 1]
    count = max((len(r.cells) for r in rows), default=0)
    flexible = table.flexible % count if count else 0
    natural = {p: _natural(rows, p, p == flexible) for p in range(count)}
    shown = [p for p in range(count) if natural[p]]
    headers = dict(enumerate(map(cells, table.headers)))
    room = width - min(table.indent, width // 4) - GUTTER * (len(shown) - 1)
    wanted = {p: max(natural[p], headers.get(p, 0)) for p in shown}
    if table.marked in wanted and sum(wanted.values()) - max(0, wanted[flexible] - NARROW) > room:
        wanted[table.marked] = 1
    widths = _readable(wanted, flexible, room, table.wrap)
    return [_Column(p, widths[p], p in table.right, p == flexible) for p in widths]


def _readable(wanted: dict[int, int], flexible: int, room: int, wrap: bool) -> dict[int, int]:
    """Return widths that fit in *room*. From the last on, columns are left out until the flexible one can be read."""
    widths = _squeezed(wanted, flexible, room)
    if wrap or len(wanted) <= 2 or widths.get(flexible, READABLE) >= min(READABLE, wanted.get(flexible, 0)):
        return widths
    last = next(p for p in reversed(wanted) if p != flexible)
    fewer = {p: wide for p, wide in wanted.items() if p != last}
    return _readable(fewer, flexible, room + GUTTER, wrap)


def _natural(rows: list[Row], place: int, flexible: bool) -> int:
    """Return how wide the widest cell at *place* is."""
    widths = ((_wide(_at(r, place)), r.depth) for r in rows)
    return max((wide + (_depth(deep) if flexible else 0) for wide, deep in widths if wide), default=0)


def _wide(cell: Cell) -> int:
    text = cell.text if isinstance(cell, Span) else "".join(s.text for s in cell)
    return max(map(cells, text.split("\n"))) if "\n" in text else cells(text)


def _at(row: Row, place: int) -> Cell:
    return row.cells[place] if place < len(row.cells) else _NOTHING


def _depth(deep: int) -> int:
    return STEP * min(deep, DEEPEST)


def _squeezed(natural: dict[int, int], flexible: int, room: int) -> dict[int, int]:
    """Return widths that fit in *room*: the flexible column gives way first, then the last; the first at the end."""
    widths = dict(natural)
    others = [p for p in reversed(widths) if p != flexible]
    some = ((p, ENOUGH) for p in others[:-1])
    steps = [(flexible, NARROW), *some, (flexible, LEAST), *((p, 1) for p in others), (flexible, 1)]
    over = sum(widths.values()) - room
    for place, floor in steps:
        less = max(0, min(over, widths.get(place, 0) - floor))
        if less:
            widths[place] -= less
            over -= less
    return widths


def _spans(cell: Cell) -> tuple[Span, ...]:
    return (cell,) if isinstance(cell, Span) else cell


def _beside(row: Row, columns: list[_Column]) -> Painted:
    """Return the cells of *row* side by side on one line."""
    return _joined([_filled(row, c, _clipped_cell(row, c)) for c in columns])


def _below(row: Row, columns: list[_Column]) -> Iterator[Painted]:
    """Yield the lines of a row whose flexible cell goes on below itself."""
    flexible = next((c for c in columns if c.flexible), None)
    if flexible is None:
        yield _beside(row, columns)
        return
    room = flexible.width - _set_in(row, flexible)
    for number, pieces in enumerate(wrapped(_spans(_at(row, flexible.place)), room, room)):
        yield _joined([_filled(row, c, pieces if c.flexible else _once(row, c, number)) for c in columns])


def _once(row: Row, column: _Column, number: int) -> Painted:
    return [] if number else _clipped_cell(row, column)


def _clipped_cell(row: Row, column: _Column) -> Painted:
    spans = _spans(_at(row, column.place))
    if column.width == 1 and not column.flexible:
        return [Piece(fitting(s.text, 1), s.style) for s in spans[:1]]
    return clipped(spans, column.width - _set_in(row, column))


def _set_in(row: Row, column: _Column) -> int:
    return min(_depth(row.depth), column.width // 2) if column.flexible else 0


def _filled(row: Row, column: _Column, pieces: Painted) -> Painted:
    """Return *pieces* with blanks to the width of *column*."""
    indent = _set_in(row, column)
    blank = max(0, column.width - indent - sum(cells(p.text) for p in pieces))
    before, after = (blank, 0) if column.right else (indent, blank)
    return [Piece(" " * before), *pieces, Piece(" " * after)]


def _joined(filled: list[Painted]) -> Painted:
    gutter = Piece(" " * GUTTER)
    return [piece for number, cell in enumerate(filled) for piece in ([gutter, *cell] if number else cell)]
