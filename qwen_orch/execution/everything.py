"""Doing everything that becomes ready, some at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from qwen_orch.errors import AgentError, OrchError
from qwen_orch.execution.attempt import Wanted, do_by_shell, session_for
from qwen_orch.execution.choose import executor_for, refuse_unapproved
from qwen_orch.graph.query import ready
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.session import Session
from qwen_orch.model.task import Executor, Task
from qwen_orch.processes.shop import Shop
from qwen_orch.project.writer import now
from qwen_orch.verification.judge import Verdict


async def do_everything(
    shop: Shop, wanted: str, jobs: int, verified: bool, parent: SessionId | None
) -> tuple[TaskId, ...]:
    """Do every task that is ready, or becomes so, and needs no person; at most *jobs* at a time.

    Returns the tasks in the order their attempts ended. A failed one holds up what depends on it and nothing else; when
    the agent or its model gives out, no other is begun, and that is raised when all have ended. Cancelling this stops
    all that run, and records it.
    """
    refuse_unapproved(shop.writer.graph)
    running: dict[asyncio.Task[object], TaskId] = {}
    tried: set[TaskId] = set()
    ended: list[TaskId] = []
    gave_out: AgentError | None = None
    try:
        while True:
            room = 0 if gave_out else jobs - len(running)
            chosen = _startable(shop, wanted, tried)[:room]
            for task, executor in chosen:
                tried.add(task.id)
                running[_begin(shop, task, executor, verified, parent)] = task.id
            if chosen:
                await asyncio.sleep(0)  # they start now, and what waits for a start may start as well
                continue
            if not running:
                break
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                ended.append(running.pop(one))
                gave_out = _retrieved(shop, one, ended[-1]) or gave_out
            shop.writer.checkpoint()
    finally:
        await _stop(running)
    if gave_out is not None:
        raise gave_out
    return tuple(ended)


def _startable(shop: Shop, wanted: str, tried: set[TaskId]) -> list[tuple[Task, Executor]]:
    """Return the ready tasks that need no person and were not tried in this run, best first, with who does each."""
    fresh = [t for t in ready(shop.writer.graph, now()) if t.id not in tried]
    agent = shop.project.config.agent
    able = [(t, executor) for t in fresh if (executor := _without_person(t, wanted, agent)) is not None]
    return [(t, executor) for t, executor in able if t.approved or not t.commands]


def _without_person(task: Task, wanted: str, agent: str) -> Executor | None:
    if wanted == Executor.SHELL and not task.run:
        return None
    executor = executor_for(task, wanted, agent)
    return None if executor is Executor.MANUAL else executor


def _begin(
    shop: Shop, task: Task, executor: Executor, verified: bool, parent: SessionId | None
) -> asyncio.Task[object]:
    order = Wanted(task.id, executor, verified=verified)
    return asyncio.ensure_future(do(shop, order, session_for(shop, task.id, parent)))


def do(shop: Shop, order: Wanted, session: Session) -> Coroutine[Any, Any, Verdict]:
    """Have the shell or the agent, whichever *order* says, do a task; *session* is opened for it."""
    if order.executor is Executor.AGENT:
        from qwen_orch.execution.by_agent import do_by_agent

        return do_by_agent(shop, order, session)
    return do_by_shell(shop, order, session)


def _retrieved(shop: Shop, done: asyncio.Task[object], task: TaskId) -> AgentError | None:
    """Take the result of an attempt; return why the agent gave out, if it did.

    One that another process made impossible is said, and the rest goes on.
    """
    try:
        done.result()
    except OrchError as error:
        if error.exit_code != 1:
            raise
        shop.show("ended", task, error.message)
        return error if isinstance(error, AgentError) else None
    return None


async def _stop(running: dict[asyncio.Task[object], TaskId]) -> None:
    for one in running:
        one.cancel()
    if running:
        await asyncio.wait(running)
