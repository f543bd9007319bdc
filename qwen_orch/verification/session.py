"""A verification session: opened for a claim, it runs the checks anew, gives the verdict and ends."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import BinaryIO, TypeAlias

from qwen_orch.errors import OrchError
from qwen_orch.graph.precedence import ENDS, held_open_by
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import Evidence, Task, TaskStatus
from qwen_orch.processes.shop import Shop
from qwen_orch.project.opening import finished, new_session, opened
from qwen_orch.project.writer import now, timestamp
from qwen_orch.store import lease
from qwen_orch.verification.checks import check
from qwen_orch.verification.judge import (
    UNREVIEWED,
    Judgement,
    Reviewed,
    Verdict,
    events_of,
    judge,
    reopened_parents,
    settled_parents,
    unchecked,
)

Review: TypeAlias = Callable[[Shop, SessionId, BinaryIO], Awaitable[Reviewed]]
"""Has a second agent look, in a verification session with a log, at what no command can check."""


async def verify(
    shop: Shop, task_id: TaskId, claim: tuple[Evidence, ...], by: str, review: Review | None = None
) -> Judgement:
    """Judge the claim on *task_id*, made with the evidence *claim*, and make the verdict durable.

    When no check failed, and there is something that no command can check, *review* looks at it.
    """
    graph = shop.writer.graph
    task = graph.task(task_id)
    title, taken = f"verify {task.title}", shop.project.layout.has_session
    session = new_session(graph, SessionKind.VERIFICATION, title, task.session, task, taken)
    checks = [c.check for c in task.acceptance if c.check] if task.approved else []
    with verifying(shop, session, by) as log:
        for line in checks:
            shop.show("checking", task_id, line)
        found = await check(checks, shop.surroundings(session.id))
        needed = unchecked(task) and all(seen.passed for seen in found.values())
        reviewed = await review(shop, session.id, log) if review and needed else UNREVIEWED
        return _close(shop, task_id, session.id, by, lambda newest: judge(newest, found, claim, reviewed))


@contextlib.contextmanager
def verifying(shop: Shop, session: Session, by: str) -> Iterator[BinaryIO]:
    """Open a verification *session*, hold the lease of its log, and end it as failed if the block does not end it.

    The lease comes first, so that nobody takes the session for one whose process is gone. An empty log goes.
    """
    path = shop.project.layout.log(session.id)
    with lease.take(path) as log:
        try:
            shop.writer.commit(by, lambda graph: opened(graph, shop.project.config, session))
            yield log
        except BaseException:
            with contextlib.suppress(OrchError):
                shop.writer.commit(by, lambda graph: finished(graph, session.id, SessionState.FAILED))
            raise
        finally:
            if not log.tell():
                path.unlink(missing_ok=True)


def _close(shop: Shop, task_id: TaskId, session: SessionId, by: str, judging: Callable[[Task], Judgement]) -> Judgement:
    judged: list[Judgement] = []

    def verdict(graph: Graph) -> list[e.Event]:
        task = graph.task(task_id)
        judged[:] = [judging(task)]
        return [*verdict_events(graph, task, judged[0]), e.SessionMoved(session, SessionState.COMPLETED)]

    shop.writer.commit(by, verdict)
    return judged[0]


def verdict_events(graph: Graph, task: Task, judgement: Judgement) -> list[e.Event]:
    """Return the events of a verdict: the task's own, and those of parents that it settles.

    A task whose finish depends on others, or that has open parts, is not completed before they are: it stays claimed.
    """
    if judgement.verdict is Verdict.COMPLETED and held_open_by(graph, task, now()):
        return [e.CriteriaChecked(task.id, judgement.acceptance)]
    events = events_of(task.id, judgement)
    if judgement.verdict is Verdict.COMPLETED:
        events += settled_parents(graph, [task.id], timestamp())
        return [*events, *_released(graph, events)]
    return [*events, *reopened_parents(graph, task)] if judgement.verdict is Verdict.FAILED else events


def _released(graph: Graph, events: list[e.Event]) -> list[e.Event]:
    """Return verdicts for claimed tasks that had proved themselves and only waited for what *events* complete."""
    graph = after(graph, events)
    done = {event.task for event in events if isinstance(event, e.VerdictGiven)}
    waiting = [t.id for t in graph.ordered() if done & {d.task for d in t.depends_on if ENDS[d.kind][1]}]
    released: list[e.Event] = []
    for task_id in waiting:
        task = graph.task(task_id)
        if task.status is not TaskStatus.CLAIMED or held_open_by(graph, task, now()):
            continue
        seen = {c.check: c.evidence for c in task.acceptance if c.check and c.evidence}
        judgement = judge(task, seen, [v for v in task.evidence if v.kind != "check"])
        if judgement.verdict is Verdict.COMPLETED:
            found = verdict_events(graph, task, judgement)
            graph = after(graph, found)
            released += found
    return released


def after(graph: Graph, events: list[e.Event]) -> Graph:
    """Return the state that *events* would make of *graph*, for verdicts that depend on one another."""
    from qwen_orch.graph.apply import apply

    for event in events:
        graph = apply(graph, event, timestamp())
    return graph
