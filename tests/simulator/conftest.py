"""A client made with the protocol's own SDK, and the real process ``python -m qwen_orch agent-sim``."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import acp
import pytest
from acp.schema import AllowedOutcome, DeniedOutcome, EnvVariable, McpServerStdio, RequestPermissionResponse

import qwen_orch

REPOSITORY = Path(qwen_orch.__file__).parent.parent
COMMAND = (sys.executable, "-m", "qwen_orch", "agent-sim")
SERVER = Path(__file__).with_name("orch_server.py")
SOON = 60.0
"""Seconds after which a test that waits gives up, however slow the machine."""
HANDING_OVER = 500
"""Turns of the loop in which the SDK, that has read all updates before the answer, hands them over one by one."""


class Client(acp.Client):
    """Keeps what it is told, and answers each question with the option of the kind *answer*."""

    def __init__(self) -> None:
        self.updates: list[tuple[str, dict[str, Any]]] = []
        self.questions: list[dict[str, Any]] = []
        self.answer: str | None = "allow_once"
        self.heard = asyncio.Event()

    async def session_update(self, session_id: str, update: Any, **more: Any) -> None:
        """Keep an update; nothing is awaited, so they stay in order."""
        self.updates.append((session_id, update.model_dump(by_alias=True, exclude_none=True)))
        self.heard.set()

    async def request_permission(self, options: Any, session_id: str, tool_call: Any, **more: Any) -> Any:
        """Answer a question; without an answer it waits for ever."""
        self.questions.append(tool_call.model_dump(by_alias=True, exclude_none=True))
        self.heard.set()
        if self.answer is None:
            await asyncio.Event().wait()
        chosen = [one.option_id for one in options if one.kind == self.answer]
        outcome = (
            AllowedOutcome(outcome="selected", option_id=chosen[0]) if chosen else DeniedOutcome(outcome="cancelled")
        )
        return RequestPermissionResponse(outcome=outcome)


class Talk:
    """A running agent, the client that talks to it, and the session that was opened first."""

    def __init__(self, connection: Any, process: asyncio.subprocess.Process, client: Client, cwd: Path) -> None:
        self.connection, self.process, self.client, self.cwd = connection, process, client, cwd
        self.session = ""

    async def say(self, *lines: str, session: str = "") -> str:
        """Send a prompt of *lines*, and return why the turn ended."""
        answer = await self.connection.prompt(
            prompt=[acp.text_block("\n".join(lines))], session_id=session or self.session
        )
        for _ in range(HANDING_OVER):
            await asyncio.sleep(0)
        return str(answer.stop_reason)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until *true* is so."""
        while not true():
            self.client.heard.clear()
            await self.client.heard.wait()

    def told(self, kind: str, session: str = "") -> list[dict[str, Any]]:
        """Return the updates of one *kind*."""
        return [u for s, u in self.client.updates if s == (session or self.session) and u["sessionUpdate"] == kind]

    def answer(self, session: str = "") -> str:
        """Return what was said."""
        return "".join(u["content"]["text"] for u in self.told("agent_message_chunk", session))

    def calls(self) -> list[tuple[str, ...]]:
        """Return the tool calls, as the client is told of them."""
        shown = (
            (u["sessionUpdate"], u["_meta"]["toolName"], u["status"])
            for _, u in self.client.updates
            if u["sessionUpdate"].startswith("tool_call")
        )
        return list(shown)

    def usage(self) -> list[dict[str, int]]:
        """Return the tokens that were told."""
        chunks = [u for _, u in self.client.updates if u["sessionUpdate"] == "agent_message_chunk"]
        return [u["_meta"]["usage"] for u in chunks if "usage" in u.get("_meta", {})]


class Orch:
    """The report server of a test, and what it was asked."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def spec(self, *tools: str) -> McpServerStdio:
        """Return the entry of ``mcpServers`` that offers *tools*."""
        log = EnvVariable(name="LOG", value=str(self.log))
        return McpServerStdio(name="orch", command=sys.executable, args=["-S", str(SERVER), *tools], env=[log])

    def asked(self) -> list[Any]:
        """Return the calls: name and arguments."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line != "started"]

    def starts(self) -> int:
        """Return how often the server was started."""
        return self.log.read_text("utf-8").splitlines().count("started")


@pytest.fixture
def orch(tmp_path: Path) -> Orch:
    """A report server that notes what it is asked."""
    return Orch(tmp_path / "orch.log")


def environment(folder: Path) -> dict[str, str]:
    """Return what the agent is started with: it keeps its sessions in *folder*."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "QWEN_ORCH_SIM_HOME": str(folder / "home")}


class Bare:
    """The agent's process without the SDK, for what no good client would do."""

    def __init__(self, process: subprocess.Popen[str], cwd: Path) -> None:
        self.process, self.cwd = process, cwd
        self._number = 0

    def write(self, line: str) -> None:
        """Send a line."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def ask(self, method: str, **params: Any) -> None:
        """Send a request; they are numbered from 1."""
        self._number += 1
        self.write(json.dumps({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}))

    def line(self) -> str:
        """Return the next line of the agent."""
        assert self.process.stdout
        return self.process.stdout.readline()

    def heard(self) -> dict[str, Any]:
        """Return the next message of the agent."""
        return dict(json.loads(self.line()))


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Bare]:
    """Start the agent; it must end by itself when its input is closed."""
    with (tmp_path / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=tmp_path,
            env=environment(tmp_path),
        )
    with process:
        yield Bare(process, tmp_path)
        assert process.stdin
        process.stdin.close()
        assert process.wait(SOON) == 0


Open = Callable[..., AbstractAsyncContextManager[Talk]]


@pytest.fixture
def agent(tmp_path: Path) -> Open:
    """Start the agent, with a session opened in *mode*: a new one, or the one of the name *load*."""
    work = tmp_path / "work"
    work.mkdir()

    @asynccontextmanager
    async def opened(*servers: McpServerStdio, mode: str = "yolo", load: str = "") -> AsyncIterator[Talk]:
        client = Client()
        with (tmp_path / "stderr").open("ab") as stderr:
            running = acp.spawn_agent_process(
                client,
                *COMMAND,
                env=environment(tmp_path),
                cwd=work,
                transport_kwargs={"stderr": stderr, "shutdown_timeout": SOON},
            )
            async with running as (connection, process):
                talk = Talk(connection, process, client, work)
                await connection.initialize(protocol_version=1)
                if load:
                    await connection.load_session(cwd=str(work), session_id=load, mcp_servers=list(servers))
                    talk.session = load
                else:
                    talk.session = (await connection.new_session(cwd=str(work), mcp_servers=list(servers))).session_id
                await connection.set_session_mode(session_id=talk.session, mode_id=mode)
                yield talk

    return opened
