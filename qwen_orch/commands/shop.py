"""What the commands that have work done share: the shop, with its ways to the person, and running to the end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from qwen_orch.commands.context import Context, Update
from qwen_orch.model.activity import PermissionRequest
from qwen_orch.model.ids import SessionId
from qwen_orch.processes.shop import Answer, Shop
from qwen_orch.project.config import Config, seconds
from qwen_orch.project.writer import Writer

T = TypeVar("T")
LOOK_SECONDS = 0.2
"""How often it is looked whether a question was answered elsewhere."""


def shop_of(ctx: Context, writer: Writer, ask_later: bool = False) -> Shop:
    """Return the shop in which *ctx* has work done: it shows at its door, and asks there what an agent asks.

    With *ask_later* a question waits for its answer from elsewhere.
    """

    import asyncio

    one_at_a_time = asyncio.Lock()  # agents that work beside each other have one person

    async def ask(session: SessionId, request: PermissionRequest) -> Answer:
        if ctx.yes:
            return Answer(True, "--yes")
        if ask_later:
            return await _answered_elsewhere(ctx.project.config, writer, session, request.number)
        if not ctx.door.interactive:
            return Answer(False, "nobody")
        question = f"{request.title}\n{request.detail}\nMay the agent do this, once?"
        async with one_at_a_time:
            return Answer(await _said(lambda: ctx.door.consent(question)), "person")

    return Shop(ctx.project, writer, lambda kind, task, text: ctx.door.show(Update(kind, task, text)), ask)


async def _said(ask: Callable[[], bool]) -> bool:
    """Return what a person answers; *ask* has a thread of its own, which may be left waiting when this is cancelled."""
    import asyncio
    import threading
    from concurrent.futures import Future, InvalidStateError

    answer: Future[bool] = Future()

    def asked() -> None:
        with contextlib.suppress(InvalidStateError):  # nobody waits for it any more
            try:
                answer.set_result(ask())
            except BaseException as error:  # Ctrl-C at the question is one
                answer.set_exception(error)

    threading.Thread(target=asked, daemon=True).start()
    return await asyncio.wrap_future(answer)


async def _answered_elsewhere(config: Config, writer: Writer, session: SessionId, number: int) -> Answer:
    """Wait for /allow or /deny, in whatever process; after ``permissionTimeout`` the answer is no."""
    import asyncio

    limit = seconds(config.permission_wait)
    try:
        async with asyncio.timeout(limit):
            while True:
                writer.refresh()
                asked = writer.graph.session(session).activity.requests
                answered = next((r for r in asked if r.number == number and r.allowed is not None), None)
                if answered is not None:
                    return Answer(bool(answered.allowed), answered.by)
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        return Answer(False, "nobody")


def run_through(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* to its end. Ctrl-C cancels it, lets it record that, and is raised then."""
    import asyncio

    return asyncio.run(work)
