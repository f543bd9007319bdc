"""One attempt: intent, act, outcome. Its start is durable before a process is spawned, its end before it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import BinaryIO, TypeAlias

from attrs import evolve, frozen

from qwen_orch.errors import StateTransitionError
from qwen_orch.execution.attribution import COMMANDS, credited, done_beside
from qwen_orch.execution.choose import refuse_start
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import Attempt, Evidence, Executor, Outcome, Task, TaskStatus
from qwen_orch.model.text import clean
from qwen_orch.processes.command import Ran, run
from qwen_orch.processes.shop import Shop
from qwen_orch.processes.worktree import changes, look
from qwen_orch.project.opening import finished, new_session, opened
from qwen_orch.project.writer import now, timestamp
from qwen_orch.store import lease
from qwen_orch.verification.checks import observed
from qwen_orch.verification.judge import Verdict
from qwen_orch.verification.session import Review, verify

LOOK_SECONDS = 0.5
"""How often it is looked whether an attempt was ended elsewhere."""


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
    taken = shop.project.layout.has_session
    return new_session(graph, SessionKind.TASK, task.title, parent, task, taken)


Act: TypeAlias = Callable[[Task, BinaryIO, list[Evidence]], Awaitable[Verdict]]
"""Does a task that was started: writes to its log, keeps what is seen in a list as soon as it is, returns a verdict."""


async def attempted(shop: Shop, wanted: Wanted, session: Session, act: Act) -> Verdict:
    """Start an attempt in *session*, have *act* do it, and return the verdict; its log is leased to us meanwhile.

    Cancelling this cancels *act*, and records that with what was seen.
    """
    path = shop.project.layout.log(session.id)
    with lease.take(path) as log:
        try:
            task = start(shop, wanted, session)
        except BaseException:
            path.unlink(missing_ok=True)  # what never began leaves no trace
            raise
        seen: list[Evidence] = []
        try:
            shop.show("started", task.id, task.title)
            return await _unless_taken_over(shop, task.id, session, act(task, log, seen))
        except (asyncio.CancelledError, KeyboardInterrupt):
            suspended(shop, task.id, session, Outcome.CANCELLED, "stopped before it was done", tuple(seen))
            raise


async def _unless_taken_over(shop: Shop, task_id: TaskId, session: Session, act: Awaitable[Verdict]) -> Verdict:
    """Return what *act* does; stop it when the attempt was ended elsewhere, by /cancel_task for one, and raise that."""
    doing = asyncio.ensure_future(act)
    try:
        while not doing.done():
            await asyncio.wait({doing}, timeout=LOOK_SECONDS)
            shop.writer.refresh()
            if not doing.done() and _was_ended(shop, task_id, session):
                break
    finally:
        if not doing.done():
            doing.cancel()
            await asyncio.wait({doing})
    if doing.cancelled():
        _refuse_stale(shop.writer.graph, task_id, session)
    return doing.result()


def _was_ended(shop: Shop, task_id: TaskId, session: Session) -> bool:
    """Tell whether the attempt, or the claim it ended in, is over though we are still at it."""
    task = shop.writer.graph.tasks.get(task_id)
    if task is None or not task.attempts or task.attempts[-1].session != session.id:
        return True
    return task.status in (TaskStatus.PENDING, TaskStatus.CANCELLED)


async def do_by_shell(shop: Shop, wanted: Wanted, session: Session) -> Verdict:
    """Have the shell do a task: run its commands, claim, verify."""

    async def act(task: Task, log: BinaryIO, seen: list[Evidence]) -> Verdict:
        await _act(shop, task, session, log, seen)
        return await _outcome(shop, task, wanted, session, tuple(seen))

    return await attempted(shop, wanted, session, act)


async def _act(shop: Shop, task: Task, session: Session, log: BinaryIO, evidence: list[Evidence]) -> None:
    """Run the commands of *task* until one fails, and put what is seen into *evidence*."""
    around = shop.surroundings(session.id)
    shown = evolve(around, log=log, show=lambda line: shop.show("output", task.id, line))
    before = await asyncio.to_thread(look, shop.project.root)
    for line in task.run:
        shop.show("output", task.id, f"$ {line}")
        began = timestamp()
        ran: Ran = await run(line, shown)
        after = await asyncio.to_thread(look, shop.project.root)
        shop.writer.refresh()
        beside = done_beside(shop.writer.graph, task.id, began)
        changed = credited(changes(shop.project.root, before, after), COMMANDS, beside)
        evidence.append(changed.in_evidence(observed("run", ran, around.limit, after.commit)))
        before = after
        if not ran.succeeded:
            break


async def _outcome(shop: Shop, task: Task, wanted: Wanted, session: Session, evidence: tuple[Evidence, ...]) -> Verdict:
    last = evidence[-1]
    if not last.passed:
        outcome = Outcome.TIMED_OUT if last.exit_code is None else Outcome.FAILED
        why = f"failed: `{last.command}` {last.ending}"
        return failed(shop, task.id, session, e.AttemptEnded(task.id, outcome, why, last.output, evidence))
    summary = f"{len(evidence)} of {len(task.run)} commands succeeded"
    claim = e.TaskClaimed(task.id, "shell", summary, last.output, evidence)
    return await claimed(shop, wanted, session, claim)


async def claimed(
    shop: Shop, wanted: Wanted, session: Session, claim: e.TaskClaimed, review: Review | None = None
) -> Verdict:
    """Make *claim*, which ends the attempt in *session*, durable; then verify it, if that is wanted."""

    def claiming(graph: Graph) -> list[e.Event]:
        _refuse_stale(graph, claim.task, session)
        return [claim, *finished(graph, session.id, SessionState.COMPLETED)]

    shop.writer.commit("new_task", claiming)
    judged = await verify(shop, claim.task, claim.evidence, "new_task", review) if wanted.verified else None
    shop.show("ended", claim.task, str(shop.writer.graph.task(claim.task).status))
    return judged.verdict if judged else Verdict.UNDECIDED


def failed(shop: Shop, task_id: TaskId, session: Session, ended: e.AttemptEnded) -> Verdict:
    """Make the end of the attempt in *session* durable: a failure, which it returns."""

    def failing(graph: Graph) -> list[e.Event]:
        _refuse_stale(graph, task_id, session)
        return [ended, *finished(graph, session.id, SessionState.FAILED)]

    shop.writer.commit("new_task", failing)
    shop.show("ended", task_id, ended.detail)
    return Verdict.FAILED


def _refuse_stale(graph: Graph, task_id: TaskId, session: Session) -> None:
    """Raise `StateTransitionError` unless the attempt in *session* is still the one under way."""
    attempt = graph.task(task_id).open_attempt
    if attempt is None or attempt.session != session.id:
        message = f"{task_id} was cancelled or taken over meanwhile: what was done does not count"
        raise StateTransitionError(message, f"/task_status {task_id}")


def suspended(
    shop: Shop, task_id: TaskId, session: Session, outcome: Outcome, why: str, evidence: tuple[Evidence, ...] = ()
) -> None:
    """Record that the attempt was stopped through no fault of its own, with what its log holds last.

    The task stays in progress, to be gone on with. What is claimed already stays claimed.
    """
    tail = clean(lease.tail(shop.project.layout.log(session.id)), multiline=True).rstrip()

    def stopping(graph: Graph) -> list[e.Event]:
        task = graph.tasks.get(task_id)
        if task is None or task.open_attempt is None or task.open_attempt.session != session.id:
            return []
        ended = e.AttemptEnded(task_id, outcome, why, tail, evidence)
        return [ended, e.SessionMoved(session.id, SessionState.SUSPENDED, why)]

    shop.writer.commit("new_task", stopping)
