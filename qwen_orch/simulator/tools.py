"""The tools of one MCP server: a small client, over the server's standard input and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

from qwen_orch import __version__
from qwen_orch.simulator.wire import LONGEST_LINE, NO_METHOD, Refusal, Wire

START_SECONDS = 10.0
"""A server that is not ready by then has no tools."""
END_SECONDS = 1.0
PROTOCOL = "2025-06-18"


class Reply(NamedTuple):
    """What a tool said, and whether it calls that an error."""

    text: str
    failed: bool


class Toolbox:
    """The tools of the server that *spec* (an entry of ``mcpServers``) starts in the folder *cwd*."""

    def __init__(self, spec: dict[str, Any], cwd: Path) -> None:
        self._spec, self._cwd = spec, cwd
        self._life = contextlib.AsyncExitStack()
        self._wire: Wire | None = None
        self.names: frozenset[str] = frozenset()
        """The tools that are offered."""

    async def open(self) -> None:
        """Start the server. One that cannot be started, or does not answer in time, offers nothing."""
        await self.close()
        try:
            async with asyncio.timeout(START_SECONDS):
                self._wire = await self._life.enter_async_context(_running(self._spec, self._cwd))
                await self._shake_hands(self._wire)
        except (OSError, ValueError, Refusal, TimeoutError) as error:
            await self.close()
            self.names = frozenset()
            raise Unavailable(f"the MCP server {self._spec.get('name')} does not start: {error!r}") from None

    async def _shake_hands(self, wire: Wire) -> None:
        us = {"name": "qwen-orch agent-sim", "version": __version__}
        await wire.request("initialize", protocolVersion=PROTOCOL, capabilities={}, clientInfo=us)
        wire.notify("notifications/initialized")
        self.names = frozenset(tool["name"] for tool in (await wire.request("tools/list"))["tools"])

    async def call(self, name: str, arguments: dict[str, Any]) -> Reply:
        """Call a tool; when the server has died, start it again and call once more, as Qwen Code does."""
        try:
            return await self._call(name, arguments)
        except ConnectionError:
            with contextlib.suppress(Unavailable):
                await self.open()
        try:
            return await self._call(name, arguments)
        except ConnectionError as error:
            return Reply(f"{name}: {error}", True)

    async def _call(self, name: str, arguments: dict[str, Any]) -> Reply:
        if self._wire is None:
            raise ConnectionError("the server is not running")
        try:
            result = await self._wire.request("tools/call", name=name, arguments=arguments)
        except Refusal as refusal:
            return Reply(str(refusal), True)
        text = "\n".join(part.get("text", "") for part in result.get("content", ()))
        return Reply(text, bool(result.get("isError")))

    async def close(self) -> None:
        """End the server: its input is closed; what does not end then is killed."""
        self._wire = None
        await self._life.aclose()


class Unavailable(Exception):  # noqa: N818 - says what is so
    """The server has not started."""


@contextlib.asynccontextmanager
async def _running(spec: dict[str, Any], cwd: Path) -> AsyncIterator[Wire]:
    process = await asyncio.create_subprocess_exec(
        spec["command"],
        *spec.get("args", ()),
        cwd=cwd,
        env={**os.environ, **{one["name"]: one["value"] for one in spec.get("env", ())}},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018 - both were asked for
    wire = Wire(process.stdout, process.stdin.write, _pong)
    listening = asyncio.create_task(wire.listen())
    try:
        yield wire
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        listening.cancel()


async def _pong(method: str, params: Any) -> dict[str, Any]:
    if method == "ping":
        return {}
    raise Refusal(NO_METHOD, "Method not found", method)
