"""From an answer to blocks: each room of ``answers`` has a module of the same name here, imported when it is needed."""

from __future__ import annotations

from importlib import import_module

from qwen_orch.views.blocks import Block

_ROOMS = "qwen_orch.answers"


def draw(answer: object) -> list[Block]:
    """Return the picture of *answer*, any value that a command returns; raise `TypeError` if nobody draws it."""
    kind = type(answer)
    rooms, _, room = kind.__module__.rpartition(".")
    drawing = import_module(f"{__package__}.{room}").VIEWS.get(kind) if rooms == _ROOMS and room != "core" else None
    if drawing is None:
        raise TypeError(f"no view draws {kind.__qualname__}")
    blocks: list[Block] = drawing(answer)
    return blocks
