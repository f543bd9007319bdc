"""`qwen --acp` without the product: the SDK's connection, what came over it in the order of the wire, and the process.

    async with running(env, folder) as bare:
        await bare.open(session := str(uuid4()))
        response = await bare.say(session, "Hello")
        assert bare.words(session) == "Hi"

Facts about the CLI are checked with this, so that a test of the product that fails is about the product. A permission
is answered with the first option whose kind is `bare.permit`; None answers it as cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

import acp
from acp import schema

PATIENCE = 120.0
"""Seconds for any one call: a loaded machine is slow, a broken agent is silent."""


class Bare:
    """One process, and what it told and asked, oldest first.

    It is no subclass of acp.Client on purpose: what such a class leaves out is answered as if it were done.
    """

    def __init__(self, process: asyncio.subprocess.Process, cwd: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.cwd = cwd
        self.permit: str | None = "allow_once"
        self.wire: list[dict[str, Any]] = []
        """Every message that came or went, as it was on the wire."""
        self.agent = acp.connect_to_agent(cast(acp.Client, self), process.stdin, process.stdout, observers=[self._seen])

    def _seen(self, event: Any) -> None:
        self.wire.append(event.message)

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        """Nothing: `told` has it, in order."""

    async def request_permission(self, session_id: str, tool_call: Any, options: list[Any], **_: Any) -> Any:
        """Answer as `permit` says."""
        chosen = next((one.option_id for one in options if one.kind == self.permit), None)
        outcome = (
            schema.AllowedOutcome(outcome="selected", option_id=chosen)
            if chosen
            else schema.DeniedOutcome(outcome="cancelled")
        )
        return acp.RequestPermissionResponse(outcome=outcome)

    async def hello(self) -> acp.InitializeResponse:
        """Shake hands."""
        return await asyncio.wait_for(self.agent.initialize(protocol_version=acp.PROTOCOL_VERSION), PATIENCE)

    async def open(self, session: str, *servers: schema.McpServerStdio) -> Any:
        """Load *session*, which makes it when nobody knows it."""
        loading = self.agent.load_session(cwd=os.fspath(self.cwd), session_id=session, mcp_servers=[*servers])
        return await asyncio.wait_for(loading, PATIENCE)

    async def say(self, session: str, words: str) -> acp.PromptResponse:
        """Prompt and wait for the end of the turn."""
        prompting = self.agent.prompt(session_id=session, prompt=[acp.text_block(words)])
        return await asyncio.wait_for(prompting, PATIENCE)

    def told(self, session: str, kind: str | None = None) -> list[dict[str, Any]]:
        """Return the updates of *session*, all or of one *kind*, as they were on the wire."""
        sent = [one["params"] for one in self.wire if one.get("method") == "session/update"]
        updates = [one["update"] for one in sent if one["sessionId"] == session]
        return [one for one in updates if kind in (None, one["sessionUpdate"])]

    def asked(self, session: str) -> list[dict[str, Any]]:
        """Return the permissions asked for in *session*."""
        sent = [one["params"] for one in self.wire if one.get("method") == "session/request_permission"]
        return [one for one in sent if one["sessionId"] == session]

    def words(self, session: str) -> str:
        """Return what the agent has said in *session*."""
        return "".join(one["content"]["text"] for one in self.told(session, "agent_message_chunk"))

    async def until(self, session: str, kind: str) -> None:
        """Wait until *session* has had an update of this *kind*."""
        async with asyncio.timeout(PATIENCE):
            while not self.told(session, kind):
                await asyncio.sleep(0.02)

    async def leave(self) -> int:
        """Close its stdin and return the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@contextlib.asynccontextmanager
async def running(env: Mapping[str, str], cwd: Path, *options: str) -> AsyncIterator[Bare]:
    """Run ``qwen --acp`` in a process group of its own, hands shaken; nothing of the group is left in the end."""
    process = await asyncio.create_subprocess_exec(
        *("qwen", "--acp", *options),
        cwd=cwd,
        env=dict(env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    bare = Bare(process, cwd)
    try:
        await bare.hello()
        yield bare
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await bare.agent.close()
