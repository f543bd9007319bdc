"""What all neighbours say in their own words: where a task stands, its id, its criteria, text that reads back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Criterion, Priority, Task, TaskStatus
from qwen_orch.planning.reader.states import DEFERRED, DOING
from qwen_orch.planning.reader.text import clean, one_line, plain

EPOCH = "1970-01-01T00:00:00+00:00"
"""The time of what has none."""


class Standing(StrEnum):
    """Where a task stands in the words that other tools have for it."""

    OPEN = "open"
    DOING = "doing"
    DEFERRED = "deferred"
    DONE = "done"
    CANCELLED = "cancelled"


def standing(task: Task) -> Standing:
    """Return where *task* stands; an open task is under way or deferred when the reader tagged it so."""
    if task.status in (TaskStatus.COMPLETED, TaskStatus.CLAIMED):
        return Standing.DONE
    if task.status is TaskStatus.CANCELLED:
        return Standing.CANCELLED
    if task.status is TaskStatus.IN_PROGRESS or (task.status is TaskStatus.PENDING and DOING in task.tags):
        return Standing.DOING
    return Standing.DEFERRED if task.status is TaskStatus.PENDING and DEFERRED in task.tags else Standing.OPEN


def tags_beside(task: Task, *said: Standing) -> list[str]:
    """Return the tags of *task* but for the one that its standing says, when that is one of *said*."""
    now = standing(task)
    words = {Standing.DOING: DOING, Standing.DEFERRED: DEFERRED}
    return [tag for tag in task.tags if now not in said or tag != words.get(now)]


def literal(text: str) -> str:
    """Return *text* on one line so that the reader, which takes Markdown out of titles, reads these very words."""
    line = one_line(clean(text))
    if plain(line) == line:
        return line
    from qwen_orch.planning.export.escape import inline

    return inline(line)


def criterion_words(criterion: Criterion) -> str:
    """Return a criterion with its command in words, for formats that cannot say what is to be run."""
    if not criterion.check:
        return criterion.text
    alone = criterion.text.strip() in ("", criterion.check.strip())
    return f"check: `{criterion.check}`" if alone else f"{criterion.text} (check: `{criterion.check}`)"


def states_priority(task: Task) -> bool:
    """Tell whether the priority of *task* was stated: medium is also what goes without saying."""
    return task.priority is not Priority.MEDIUM or any(o.field == "priority" for o in task.origins)


def top_of(graph: Graph, task: Task) -> Task:
    """Return the task that *task* is a part of, however deep; itself when it is part of none."""
    while task.parent and task.parent in graph.tasks:
        task = graph.tasks[task.parent]
    return task


def depth_of(graph: Graph, task: Task) -> int:
    """Return how many tasks *task* is nested in."""
    depth = 0
    while task.parent and task.parent in graph.tasks:
        task, depth = graph.tasks[task.parent], depth + 1
    return depth


def ids(tasks: Iterable[Task], fits: Callable[[Task], str | None], fresh: Callable[[int], str]) -> dict[TaskId, str]:
    """Return an id for each of *tasks*: what *fits* makes of its label if that is free, else the next *fresh* one."""
    tasks = list(tasks)
    wanted = {t.id: fits(t) for t in tasks}
    taken: set[str] = set()
    found: dict[TaskId, str] = {}
    for task in tasks:
        label = wanted[task.id]
        if label is not None and label.casefold() not in taken:
            taken.add(label.casefold())
            found[task.id] = label
    number = 0
    for task in tasks:
        while task.id not in found:
            number += 1
            if (label := fresh(number)).casefold() not in taken:
                taken.add(label.casefold())
                found[task.id] = label
    return {t.id: found[t.id] for t in tasks}


def moment(graph: Graph, task: Task, *stated: str | None) -> str:
    """Return the first of *stated* that is a time, else when *task* or its plan was made, ISO 8601."""
    return next(filter(None, (*stated, task.created, graph.root.created)), EPOCH)
