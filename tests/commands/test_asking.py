"""The person at the door: asked one thing at a time, and what happens meanwhile waits, up to a bound."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from qwen_orch.commands import asking
from qwen_orch.commands.asking import MOST_HELD, Person, said
from qwen_orch.commands.context import Moot
from qwen_orch.model.activity import PermissionRequest
from qwen_orch.model.session import Session
from tests.commands.desk import Desk, RecordingDoor

REQUEST = PermissionRequest(1, "execute", "Shell: ls", "ls -l")


class Slow(RecordingDoor):
    """A door whose person answers when the test says so."""

    def __init__(self, agrees: bool = True) -> None:
        super().__init__(interactive=True, agrees=agrees)
        self.thinking, self.decided = threading.Event(), threading.Event()
        self.moot = False

    def consent(self, question: str, moot: Moot | None = None) -> bool:
        """Think until the test, or whoever asks, has enough."""
        self.thinking.set()
        while not self.decided.wait(0.01):
            self.moot = bool(moot and moot())
            if self.moot:
                return False
        return super().consent(question)


async def until(event: threading.Event) -> None:
    """Wait for *event* without holding up the loop."""
    while not event.is_set():
        await asyncio.sleep(0.01)


@pytest.fixture
def session(desk: Desk) -> Session:
    """The session in which an agent asks."""
    return desk.plan().graph.sessions_by_age()[0]


@pytest.mark.parametrize("agrees", [True, False])
def test_what_happens_meanwhile_is_shown_afterwards_in_order(desk: Desk, session: Session, agrees: bool) -> None:
    door = Slow(agrees)
    person = Person(door, desk.project.writer())

    async def asked() -> bool:
        person.show("output", "task-002", "before")
        answer = asyncio.ensure_future(person.answer(session.id, REQUEST))
        await until(door.thinking)
        for number in range(3):
            person.show("output", "task-002", f"meanwhile {number}")
        assert [u.text for u in door.shown] == ["before", "Shell: ls\nls -l"]
        door.decided.set()
        return (await answer).allowed

    assert asyncio.run(asked()) == agrees
    person.show("output", "task-002", "after")
    assert [u.text for u in door.shown][2:] == ["meanwhile 0", "meanwhile 1", "meanwhile 2", "after"]
    assert door.asked == ["May the agent do this, once?"]


def test_of_a_flood_the_newest_are_shown_and_what_is_missing_is_said(desk: Desk, session: Session) -> None:
    door = Slow()
    person = Person(door, desk.project.writer())

    async def asked() -> None:
        answer = asyncio.ensure_future(person.answer(session.id, REQUEST))
        await until(door.thinking)
        for number in range(MOST_HELD + 1234):
            person.show("output", "task-002", str(number))
        door.decided.set()
        await answer

    asyncio.run(asked())
    assert door.shown[1].text == "1,234 lines came meanwhile and are only in the logs"
    assert [int(u.text) for u in door.shown[2:]] == list(range(1234, MOST_HELD + 1234))


def test_questions_that_come_at_once_are_asked_in_turn(desk: Desk, session: Session) -> None:
    door = Slow()
    person = Person(door, desk.project.writer())

    async def asked() -> None:
        answers = [asyncio.ensure_future(person.answer(session.id, REQUEST)) for _ in range(3)]
        await until(door.thinking)
        await asyncio.sleep(0.1)
        assert [u.kind for u in door.shown] == ["asks"]
        door.decided.set()
        await asyncio.gather(*answers)

    asyncio.run(asked())
    assert [u.kind for u in door.shown] == ["asks"] * 3


def test_a_question_that_nobody_needs_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before whoever asked goes on, its thread has ended."""
    monkeypatch.setattr(asking, "LETTING_GO_SECONDS", 60.0)
    door = Slow()

    async def cancelled() -> None:
        answer = asyncio.ensure_future(said(door))
        await until(door.thinking)
        answer.cancel()
        await asyncio.wait({answer})
        assert answer.cancelled()
        assert door.moot

    asyncio.run(cancelled())


def test_whoever_cannot_be_asked_has_not_agreed() -> None:
    class Broken(RecordingDoor):
        def consent(self, question: str, moot: Moot | None = None) -> bool:
            raise OSError("the terminal is gone")

    assert asyncio.run(said(Broken())) is False


def test_ctrl_c_at_the_question_cancels_the_work(tmp_path: Path) -> None:
    class Interrupted(RecordingDoor):
        def consent(self, question: str, moot: Moot | None = None) -> bool:
            raise KeyboardInterrupt

    ends: list[str] = []

    async def working() -> None:
        try:
            await said(Interrupted())
        except asyncio.CancelledError:
            ends.append("recorded")
            raise

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(working())
    assert ends == ["recorded"]
