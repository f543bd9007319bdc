"""Task Master's ``tasks.json`` (claude-task-master): tagged as it is written now; the reader reads legacy files too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from qwen_orch.graph.state import Graph
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Task
from qwen_orch.planning.neighbours import losses
from qwen_orch.planning.neighbours.losses import Speech
from qwen_orch.planning.neighbours.wording import (
    Standing,
    criterion_words,
    depth_of,
    ids,
    literal,
    standing,
    tags_beside,
    top_of,
)
from qwen_orch.planning.reader.text import clean

_SPEECH = Speech(
    "Task Master",
    frozenset(
        (
            *("plan title", "description", "priority", "critical", "parent", "phase", "depends_on", "criteria"),
            *("tags", "assignee", "doing", "cancelled"),
        )
    ),
)
_WORDS = {
    Standing.OPEN: "pending",
    Standing.DOING: "in-progress",
    Standing.DEFERRED: "deferred",
    Standing.DONE: "done",
    Standing.CANCELLED: "cancelled",
}
_MASTER = "master"


def parse(source: bytes, title: str | None = None) -> Draft:
    """Read *source* with the plan reader; a single tag has its title from the project name that `render` writes."""
    from qwen_orch.planning.neighbours.loading import load
    from qwen_orch.planning.reader import decode, read

    return read(decode(source)[0], title=title or _named(load(source).whole))


def _named(whole: Any) -> str | None:
    tags = [v for v in whole.values() if isinstance(v, dict) and "tasks" in v] if isinstance(whole, dict) else []
    meta = tags[0].get("metadata") if len(tags) == 1 else None
    name = meta.get("projectName") if isinstance(meta, dict) else None
    return name if isinstance(name, str) and name.strip() else None


@frozen
class Lists:
    """A plan as lists of tasks by tag, each task with its *parts* in one flat list, and the id of each (``2.1``)."""

    tops: dict[str, list[Task]]
    parts: dict[TaskId, list[Task]]
    names: dict[TaskId, str]

    def say(self, task: Task, waits: TaskId) -> bool:
        """Tell whether *task* can be said to wait: in a part, a bare number means another part of the same task."""
        return "." not in self.names[task.id] or "." in self.names[waits]


def render(graph: Graph) -> str:
    """Return *graph* as a tagged file: one tag, ``master``, or the tags it came from."""
    import orjson

    lists = _lists(graph)
    meta = {
        "projectName": literal(graph.root.title),
        "created": graph.root.created,
        "updated": graph.root.updated,
    }
    document = {
        tag: {"tasks": [_whole(lists, task) for task in tasks], "metadata": meta} for tag, tasks in lists.tops.items()
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def cannot_say(graph: Graph) -> list[str]:
    """Return what Task Master's format cannot say of *graph*."""
    lists = _lists(graph)
    lost: list[tuple[str, Callable[[Task], object]]] = [
        ("phases", lambda t: t.phase and len(lists.tops) == 1),
        ("parts of parts (they become parts of the whole)", lambda t: depth_of(graph, t) > 1),
        ("that a part waits for a whole task", lambda t: any(not lists.say(t, d.task) for d in t.depends_on)),
        ("several criteria (they become one test strategy)", lambda t: len(t.acceptance) > 1),
    ]
    return losses.losses(graph, _SPEECH, losses.special(graph, _SPEECH, lost))


def _lists(graph: Graph) -> Lists:
    homes = {t.id: top_of(graph, t) for t in graph.ordered()}
    alone = [t for t in graph.ordered() if homes[t.id] is t]
    tagged = _are_tags(graph, homes, alone)
    tops: dict[str, list[Task]] = {} if tagged else {_MASTER: []}
    for task in alone:
        phase = graph.phase(task.phase)
        tops.setdefault(clean(phase.title) if phase and tagged else _MASTER, []).append(task)
    names: dict[TaskId, str] = {}
    for tasks in tops.values():
        names |= ids(tasks, lambda t: _number(t.label.rpartition(":")[2]), str)
    parts: dict[TaskId, list[Task]] = {}
    for task in (t for t in graph.ordered() if homes[t.id] is not t):
        parts.setdefault(homes[task.id].id, []).append(task)
    for top, held in parts.items():
        own = ids(held, lambda t: _number(t.label.rpartition(".")[2]), str)
        names |= {task: f"{names[top]}.{number}" for task, number in own.items()}
    return Lists(tops, parts, names)


def _are_tags(graph: Graph, homes: dict[TaskId, Task], alone: list[Task]) -> bool:
    """Tell whether the phases are tags that were read: labels begin with them, and no task waits for another tag."""
    named = [p.title for t in alone if (p := graph.phase(t.phase)) and t.label.startswith(f"{p.title}:")]
    crossing = any(
        homes[d.task].phase != homes[t.id].phase for t in graph.ordered() for d in t.depends_on if d.task in homes
    )
    return len(named) == len(alone) and len(set(named)) > 1 and not crossing


def _number(text: str) -> str | None:
    plain = text.isascii() and text.isdecimal() and len(text) < 10
    return text if plain and text == str(int(text)) else None


def _whole(lists: Lists, task: Task) -> dict[str, Any]:
    return _entry(lists, task) | {"subtasks": [_entry(lists, part) for part in lists.parts.get(task.id, ())]}


def _entry(lists: Lists, task: Task) -> dict[str, Any]:
    brief, _, details = clean(task.description).strip().partition("\n\n")
    told = {
        "id": int(lists.names[task.id].rpartition(".")[2]),
        "title": literal(task.title),
        "description": brief,
        "status": _WORDS[standing(task)],
        "dependencies": [_reference(lists, task, d.task) for d in task.depends_on if lists.say(task, d.task)],
        "priority": str(task.priority),
        "details": details,
        "testStrategy": literal("; ".join(map(criterion_words, task.acceptance))),
    }
    more = {"tags": tags_beside(task, Standing.DOING, Standing.DEFERRED), "assignee": task.assignee}
    return told | {key: value for key, value in more.items() if value}


def _reference(lists: Lists, task: Task, waits: TaskId) -> int | str:
    owner, _, number = lists.names[waits].rpartition(".")
    sibling = owner and owner == lists.names[task.id].rpartition(".")[0]
    return int(number) if sibling or not owner else lists.names[waits]
