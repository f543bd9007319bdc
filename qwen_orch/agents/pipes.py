"""Messages over an agent's input and output, a line of JSON each. Whatever else it prints there is passed over.

What an agent tells of its work does not go through the protocol's library, which checks each piece for a long time and
then hands it on in any order.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

UPDATE = "session/update"
LONGEST_LINE = 32_000_000
"""Bytes: a longer line is no message but a mistake, and must not fill the memory."""


class Pipes:
    """The transport that the library asks for, made of the pipes of *process*; *told* gets each update, in order."""

    def __init__(self, process: asyncio.subprocess.Process, told: Callable[[dict[str, Any]], None]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._input, self._output, self._told = process.stdin, process.stdout, told

    async def send(self, message: dict[str, Any]) -> None:
        """Write *message*; raise `ConnectionError` when nobody reads any more."""
        self._input.write(json.dumps(message).encode() + b"\n")
        await self._input.drain()

    async def receive(self) -> dict[str, Any] | None:
        """Return the next message that is for the library, or None at the end."""
        while line := await self._line():
            message = _read(line)
            if message is not None and message.get("method") == UPDATE:
                self._told(message)
            elif message is not None:
                return message
        return None

    async def close(self) -> None:
        """End the agent's input."""
        self._input.close()

    async def _line(self) -> bytes:
        """Return the next line, or a line feed alone for one that is too long; nothing at the end."""
        pieces: list[bytes] = []
        size = 0
        while True:
            try:
                piece = await self._output.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                piece = await self._output.readexactly(error.consumed)
            except asyncio.IncompleteReadError as error:
                return b"".join([*pieces, error.partial])
            size += len(piece)
            pieces = [*pieces, piece] if size <= LONGEST_LINE else []
            if piece.endswith(b"\n"):
                return b"".join(pieces) or b"\n"


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
