"""What the commands that have work done share: the shop, with its ways to the person, and running to the end."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from qwen_orch.commands.context import Context
from qwen_orch.model.activity import NOBODY, PermissionRequest
from qwen_orch.model.ids import SessionId
from qwen_orch.processes.shop import Answer, Shop
from qwen_orch.project.config import seconds
from qwen_orch.project.writer import Writer

T = TypeVar("T")


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
    import asyncio

    from qwen_orch.commands.asking import answered_elsewhere

    try:
        async with asyncio.timeout(limit):
            return await answered_elsewhere(writer, session, number)
    except TimeoutError:
        return Answer(False, NOBODY)


def run_through(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* to its end. Ctrl-C cancels it, lets it record that, and is raised then."""
    import asyncio

    return asyncio.run(work)
