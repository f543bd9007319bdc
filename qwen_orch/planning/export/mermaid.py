"""A plan as a Mermaid flowchart: phases are boxes, dependencies arrows, colours what became of each task.

Mermaid refuses text above 50,000 characters and more than 500 arrows, and a document cannot lift that. So titles are
cut shorter the more there are, and a plan that is too large even then is drawn by its phases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from qwen_orch.graph.query import status_word
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import PhaseId, TaskId, number_of
from qwen_orch.model.plan import Phase
from qwen_orch.model.task import DependencyKind, Task, TaskStatus
from qwen_orch.model.text import clip, one_line
from qwen_orch.planning.export.shape import Group, groups, relation

MAX_TEXT = 50_000
MAX_EDGES = 500
WIDTHS = (60, 30, 15, 0)
"""To how many columns titles are cut: the first that makes the whole fit is taken."""

_MEANT = re.compile(r"[!-&)-+.:-@\[-`{-~]|^[-']|^\d+(?=[.)])")
"""What Mermaid or the Markdown it reads labels as may give a meaning to."""

STYLES = {
    "pending": "fill:#eef1f5,stroke:#8a94a3,color:#1b1f24",
    "blocked": "fill:#fff3d6,stroke:#b7791f,color:#1b1f24",
    "in_progress": "fill:#dbeafe,stroke:#2563eb,color:#1b1f24",
    "interrupted": "fill:#ffe4d1,stroke:#c2570c,color:#1b1f24",
    "claimed": "fill:#ede4ff,stroke:#7c3aed,color:#1b1f24",
    "completed": "fill:#d6f5df,stroke:#15803d,color:#1b1f24",
    "failed": "fill:#fde2e2,stroke:#b91c1c,color:#1b1f24",
    "cancelled": "fill:#f3f4f6,stroke:#9ca3af,color:#6b7280,stroke-dasharray:4 3",
}


class Edge(NamedTuple):
    """An arrow from one node to another with a label, which may be empty; an *inferred* one is dashed.

    *part* is the line to a subtask.
    """

    start: str
    end: str
    label: str = ""
    part: bool = False
    inferred: bool = False

    def __str__(self) -> str:
        if self.part:
            return f"  {self.start} -.- {self.end}"
        arrow = "-.->" if self.inferred else "-->"
        return (
            f'  {self.start} {arrow}|"{self.label}"| {self.end}' if self.label else f"  {self.start} {arrow} {self.end}"
        )


def render_mermaid(graph: Graph, include_progress: bool, now: datetime) -> str:
    """Return a flowchart of *graph* that Mermaid draws with its default limits, whatever the titles are."""
    parts = groups(graph)
    edges = list(_edges(graph, parts))
    if len(edges) <= MAX_EDGES:
        words = _words(graph, now) if include_progress else {}
        for width in WIDTHS:
            text = _document(_boxes(parts, words, width), edges)
            if len(text) <= MAX_TEXT:
                return text
    return _overview(graph, parts)


def _words(graph: Graph, now: datetime) -> dict[TaskId, str]:
    return {i: status_word(graph, t, now) for i, t in graph.tasks.items()}


def label(text: str, width: int) -> str:
    """Return *text* on one line, cut to *width* columns, with all that could be syntax written as character codes."""
    return _MEANT.sub(_coded, clip(one_line(text), width))


def _coded(match: re.Match[str]) -> str:
    return "".join(f"#{ord(c)};" for c in match[0])


def _document(nodes: Iterable[str], edges: Iterable[Edge]) -> str:
    styles = (f"  classDef {name} {style}" for name, style in STYLES.items())
    return "\n".join(["flowchart TD", *nodes, *map(str, edges), *styles]) + "\n"


def _task_node(task: Task) -> str:
    return f"t{number_of(task.id)}"


def _phase_node(phase: PhaseId) -> str:
    return f"p{number_of(phase)}"


def _boxes(parts: list[Group], words: dict[TaskId, str], width: int) -> Iterator[str]:
    """Yield the nodes of every group, those of a phase in its box; a phase without tasks is a node itself."""
    for phase, tasks in parts:
        nodes = [_node(task, words.get(task.id, "pending"), width) for task, _ in tasks]
        if phase is None:
            yield from nodes
        elif not nodes:
            yield f'  {_phase_node(phase.id)}["{_phase_label(phase, width)}"]'
        else:
            yield f'  subgraph {_phase_node(phase.id)}["{_phase_label(phase, width)}"]'
            yield from (f"  {node}" for node in nodes)
            yield "  end"


def _node(task: Task, word: str, width: int) -> str:
    text = f"{task.id} {label(task.title, width)}".rstrip()
    return f'  {_task_node(task)}["{text}"]:::{word}'


def _phase_label(phase: Phase, width: int) -> str:
    return label(phase.title, width) or phase.id


def _edges(graph: Graph, parts: list[Group]) -> Iterator[Edge]:
    for phase, tasks in parts:
        if phase:
            yield from (Edge(_phase_node(p), _phase_node(phase.id)) for p in phase.depends_on if graph.phase(p))
        for task, depth in tasks:
            if depth and task.parent:
                yield Edge(_task_node(graph.tasks[task.parent]), _task_node(task), part=True)
            for needed in task.depends_on:
                if needed.task in graph.tasks:
                    start, label = _task_node(graph.tasks[needed.task]), relation(needed)
                    yield Edge(start, _task_node(task), label, inferred=needed.inferred)


def _overview(graph: Graph, parts: list[Group]) -> str:
    """Return the phases alone, with how many tasks each has and what of them is done."""
    shown = parts[:MAX_EDGES]
    nodes = [f'  {_group_node(g)}["{_counted(g)}"]' for g in shown]
    known = {_group_node(g) for g in shown}
    edges = [e for e in dict.fromkeys(_between(graph, shown)) if e.start in known and e.start != e.end]
    note = f"  %% {len(graph.tasks)} tasks are too many to draw one by one: these are the phases"
    return _document([note, *nodes], edges[:MAX_EDGES])


def _group_node(group: Group) -> str:
    return _phase_node(group.phase.id) if group.phase else "p0"


def _counted(group: Group) -> str:
    done = sum(t.status is TaskStatus.COMPLETED for t, _ in group.tasks)
    title = _phase_label(group.phase, 30) if group.phase else "without phase"
    return f"{title} - {len(group.tasks)} tasks, {done} done"


def _between(graph: Graph, parts: list[Group]) -> Iterator[Edge]:
    """Yield the dependencies of phases, then those their tasks make between them."""
    home = {t.id: _group_node(g) for g in parts for t, _ in g.tasks}
    for group in parts:
        needed = group.phase.depends_on if group.phase else ()
        yield from (Edge(_phase_node(p), _group_node(group)) for p in needed)
    for group in parts:
        for task, _ in group.tasks:
            for d in task.depends_on:
                if d.kind is DependencyKind.FINISH_TO_START and d.task in home:
                    yield Edge(home[d.task], _group_node(group))
