"""What the commands that have work done share: the shop, with its ways to the person, and running to the end."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from qwen_orch.commands.context import Context, Update
from qwen_orch.model.activity import PermissionRequest
from qwen_orch.model.ids import SessionId
from qwen_orch.processes.shop import Answer, Shop
from qwen_orch.project.writer import Writer

T = TypeVar("T")


def shop_of(ctx: Context, writer: Writer) -> Shop:
    """Return the shop in which *ctx* has work done: it shows at its door, and asks there what an agent asks."""

    async def ask(session: SessionId, request: PermissionRequest) -> Answer:
        import asyncio

        if ctx.yes:
            return Answer(True, "--yes")
        if not ctx.door.interactive:
            return Answer(False, "nobody")
        question = f"{request.title}\n{request.detail}\nMay the agent do this, once?"
        return Answer(await asyncio.to_thread(ctx.door.consent, question), "person")

    return Shop(ctx.project, writer, lambda kind, task, text: ctx.door.show(Update(kind, task, text)), ask)


def run_through(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* to its end. Ctrl-C cancels it, lets it record that, and is raised then."""
    import asyncio

    return asyncio.run(work)
