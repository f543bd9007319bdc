"""What a picture is made of, without a colour, a width or a terminal: spans, lines of them, tables of them, and bars.

A span is the only way for text to enter a picture, and cleans it as it is made: nothing from a plan, an agent or a file
can reach a terminal raw, or break the layout. Styles are names of meanings, see ``theme.STYLES``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self, TypeAlias

from qwen_orch.model.text import clean

TAB = 4


class Piece(NamedTuple):
    """Text that is safe already, and what it means."""

    text: str
    style: str = ""


class Span(Piece):
    """Clean text on one line, with single spaces between words, that means *style*."""

    __slots__ = ()

    def __new__(cls, text: str, style: str = "") -> Self:
        """Make safe text of any text."""
        safe = clean(text)
        return super().__new__(cls, _single_spaced(safe) if "  " in safe else safe, style)

    @classmethod
    def of(cls, safe: str, style: str = "") -> Span:
        """Return a span of text that is ours, or a part of another span's: it is not cleaned."""
        return Piece.__new__(cls, safe, style)


def _single_spaced(text: str) -> str:
    """Return *text* without repeated spaces; one stays at either end where there was any, to part spans."""
    words = " ".join(text.split())
    return f"{' ' * text.startswith(' ')}{words}{' ' * text.endswith(' ')}" if words else " "


def exact(text: str, style: str = "") -> Span:
    """Return a span that keeps the line breaks and spaces of *text*: for commands, output and prose."""
    return _Exact(text, style)


class _Exact(Span):
    """A span whose text may hold newlines."""

    __slots__ = ()

    def __new__(cls, text: str, style: str = "") -> Self:
        """Make safe text of any text, tabs as spaces."""
        return Piece.__new__(cls, clean(text, multiline=True).expandtabs(TAB), style)


class Line(NamedTuple):
    """Spans in a row, set in by *indent* and wrapped at words, the following lines by *hang* more.

    At most *most* lines are painted, the last one ending in an ellipsis; 0 is no limit.
    """

    spans: tuple[Span, ...]
    indent: int = 0
    hang: int = 0
    most: int = 0


Cell: TypeAlias = Span | tuple[Span, ...]


class Row(NamedTuple):
    """The cells of one row of a table, the flexible one set in by *depth* steps. A single cell takes the whole row."""

    cells: tuple[Cell, ...]
    depth: int = 0


class Table(NamedTuple):
    """Rows in aligned columns; those in *right* are aligned to the right, and empty ones vanish.

    The column *flexible* gives way when the width is short: its text is clipped or, with *wrap*, goes on below. Then
    the column *marked* shows but the marks its cells begin with.
    """

    rows: tuple[Row, ...]
    headers: tuple[str, ...] = ()
    flexible: int = -1
    wrap: bool = False
    indent: int = 2
    right: tuple[int, ...] = ()
    marked: int = -1


class Bar(NamedTuple):
    """A bar of which the *fraction* (0 to 1) is full, and what it says behind it; a short one where the width is."""

    fraction: float
    says: Span
    indent: int = 2


Block: TypeAlias = Line | Table | Bar

GAP = Line(())
"""An empty line."""
BREAK = Span.of("\n")
"""What parts two spans that stand one below the other."""
INDENT = Span.of("  ")
BLANK = Span.of("")


def line(*spans: Span | str, indent: int = 0, hang: int = 0, most: int = 0) -> Line:
    """Return a line of spans; bare words are spans without a style."""
    return Line(tuple(s if isinstance(s, Span) else Span(s) for s in spans), indent, hang, most)


def heading(text: str, *more: Span) -> Line:
    """Return the line that opens a part of the picture."""
    return Line((Span(text, "heading"), *more), most=2)


def sheet(rows: Iterable[Row]) -> list[Block]:
    """Return rows as a table whose last column goes on below itself; nothing when there are none."""
    kept = tuple(rows)
    return [Table(kept, wrap=True)] if kept else []


def parted(groups: Iterable[Iterable[Span]], by: Span) -> tuple[Span, ...]:
    """Return the spans of all *groups* in one row, with *by* between one group and the next."""
    return tuple(span for number, group in enumerate(groups) for span in ((by, *group) if number else group))


def row(*cells: Cell | str, depth: int = 0) -> Row:
    """Return a row of a table; bare words are spans without a style."""
    return Row(tuple(Span(c) if isinstance(c, str) else c for c in cells), depth)
