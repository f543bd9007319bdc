"""The ``tasks.md`` of GitHub Spec Kit: ``- [ ] T012 [P] [US1] What to do (depends on T008)`` under its phases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Task
from qwen_orch.planning.export.escape import inline
from qwen_orch.planning.neighbours import losses
from qwen_orch.planning.neighbours.listing import below, box, document, named, parse, retold, top, waits
from qwen_orch.planning.neighbours.losses import Speech
from qwen_orch.planning.neighbours.wording import ids
from qwen_orch.planning.reader.states import PARALLEL

__all__ = ["cannot_say", "parse", "render"]

_SPEECH = Speech(
    "Spec Kit",
    frozenset(
        (
            *("plan title", "description", "phase", "phase words", "phase order", "depends_on", "cancelled"),
            *("tags",),
        )
    ),
)
_LABEL = re.compile(r"T\d{3,6}")
_STORY = re.compile(r"US\d{1,3}")


def render(graph: Graph) -> str:
    """Return *graph* as Spec Kit's ``/tasks`` writes it; parts are tasks of their own, for it knows none."""
    names = ids(graph.ordered(), lambda t: t.label if _LABEL.fullmatch(t.label) else None, lambda n: f"T{n:03d}")
    text = document(graph, f"Tasks: {top(graph)}", lambda task: _item(task, names), nested=False)
    return "\n".join([text, *_order(graph)]).rstrip() + "\n"


def _item(task: Task, names: dict[TaskId, str]) -> Iterator[str]:
    marks = ["[P]"] if PARALLEL in task.tags else []
    marks += [f"[{tag}]" for tag in task.tags if _STORY.fullmatch(tag)]
    before = waits(task, names)
    words = named(task, f"(depends on {before})" if before else "")
    yield " ".join((f"- {box(task)} {names[task.id]}", *marks, words))
    yield from below(task)


def _order(graph: Graph) -> Iterator[str]:
    """Yield which phase waits for which, under the headings Spec Kit has for it."""
    held = [p for p in graph.root.plan.phases if p.depends_on]
    if held:
        yield from ("## Dependencies & Execution Order", "", "### Phase Dependencies", "")
    for phase in held:
        before = [inline(found.title) for p in phase.depends_on if (found := graph.phase(p))]
        yield f"- **{inline(phase.title)}**: Depends on {', '.join(before)}"


def cannot_say(graph: Graph) -> list[str]:
    """Return what Spec Kit cannot say of *graph*."""
    lost: list[tuple[str, Callable[[Task], object]]] = [
        ("tags but [P] and [US1]", lambda t: any(tag != PARALLEL and not _STORY.fullmatch(tag) for tag in t.tags)),
    ]
    odd = losses.as_they_are(_SPEECH, retold(graph, render(graph)))
    return losses.losses(graph, _SPEECH, [*losses.special(graph, _SPEECH, lost), *odd])
