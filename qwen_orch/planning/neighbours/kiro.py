"""The ``tasks.md`` of a Kiro spec: ``- [ ] 2.1 What to do`` with details and ``_Requirements: 1.2_`` below."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Priority, Task
from qwen_orch.planning.neighbours import losses
from qwen_orch.planning.neighbours.listing import below, box, document, named, parse, retold, top, waits
from qwen_orch.planning.neighbours.losses import Speech
from qwen_orch.planning.neighbours.wording import ids
from qwen_orch.planning.reader.states import OPTIONAL

__all__ = ["cannot_say", "parse", "render"]

_SPEECH = Speech(
    "Kiro",
    frozenset(
        (
            *("description", "phase", "phase words", "parent", "depends_on", "criteria", "checks", "cancelled", "tags"),
            *("priority", "critical", "plan title"),
        )
    ),
)
_MET = re.compile(r"Requirements met: (\d[\d., ]*)")
"""What the reader makes of ``_Requirements: 1.2, 3.1_``."""


def render(graph: Graph) -> str:
    """Return *graph* as Kiro writes an implementation plan: numbered boxes, parts numbered under their task."""
    names = _numbers(graph)
    return document(graph, f"Implementation Plan: {top(graph)}", lambda task: _item(task, names))


def _numbers(graph: Graph) -> dict[TaskId, str]:
    """Return the number of each task: ``2``, and ``2.1`` for a part of it."""
    names: dict[TaskId, str] = {}
    levels: dict[TaskId | None, list[Task]] = {}
    for task in graph.ordered():
        levels.setdefault(task.parent if task.parent in graph.tasks else None, []).append(task)
    stack: list[TaskId | None] = [None]
    while stack:
        above = stack.pop()
        head = f"{names[above]}." if above else ""
        own = _level(levels.get(above, []), head)
        names |= own
        stack += own
    return names


def _level(tasks: list[Task], head: str) -> dict[TaskId, str]:
    return ids(tasks, lambda t: _number(t.label, head), lambda n: f"{head}{n}")


def _number(label: str, head: str) -> str | None:
    last = label.removeprefix(head)
    fits = label.startswith(head) and last.isascii() and last.isdecimal() and len(last) < 5
    return label if fits and last == str(int(last)) else None


def _item(task: Task, names: dict[TaskId, str]) -> Iterator[str]:
    number = names[task.id]
    star = "*" if OPTIONAL in task.tags else ""
    yield f"- {box(task)}{star} {number}{'' if '.' in number else '.'} {named(task)}"
    yield from below(task, _details(task, names))


def _details(task: Task, names: dict[TaskId, str]) -> Iterator[str]:
    if before := waits(task, names):
        yield f"_Depends: {before}_"
    yield from (f"_Requirements: {m[1]}_" for c in task.acceptance if (m := _MET.fullmatch(c.text)))


def cannot_say(graph: Graph) -> list[str]:
    """Return what Kiro cannot say of *graph*."""
    lost: list[tuple[str, Callable[[Task], object]]] = [
        ("acceptance criteria but the numbers of requirements", lambda t: any(not _met(c.text) for c in t.acceptance)),
        ("tags but optional", lambda t: any(tag != OPTIONAL for tag in t.tags)),
        ("priorities", lambda t: t.priority is not (Priority.LOW if OPTIONAL in t.tags else Priority.MEDIUM)),
    ]
    odd = losses.as_they_are(_SPEECH, retold(graph, render(graph)))
    return losses.losses(graph, _SPEECH, [*losses.special(graph, _SPEECH, lost), *odd])


def _met(text: str) -> bool:
    return _MET.fullmatch(text) is not None
