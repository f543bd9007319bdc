"""One turn of an agent: a prompt, what it does about it, and the watchdogs that end it when it must not go on.

The protocol's own word for how a turn ended says little: an agent that gave up reports the same as one that is done.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from qwen_orch.agents.seen import Said, Seen, Spent, Used
from qwen_orch.agents.trouble import Trouble
from qwen_orch.model.activity import Usage
from qwen_orch.project.config import Config, seconds

if TYPE_CHECKING:
    from qwen_orch.agents.connection import Connection

LAST_WORDS = 4_000
"""Characters of what the agent said last that are kept."""
STOPPING_SECONDS = 5.0
"""How long a cancelled turn may take to end; after that its process is ended."""
TICK_SECONDS = 0.25


class Stop(StrEnum):
    """How a turn ended. Only ``ended`` is the agent's own doing; it says nothing of what was achieved."""

    ENDED = "ended"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    FAILED = "failed"
    LOST = "lost"
    SILENT = "silent"
    OVERTIME = "overtime"
    BUSY = "busy"
    LOOPING = "looping"
    BUDGET = "budget"


_REASONS = {"end_turn": Stop.ENDED, "refusal": Stop.REFUSED, "max_tokens": Stop.TRUNCATED}


@frozen
class Limits:
    """What a turn may take: *idle* and *total* seconds, tool *calls*, *repeats* of one call, *tokens* (0: any)."""

    idle: float
    total: float
    calls: int
    repeats: int
    tokens: int = 0

    @classmethod
    def of(cls, config: Config, tokens: int) -> Limits:
        """Return the limits that are configured, with *tokens* left to spend."""
        idle, total = seconds(config.agent_idle), seconds(config.agent_limit)
        return cls(idle, total, config.agent_calls, config.agent_repeats, tokens)


@frozen
class Turn:
    """How a turn ended: *detail* for people, the agent's *last_words*, and whether asking again would fail again."""

    stop: Stop
    detail: str = ""
    last_words: str = ""
    lasting: bool = False


@define
class Watch:
    """Counts what an agent does over all turns of an attempt, and tells when it is too much."""

    limits: Limits
    began: float = field(factory=time.monotonic)
    spent: Usage = field(factory=Usage)
    words: str = ""
    _active: float = field(factory=time.monotonic)
    _calls: set[str] = field(factory=set)
    _same: Counter[str] = field(factory=Counter)

    @property
    def seconds(self) -> float:
        """How long the attempt has taken."""
        return time.monotonic() - self.began

    def see(self, one: Seen) -> None:
        """Take in what the agent did."""
        self._active = time.monotonic()
        match one:
            case Said(text, thought):
                self.words = self.words if thought else (self.words + text)[-LAST_WORDS:]
            case Spent(usage):
                self.spent = self.spent.plus(usage)
            case Used(action, what) if action.call not in self._calls:
                self._calls.add(action.call)
                self._same[f"{action.kind}\n{action.title}\n{what}"] += 1
            case _:
                pass

    def wake(self) -> None:
        """Count from now how long nothing happens."""
        self._active = time.monotonic()

    def objection(self) -> tuple[Stop, str] | None:
        """Return why the turn must not go on, or None."""
        now, limits = time.monotonic(), self.limits
        if now - self._active > limits.idle:
            return Stop.SILENT, f"no sign of life for {limits.idle:.0f} seconds (agent.idleTimeout)"
        if now - self.began > limits.total:
            return Stop.OVERTIME, f"it took more than {limits.total:.0f} seconds (agent.timeout)"
        if len(self._calls) > limits.calls:
            return Stop.BUSY, f"it made more than {limits.calls} tool calls (agent.maxCalls)"
        repeated = self._same.most_common(1)
        if repeated and repeated[0][1] >= limits.repeats:
            title = repeated[0][0].split("\n")[1]
            return Stop.LOOPING, f"it made the same call {repeated[0][1]} times: {title} (agent.maxRepeats)"
        if limits.tokens and self.spent.total > limits.tokens:
            return Stop.BUDGET, f"it spent {self.spent.total:,} of {limits.tokens:,} tokens"
        return None


async def turn(
    connection: Connection, session: str, text: str, watch: Watch, heard: Callable[[list[Seen]], None]
) -> Turn:
    """Prompt the agent with *text* and return how its turn ended; *heard* is given all it does, in order, meanwhile.

    Cancelling this cancels the turn first.
    """
    watch.words, before = "", watch.spent
    watch.wake()
    prompt = asyncio.ensure_future(connection.prompt(session, text))
    try:
        objection = await _followed(connection, prompt, watch, heard)
        if objection is not None:
            await _stopped(connection, session, prompt)
            _listen(connection, watch, heard)
            return Turn(objection[0], objection[1], watch.words)
        reason, usage = prompt.result()
        if usage is not None and watch.spent == before:  # else it was told on the way already
            watch.see(Spent(usage))
            heard([Spent(usage)])
        return Turn(_REASONS.get(reason, Stop.FAILED), reason.replace("_", " "), watch.words)
    except Trouble as trouble:
        stop = Stop.LOST if trouble.gone else Stop.FAILED
        return Turn(stop, trouble.text, watch.words, trouble.lasting)
    finally:
        if not prompt.done():
            await asyncio.shield(_stopped(connection, session, prompt))


async def _followed(
    connection: Connection,
    prompt: asyncio.Future[tuple[str, Usage | None]],
    watch: Watch,
    heard: Callable[[list[Seen]], None],
) -> tuple[Stop, str] | None:
    """Pass on what the agent does until its turn is over (None), or must be ended: then why."""
    while not prompt.done():
        told = asyncio.ensure_future(connection.told.get())
        either: set[asyncio.Future[Any]] = {told, prompt}
        await asyncio.wait(either, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        first = [told.result()] if told.done() else []
        told.cancel()
        _listen(connection, watch, heard, first)
        if connection.asking:
            watch.wake()
        objection = watch.objection()
        if objection is not None and not prompt.done():
            return objection
    return None


def _listen(
    connection: Connection, watch: Watch, heard: Callable[[list[Seen]], None], first: list[Seen] | None = None
) -> None:
    batch = [*(first or []), *connection.heard()]
    for one in batch:
        watch.see(one)
    if batch:
        heard(batch)


async def _stopped(connection: Connection, session: str, prompt: asyncio.Future[tuple[str, Usage | None]]) -> None:
    """Cancel the turn and wait for its end, not for ever: whatever it answers after that is a cancellation."""
    await connection.cancel(session)
    await asyncio.wait({prompt}, timeout=STOPPING_SECONDS)
    prompt.cancel()
    await asyncio.wait({prompt})
