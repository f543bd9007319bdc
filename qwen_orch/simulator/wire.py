"""JSON-RPC 2.0 over lines: what the Agent Client Protocol and MCP both are, seen from either end."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; prompts carry whole files."""
PARSE_ERROR, NO_METHOD, BAD_PARAMS, INTERNAL = -32700, -32601, -32602, -32603

Handler = Callable[[str, Any], Awaitable[Any]]
"""Does the method with these parameters, and returns its result; raises `Refusal`."""


class Refusal(Exception):  # noqa: N818 - it refuses, and need not be an error of anybody
    """The answer to a request that is not done: ours, or the one that we got."""

    def __init__(self, code: int, message: str, details: str) -> None:
        super().__init__(details or message)
        self.error = {"code": code, "message": message, "data": {"details": details}}


class Wire:
    """One connection: *reader* is what comes, *send* takes what goes, *handle* answers what the other side asks."""

    def __init__(self, reader: asyncio.StreamReader, send: Callable[[bytes], object], handle: Handler) -> None:
        self.send = send
        self._reader, self._handle = reader, handle
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._closed = False
        self._answering: set[asyncio.Task[None]] = set()

    def notify(self, method: str, /, **params: Any) -> None:
        """Tell the other side; there is no answer."""
        self._post({"method": method, "params": params})

    async def request(self, method: str, /, **params: Any) -> Any:
        """Return the result of *method*. Raises `Refusal`, and `ConnectionError` when the other side is gone."""
        if self._closed:
            raise ConnectionError("the other side has closed")
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._post({"id": number, "method": method, "params": params})
            return await answer
        finally:
            self._asked.pop(number, None)

    async def listen(self) -> None:
        """Take in what comes until the other side closes; then what still waits for an answer raises."""
        try:
            while line := await self._reader.readline():
                self._take(line)
                await asyncio.sleep(0)  # what it asks for has begun before the next line says to stop it
        finally:
            self._closed = True
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the other side has closed"))

    def _post(self, message: dict[str, Any]) -> None:
        self.send(orjson.dumps({"jsonrpc": "2.0", **message}) + b"\n")

    def _take(self, line: bytes) -> None:
        try:
            message = orjson.loads(line)
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict):
            if line.strip():
                self._post({"id": None, **_error(PARSE_ERROR, "Parse error", "one JSON object a line is expected")})
        elif "method" in message:
            # In a task of its own: some take long.
            task = asyncio.create_task(self._answer(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        else:
            self._settle(message)

    async def _answer(self, message: dict[str, Any]) -> None:
        try:
            said = {"result": await self._handle(str(message["method"]), message.get("params") or {})}
        except Refusal as refusal:
            said = {"error": refusal.error}
        except Exception as error:  # whatever it was, the other side waits for an answer
            traceback.print_exc(file=sys.stderr)
            said = _error(INTERNAL, "Internal error", f"{type(error).__name__}: {error}")
        if "id" in message:
            self._post({"id": message["id"], **said})

    def _settle(self, message: dict[str, Any]) -> None:
        answer = self._asked.get(message.get("id", 0))
        if answer is None or answer.done():
            return
        if error := message.get("error"):
            answer.set_exception(Refusal(error.get("code", INTERNAL), str(error.get("message")), _details(error)))
        else:
            answer.set_result(message.get("result"))


def _error(code: int, message: str, details: str) -> dict[str, Any]:
    return {"error": Refusal(code, message, details).error}


def _details(error: dict[str, Any]) -> str:
    data = error.get("data")
    return str(data["details"] if isinstance(data, dict) and "details" in data else error.get("message"))
