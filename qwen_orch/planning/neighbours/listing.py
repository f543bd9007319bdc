"""Markdown lists that the plan reader takes for the same tasks: what Spec Kit, Kiro and checklists have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from qwen_orch.graph.state import Graph
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import TaskId, number_of
from qwen_orch.model.plan import Phase
from qwen_orch.model.task import Task
from qwen_orch.planning.export.escape import heading, introduces, paragraph, phase_heading, title
from qwen_orch.planning.export.shape import groups
from qwen_orch.planning.neighbours.wording import Standing, standing
from qwen_orch.planning.reader.text import clean, one_line

Lines = Callable[[Task], Iterable[str]]
_MARKER = re.compile(r"^(\s*\d*)([-*+.)])(?=\s)")
"""What would make a list, and so tasks, of the description of a phase."""
DEEPEST = 16
"""Parts nested deeper are written beside their parent: no Markdown parser nests without end."""


def parse(source: bytes, title: str | None = None) -> Draft:
    """Read *source* with the plan reader."""
    from attrs import evolve

    from qwen_orch.planning.reader import decode, read

    text, warnings = decode(source)
    draft = read(text, title=title)
    return evolve(draft, warnings=(*warnings, *draft.warnings))


def document(graph: Graph, name: str, items: Lines, nested: bool = True) -> str:
    """Return a document headed *name*: phases as headings, and under them the lines *items* gives for each task."""
    lines = [f"# {name}", ""]
    for phase, tasks in groups(graph):
        lines += _phase(phase) if phase else []
        for task, depth in tasks:
            indent = "  " * (min(depth, DEEPEST) if nested else 0)
            lines += [f"{indent}{line}" if line else "" for line in items(task)]
        lines.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _phase(phase: Phase) -> Iterator[str]:
    yield from (f"## {phase_heading(phase.title, number_of(phase.id))}", "")
    yield from (*(_MARKER.sub(r"\g<1>\\\g<2>", line) for line in paragraph(phase.description)), "")


def top(graph: Graph) -> str:
    """Return the title of the plan as the words of a heading."""
    return heading(graph.root.title)


def box(task: Task) -> str:
    """Return the box before a task: ticked when it is done."""
    return "[x]" if standing(task) is Standing.DONE else "[ ]"


def named(task: Task, behind: str = "") -> str:
    """Return the title as it is read back, struck out when the task is cancelled, and the marks *behind* it."""
    words = f"{title(task.title, behind)} {behind}".rstrip()
    return f"~~{words}~~" if standing(task) is Standing.CANCELLED else words


def below(task: Task, details: Iterable[str] = ()) -> Iterator[str]:
    """Yield what stands below a task: its description, in a paragraph of its own, and *details* as a list."""
    told, listed = paragraph(task.description), list(details)
    if told:
        yield from ("", *(f"  {line}" if line else "" for line in told))
        yield from ("", *(["  <!-- -->"] if introduces(told) else []))
    yield from (f"  - {line}" for line in listed)


def retold(graph: Graph, text: str) -> list[Task]:
    """Return the tasks whose titles are read otherwise when *graph*, written as *text*, is read back."""
    from qwen_orch.errors import OrchError
    from qwen_orch.planning.reader import read

    shown = [task for _, tasks in groups(graph) for task, _ in tasks]
    try:
        back = read(text).tasks
    except OrchError:
        return shown
    if len(back) != len(shown):
        return shown
    return [task for task, found in zip(shown, back, strict=True) if one_line(clean(task.title)) != found.title]


def waits(task: Task, names: dict[TaskId, str]) -> str:
    """Return the ids of what *task* waits for, with commas."""
    return ", ".join(names[d.task] for d in task.depends_on if d.task in names)
