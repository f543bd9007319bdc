"""One conversation: its folder, its mode, the tools it was given, and what was said before."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from attrs import Factory, define

from qwen_orch.simulator.memory import Line, Memory
from qwen_orch.simulator.tools import Reply, Toolbox, Unavailable
from qwen_orch.simulator.wire import BAD_PARAMS, Refusal

MODES = {
    "plan": "refuses edits and commands",
    "default": "asks before edits and commands",
    "auto-edit": "asks before commands",
    "yolo": "never asks",
}
ORCH = "orch"
"""The server whose tools are called."""


@define(eq=False)
class Session:
    """What lasts from one prompt to the next."""

    id: str
    cwd: Path
    memory: Memory
    toolboxes: dict[str, Toolbox]
    mode: str = "default"
    allowed: set[str] = Factory(set)
    """Kinds of tool calls that were allowed for always."""
    turn: asyncio.Task[str] | None = None
    deaf: bool = False
    """Whether a cancel is ignored."""
    prompts: list[str] = Factory(list)
    thoughts: int = 0
    """How many thoughts the server has taken; the next is numbered one more."""

    @property
    def tools(self) -> frozenset[str]:
        """The tools of `ORCH` that are offered."""
        return self.toolboxes[ORCH].names if ORCH in self.toolboxes else frozenset()

    async def call(self, tool: str, arguments: dict[str, Any]) -> Reply:
        """Call a tool of `ORCH`."""
        if tool not in self.tools:
            return Reply(f"there is no tool {tool} here", True)
        return await self.toolboxes[ORCH].call(tool, arguments)

    def remember(self, line: Line) -> None:
        """Take in what was said."""
        if line.who == "user":
            self.prompts.append(line.text)
        self.thoughts += line.who == "thought"

    def cancel(self) -> None:
        """Stop the turn, if there is one and it listens."""
        if self.turn and not self.deaf:
            self.turn.cancel()

    async def close(self) -> None:
        """Stop the turn, even a deaf one, and the servers."""
        if self.turn:
            self.turn.cancel()
            await asyncio.wait({self.turn})
        await asyncio.gather(*(box.close() for box in self.toolboxes.values()))


async def opened(id: str, cwd: str, servers: list[dict[str, Any]]) -> Session:  # noqa: A002 - the protocol's word
    """Return the session *id* in the folder *cwd*, its stdio *servers* running; one that does not start is left out."""
    folder = Path(cwd)
    if not folder.is_absolute() or not folder.is_dir():
        raise Refusal(BAD_PARAMS, "Invalid params", f"cwd is not an absolute path of a folder: {cwd}")
    local = [one for one in servers if one.get("type", "stdio") == "stdio"]
    session = Session(id, folder, Memory(id, folder), {one["name"]: Toolbox(one, folder) for one in local})
    await asyncio.gather(*(_open(box) for box in session.toolboxes.values()))
    return session


async def _open(box: Toolbox) -> None:
    try:
        await box.open()
    except Unavailable as error:
        sys.stderr.write(f"{error}\n")
