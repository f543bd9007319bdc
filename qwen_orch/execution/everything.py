"""Doing everything that becomes ready, some at a time."""

from __future__ import annotations

import asyncio

from qwen_orch.errors import OrchError
from qwen_orch.execution.attempt import Wanted, do_by_shell, session_for
from qwen_orch.execution.choose import executor_for, refuse_unapproved
from qwen_orch.graph.query import ready
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.task import Executor, Task
from qwen_orch.processes.shop import Shop
from qwen_orch.project.writer import now


async def do_everything(
    shop: Shop, wanted: str, jobs: int, verified: bool, parent: SessionId | None
) -> tuple[TaskId, ...]:
    """Do every task that is ready, or becomes so, and needs no person; at most *jobs* at a time.

    Returns the tasks in the order their attempts ended. A failed one holds up what depends on it and nothing else.
    Cancelling this stops all that run, and records it.
    """
    refuse_unapproved(shop.writer.graph)
    running: dict[asyncio.Task[object], TaskId] = {}
    tried: set[TaskId] = set()
    ended: list[TaskId] = []
    try:
        while True:
            chosen = _startable(shop.writer.graph, wanted, tried)[: jobs - len(running)]
            for task in chosen:
                tried.add(task.id)
                running[_begin(shop, task, verified, parent)] = task.id
            if chosen:
                await asyncio.sleep(0)  # they start now, and what waits for a start may start as well
                continue
            if not running:
                return tuple(ended)
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                ended.append(running.pop(one))
                _retrieved(shop, one, ended[-1])
            shop.writer.checkpoint()
    finally:
        await _stop(running)


def _startable(graph: Graph, wanted: str, tried: set[TaskId]) -> list[Task]:
    """Return the ready tasks that the shell can do and that were not tried in this run, best first."""
    fresh = [t for t in ready(graph, now()) if t.id not in tried and t.run]
    return [t for t in fresh if executor_for(t, wanted) is Executor.SHELL and (t.approved or not t.commands)]


def _begin(shop: Shop, task: Task, verified: bool, parent: SessionId | None) -> asyncio.Task[object]:
    order = Wanted(task.id, Executor.SHELL, verified=verified)
    return asyncio.ensure_future(do_by_shell(shop, order, session_for(shop, task.id, parent)))


def _retrieved(shop: Shop, done: asyncio.Task[object], task: TaskId) -> None:
    """Take the result of an attempt. One that another process made impossible is said, and the rest goes on."""
    try:
        done.result()
    except OrchError as error:
        if error.exit_code != 1:
            raise
        shop.show("ended", task, error.message)


async def _stop(running: dict[asyncio.Task[object], TaskId]) -> None:
    for one in running:
        one.cancel()
    if running:
        await asyncio.wait(running)
