"""The protocol: JSON-RPC 2.0, a message a line, on standard input and output.

Whatever comes in is answered, and nothing that comes in ends the process; the end of standard input does. An agent
waits for this process when it starts: what the tools need is imported after ``initialize`` was answered.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from functools import cached_property
from queue import Queue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from qwen_orch import __version__
from qwen_orch.errors import UsageError

if TYPE_CHECKING:
    from qwen_orch.mcp_server.catalogue import Catalogue

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Of the protocol, newest first: a client gets the one it asks for, or the newest."""
LONGEST_MESSAGE = 10_000_000
"""Bytes of a message; what is longer is not read into memory."""
MOST_WAITING = 16
"""Messages taken in while a call is being answered; those behind them stay in the pipe."""
INSTRUCTIONS = (
    "The record of a plan and its tasks. Report what you think, decide and finish as you go: a report is kept at once."
    " A task that you claim is done is verified; only that completes it."
)
NOT_JSON, NO_REQUEST, NO_METHOD, BAD_PARAMS, FAULT = -32700, -32600, -32601, -32602, -32603


class Refusal(Exception):  # noqa: N818 - what the protocol answers, not a failure of ours
    """A request that the protocol has no result for."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Server:
    """What requests are answered from: the project in *folder* (None: found from here), for whom the *token* says."""

    def __init__(self, folder: str | None, token: str | None) -> None:
        self._folder, self._token = folder, token

    @cached_property
    def catalogue(self) -> Catalogue:
        """The tools; what they need is imported when this is first asked for."""
        from qwen_orch.mcp_server.caller import Reception
        from qwen_orch.mcp_server.catalogue import Catalogue

        return Catalogue(Reception(self._folder, self._token))

    def leave(self) -> None:
        """Bring what a burst of reports has left behind up to date."""
        if "catalogue" in vars(self):
            self.catalogue.leave()


def main(arguments: list[str]) -> int:
    """Answer requests until standard input ends; *arguments* may be ``--project DIR``."""
    from qwen_orch.project.token import VARIABLE

    server = Server(_folder(arguments), os.environ.get(VARIABLE))
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(server, sys.stdin.buffer, sys.stdout.buffer)
    server.leave()
    return 0


def _folder(arguments: list[str]) -> str | None:
    match arguments:
        case []:
            return None
        case ["--project", folder]:
            return folder
        case [word] if word.startswith("--project="):
            return word.partition("=")[2]
    raise UsageError("qwen-orch mcp takes --project DIR, and nothing else", "qwen-orch mcp --project DIR")


def serve(server: Server, lines: BinaryIO, out: BinaryIO) -> None:
    """Answer every message of *lines* on *out*, in order; but a ping at once, for a call may take minutes."""
    wire = Wire(lines, out)
    Thread(target=wire.listen, args=(server,), daemon=True).start()
    while line := wire.heard.get():
        wire.say(_answer(server, line))
        if b'"initialize"' in line:
            _warm_up(server)


class Wire:
    """The line to a client: what it sends waits in *heard* for its turn. The end is heard as nothing."""

    def __init__(self, lines: BinaryIO, out: BinaryIO) -> None:
        self.heard: Queue[bytes] = Queue(MOST_WAITING)
        self._lines, self._out, self._turn = lines, out, Lock()

    def listen(self, server: Server) -> None:
        """Take in what the client sends, until it ends or is gone; answer pings."""
        with contextlib.suppress(OSError):  # a terminal that is gone has no end, and a pipe nobody reads takes nothing
            while line := self._lines.readline(LONGEST_MESSAGE + 1):
                self._skip_rest(line)
                if _is_ping(line):
                    self.say(_answer(server, line))
                else:
                    self.heard.put(line)
        self.heard.put(b"")

    def _skip_rest(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self._lines.readline(LONGEST_MESSAGE)

    def say(self, answer: Any) -> None:
        """Send *answer*, whole; None is nothing to say."""
        if answer is not None:
            with self._turn:
                self._out.write(orjson.dumps(answer) + b"\n")
                self._out.flush()


def _is_ping(line: bytes) -> bool:
    if b'"ping"' not in line[:1000]:
        return False
    with contextlib.suppress(orjson.JSONDecodeError):
        message = orjson.loads(line)
        return isinstance(message, dict) and message.get("method") == "ping"
    return False


def _warm_up(server: Server) -> None:
    """Import what the tools need while the client reads its first answer; a fault shows when a tool is called."""
    with contextlib.suppress(Exception):
        server.catalogue.offered()


def _answer(server: Server, line: bytes) -> Any:
    """Return the answer to one line, a batch included; None when there is nothing to say."""
    if not line.strip():
        return None
    if len(line) > LONGEST_MESSAGE:
        return _error(None, NO_REQUEST, f"a message has at most {LONGEST_MESSAGE} bytes")
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return _error(None, NOT_JSON, f"this is not JSON: {error.msg}")
    if isinstance(message, list) and message:
        return [a for a in (_reply(server, one) for one in message) if a is not None] or None
    return _reply(server, message)


def _reply(server: Server, message: Any) -> dict[str, Any] | None:
    """Return the answer to one message; None to a notification, and to an answer, for we ask nothing."""
    if not isinstance(message, dict) or not isinstance(message.get("id", 0), str | int | float | None):
        return _error(None, NO_REQUEST, "a message is an object with an id that is text or a number")
    if "method" not in message and ("result" in message or "error" in message):
        return None
    if "id" not in message:
        return None
    try:
        return {"jsonrpc": "2.0", "id": message["id"], "result": _result(server, message)}
    except Refusal as refusal:
        return _error(message["id"], refusal.code, str(refusal))
    except Exception as error:
        return _error(message["id"], FAULT, f"a fault of ours: {type(error).__name__}: {error}"[:300])


def _error(request: Any, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request, "error": {"code": code, "message": message}}


def _result(server: Server, message: dict[str, Any]) -> dict[str, Any]:
    method, params = message.get("method"), message.get("params", {})
    if not isinstance(method, str):
        raise Refusal(NO_REQUEST, "a request names its method")
    if method not in METHODS:
        raise Refusal(NO_METHOD, f"there is no method {method[:80]!r} here")
    if not isinstance(params, dict):
        raise Refusal(BAD_PARAMS, "params is an object")
    return METHODS[method](server, params)


def _initialize(server: Server, params: dict[str, Any]) -> dict[str, Any]:
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "qwen-orch", "version": __version__},
        "instructions": INSTRUCTIONS,
    }


def _tools(server: Server, params: dict[str, Any]) -> dict[str, Any]:
    if params.get("cursor") is not None:
        raise Refusal(BAD_PARAMS, "there is no such page: all tools are on the first")
    return {"tools": server.catalogue.offered()}


def _called(server: Server, params: dict[str, Any]) -> dict[str, Any]:
    name, given = params.get("name"), params.get("arguments")
    if not isinstance(name, str) or not isinstance(given, dict | None):
        raise Refusal(BAD_PARAMS, "a call has a name, and arguments that are an object")
    return server.catalogue.call(name, given or {})


METHODS: dict[str, Callable[[Server, dict[str, Any]], dict[str, Any]]] = {
    "initialize": _initialize,
    "ping": lambda server, params: {},
    "tools/list": _tools,
    "tools/call": _called,
}
