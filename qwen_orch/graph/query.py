"""What a graph is asked: what can be done now, what cannot and why, and how far the plan is.

Pure, and linear in the tasks (times the depth of nesting, which is small). *now* is an aware datetime: a lag may pass
without an event. ``network`` is imported late: most commands never ask for an order of choice.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from qwen_orch.graph.effort import efforts, reported
from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId, number_of
from qwen_orch.model.task import Executor, Outcome, Task, TaskStatus

BLOCKED = "blocked"
INTERRUPTED = "interrupted"


class Progress(NamedTuple):
    """How far a plan is, counted in leaf tasks: a container is as far as its parts.

    *done* of *total* tasks are completed; cancelled ones are in neither. *fraction* (0 to 1) weighs each task by its
    hours, and counts what a task under way or claimed reported of itself, which is never the whole of it.
    *by_status* counts the leaf tasks in every status, cancelled ones too.
    """

    done: int
    total: int
    fraction: float
    by_status: dict[str, int]


def is_ready(graph: Graph, task: Task, now: datetime) -> bool:
    """Tell whether *task* can be started: pending, nothing blocks it, and it has no open subtasks.

    A container is ready when all its parts are settled: what is left is its own commands and criteria, or, if it has
    none, the verdict that it is done.
    """
    if task.status is not TaskStatus.PENDING or any(not t.status.settled for t in graph.subtasks(task.id)):
        return False
    return not blocked_by(graph, task, now)


def ready(graph: Graph, now: datetime) -> list[Task]:
    """Return the tasks that can be started, the one to choose first: longest path to the end, priority, order."""
    return _in_order_of_choice(graph, [t for t in graph.tasks.values() if is_ready(graph, t, now)])


def _in_order_of_choice(graph: Graph, tasks: list[Task]) -> list[Task]:
    if len(tasks) < 2:
        return tasks
    from qwen_orch.graph.network import ranks

    rank = ranks(graph)
    return sorted(tasks, key=lambda t: (-round(rank[t.id], 6), t.priority.rank, number_of(t.id)))


def blocked(graph: Graph, now: datetime) -> list[tuple[Task, tuple[str, ...]]]:
    """Return the pending tasks that something blocks, in order, each with what does (as `precedence.blocked_by`)."""
    pending = (t for t in graph.ordered() if t.status is TaskStatus.PENDING)
    found = ((t, blocked_by(graph, t, now)) for t in pending)
    return [(task, by) for task, by in found if by]


def continuing(task: Task) -> str:
    """Return what to type to go on with *task*, which nothing holds up."""
    attempt = task.open_attempt
    if attempt and attempt.executor is not Executor.MANUAL:
        return f"/task_status {task.id}"
    claims = attempt or task.status is TaskStatus.CLAIMED
    return f"/complete_task {task.id}" if claims else f"/new_task {task.id}"


def progress(graph: Graph) -> Progress:
    """Return how far the plan is; a plan without tasks is at 0."""
    hours = {i: e.mean for i, e in efforts(graph).items()}
    leaves = [graph.tasks[i] for i in hours]
    wanted = [t for t in leaves if t.status is not TaskStatus.CANCELLED]
    by_status = {str(s): 0 for s in TaskStatus}
    for task in leaves:
        by_status[task.status] += 1
    return Progress(by_status[TaskStatus.COMPLETED], len(wanted), _fraction(wanted, hours), by_status)


def _fraction(tasks: list[Task], hours: dict[TaskId, float]) -> float:
    """Return the share of the work of *tasks* that is done; each weighs the same if none has any hours."""
    whole = sum(hours[t.id] for t in tasks)
    if not whole:
        return sum(_own(t) for t in tasks) / max(1, len(tasks))
    return min(1.0, sum(hours[t.id] * _own(t) for t in tasks) / whole)


def _own(task: Task) -> float:
    if task.status is TaskStatus.COMPLETED:
        return 1.0
    return reported(task) if task.status in (TaskStatus.IN_PROGRESS, TaskStatus.CLAIMED) else 0.0


def status_word(graph: Graph, task: Task, now: datetime) -> str:
    """Return the word people read for where *task* stands: its status, ``blocked`` or ``interrupted``."""
    if task.status is TaskStatus.PENDING and blocked_by(graph, task, now):
        return BLOCKED
    stopped = task.attempts and task.attempts[-1].outcome in (Outcome.INTERRUPTED, Outcome.CANCELLED)
    return INTERRUPTED if stopped and task.status is TaskStatus.IN_PROGRESS else str(task.status)
