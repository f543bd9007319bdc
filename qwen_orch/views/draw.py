"""From an answer to blocks: each room of ``answers`` has a module of the same name here, imported when it is needed."""

from __future__ import annotations

from importlib import import_module

from qwen_orch.views.blocks import Block


def draw(answer: object) -> list[Block]:
    """Return the picture of *answer*, any value that a command returns; raise `TypeError` if nobody draws it."""
    kind = type(answer)
    room = kind.__module__.rpartition(".")[2]
    drawing = getattr(import_module(f"{__package__}.{room}"), "VIEWS", {}).get(kind)
    if drawing is None:
        raise TypeError(f"no view draws {kind.__qualname__}")
    blocks: list[Block] = drawing(answer)
    return blocks
