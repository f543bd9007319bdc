"""The agent's side of the Agent Client Protocol, over standard input and output.

It is written by hand, not with the SDK: this is the half of the protocol that our own client is tested against, so the
two share no code; and it starts in a fraction of the SDK's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any

from qwen_orch import __version__
from qwen_orch.errors import UsageError
from qwen_orch.simulator import worker
from qwen_orch.simulator.instructions import instructions, meant_for
from qwen_orch.simulator.session import MODES, Session, opened
from qwen_orch.simulator.turn import Turn
from qwen_orch.simulator.verbs import perform
from qwen_orch.simulator.wire import BAD_PARAMS, INTERNAL, LONGEST_LINE, NO_METHOD, Refusal, Wire

CHUNK = 65536
USAGE = """\
qwen-orch agent-sim    an Agent Client Protocol agent on standard input and output that needs no model

It does what lines such as "sim: write hello.txt Hello" in a prompt say, and modest work when there are none.
All of them: docs/reference/agent-sim.md
"""
ABOUT_US = {
    "protocolVersion": 1,
    "agentInfo": {"name": "qwen-orch-agent-sim", "title": "qwen-orch agent-sim", "version": __version__},
    "agentCapabilities": {
        "loadSession": True,
        "promptCapabilities": {"image": False, "audio": False, "embeddedContext": True},
        "mcpCapabilities": {"http": False, "sse": False},
    },
    "authMethods": [],
}
REPLAYED = {"user": "user_message_chunk", "assistant": "agent_message_chunk"}


def main(arguments: list[str]) -> int:
    """Answer a client until it closes our input, and return the exit code."""
    if arguments in (["--help"], ["-h"]):
        sys.stdout.write(USAGE)
        return 0
    if arguments:
        raise UsageError("agent-sim takes no arguments", "qwen-orch agent-sim --help")
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_serve())
    return 0


async def _serve() -> None:
    """Answer a client; SIGTERM is as good an end as the end of the input."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=LONGEST_LINE)
    serving = asyncio.ensure_future(Agent(reader, _send).serve())
    loop.add_signal_handler(signal.SIGTERM, serving.cancel)
    threading.Thread(target=_listen, args=(loop, reader), daemon=True).start()
    await serving


def _listen(loop: asyncio.AbstractEventLoop, reader: asyncio.StreamReader) -> None:
    """Give *reader* our input; in a thread, as asyncio itself reads pipes and terminals, but no files."""
    with contextlib.suppress(RuntimeError):  # the loop has ended
        while chunk := _input():
            loop.call_soon_threadsafe(reader.feed_data, chunk)
        loop.call_soon_threadsafe(reader.feed_eof)


def _input() -> bytes:
    try:
        return os.read(0, CHUNK)
    except OSError:  # the terminal is gone
        return b""


def _send(line: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):  # who no longer reads us will close our input, too
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


class Agent:
    """Answers one client; any number of sessions at once."""

    def __init__(self, reader: asyncio.StreamReader, send: Callable[[bytes], object]) -> None:
        self._wire = Wire(reader, send, self.answer)
        self._sessions: dict[str, Session] = {}

    async def serve(self) -> None:
        """Answer until the client closes; then nothing that was started is left."""
        try:
            await self._wire.listen()
        finally:
            await asyncio.gather(*(session.close() for session in self._sessions.values()))

    async def answer(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the result of one method of the protocol."""
        match method:
            case "initialize":
                return ABOUT_US
            case "session/new":
                return await self._new(params)
            case "session/load":
                return await self._load(params)
            case "session/set_mode":
                return self._set_mode(self._session(params), params["modeId"])
            case "session/prompt":
                return await self._prompt(self._session(params), _text(params["prompt"]))
            case "session/cancel":
                self._session(params).cancel()
                return {}
        raise Refusal(NO_METHOD, "Method not found", method)

    def _session(self, params: dict[str, Any]) -> Session:
        name = params["sessionId"]
        if name not in self._sessions:
            raise Refusal(INTERNAL, "Internal error", f"Session not found: {name}")
        return self._sessions[name]

    async def _new(self, params: dict[str, Any]) -> dict[str, Any]:
        session = await self._open(str(uuid.uuid4()), params)
        return {"sessionId": session.id, "modes": _modes(session)}

    async def _load(self, params: dict[str, Any]) -> dict[str, Any]:
        """Open a session of any name; what was said in it before is told again."""
        session = await self._open(params["sessionId"], params)
        for line in session.memory.lines():
            session.remember(line)
            if line.who in REPLAYED:
                told = {"sessionUpdate": REPLAYED[line.who], "content": {"type": "text", "text": line.text}}
                self._wire.notify("session/update", sessionId=session.id, update=told)
        return {"modes": _modes(session)}

    async def _open(self, name: str, params: dict[str, Any]) -> Session:
        if before := self._sessions.pop(name, None):
            await before.close()
        session = await opened(name, params["cwd"], params.get("mcpServers", []))
        self._sessions[name] = session
        return session

    def _set_mode(self, session: Session, mode: str) -> dict[str, Any]:
        if mode not in MODES:
            raise Refusal(BAD_PARAMS, "Invalid params", f"there is no mode {mode}; there are {', '.join(MODES)}")
        session.mode = mode
        return {}

    async def _prompt(self, session: Session, prompt: str) -> dict[str, Any]:
        """Work on *prompt*; a turn that is still going on is cancelled first, as Qwen Code does it."""
        while session.turn and not session.turn.done():
            session.cancel()
            await asyncio.wait({session.turn})
        turn = session.turn = asyncio.create_task(self._work(session, prompt))
        await asyncio.wait({turn})
        return {"stopReason": "cancelled" if turn.cancelled() else turn.result()}

    async def _work(self, session: Session, prompt: str) -> str:
        turn = Turn(session, self._wire, prompt)
        said = meant_for(session.tools, instructions(prompt))
        return await perform(turn, said or worker.instructions(session.prompts, session.tools, session.cwd))


def _modes(session: Session) -> dict[str, Any]:
    known = [{"id": mode, "name": mode, "description": text} for mode, text in MODES.items()]
    return {"currentModeId": session.mode, "availableModes": known}


def _text(blocks: list[dict[str, Any]]) -> str:
    """Return the words of a prompt: texts, what was embedded, and the addresses of what was only linked."""
    return "\n".join(block.get("text") or block.get("resource", block).get("text") or _link(block) for block in blocks)


def _link(block: dict[str, Any]) -> str:
    return str(block.get("uri", ""))
