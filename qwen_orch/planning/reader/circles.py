"""Circles: tasks or phases that wait for one another, found, told, and broken where the document leaves room."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from qwen_orch.errors import DependencyError
from qwen_orch.planning.reader.entries import Edges, Found, Gathered

T = TypeVar("T", bound=Hashable)


def name_of(task: Found) -> str:
    """How a message calls a task: by id and title."""
    return f"{task.label} “{task.title[:60]}”" if task.label else f"“{task.title[:60]}”"


def refuse_circles(out: Gathered, edges: Edges, break_cycles: bool = False) -> None:
    """Raise `DependencyError` with the path when stated edges form a circle; drop inferred ones that close one.

    With *break_cycles* the least plausible edge of each circle is dropped, and told.
    """
    graph: dict[Found, list[Found]] = {task: list(before) for task, before in edges.tasks.items()}
    index = {task: n for n, task in enumerate(out.tasks)}
    while circle := find_circle(graph):
        pairs = list(zip(circle, circle[1:] + circle[:1], strict=True))
        soft = _softer(pairs, edges)
        a, b = soft or min(pairs, key=lambda pair: _plausibility(edges, index, *pair))
        inferred = edges.tasks[a][b].inferred
        if not inferred and not break_cycles and not soft:
            raise DependencyError(
                _told(circle, edges),
                "remove one of these dependencies from the plan, then paste it again",
                f"--break-cycles drops the least plausible: {name_of(a)} after {name_of(b)} "
                f"(line {edges.lines[a, b] + 1})",
            )
        del edges.tasks[a][b]
        graph[a].remove(b)
        kind = "an inferred" if inferred else "the stated"
        out.warn(
            f"dropped {kind} dependency of {name_of(a)} on {name_of(b)}: it would close a circle", edges.lines[a, b]
        )


def _plausibility(edges: Edges, index: Mapping[Found, int], later: Found, earlier: Found) -> tuple[float, ...]:
    """How likely an edge of a circle is meant: stated, along the order of the document, surely read, far from it."""
    line = edges.lines[later, earlier] + 1
    sure = [o.confidence for o in later.origins if o.field == "depends_on" and o.line == line]
    along = index[later] > index[earlier]
    return not edges.tasks[later][earlier].inferred, along, max(sure, default=1.0), index[later] - index[earlier]


def _softer(pairs: Sequence[tuple[Found, Found]], edges: Edges) -> tuple[Found, Found] | None:
    """A pair that a sentence apart from the tasks states, when the tasks themselves state others of the circle."""
    soft = [pair for pair in pairs if pair in edges.soft]
    return soft[0] if soft and len(soft) < len(pairs) else None


def _told(circle: Sequence[Found], edges: Edges) -> str:
    steps = [
        f"{name_of(a)} (line {edges.lines[a, b] + 1})" for a, b in zip(circle, [*circle[1:], circle[0]], strict=True)
    ]
    return f"these tasks wait for one another: {' → '.join(steps)} → {name_of(circle[0])}"


def find_circle(graph: Mapping[T, Sequence[T]]) -> list[T]:
    """Return the nodes of one circle of *graph* in order, or nothing; each node is looked at once."""
    state: dict[T, int] = {}
    for start in graph:
        if start in state:
            continue
        path: list[T] = [start]
        stack = [iter(graph.get(start, ()))]
        state[start] = 1
        while stack:
            following = next(stack[-1], None)
            if following is None:
                state[path.pop()] = 2
                stack.pop()
            elif state.get(following) == 1:
                return path[path.index(following) :]
            elif following not in state:
                state[following] = 1
                path.append(following)
                stack.append(iter(graph.get(following, ())))
    return []
