"""How many hours a task takes: its estimate, its share of its container's, or what tasks of this plan usually take.

Work lies in the *leaf* tasks alone, those without subtasks. A container has no hours of its own: it is done when its
parts are. So that an estimate a person gave a container is not lost, it is divided evenly among the parts when no task
below the container has an estimate (a part's share counts even if the part was cancelled: cancelling it takes its work
away); when one has, the finer estimates are trusted and the container's is left out. Counting both would count the work
twice.
"""

from __future__ import annotations

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Estimate, Task, TaskStatus

NO_WORK = Estimate(0.0, 0.0, 0.0, 1.0)
DEFAULT_HOURS = 1.0
"""What a task takes when the plan has no estimate at all."""
MOST_REPORTED = 0.9
"""What a report of progress counts for at most: the rest of a task is the proof."""

Efforts = dict[TaskId, Estimate]


def efforts(graph: Graph) -> Efforts:
    """Return the whole effort of every leaf task, in hours, as if nothing of it were done; in the order of the tasks.

    A leaf without an estimate or share takes the median of the means of those that have one, give or take half of it;
    `DEFAULT_HOURS` when none has. Linear in the tasks (times the depth of nesting, which is small).
    """
    leaves = [t for t in graph.ordered() if not graph.parts.get(t.id)]
    divided = _estimated_below(graph)
    known = {t.id: t.estimate or _share(graph, t, divided) for t in leaves}
    usual = _usual([found.mean for found in known.values() if found])
    return {i: found or usual for i, found in known.items()}


def left(task: Task, whole: Estimate) -> Estimate:
    """Return what is left of the *whole* effort of *task*, in hours: nothing once it is claimed or settled."""
    if task.status.settled or task.status is TaskStatus.CLAIMED:
        return NO_WORK
    if task.status is TaskStatus.IN_PROGRESS:
        return _scaled(whole, 1.0 - reported(task))
    return whole


def reported(task: Task) -> float:
    """Return the share of *task* that is taken for done on its worker's word, from 0 to `MOST_REPORTED`."""
    return min(task.progress, MOST_REPORTED)


def _estimated_below(graph: Graph) -> set[TaskId]:
    """Return the containers that have an estimated task somewhere below them."""
    found: set[TaskId] = set()
    for task in graph.tasks.values():
        above = task.parent if task.estimate else None
        while above is not None and above not in found:
            found.add(above)
            container = graph.tasks.get(above)
            above = container.parent if container else None
    return found


def _share(graph: Graph, task: Task, divided: set[TaskId]) -> Estimate | None:
    """Return the share *task* has in the estimate of the nearest container that has one to divide."""
    portion, above = 1.0, task.parent
    while above is not None and above not in divided:
        container = graph.tasks.get(above)
        if container is None:
            return None
        portion /= len(graph.parts[above])
        if container.estimate:
            return _scaled(container.estimate, portion)
        above = container.parent
    return None


def _usual(means: list[float]) -> Estimate:
    hours = _median(means) if means else DEFAULT_HOURS
    return Estimate(hours / 2, hours, hours * 3 / 2, 0.0)


def _median(values: list[float]) -> float:
    values, middle = sorted(values), len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def _scaled(estimate: Estimate, by: float) -> Estimate:
    return Estimate(estimate.low * by, estimate.likely * by, estimate.high * by, estimate.confidence)
