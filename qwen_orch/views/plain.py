"""The painter without colours: for pipes, files, dumb terminals, and whoever asked for none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TextIO

from qwen_orch.views.blocks import Block
from qwen_orch.views.layout import lay_out


def paint_plain(blocks: Iterable[Block], stream: TextIO, width: int, speak: Callable[[str], str]) -> None:
    """Write *blocks* in *width* columns; *speak* puts text in characters that *stream* can carry."""
    for pieces in lay_out(blocks, width):
        stream.write(speak("".join(p.text for p in pieces)) + "\n")
