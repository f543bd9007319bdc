"""What the commands that have work done share: the shop, with its ways to the person, and running to the end."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from qwen_orch.commands.context import Context
from qwen_orch.model.activity import NOBODY, PermissionRequest
from qwen_orch.model.ids import SessionId
from qwen_orch.processes.shop import Answer, Shop
from qwen_orch.project.config import seconds
from qwen_orch.project.writer import Writer

T = TypeVar("T")
SOON_SECONDS = 0.7
"""What stops within this is not spoken of."""
WAITING = "waiting for what is at work to stop; Ctrl-C again ends it now"


def shop_of(ctx: Context, writer: Writer, ask_later: bool = False) -> Shop:
    """Return the shop in which *ctx* has work done: it shows at its door, and asks there what an agent asks.

    With *ask_later* a question waits for its answer from elsewhere.
    """
    from qwen_orch.commands.asking import Person

    person = Person(ctx.door, writer)

    async def ask(session: SessionId, request: PermissionRequest) -> Answer:
        if ctx.yes:
            return Answer(True, "--yes")
        if ask_later:
            return await _answered_later(writer, session, request.number, seconds(ctx.project.config.permission_wait))
        if not ctx.door.interactive:
            return Answer(False, NOBODY)
        return await person.answer(session, request)

    return Shop(ctx.project, writer, person.show, ask)


async def _answered_later(writer: Writer, session: SessionId, number: int, limit: float) -> Answer:
    """Return the answer that is given elsewhere within *limit* seconds; after that it is no."""
    from qwen_orch.commands.asking import answered_elsewhere

    try:
        async with asyncio.timeout(limit):
            return await answered_elsewhere(writer, session, number)
    except TimeoutError:
        return Answer(False, NOBODY)


def run_through(shop: Shop, work: Coroutine[Any, Any, T]) -> T:
    """Run *work* of *shop* to its end. Ctrl-C cancels it, lets it record that, and is raised then.

    What does not stop soon is spoken of, and a second Ctrl-C ends it at once.
    """
    return asyncio.run(_heeding(shop, work))


async def _heeding(shop: Shop, work: Coroutine[Any, Any, T]) -> T:
    """Do *work*; what Ctrl-C does already stays as it is, but for the second one."""
    cancel = signal.getsignal(signal.SIGINT)
    if not callable(cancel) or threading.current_thread() is not threading.main_thread():
        return await work
    loop, pressed = asyncio.get_running_loop(), 0

    def heed(number: int, frame: Any) -> None:
        nonlocal pressed
        pressed += 1
        if pressed == 2:
            loop.call_soon_threadsafe(shop.hurry.set)
            return
        loop.call_soon_threadsafe(loop.call_later, SOON_SECONDS, tell)
        cancel(number, frame)

    def tell() -> None:
        if not shop.hurry.is_set():
            shop.show("output", "", WAITING)

    signal.signal(signal.SIGINT, heed)
    try:
        return await work
    finally:
        signal.signal(signal.SIGINT, cancel)
