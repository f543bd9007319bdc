"""The files of other task tools: one module a format, each reading it to a `Draft` and writing a plan as one.

What a format cannot say is never left out in silence: `cannot_say` names it. Markdown and Task Master's JSON are read
by the plan reader itself; the modules here read only what it does not.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from qwen_orch.errors import UsageError
from qwen_orch.model.ids import did_you_mean

if TYPE_CHECKING:
    from types import ModuleType

    from qwen_orch.graph.state import Graph
    from qwen_orch.model.draft import Draft

__all__ = ["NEIGHBOURS", "Neighbour", "cannot_say", "parse", "recognise", "render"]


@frozen
class Neighbour:
    """One format: the *suffix* of its files (nothing: it is a *folder*) and what it is *about*."""

    suffix: str
    about: str

    @property
    def folder(self) -> bool:
        """Whether it is a folder of files."""
        return not self.suffix


NEIGHBOURS: dict[str, Neighbour] = {
    "taskmaster": Neighbour(".json", "Task Master's tasks.json"),
    "speckit": Neighbour(".md", "the tasks.md of GitHub Spec Kit"),
    "kiro": Neighbour(".md", "the tasks.md of a Kiro spec"),
    "backlog": Neighbour("", "a folder of Backlog.md task files"),
    "beads": Neighbour(".jsonl", "the issues.jsonl of beads"),
    "taskwarrior": Neighbour(".json", "for task import"),
    "checklist": Neighbour(".md", "a GitHub task list"),
}
"""Every format by the name ``/export_plan`` and ``/import`` know it by."""


def recognise(path: Path) -> str | None:
    """Return the name of the format that the file or folder *path* is in, by what it holds; None if it is in none."""
    if path.is_dir():
        from qwen_orch.planning.neighbours.backlog import task_files

        return "backlog" if task_files(path) else None
    from qwen_orch.planning.neighbours.detection import of_bytes

    return of_bytes(path.read_bytes())


def parse(name: str, source: bytes | Path, title: str | None = None) -> Draft:
    """Read *source*, the bytes of a file or a folder, which is in the format *name*; *title* overrides its own.

    Raises `ValidationError` naming what was expected, and `DependencyError` for dependencies that form a circle.
    """
    draft: Draft = _module(name).parse(source, title)
    return draft


def render(graph: Graph, name: str) -> str | dict[str, str]:
    """Return *graph* in the format *name*: the text of a file or, for a folder, of each file by its name."""
    document: str | dict[str, str] = _module(name).render(graph)
    return document


def cannot_say(graph: Graph, name: str) -> list[str]:
    """Return what the format *name* cannot say of *graph*, a line each, for people."""
    lost: list[str] = _module(name).cannot_say(graph)
    return lost


def _module(name: str) -> ModuleType:
    if name not in NEIGHBOURS:
        near = did_you_mean(name, NEIGHBOURS)
        raise UsageError(f"there is no format {name[:60]!r}{near}", ", ".join(NEIGHBOURS))
    return import_module(f"qwen_orch.planning.neighbours.{name}")
