"""The connection against agents that misbehave: every call ends, nothing raises but `Trouble`, nothing is left."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from attrs import evolve

from qwen_orch.agents import connection, turn, work
from qwen_orch.agents.profile import Profile
from qwen_orch.agents.record import Record
from qwen_orch.agents.trouble import Trouble
from qwen_orch.agents.turn import Limits, Stop, Watch
from qwen_orch.agents.work import Agent, Terms, at_work
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import AGENT_SESSION
from qwen_orch.processes.shop import Shop
from tests.agents.product import nothing_is_left
from tests.commands.desk import Desk

T = TypeVar("T")
With = Callable[[str, Callable[[Agent], Awaitable[Any]]], Any]
LIMITS = Limits(idle=120.0, total=240.0, calls=10, repeats=5)
SHORT = {
    "deaf": (connection, "START_SECONDS", 1.0),
    "slow_open": (connection, "OPEN_SECONDS", 1.0),
    "ignores": (turn, "STOPPING_SECONDS", 1.0),
}
"""What is waited for in vain, by the agent's way, and for so long. All else may take its time."""


@pytest.fixture
def odd(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> With:
    """Have something done with an agent that has one odd way; in the end no process of it may be left."""
    monkeypatch.setattr(work, "CLOSING_SECONDS", 1.0)
    desk.plan()
    desk("/new_task task-003 --force --executor manual")
    writer = desk.project.writer()
    session = SessionId(str(writer.graph.task("task-003").session))
    home = tmp_path / "home"

    def do(way: str, what: Callable[[Agent], Awaitable[Any]], mode: str = "yolo") -> Any:
        if way in SHORT:
            monkeypatch.setattr(*SHORT[way])
        limits = evolve(LIMITS, idle=2.0) if way == "ignores" else LIMITS
        environment = {"PATH": os.environ["PATH"], "HOME": os.fspath(home)}
        command = (sys.executable, os.fspath(Path(__file__).with_name("odd_agent.py")), way)
        shop = Shop(desk.project, writer, lambda kind, task, text: None)
        record = Record(shop, session, "task-003", io.BytesIO())

        async def scene() -> Any:
            profile = Profile("odd", command, environment, names_sessions=way == "forgets")
            async with at_work(record, profile, Terms(mode, Watch(limits))) as agent:
                return await what(agent)

        try:
            return asyncio.run(scene())
        finally:
            nothing_is_left(home)

    return do


async def asked(agent: Agent) -> tuple[Stop, str]:
    """Have a turn; return how it ended and what was said last."""
    ended = await agent.ask("Do it")
    return ended.stop, ended.last_words or ended.detail


@pytest.mark.parametrize(
    ("way", "trouble"),
    [
        ("deaf", "the handshake took more than 1 seconds"),
        ("slow_open", "opening a session took more than 1 seconds"),
        ("dies", "it went away during the handshake"),
        ("dies_late", "it went away during opening a session"),
        *((way, "setting the mode yolo had no effect") for way in ("mode", "mode_option", "mode_groups")),
    ],
)
def test_an_agent_that_does_not_get_ready(odd: With, way: str, trouble: str) -> None:
    with pytest.raises(Trouble) as raised:
        odd(way, asked)
    assert raised.value.text == trouble


@pytest.mark.parametrize("way", ["explains", "explains_late"])
def test_why_it_died_is_told_with_where_all_of_it_is(odd: With, desk: Desk, way: str) -> None:
    """The line that says it of a whole page of trace, without its secrets and colours."""
    try:
        _, told = odd(way, asked)
    except Trouble as trouble:
        told = trouble.text
    log = desk.project.layout.log(desk.graph.task("task-003").session or "").relative_to(desk.root)
    when = "the turn" if way == "explains_late" else "the handshake"
    assert told == f"it went away during {when}: Error: no model for the key [hidden] here (see {log})"


@pytest.mark.parametrize("way", ["garbage", "stderr", "huge", "unknown", "halves"])
def test_noise_does_no_harm(odd: With, way: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Lines that are no message, 2 MB on its standard error, a line of 3 MB, requests that nobody has heard of."""
    stop, said = odd(way, asked)
    assert stop is Stop.ENDED
    assert said[:6] == {"huge": "zzzzzz", "unknown": "-32601", "halves": "half "}.get(way, "end tu")[:6] or said
    assert capfd.readouterr() == ("", "")  # nothing of it on the person's terminal


def test_what_is_kept_of_a_huge_message_has_a_bound(odd: With) -> None:
    async def kept(agent: Agent) -> tuple[int, int]:
        ended = await agent.ask("Do it")
        (action,) = agent.record.shop.writer.graph.session(agent.record.session).activity.actions
        return len(ended.last_words), len(action.title)

    assert odd("huge", kept) == (turn.LAST_WORDS, 200)


def test_a_session_that_it_does_not_know_is_opened_anew(odd: With) -> None:
    """Under the id that it gives; that is kept, to go on in."""

    async def kept(agent: Agent) -> tuple[Stop, str, str]:
        ended = await agent.ask("Do it")
        session = agent.record.shop.writer.graph.session(agent.record.session)
        return ended.stop, agent.theirs, session.metadata[AGENT_SESSION]

    assert odd("forgets", kept) == (Stop.ENDED, "s-1", "s-1")


def test_files_and_terminals_are_refused(odd: With, desk: Desk) -> None:
    """It asks for them although none were offered."""
    _, said = odd("reaches", asked)
    assert said.split() == ["fs/write_text_file", "-32601", "fs/read_text_file", "-32601", "terminal/create", "-32601"]
    assert not (desk.root / "reached.txt").exists()


def test_an_answer_that_is_not_the_protocols(odd: With) -> None:
    stop, said = odd("wrong", asked)
    assert (stop, "not the protocol" in said) == (Stop.FAILED, True)


@pytest.mark.parametrize("way", ["dies_in_turn", "leaves"])
def test_it_dies_in_a_turn(odd: With, way: str) -> None:
    """No pipe of ours stays open, though a child of it holds the other end."""
    assert odd(way, asked) == (Stop.LOST, "it went away during the turn")
    gc.collect()  # what was not closed is told now


def test_it_goes_on_after_a_cancel_and_does_not_end_with_its_input(odd: With) -> None:
    """It is ended then, its process group and all, long before it would have answered."""
    began = time.monotonic()
    stop, said = odd("ignores", asked)
    assert (stop, said) == (Stop.SILENT, "no sign of life for 2 seconds (agent.idleTimeout)")
    assert time.monotonic() - began < 300


def test_a_flood_of_words_is_kept_to_a_bound(odd: With) -> None:
    async def flooded(agent: Agent) -> tuple[Stop, int]:
        ended = await agent.ask("Do it")
        assert agent.connection.told.qsize() <= connection.MOST_WAITING
        return ended.stop, len(ended.last_words)

    stop, kept = odd("floods", flooded)
    assert (stop, kept) == (Stop.ENDED, turn.LAST_WORDS)


def test_a_cancelled_attempt_leaves_nothing(odd: With) -> None:
    async def cancelled(agent: Agent) -> bool:
        asking = asyncio.ensure_future(agent.ask("Do it"))
        await asyncio.sleep(0.3)
        asking.cancel()
        await asyncio.wait({asking})
        return asking.cancelled()

    assert odd("ignores", cancelled)


def test_in_a_hurry_it_is_not_waited_for(odd: With, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for the end of its turn nor for its own: both would take an hour here."""
    monkeypatch.setattr(work, "CLOSING_SECONDS", 3600.0)
    monkeypatch.setattr(turn, "STOPPING_SECONDS", 3600.0)

    async def hurried(agent: Agent) -> bool:
        asking = asyncio.ensure_future(agent.ask("Do it"))
        while "I go on" not in agent.watch.words:
            await asyncio.sleep(0.05)
        asking.cancel()
        agent.record.shop.hurry.set()
        await asyncio.wait({asking})
        return asking.cancelled()

    assert odd("stubborn", hurried)
