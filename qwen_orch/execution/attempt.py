"""One attempt: intent, act, outcome. Its start is durable before a process is spawned, its end before it is shown."""

from __future__ import annotations

import asyncio
import contextlib
from typing import BinaryIO

from attrs import evolve, frozen

from qwen_orch.execution.choose import refuse_start
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import Attempt, Evidence, Executor, Outcome, Task
from qwen_orch.processes.command import Ran, run
from qwen_orch.processes.worktree import look
from qwen_orch.project.opening import finished, new_session, opened
from qwen_orch.project.writer import now, timestamp
from qwen_orch.store import lease
from qwen_orch.verification.checks import observed
from qwen_orch.verification.judge import Verdict
from qwen_orch.verification.session import Shop, verify


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
        attempt = Attempt(len(task.attempts) + 1, wanted.executor, session.id, timestamp())
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
    with contextlib.closing(lease.take(shop.project.layout.log(session.id))) as log:
        task = start(shop, wanted, session)
        shop.show("started", task.id, task.title)
        try:
            evidence = await _act(shop, task, session, log)
            return await _outcome(shop, task, wanted, session, evidence)
        except asyncio.CancelledError:
            _cancelled(shop, task.id, session)
            raise


async def _act(shop: Shop, task: Task, session: Session, log: BinaryIO) -> tuple[Evidence, ...]:
    """Run the commands of *task* until one fails; return what was seen."""
    around = shop.surroundings(session.id)
    shown = evolve(around, log=log, show=lambda line: shop.show("output", task.id, line))
    before = await asyncio.to_thread(look, shop.project.root)
    evidence: list[Evidence] = []
    for line in task.run:
        shop.show("output", task.id, f"$ {line}")
        ran: Ran = await run(line, shown)
        after = await asyncio.to_thread(look, shop.project.root)
        evidence.append(observed("run", ran, around.limit, after.changed_since(before), after.commit))
        before = after
        if not ran.succeeded:
            break
    return tuple(evidence)


async def _outcome(shop: Shop, task: Task, wanted: Wanted, session: Session, evidence: tuple[Evidence, ...]) -> Verdict:
    last = evidence[-1]
    if not last.passed:
        _failed(shop, task.id, session, evidence)
        shop.show("ended", task.id, _why(last))
        return Verdict.FAILED
    summary = f"{len(evidence)} of {len(task.run)} commands succeeded"
    shop.writer.commit(
        "new_task",
        lambda graph: [
            e.TaskClaimed(task.id, "shell", summary, last.output, evidence),
            *finished(graph, session.id, SessionState.COMPLETED),
        ],
    )
    if not wanted.verified:
        return Verdict.UNDECIDED
    judged = await verify(shop, task.id, evidence, "new_task")
    shop.show("ended", task.id, judged.verdict.value)
    return judged.verdict


def _why(last: Evidence) -> str:
    how = "ran out of time" if last.exit_code is None else f"exited with {last.exit_code}"
    return f"failed: `{last.command}` {how}"


def _failed(shop: Shop, task_id: TaskId, session: Session, evidence: tuple[Evidence, ...]) -> None:
    last = evidence[-1]
    outcome = Outcome.TIMED_OUT if last.exit_code is None else Outcome.FAILED
    shop.writer.commit(
        "new_task",
        lambda graph: [
            e.AttemptEnded(task_id, outcome, _why(last), last.output, evidence),
            *finished(graph, session.id, SessionState.FAILED),
        ],
    )


def _cancelled(shop: Shop, task_id: TaskId, session: Session) -> None:
    """Record that a person stopped it, with what it had printed. What is claimed already stays claimed."""
    tail = lease.tail(shop.project.layout.log(session.id))

    def stopping(graph: Graph) -> list[e.Event]:
        if graph.task(task_id).open_attempt is None:
            return []
        ended = e.AttemptEnded(task_id, Outcome.CANCELLED, "stopped by a person", tail)
        return [ended, e.SessionMoved(session.id, SessionState.SUSPENDED, "stopped by a person")]

    shop.writer.commit("new_task", stopping)
