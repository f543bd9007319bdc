"""What exports and drawings answer."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.answers.core import TaskAnswer


class Exported(NamedTuple):
    """An export: either written to *path*, or as *content*."""

    format: str
    path: str | None = None
    content: str | None = None


class Span(NamedTuple):
    """When a task can be done at the earliest, in working hours from now, and by how many it may slip (*slack*)."""

    start: float
    finish: float
    slack: float


class Drawing(NamedTuple):
    """The dependency graph, as a tree of text *lines* (indent, id), the tasks they name, and when each can be done.

    *schedule* is empty when nothing is estimated.
    """

    lines: tuple[tuple[int, str], ...]
    tasks: tuple[TaskAnswer, ...]
    critical_path: tuple[str, ...]
    schedule: dict[str, Span] = {}  # noqa: RUF012 - a field of a tuple, never written to
