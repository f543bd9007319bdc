"""Where the current plan stands, in the few facts a person wants to see all the time."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.query import progress
from qwen_orch.graph.questions import waiting
from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.task import Task, TaskStatus


@frozen
class Standing:
    """Where a plan stands: counts of tasks, and the ids of those under way."""

    title: str
    status: PlanStatus
    done: int
    total: int
    fraction: float
    ready: int
    blocked: int
    claimed: int
    failed: int
    running: tuple[str, ...]
    session: str | None
    interrupted: int = 0
    asking: tuple[str, ...] = ()
    """What waits for an answer of the person: the tasks (or sessions) whose agents ask."""

    @property
    def percent(self) -> int:
        """Whole percent, and 100 only when everything is done."""
        return 100 if self.fraction >= 1 else min(99, int(self.fraction * 100))


def standing(graph: Graph, session: str | None, now: datetime) -> Standing | None:
    """Return where the plan of *graph* stands at *now*; None without one. Linear in the tasks."""
    root = graph.orchestration
    if root is None:
        return None
    far = progress(graph)
    open_leaves = [t for t in graph.tasks.values() if _startable(graph, t)]
    blocked = sum(1 for t in open_leaves if blocked_by(graph, t, now))
    begun = [t for t in graph.tasks.values() if t.status is TaskStatus.IN_PROGRESS]
    running = [t.id for t in begun if t.open_attempt]
    return Standing(
        title=root.title,
        status=root.plan.status,
        done=far.done,
        total=far.total,
        fraction=far.fraction,
        ready=len(open_leaves) - blocked,
        blocked=blocked,
        claimed=far.by_status[TaskStatus.CLAIMED],
        failed=far.by_status[TaskStatus.FAILED],
        running=tuple(sorted(running)),
        session=session,
        interrupted=len(begun) - len(running),
        asking=asking(graph),
    )


def asking(graph: Graph) -> tuple[str, ...]:
    """Return the tasks (or sessions) whose agents wait for an answer, the first who asked first."""
    return tuple(dict.fromkeys(q.name for q in waiting(graph)))


def _startable(graph: Graph, task: Task) -> bool:
    """Tell whether *task* is pending and not waiting for its own parts only."""
    return task.status is TaskStatus.PENDING and all(t.status.settled for t in graph.subtasks(task.id))
