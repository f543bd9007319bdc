"""What a worker is told of the attempts before its own: what was claimed, what failed, what was printed last. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_orch.graph.state import Graph
from qwen_orch.model.activity import Action
from qwen_orch.model.task import Attempt, Criterion, CriterionStatus, Outcome, Task, TaskStatus

TAIL = 1_500
"""Characters of what a command printed that are told again: its end, where the error is."""
_LAST_ACTIONS = 3


def failed_checks(task: Task) -> str:
    """Return what failed when the task was last judged: checks with what they printed, and what a reviewer missed."""
    failed = [_failed(c) for c in task.acceptance if c.status is CriterionStatus.FAILED]
    missed = [f"- a reviewer found: {v.output}" for v in task.evidence if v.kind == "review" and not v.passed]
    return "\n".join([*failed, *missed])


def _failed(criterion: Criterion) -> str:
    seen = criterion.evidence
    ended = f": `{seen.command}` {seen.ending}" if seen and seen.command else ""
    return f"- {criterion.text}{ended}{_printed(seen.output if seen else '')}"


def attempts(graph: Graph, task: Task) -> Iterator[tuple[str, str]]:
    """Yield a name and a text for each attempt that has ended, the last first."""
    for attempt in reversed(task.attempts):
        if attempt.ended:
            yield f"Attempt {attempt.number}", _attempt(graph, task, attempt)


def _attempt(graph: Graph, task: Task, attempt: Attempt) -> str:
    session = graph.sessions.get(attempt.session)
    did = "; ".join(map(_action, session.activity.actions[-_LAST_ACTIONS:])) if session else ""
    said = f"by {attempt.executor}, {_ended(task, attempt)}" + (f": {attempt.detail}" if attempt.detail else "")
    return said + (f"\nIts last actions: {did}" if did else "") + _printed(attempt.output)


def _ended(task: Task, attempt: Attempt) -> str:
    if attempt.outcome is not Outcome.CLAIMED:
        return str(attempt.outcome)
    stands = attempt is task.attempts[-1] and task.status in (TaskStatus.CLAIMED, TaskStatus.COMPLETED)
    return "claimed to be done" if stands else "claimed to be done, but was not"


def _action(action: Action) -> str:
    return f"{action.title} ({action.state})"


def _printed(output: str) -> str:
    """Return the end of *output*, set apart by more backquotes than it holds; nothing of a silent one."""
    tail = output.rstrip()[-TAIL:]
    fence = "```"
    while fence in tail:
        fence += "`"
    return f"\nIt printed last:\n{fence}\n{tail}\n{fence}" if tail else ""
