"""One attempt: intent, act, outcome. Its start is durable before a process is spawned, its end before it is shown."""

from __future__ import annotations

import asyncio
import contextlib
from typing import BinaryIO

from attrs import evolve, frozen

from qwen_orch.errors import StateTransitionError
from qwen_orch.execution.choose import refuse_start
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import Attempt, Evidence, Executor, Outcome, Task
from qwen_orch.model.text import clean
from qwen_orch.processes.command import Ran, run
from qwen_orch.processes.shop import Shop
from qwen_orch.processes.worktree import look
from qwen_orch.project.opening import finished, new_session, opened
from qwen_orch.project.writer import now, timestamp
from qwen_orch.store import lease
from qwen_orch.store.files import explained
from qwen_orch.verification.checks import observed
from qwen_orch.verification.judge import Verdict
from qwen_orch.verification.session import verify


@frozen
class Wanted:
    """What was asked for: which task, by whom, and how."""

    task: TaskId
    executor: Executor
    force: bool = False
    verified: bool = True


def start(shop: Shop, wanted: Wanted, session: Session) -> Task:
    """Make the start of an attempt in *session* durable; return the task as it then is. Raises what forbids it."""

    def starting(graph: Graph) -> list[e.Event]:
        task = graph.task(wanted.task)
        refuse_start(graph, task, wanted.executor, now(), wanted.force)
        attempt = Attempt(task.tried + 1, wanted.executor, session.id, timestamp())
        return [*opened(graph, shop.project.config, session), e.AttemptStarted(task.id, attempt)]

    shop.writer.commit("new_task", starting)
    return shop.writer.graph.task(wanted.task)


def session_for(shop: Shop, task_id: TaskId, parent: SessionId | None) -> Session:
    """Return a fresh session to work on a task in."""
    graph = shop.writer.graph
    task = graph.task(task_id)
    return new_session(graph, SessionKind.TASK, task.title, parent, task)


async def do_by_shell(shop: Shop, wanted: Wanted, session: Session) -> Verdict:
    """Have the shell do a task: run its commands, claim, verify. Cancelling this ends the commands and records it."""
    path = shop.project.layout.log(session.id)
    with explained("make the log", path):
        log = lease.take(path)
    with contextlib.closing(log):
        try:
            task = start(shop, wanted, session)
        except BaseException:
            path.unlink(missing_ok=True)  # what never began leaves no trace
            raise
        seen: list[Evidence] = []
        try:
            shop.show("started", task.id, task.title)
            await _act(shop, task, session, log, seen)
            return await _outcome(shop, task, wanted, session, tuple(seen))
        except (asyncio.CancelledError, KeyboardInterrupt):
            _cancelled(shop, task.id, session, tuple(seen))
            raise


async def _act(shop: Shop, task: Task, session: Session, log: BinaryIO, evidence: list[Evidence]) -> None:
    """Run the commands of *task* until one fails, and put what is seen into *evidence*."""
    around = shop.surroundings(session.id)
    shown = evolve(around, log=log, show=lambda line: shop.show("output", task.id, line))
    before = await asyncio.to_thread(look, shop.project.root)
    for line in task.run:
        shop.show("output", task.id, f"$ {line}")
        ran: Ran = await run(line, shown)
        after = await asyncio.to_thread(look, shop.project.root)
        evidence.append(observed("run", ran, around.limit, after.changed_since(before), after.commit))
        before = after
        if not ran.succeeded:
            break


async def _outcome(shop: Shop, task: Task, wanted: Wanted, session: Session, evidence: tuple[Evidence, ...]) -> Verdict:
    last = evidence[-1]
    if not last.passed:
        _failed(shop, task.id, session, evidence)
        shop.show("ended", task.id, _why(last))
        return Verdict.FAILED
    summary = f"{len(evidence)} of {len(task.run)} commands succeeded"

    def claiming(graph: Graph) -> list[e.Event]:
        _refuse_stale(graph, task.id, session)
        claim = e.TaskClaimed(task.id, "shell", summary, last.output, evidence)
        return [claim, *finished(graph, session.id, SessionState.COMPLETED)]

    shop.writer.commit("new_task", claiming)
    judged = await verify(shop, task.id, evidence, "new_task") if wanted.verified else None
    shop.show("ended", task.id, str(shop.writer.graph.task(task.id).status))
    return judged.verdict if judged else Verdict.UNDECIDED


def _refuse_stale(graph: Graph, task_id: TaskId, session: Session) -> None:
    """Raise `StateTransitionError` unless the attempt in *session* is still the one under way."""
    attempt = graph.task(task_id).open_attempt
    if attempt is None or attempt.session != session.id:
        message = f"{task_id} was cancelled or taken over while its commands ran: what they did does not count"
        raise StateTransitionError(message, f"/task_status {task_id}")


def _why(last: Evidence) -> str:
    how = "ran out of time" if last.exit_code is None else f"exited with {last.exit_code}"
    return f"failed: `{last.command}` {how}"


def _failed(shop: Shop, task_id: TaskId, session: Session, evidence: tuple[Evidence, ...]) -> None:
    last = evidence[-1]
    outcome = Outcome.TIMED_OUT if last.exit_code is None else Outcome.FAILED

    def failing(graph: Graph) -> list[e.Event]:
        _refuse_stale(graph, task_id, session)
        ended = e.AttemptEnded(task_id, outcome, _why(last), last.output, evidence)
        return [ended, *finished(graph, session.id, SessionState.FAILED)]

    shop.writer.commit("new_task", failing)


def _cancelled(shop: Shop, task_id: TaskId, session: Session, evidence: tuple[Evidence, ...]) -> None:
    """Record that a person stopped it, with what it had printed. What is claimed already stays claimed."""
    tail = clean(lease.tail(shop.project.layout.log(session.id)), multiline=True).rstrip()

    def stopping(graph: Graph) -> list[e.Event]:
        task = graph.tasks.get(task_id)
        if task is None or task.open_attempt is None or task.open_attempt.session != session.id:
            return []
        ended = e.AttemptEnded(task_id, Outcome.CANCELLED, "stopped by a person", tail, evidence)
        return [ended, e.SessionMoved(session.id, SessionState.SUSPENDED, "stopped by a person")]

    shop.writer.commit("new_task", stopping)
