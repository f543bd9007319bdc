"""An agent at work in one session of ours: started, prompted, watched, ended, and everything it does kept."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from attrs import define, evolve, frozen

from qwen_orch.agents import chat
from qwen_orch.agents.budget import watch
from qwen_orch.agents.complaint import Complaint
from qwen_orch.agents.permission import Permissions
from qwen_orch.agents.profile import Profile
from qwen_orch.agents.record import Record
from qwen_orch.agents.trouble import Trouble
from qwen_orch.agents.turn import Stop, Turn, Watch, turn
from qwen_orch.errors import AgentError
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import AGENT, AGENT_SESSION, TOKEN
from qwen_orch.processes.command import end, kill, started
from qwen_orch.processes.shop import Shop
from qwen_orch.project.token import new_token
from qwen_orch.project.upkeep import stop_leftovers
from qwen_orch.store.lease import MARK

if TYPE_CHECKING:
    from qwen_orch.agents.connection import Connection

CLOSING_SECONDS = 5.0
"""How long an agent may take to end after its input has; then its process group is ended."""
READ_ONLY = "plan"
"""The mode in which agents change nothing, where they have it; we deny what changes anything besides."""


@frozen
class Terms:
    """On which terms an agent works: its *mode*, whether it may only look, and which commands were consented to."""

    mode: str
    watch: Watch
    only_looks: bool = False
    consented: tuple[str, ...] = ()


def only_looking(shop: Shop) -> Terms:
    """Return the terms of one who plans or reviews; raise `AgentError` when the tokens of the plan are used up."""
    return Terms(READ_ONLY, watch(shop), only_looks=True)


def own_id(session: SessionId) -> str:
    """Return the id under which an agent that lets us choose keeps *session*: always the same one."""
    return str(uuid5(NAMESPACE_URL, f"qwen-orch:{session}"))


@define(eq=False)
class Agent:
    """An agent that is ready: how it is asked, and in which session of its own (*theirs*) it works."""

    profile: Profile
    watch: Watch
    record: Record
    connection: Connection
    complaint: Complaint
    theirs: str

    async def ask(self, text: str) -> Turn:
        """Prompt the agent and return how its turn ended; all of it is on disk then, and its own file is written."""
        ended = await turn(self.connection, self.theirs, text, self.watch, self.record.take)
        self.record.end_turn()
        shop = self.record.shop
        path = self.profile.chat(shop.project.root, self.theirs)
        if path is not None:
            await chat.settled(path)
        shop.writer.refresh()  # what it reported through our server
        return evolve(ended, detail=await self.explained(ended.detail)) if ended.stop is Stop.LOST else ended

    async def explained(self, trouble: str) -> str:
        """Return *trouble* with what the agent wrote to its standard error, if anything, and where all of it is."""
        why, project = await self.complaint.why(), self.record.shop.project
        log = project.layout.log(self.record.session).relative_to(project.root)
        return f"{trouble}: {why} (see {log})" if why else trouble


@contextlib.asynccontextmanager
async def at_work(record: Record, profile: Profile, terms: Terms, continues: str = "") -> AsyncIterator[Agent]:
    """Have the agent of *profile* in the session of *record*, ready to be asked; however the block ends, nothing of it
    is left.

    *continues* is the agent's own session to go on in, if it is to. Raises `Trouble` if the agent does not get ready,
    `AgentError` if its program cannot be started.
    """
    theirs = continues or (own_id(record.session) if profile.names_sessions else "")
    token, digest = new_token(record.session)  # it binds reports to this session
    _tell(record, {AGENT: profile.name, AGENT_SESSION: theirs, TOKEN: digest})
    process = await _spawned(record.shop.project.root, profile, record.session)
    assert process.stderr is not None
    complaint = Complaint(process.stderr, record.write)
    hurrying = asyncio.ensure_future(_ended_in_a_hurry(process, record.shop.hurry))
    connection: Connection | None = None
    try:
        library = await asyncio.to_thread(import_module, "qwen_orch.agents.connection")  # while the agent starts, too
        permissions = Permissions(record, terms.only_looks, terms.consented)
        connection = opened = library.Connection(process, permissions.permit)
        agent = Agent(profile, terms.watch, record, opened, complaint, theirs)
        await _ready(agent, terms.mode, token)
        yield agent
    finally:
        await asyncio.shield(_closed(record.session, process, connection, complaint.listening, hurrying))


async def _spawned(cwd: Path, profile: Profile, mark: str) -> asyncio.subprocess.Process:
    try:
        return await started(
            profile.command,
            cwd=cwd,
            env={**profile.environment, MARK: mark},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or error
        raise AgentError(f"the agent {profile.name} could not be started: {why}", "/config agent.command") from None


def _tell(record: Record, facts: dict[str, str]) -> None:
    """Keep *facts* of the session, if an undo has not taken it away meanwhile."""
    events = [e.MetadataRecorded(record.session, key, value) for key, value in facts.items()]
    record.shop.writer.commit("agent", lambda graph: events if record.session in graph.sessions else [])


async def _ready(agent: Agent, mode: str, token: str) -> None:
    """Open the agent's session; what goes wrong then is told with what the agent itself wrote of it."""
    root, wanted = agent.record.shop.project.root, agent.theirs
    try:
        await agent.connection.initialize()
        agent.theirs = await agent.connection.open(wanted, root, mode, token)
    except Trouble as trouble:
        if trouble.explained:
            raise
        raise Trouble(await agent.explained(trouble.text), trouble.lasting, trouble.gone) from None
    if agent.theirs != wanted:
        _tell(agent.record, {AGENT_SESSION: agent.theirs})


async def _ended_in_a_hurry(process: asyncio.subprocess.Process, hurry: asyncio.Event) -> None:
    """End the agent at once as soon as nobody waits for it to stop; whatever waits for it hears of that."""
    await hurry.wait()
    kill(process.pid, signal.SIGKILL)


async def _closed(
    session: SessionId,
    process: asyncio.subprocess.Process,
    connection: Connection | None,
    *beside: asyncio.Future[None],
) -> None:
    """End the agent: its input first, which is how it is asked to, then its process group, then what left that."""
    if connection is not None:
        await connection.close()
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING_SECONDS):
            await process.wait()
    await end(process)
    await asyncio.to_thread(stop_leftovers, session)
    for one in beside:
        one.cancel()
    await asyncio.wait(beside)
    process._transport.close()  # type: ignore[attr-defined]  # its pipes: a child of it may hold them open
