"""An agent at work in one session of ours: started, prompted, watched, ended, and everything it does kept."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from attrs import define, evolve, field, frozen

from qwen_orch.agents import chat, policy
from qwen_orch.agents.budget import attempt_tokens
from qwen_orch.agents.complaint import Complaint
from qwen_orch.agents.profile import Profile
from qwen_orch.agents.record import Record
from qwen_orch.agents.seen import used
from qwen_orch.agents.trouble import Trouble
from qwen_orch.agents.turn import Limits, Stop, Turn, Watch, turn
from qwen_orch.errors import AgentError, StorageError
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.activity import PermissionRequest, told_answer
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import AGENT, AGENT_SESSION, TOKEN, Session
from qwen_orch.processes.command import end, kill, started
from qwen_orch.processes.secrets import hide
from qwen_orch.processes.shop import Answer, Shop
from qwen_orch.project.token import new_token
from qwen_orch.project.trust import untyped
from qwen_orch.project.upkeep import stop_leftovers
from qwen_orch.project.writer import timestamp
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
    return Terms(READ_ONLY, Watch(Limits.of(shop.project.config, attempt_tokens(shop))), only_looks=True)


def own_id(session: SessionId) -> str:
    """Return the id under which an agent that lets us choose keeps *session*: always the same one."""
    return str(uuid5(NAMESPACE_URL, f"qwen-orch:{session}"))


@define(eq=False)
class Agent:
    """An agent in *session*. *recalled* tells whether it knew what had been said there before."""

    shop: Shop
    session: SessionId
    profile: Profile
    terms: Terms
    record: Record
    theirs: str = ""
    recalled: bool = False
    connection: Connection | None = None
    complaint: Complaint | None = None
    _asked: int = field(default=0)
    _one_at_a_time: asyncio.Lock = field(factory=asyncio.Lock)

    async def ask(self, text: str) -> Turn:
        """Prompt the agent and return how its turn ended; all of it is on disk then, and its own file is written."""
        assert self.connection is not None
        ended = await turn(self.connection, self.theirs, text, self.terms.watch, self.record.take)
        self.record.end_turn()
        path = self.profile.chat(self.shop.project.root, self.theirs)
        if path is not None:
            await chat.settled(path)
        self.shop.writer.refresh()  # what it reported through our server
        return evolve(ended, detail=await self.explained(ended.detail)) if ended.stop is Stop.LOST else ended

    async def explained(self, trouble: str) -> str:
        """Return *trouble* with what the agent wrote to its standard error, if anything, and where all of it is."""
        why = await self.complaint.why() if self.complaint else ""
        log = self.shop.project.layout.log(self.session).relative_to(self.shop.project.root)
        return f"{trouble}: {why} (see {log})" if why else trouble

    async def permit(self, call: dict[str, Any]) -> bool:
        """Tell whether the agent may do what it asks for; the question and its answer are kept."""
        wanted = policy.wish(call, self.shop.project.root)
        if wanted.ours:
            return True
        self.record.take([used(call)])  # so that it stands before the answer
        allowed = await self._decided(wanted)
        if not allowed:
            self.record.refused(used({**call, "status": "failed"}))
        return allowed

    async def _decided(self, wanted: policy.Wish) -> bool:
        config = self.shop.project.config
        agreed = not untyped(self.shop.project.root, config)  # it may have written rules for itself meanwhile
        answer = policy.decision(wanted, config.permissions if agreed else (), self.terms.consented)
        if (self.terms.only_looks or not agreed) and wanted.kind not in policy.HARMLESS:
            answer = "deny"
        request = self._request(wanted)
        if answer != "ask":
            self._keep(request, Answer(answer == "allow", "policy"))
            return answer == "allow"
        async with self._one_at_a_time:
            self._keep(request, None)
            said = await self.shop.ask(self.session, request)
            self._keep(request, said)
        return self._is_allowed(request)

    def _is_allowed(self, request: PermissionRequest) -> bool:
        """Return the answer that is kept: of two that came at once, the first."""
        session = self.shop.writer.graph.sessions.get(self.session)
        kept = session.activity.request(request.number) if session else None
        return kept is not None and kept.allowed is True

    def _request(self, wanted: policy.Wish) -> PermissionRequest:
        self._asked += 1
        shown = hide(wanted.title), hide(wanted.detail)
        return PermissionRequest(self._asked, wanted.kind, *shown, at=timestamp())

    def _keep(self, request: PermissionRequest, answer: Answer | None) -> None:
        """Keep that *request* was made, and its answer; who answered elsewhere has kept that already."""

        def asked(graph: Graph) -> list[e.Event]:
            session = graph.sessions.get(self.session)
            if session is None:
                return []
            known = session.activity.request(request.number)
            events: list[e.Event] = [e.PermissionAsked(self.session, request)] if known is None else []
            if answer is not None and (known is None or known.allowed is None):
                events.append(e.PermissionAnswered(self.session, request.number, *answer))
            return events

        self.shop.writer.commit("agent", asked)
        if answer is not None and not answer.allowed:
            self.record.show(f"✗ {told_answer(*answer)}: {request.title}")


@contextlib.asynccontextmanager
async def at_work(
    shop: Shop, session: SessionId, profile: Profile, terms: Terms, record: Record, continues: str = ""
) -> AsyncIterator[Agent]:
    """Have the agent of *profile* in *session*, ready to be asked; however the block ends, nothing of it is left.

    *continues* is the agent's own session to go on in, if it is to. Raises `Trouble` if the agent does not get ready,
    `AgentError` if its program cannot be started.
    """
    theirs = continues or (own_id(session) if profile.names_sessions else "")
    agent = Agent(shop, session, profile, terms, record, theirs)
    token = _bound(agent)
    process = await _spawned(shop.project.root, profile, session)
    assert process.stderr is not None
    agent.complaint = Complaint(process.stderr, record)
    hurrying = asyncio.ensure_future(_ended_in_a_hurry(process, shop.hurry))
    try:
        library = await asyncio.to_thread(import_module, "qwen_orch.agents.connection")  # while the agent starts, too
        agent.connection = library.Connection(process, agent.permit)
        await _ready(agent, token)
        yield agent
    finally:
        await asyncio.shield(_closed(agent, process, agent.complaint.listening, hurrying))


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


def _bound(agent: Agent) -> str:
    """Return a token that binds reports to the session of *agent*; its digest is stored."""
    token, digest = new_token(agent.session)
    _tell(agent, {AGENT: agent.profile.name, AGENT_SESSION: agent.theirs, TOKEN: digest})
    return token


def _tell(agent: Agent, facts: dict[str, str]) -> None:
    events = [e.MetadataRecorded(agent.session, key, value) for key, value in facts.items()]
    agent.shop.writer.commit("agent", lambda graph: events if agent.session in graph.sessions else [])


async def _ready(agent: Agent, token: str) -> None:
    """Open the session; what goes wrong then is told with what the agent itself wrote of it."""
    try:
        await _opened(agent, token)
    except Trouble as trouble:
        if trouble.explained:
            raise
        raise Trouble(await agent.explained(trouble.text), trouble.lasting, trouble.gone) from None


async def _opened(agent: Agent, token: str) -> None:
    connection, wanted = agent.connection, agent.theirs
    assert connection is not None
    await connection.initialize()
    opened = await connection.open(wanted, agent.shop.project.root, agent.terms.mode, token)
    agent.theirs, agent.recalled = opened
    if agent.theirs != wanted:
        _tell(agent, {AGENT_SESSION: agent.theirs})


async def _ended_in_a_hurry(process: asyncio.subprocess.Process, hurry: asyncio.Event) -> None:
    """End the agent at once as soon as nobody waits for it to stop; whatever waits for it hears of that."""
    await hurry.wait()
    kill(process.pid, signal.SIGKILL)


async def _closed(agent: Agent, process: asyncio.subprocess.Process, *beside: asyncio.Future[None]) -> None:
    """End the agent: its input first, which is how it is asked to, then its process group, then what left that."""
    if agent.connection is not None:
        await agent.connection.close()
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING_SECONDS):
            await process.wait()
    await end(process)
    await asyncio.to_thread(stop_leftovers, agent.session)
    for one in beside:
        one.cancel()
    await asyncio.wait(beside)
    process._transport.close()  # type: ignore[attr-defined]  # its pipes: a child of it may hold them open


def continued(shop: Shop, session: Session | None, profile: Profile) -> tuple[str, str]:
    """Return the agent's own session of *session* to go on in, or nothing, and what had to be done to its file.

    It must be the same agent, and what it keeps of the session must be whole: then its memory goes on. If not, a brief
    of ours takes its place.
    """
    if session is None or session.agent != profile.name:
        return "", ""
    theirs = session.metadata.get(AGENT_SESSION, "")
    path = profile.chat(shop.project.root, theirs) if theirs else None
    if path is None:
        return theirs, ""
    try:
        usable, told = chat.mended(shop.project.disk, shop.project.layout, path)
    except StorageError as error:
        usable, told = False, error.message
    return (theirs if usable else ""), told
