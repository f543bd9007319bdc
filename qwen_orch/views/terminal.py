"""The painter with colours: the same lines as ``plain``, each piece in the style of its meaning. Imports rich."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import TextIO

from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from qwen_orch.views.blocks import Block
from qwen_orch.views.layout import lay_out
from qwen_orch.views.theme import STYLES

_BATCH = 200
"""Lines written at a time: a long list begins to show at once."""


def paint_terminal(
    blocks: Iterable[Block], stream: TextIO, width: int, speak: Callable[[str], str], color: bool = True
) -> None:
    """Write *blocks* in *width* columns; *speak* puts text in characters that *stream* can carry.

    Segments are text and style and nothing else: rich has no markup to read in them, and neither wraps nor cuts.
    """
    console = Console(file=stream, width=width, force_terminal=color, color_system="auto" if color else None)
    lines = _segments(blocks, width, speak)
    while batch := list(islice(lines, _BATCH)):
        console.print(Segments([s for line in batch for s in line]), soft_wrap=True, end="")


def _segments(blocks: Iterable[Block], width: int, speak: Callable[[str], str]) -> Iterator[list[Segment]]:
    for pieces in lay_out(blocks, width):
        yield [*(Segment(speak(p.text), _style(p.style)) for p in pieces), Segment("\n")]


@cache
def _style(name: str) -> Style | None:
    definition = STYLES[name]
    return None if definition == "none" else Style.parse(definition)
