"""The protocol with one agent: every call has a deadline, and what the agent tells arrives in the order it was sent.

Importing this takes half a second, for the library behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast

import acp
from acp.schema import (
    AllowedOutcome,
    ClientCapabilities,
    DeniedOutcome,
    EnvVariable,
    Implementation,
    LoadSessionResponse,
    McpServerStdio,
    NewSessionResponse,
    PermissionOption,
    RequestPermissionResponse,
    SessionMode,
    ToolCallUpdate,
)

from qwen_orch import __version__
from qwen_orch.agents.pipes import Pipes
from qwen_orch.agents.profile import SERVER
from qwen_orch.agents.seen import Seen, seen, used
from qwen_orch.agents.trouble import Trouble
from qwen_orch.model.activity import Usage
from qwen_orch.processes.ourselves import our_variables, ourselves
from qwen_orch.project.token import VARIABLE

T = TypeVar("T")
Permit = Callable[[dict[str, Any]], Awaitable[bool]]
"""Called with the raw tool call that an agent wants to make; tells whether it may."""

START_SECONDS, OPEN_SECONDS, CALL_SECONDS = 60.0, 60.0, 10.0
"""Deadlines: for the handshake, for opening a session (which starts our report server), for any smaller call."""
_SILENT = logging.NullHandler()
"""The library logs to the root logger, which without any handler writes to the terminal."""
MODE = "mode"
"""The option by which agents offer their modes."""
MOST_WAITING = 20_000
"""Updates that may wait to be looked at; words beyond them are dropped, so that a babbler cannot fill the memory."""


class Connection:
    """One agent's process as the protocol sees it. Made with its pipes; *permit* decides what it asks for."""

    def __init__(self, process: asyncio.subprocess.Process, permit: Permit) -> None:
        logging.getLogger().addHandler(_SILENT)  # what goes wrong is told by the calls, not on somebody's stderr
        self.told: asyncio.Queue[Seen] = asyncio.Queue()
        self.asking = 0
        """How many questions wait for an answer; an agent that waits for a person is not idle."""
        self._cancelled = asyncio.Event()
        client = cast("acp.Client", _Client(self, permit))
        self._link = acp.connect_to_agent(client, Pipes(process, self._hear))

    async def initialize(self) -> None:
        """Shake hands; nothing of ours is offered, so the agent reads and writes files itself. Raises `Trouble`."""
        await _within(
            START_SECONDS,
            self._link.initialize(
                protocol_version=acp.PROTOCOL_VERSION,
                client_capabilities=ClientCapabilities(),
                client_info=Implementation(name="qwen-orch", version=__version__),
            ),
            "the handshake",
        )

    async def open(self, wanted: str, cwd: Path, mode: str, token: str) -> str:
        """Open the session *wanted* in mode *mode* with our report server, bound by *token*.

        Returns the id that the agent has for it: it may not know *wanted* any more, and not every one lets us choose an
        id. Raises `Trouble`.
        """
        servers: list[Any] = [_server(cwd, token)]
        found, opened = wanted, await self._loaded(wanted, cwd, servers)
        if opened is None:
            opening = self._link.new_session(cwd=str(cwd), mcp_servers=servers)
            opened = made = await _within(OPEN_SECONDS, opening, "opening a session")
            found = made.session_id
        self.heard()  # what was said before: it is no news, and what it cost is not counted again
        modes = opened.modes.available_modes if opened.modes else []
        await self._set_mode(found, mode, modes, opened.config_options or [])
        return found

    async def _loaded(
        self, wanted: str, cwd: Path, servers: list[Any]
    ) -> LoadSessionResponse | NewSessionResponse | None:
        """Return the session *wanted*; None when there is none to be had."""
        if not wanted:
            return None
        loading = self._link.load_session(cwd=str(cwd), session_id=wanted, mcp_servers=servers)
        with contextlib.suppress(Trouble):
            return await _within(OPEN_SECONDS, loading, "opening the session")
        return None

    async def _set_mode(self, session: str, mode: str, modes: list[SessionMode], options: list[Any]) -> None:
        """Put *session* into *mode* if the agent has it, as an option where it can: only that is answered truthfully.

        Some agents accept any word for a mode and do as they like. Raises `Trouble` when it did not take it.
        """
        if mode not in {*(one.id for one in modes), *_offered(options)}:
            return
        what = f"setting the mode {mode}"
        if all(option.id != MODE for option in options):
            await _within(CALL_SECONDS, self._link.set_session_mode(session_id=session, mode_id=mode), what)
            return
        setting = self._link.set_config_option(config_id=MODE, session_id=session, value=mode)
        answer = await _within(CALL_SECONDS, setting, what)
        if mode not in {o.current_value for o in answer.config_options if o.id == MODE}:
            raise Trouble(f"{what} had no effect")

    async def prompt(self, session: str, text: str) -> tuple[str, Usage | None]:
        """Give the agent *text*; return why it stopped and, if it says, what the turn cost. Raises `Trouble`.

        Has no deadline of its own: whoever calls watches what is `told`.
        """
        self._cancelled.clear()
        asked = await _within(None, self._link.prompt(session_id=session, prompt=[acp.text_block(text)]), "the turn")
        usage = asked.usage
        if usage is None:
            return asked.stop_reason, None
        thought, cached = usage.thought_tokens or 0, usage.cached_read_tokens or 0
        return asked.stop_reason, Usage(usage.input_tokens, usage.output_tokens, thought, cached, requests=1)

    async def cancel(self, session: str) -> None:
        """Ask the agent to stop its turn, and answer what it asked for with a no."""
        self._cancelled.set()
        with contextlib.suppress(Trouble):
            await _within(CALL_SECONDS, self._link.cancel(session_id=session), "cancelling")

    def heard(self) -> list[Seen]:
        """Return what arrived since this was last asked, in order."""
        return [self.told.get_nowait() for _ in range(self.told.qsize())]

    async def close(self) -> None:
        """End the protocol; the agent's input is at its end then."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CALL_SECONDS):
                await self._link.close()

    def _hear(self, message: dict[str, Any]) -> None:
        """Take in what the agent tells, if it is of any shape that we know."""
        params = message.get("params")
        update = params.get("update") if isinstance(params, dict) else None
        if isinstance(update, dict) and self.told.qsize() < MOST_WAITING:
            for one in seen(update):
                self.told.put_nowait(one)

    async def decided(self, permit: Permit, call: dict[str, Any]) -> bool:
        """Return whether the agent may make *call*; a cancelled turn does not wait for the answer."""
        self.told.put_nowait(used(call))  # some agents tell of a call that is asked for in no other way
        self.asking += 1
        answer = asyncio.ensure_future(permit(call))
        stopped = asyncio.ensure_future(self._cancelled.wait())
        try:
            await asyncio.wait({answer, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return answer.done() and not answer.cancelled() and answer.exception() is None and answer.result()
        finally:
            self.asking -= 1
            answer.cancel()
            stopped.cancel()


class _Client:
    """What an agent may ask of us: permissions. Files and terminals it was told that we do not offer."""

    def __init__(self, connection: Connection, permit: Permit) -> None:
        self._connection, self._permit = connection, permit

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        """Do nothing: the pipes keep updates from the library."""

    async def request_permission(
        self, session_id: str, tool_call: ToolCallUpdate, options: list[PermissionOption], **_: Any
    ) -> RequestPermissionResponse:
        """Let our policy or a person decide, once; nothing is ever allowed for longer than this call."""
        call = tool_call.model_dump(by_alias=True, mode="json", exclude_none=True)
        allowed = await self._connection.decided(self._permit, call)
        wanted = "allow_once" if allowed else "reject_once"
        chosen = next((o.option_id for o in options if o.kind == wanted), None)
        if chosen is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=chosen))

    async def read_text_file(self, *_: Any, **__: Any) -> Any:
        """Refuse, though it asked all the same."""
        raise acp.RequestError.method_not_found("fs/read_text_file")

    async def write_text_file(self, *_: Any, **__: Any) -> Any:
        """Refuse, though it asked all the same."""
        raise acp.RequestError.method_not_found("fs/write_text_file")

    async def create_terminal(self, *_: Any, **__: Any) -> Any:
        """Refuse; left out, the library would answer as if one had been made."""
        raise acp.RequestError.method_not_found("terminal/create")


def _offered(options: list[Any]) -> set[str]:
    """Return the modes among *options*: some agents offer them in no other way."""
    choices = (choice for o in options if o.id == MODE for choice in getattr(o, "options", ()))  # an on-off has none
    return {one.value for choice in choices for one in getattr(choice, "options", (choice,))}  # they may come in groups


def _server(cwd: Path, token: str) -> McpServerStdio:
    command, *words = ourselves("mcp", "--project", str(cwd))
    variables = our_variables() | {VARIABLE: token}
    return McpServerStdio(
        name=SERVER, command=command, args=words, env=[EnvVariable(name=k, value=v) for k, v in variables.items()]
    )


async def _within(seconds: float | None, call: Coroutine[Any, Any, T], what: str) -> T:
    """Return what *call* returns; raise `Trouble` for all that can go wrong with it."""
    try:
        async with asyncio.timeout(seconds):
            return await call
    except TimeoutError:
        raise Trouble(f"{what} took more than {seconds:.0f} seconds") from None
    except acp.RequestError as error:
        raise Trouble.told(error.code, str(error), error.data) from None
    except (ConnectionError, OSError, EOFError):
        raise Trouble(f"it went away during {what}", gone=True) from None
    except ValueError as error:  # an answer that is none of the protocol's
        told = str(error).splitlines()[0]
        raise Trouble(f"{what} was answered with what is not the protocol: {told}") from None
