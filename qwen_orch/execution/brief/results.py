"""What the tasks that a task builds on have brought: the nearest first, then what those build on. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Task


def finished_before(graph: Graph, task: Task) -> Iterator[tuple[Task, int, str]]:
    """Yield each task that *task* builds on, how far away it is (1: directly), and what came of it."""
    seen, nearest = {task.id}, [task]
    distance = 0
    while nearest:
        distance += 1
        found = [i for one in nearest for i in _builds_on(graph, one) if i in graph.tasks]
        fresh = [i for i in dict.fromkeys(found) if i not in seen]
        seen.update(fresh)
        nearest = [graph.tasks[i] for i in fresh]
        yield from ((one, distance, _result(one)) for one in nearest)


def _builds_on(graph: Graph, task: Task) -> Iterator[TaskId]:
    """Yield what *task* waits for: by itself, as a part of a whole that waits, or as the whole of its parts."""
    above: Task | None = task
    while above is not None:
        yield from (d.task for d in above.depends_on)
        above = graph.tasks.get(above.parent) if above.parent else None
    yield from graph.parts.get(task.id, ())


def _result(task: Task) -> str:
    files = ", ".join(dict.fromkeys(f for v in task.evidence for f in v.files))
    told = f"{task.status}: {task.summary}" if task.summary else str(task.status)
    return f"{told}\nChanged: {files}" if files else told
