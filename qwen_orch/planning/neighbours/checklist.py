"""A GitHub task list: boxes under headings, as an issue or a pull request shows and ticks them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qwen_orch.graph.state import Graph
from qwen_orch.model.task import Task
from qwen_orch.planning.neighbours import losses
from qwen_orch.planning.neighbours.listing import below, box, document, named, parse, retold, top
from qwen_orch.planning.neighbours.losses import Speech

__all__ = ["cannot_say", "parse", "render"]

_SPEECH = Speech(
    "A checklist",
    frozenset(("plan title", "description", "phase", "phase words", "parent", "cancelled")),
)
_LABEL = re.compile(r"[A-Z]{1,5}\d{1,6}|[A-Za-z]{1,10}-\d{1,6}|\d{1,4}")
"""Ids that the reader takes off the front of a title."""


def render(graph: Graph) -> str:
    """Return *graph* as a task list, parts below what they are part of, cancelled tasks struck out."""
    return document(graph, top(graph), _item)


def _item(task: Task) -> Iterator[str]:
    mark = "." if task.label.isdecimal() else ":" if "-" in task.label else ""
    label = f"{task.label}{mark} " if _LABEL.fullmatch(task.label) else ""
    yield f"- {box(task)} {label}{named(task)}"
    yield from below(task)


def cannot_say(graph: Graph) -> list[str]:
    """Return what a checklist cannot say of *graph*."""
    return losses.losses(graph, _SPEECH, losses.as_they_are(_SPEECH, retold(graph, render(graph))))
