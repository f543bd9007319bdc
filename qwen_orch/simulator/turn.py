"""One prompt being worked on: what is said meanwhile, and the tool calls with their permissions.

The updates are those of Qwen Code, in its order, with what is odd about it: a call that needs permission is announced
by the question alone, and nothing follows when the answer is no.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from qwen_orch.simulator.memory import Line
from qwen_orch.simulator.session import ORCH, Session
from qwen_orch.simulator.tools import Reply
from qwen_orch.simulator.wire import Refusal, Wire

ASKED = {"default": ("edit", "execute"), "auto-edit": ("execute",)}
"""The kinds of tool calls that need permission, by mode."""
OPTIONS = [
    {"optionId": "proceed_always", "name": "Always allow in this session", "kind": "allow_always"},
    {"optionId": "proceed_once", "name": "Allow once", "kind": "allow_once"},
    {"optionId": "cancel", "name": "Reject", "kind": "reject_once"},
]
CHARACTERS_PER_TOKEN = 4


class Call(NamedTuple):
    """A tool call: its *kind* in the protocol's words, the tool's name, what is shown of it, and its arguments."""

    kind: str
    tool: str
    title: str
    arguments: dict[str, Any]
    content: tuple[dict[str, Any], ...] = ()
    paths: tuple[str, ...] = ()


class Turn:
    """What the work on *prompt* in *session* can say and do; the client hears of it through *wire*."""

    def __init__(self, session: Session, wire: Wire, prompt: str) -> None:
        self.session, self.wire, self.prompt = session, wire, prompt
        self.thoughts_ahead = 0
        """How many thoughts are still to come in this turn."""
        self._calls = 0
        self._characters = {"said": 0, "thought": 0}
        self._usage_told = False
        session.remember(_kept(session, "user", prompt))

    # Saying

    def say(self, text: str) -> None:
        """Say *text* as a part of the answer."""
        _kept(self.session, "assistant", text)
        self._characters["said"] += len(text)
        self.update("agent_message_chunk", content=_text(text))

    def think(self, text: str) -> None:
        """Show *text* as thinking."""
        self._characters["thought"] += len(text)
        self.update("agent_thought_chunk", content=_text(text))

    def spend(self, read: int, written: int, thought: int = 0) -> None:
        """Tell the tokens of a model call as Qwen Code does: beside an empty piece of the answer."""
        usage = {"inputTokens": read, "outputTokens": written, "totalTokens": read + written}
        meta = {"usage": {**usage, "thoughtTokens": thought, "cachedReadTokens": 0}}
        self._usage_told = True
        self.update("agent_message_chunk", content=_text(""), _meta=meta)

    def end(self) -> None:
        """Tell an estimate of the tokens, unless the prompt has said how many to tell."""
        if not self._usage_told:
            thought = _tokens(self._characters["thought"])
            self.spend(_tokens(len(self.prompt)), _tokens(self._characters["said"]) + thought, thought)

    def update(self, kind: str, /, **fields: Any) -> None:
        """Send one update of the session."""
        told = {"sessionUpdate": kind, **fields}
        self.wire.notify("session/update", sessionId=self.session.id, update=told)

    # Doing

    async def act(self, call: Call, do: Callable[[], Awaitable[Reply]]) -> Reply:
        """Do a tool call if it may be done; what fails is said, and the turn goes on."""
        self._calls += 1
        name = {"toolCallId": f"call-{len(self.session.prompts)}-{self._calls}", "_meta": {"toolName": call.tool}}
        if self._must_ask(call):
            reply = await self._do(name, do) if await self._allowed(name, call) else _not_allowed(call)
        else:
            self.update("tool_call", **name, status="in_progress", **_shown(call))
            reply = await self._do(name, do if self._may(call) else _refused)
        if reply.failed:
            self.say(f"{reply.text}\n")
        return reply

    async def call(self, tool: str, /, **arguments: Any) -> Reply:
        """Call a tool of the report server, which needs no permission."""
        call = Call("other", f"mcp__{ORCH}__{tool}", f"{tool} ({ORCH} MCP Server)", arguments)
        return await self.act(call, lambda: self.session.call(tool, arguments))

    def _must_ask(self, call: Call) -> bool:
        return call.kind in ASKED.get(self.session.mode, ()) and call.kind not in self.session.allowed

    def _may(self, call: Call) -> bool:
        return self.session.mode != "plan" or call.kind == "other"

    async def _do(self, name: dict[str, Any], do: Callable[[], Awaitable[Reply]]) -> Reply:
        try:
            reply = await do()
        except asyncio.CancelledError:
            self._done(name, Reply("cancelled", True))
            raise
        self._done(name, reply)
        return reply

    def _done(self, name: dict[str, Any], reply: Reply) -> None:
        content = [{"type": "content", "content": _text(reply.text)}]
        status = "failed" if reply.failed else "completed"
        self.update("tool_call_update", **name, status=status, content=content, rawOutput=reply.text)

    async def _allowed(self, name: dict[str, Any], call: Call) -> bool:
        """Ask; a client that cannot answer has not allowed it."""
        asked = {**name, "status": "pending", **_shown(call)}
        try:
            answer = await self.wire.request(
                "session/request_permission", sessionId=self.session.id, options=OPTIONS, toolCall=asked
            )
        except (Refusal, ConnectionError):
            return False
        chosen = answer["outcome"].get("optionId")
        if chosen == "proceed_always":
            self.session.allowed.add(call.kind)
        return chosen in ("proceed_always", "proceed_once")


def _kept(session: Session, who: str, text: str) -> Line:
    line = Line(who, text)
    session.memory.add(line)
    return line


def _shown(call: Call) -> dict[str, Any]:
    locations = [{"path": path} for path in call.paths]
    return {
        "title": call.title,
        "kind": call.kind,
        "content": list(call.content),
        "locations": locations,
        "rawInput": call.arguments,
    }


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


def _not_allowed(call: Call) -> Reply:
    return Reply(f"not allowed: {call.title}", True)


async def _refused() -> Reply:
    return Reply("plan mode: nothing is changed and no command is run", True)
