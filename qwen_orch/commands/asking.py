"""Asking the person at the door what agents want to do: one thing at a time, and nothing talks in between."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections import deque

from attrs import Factory, define

from qwen_orch.commands.context import Door, Update
from qwen_orch.model.activity import PermissionRequest
from qwen_orch.model.ids import SessionId
from qwen_orch.processes.shop import Answer
from qwen_orch.project.writer import Writer

QUESTION = "May the agent do this, once?"
LOOK_SECONDS = 0.2
"""How often it is looked whether a question was answered elsewhere."""
MOST_HELD = 500
"""Updates kept while a person thinks; of more the newest are told, and how many are missing."""
LETTING_GO_SECONDS = 2.0
"""How long a door may take to end a question that is moot."""


@define(eq=False)
class Person:
    """The person at *door*. What happens while they are asked is shown after it, so that the question can be read."""

    door: Door
    writer: Writer
    _turn: asyncio.Lock = Factory(asyncio.Lock)
    _asked: bool = False
    _held: deque[Update] = Factory(lambda: deque(maxlen=MOST_HELD))
    _missing: int = 0

    def show(self, kind: str, task: str, text: str) -> None:
        """Show what happens, at once or as soon as the question that is open has its answer."""
        update = Update(kind, task, text)
        if not self._asked:
            self.door.show(update)
            return
        self._missing += len(self._held) == MOST_HELD
        self._held.append(update)

    async def answer(self, session: SessionId, request: PermissionRequest) -> Answer:
        """Return what the person says to *request*, here or by /allow or /deny in another terminal."""
        async with self._turn:
            subject = self.writer.graph.session(session).task or ""
            self.door.show(Update("asks", subject, f"{request.title}\n{request.detail}"))
            self._asked = True
            try:
                return await self._first_answer(session, request.number)
            finally:
                self._asked = False
                self._catch_up()

    async def _first_answer(self, session: SessionId, number: int) -> Answer:
        here = asyncio.ensure_future(said(self.door))
        elsewhere = asyncio.ensure_future(answered_elsewhere(self.writer, session, number))
        try:
            await asyncio.wait({here, elsewhere}, return_when=asyncio.FIRST_COMPLETED)
            return elsewhere.result() if elsewhere.done() else Answer(here.result(), "person")
        finally:
            for one in (here, elsewhere):
                one.cancel()
            await asyncio.wait({here, elsewhere})

    def _catch_up(self) -> None:
        if self._missing:
            self.door.show(Update("output", "", f"{self._missing:,} lines came meanwhile and are only in the logs"))
        for update in self._held:
            self.door.show(update)
        self._held.clear()
        self._missing = 0


async def said(door: Door) -> bool:
    """Return what the person at *door* says; they are asked in a thread, which ends when this is cancelled.

    Ctrl-C at the question is Ctrl-C.
    """
    loop, moot, over = asyncio.get_running_loop(), threading.Event(), asyncio.Event()
    answer: asyncio.Future[bool] = loop.create_future()

    def tell(agreed: bool) -> None:
        over.set()
        if not answer.done():
            answer.set_result(agreed)

    def interrupted() -> None:
        over.set()
        signal.raise_signal(signal.SIGINT)

    def ask() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            try:
                loop.call_soon_threadsafe(tell, door.consent(QUESTION, moot.is_set))
            except KeyboardInterrupt:
                loop.call_soon_threadsafe(interrupted)
            except Exception:  # whoever cannot be asked has not agreed
                loop.call_soon_threadsafe(tell, False)

    threading.Thread(target=ask, name="question", daemon=True).start()
    try:
        return await answer
    finally:
        moot.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LETTING_GO_SECONDS):
                await over.wait()


async def answered_elsewhere(writer: Writer, session: SessionId, number: int) -> Answer:
    """Return the answer that somebody gives by /allow or /deny, in whatever process."""
    while True:
        writer.refresh()
        asked = writer.graph.session(session).activity.request(number)
        if asked is not None and asked.allowed is not None:
            return Answer(asked.allowed, asked.by)
        await asyncio.sleep(LOOK_SECONDS)
