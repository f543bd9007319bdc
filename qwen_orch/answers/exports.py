"""What exports and drawings answer."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.answers.core import TaskAnswer


class Exported(NamedTuple):
    """An export: either written to *path*, or as *content*."""

    format: str
    path: str | None = None
    content: str | None = None


class Drawing(NamedTuple):
    """The dependency graph, as a tree of text *lines* (indent, id) and the tasks they name."""

    lines: tuple[tuple[int, str], ...]
    tasks: tuple[TaskAnswer, ...]
    critical_path: tuple[str, ...]
