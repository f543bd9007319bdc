"""Plans to be handed to neighbours, and what of a plan each format is to bring back."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from immutables import Map

from qwen_orch.graph.state import Graph
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import OrchestrationId, TaskId, phase_id, task_id
from qwen_orch.model.plan import Orchestration, Phase, Plan
from qwen_orch.model.task import (
    Criterion,
    Dependency,
    DependencyKind,
    Estimate,
    Priority,
    Task,
    TaskStatus,
)
from qwen_orch.planning.adopt import manifest, plan_of
from qwen_orch.planning.neighbours import parse, render
from qwen_orch.planning.neighbours.wording import Standing, standing

T0 = "2026-11-20T12:00:00+00:00"

SAYS: dict[str, tuple[str, ...]] = {
    "taskmaster": ("title", "state", "description", "priority", "depends_on", "parent", "tags", "assignee"),
    "speckit": ("title", "state", "description", "depends_on", "phase"),
    "kiro": ("title", "state", "description", "depends_on", "parent", "phase"),
    "checklist": ("title", "state", "description", "parent", "phase"),
    "backlog": (
        *("title", "state", "description", "priority", "depends_on", "parent", "phase", "tags", "assignee", "criteria"),
    ),
    "beads": (
        *("title", "state", "description", "priority", "depends_on", "parent", "tags", "assignee", "hours", "criteria"),
    ),
    "taskwarrior": ("title", "state", "description", "priority", "depends_on", "phase", "tags"),
}
"""What every task of any plan brings back from each format: the identity that is promised."""

SOME = ["write", "the", "parser", "and", "test", "deploy", "API", "v2", "of", "3", "to", "(x)", "db's", "it", "a-b"]
ODD = [
    *("`code` first", "C# and F#", "#1 priority", "mail @ann", "Fix it!!", "Ship (2h)", "[US1] login", "[ ] box"),
    *("a *b* **c** _e_ ~~f~~", "snake_case __init__", "a \\ back \\* two", "<b>x</b>", "[link](http://x.y)", "a | b"),
    *("depends on task-002", "after T1 is done", "1. numbered", "T001 first", "task-009: other", "P1: urgent"),
    *("Phase 2: more", "Wait - DONE", "Wait — blocked", "# heading", "- item", "---", "ends with colon:"),
    *("One sentence. Another one", "漢字 かな", "שלום", "👩‍💻 work", "run: `rm -rf`", "true", "it's: a #1", "12"),
]
WORDS = st.lists(st.sampled_from(SOME), min_size=1, max_size=6).map(" ".join)
TITLES = st.one_of(WORDS, st.sampled_from(ODD), st.tuples(WORDS, st.sampled_from(ODD)).map(" ".join))
PARAGRAPHS = ["plain words", "two lines\nof it", "It is ready.", "see x.py", "why: because"]


@st.composite
def graphs(draw: st.DrawFn, titles: st.SearchStrategy[str] = TITLES, nested: int = 1) -> Graph:
    """A plan of up to six tasks in which anything may be; dependencies point at earlier tasks."""
    names = draw(st.lists(st.sampled_from(["Data layer", "Interface", "Last mile"]), unique=True, max_size=2))
    phases = [Phase(phase_id(n), name) for n, name in enumerate(names, 1)]
    tasks: list[Task] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        tops = [t for t in tasks if _depth(tasks, t) < nested]
        parent = draw(st.none() | st.sampled_from(tops)) if tops else None
        phase = parent.phase if parent else draw(st.sampled_from(phases)).id if phases else None
        above = _above(tasks, parent)
        before = [t for t in tasks if t.id not in above]
        tasks.append(draw(drawn(number, parent, phase, before, titles)))
    used = [p for p in phases if any(t.phase == p.id for t in tasks)]
    return graph_of(tasks, tuple(used))


@st.composite
def drawn(
    draw: st.DrawFn, number: int, parent: Task | None, phase: Any, before: list[Task], titles: st.SearchStrategy[str]
) -> Task:
    """One task; what is rare is drawn rarely, so that now and then a format can say all of a plan."""
    waits = draw(st.lists(st.sampled_from(before), unique=True, max_size=2)) if before else []
    kind = draw(st.sampled_from([DependencyKind.FINISH_TO_START] * 9 + [DependencyKind.START_TO_START]))
    return Task(
        task_id(number),
        draw(titles),
        "\n\n".join(draw(st.lists(st.sampled_from(PARAGRAPHS), max_size=2))),
        phase=phase,
        parent=parent.id if parent else None,
        status=draw(st.sampled_from([*TaskStatus, TaskStatus.PENDING])),
        priority=draw(st.sampled_from([*Priority, Priority.MEDIUM, Priority.MEDIUM])),
        depends_on=tuple(Dependency(t.id, kind, inferred=draw(st.sampled_from([False] * 9 + [True]))) for t in waits),
        estimate=draw(st.sampled_from([None, None, Estimate(2, 2, 2, 0.7), Estimate(1, 2.5, 4, 0.5)])),
        acceptance=tuple(draw(st.lists(criteria(), max_size=2))),
        run=draw(st.sampled_from([(), (), (), ("make",)])),
        tags=tuple(draw(st.lists(st.sampled_from(["db", "front-end", "漢", "v2/x"]), unique=True, max_size=2))),
        assignee=draw(st.sampled_from([None, None, "ann", "Bob Smith"])),
        created=T0,
        updated=T0,
    )


@st.composite
def criteria(draw: st.DrawFn) -> Criterion:
    """A criterion, now and then with a command."""
    return Criterion(draw(WORDS), draw(st.sampled_from([None, None, None, "pytest -q"])))


def _depth(tasks: list[Task], task: Task) -> int:
    return len(_above(tasks, task)) - 1


def _above(tasks: list[Task], task: Task | None) -> set[str]:
    found: set[str] = set()
    while task:
        found.add(task.id)
        task = next((t for t in tasks if t.id == task.parent), None) if task.parent else None  # type: ignore[union-attr]
    return found


def graph_of(tasks: list[Task], phases: tuple[Phase, ...] = ()) -> Graph:
    """The graph of these tasks."""
    parts: dict[TaskId, tuple[TaskId, ...]] = {}
    for task in tasks:
        if task.parent:
            parts[task.parent] = (*parts.get(task.parent, ()), task.id)
    root = Orchestration(OrchestrationId("orch-x-abcd"), "The shop", Plan("The shop", phases=phases), created=T0)
    return Graph(root, Map({t.id: t for t in tasks}), parts=Map(parts))


def graph_in(draft: Draft) -> Graph:
    """The graph that adopting *draft* would make."""
    graph = graph_of(list(manifest(draft, T0)))
    root = Orchestration(OrchestrationId("orch-x-abcd"), draft.title, plan_of(draft, T0), created=T0)
    return Graph(root, graph.tasks, parts=graph.parts)


def there_and_back(graph: Graph, name: str) -> Draft:
    """*graph* written in a format and read again."""
    written = render(graph, name)
    if isinstance(written, str):
        return parse(name, written.encode())
    with TemporaryDirectory() as folder:
        for file, text in written.items():
            (Path(folder) / file).write_text(text, encoding="utf-8")
        return parse(name, Path(folder))


LISTS = ("speckit", "kiro", "checklist")
"""Formats that keep tasks by phase; the others keep the order of the plan."""


def facts_of(graph: Graph, name: str = "") -> list[dict[str, Any]]:
    """What is known of each task, with places for ids, in the order that the format *name* keeps."""
    shown = graph.ordered() if name == "taskwarrior" else _shown(graph, name in LISTS)
    titles = {t.id: n for n, t in enumerate(shown)}
    return [
        {
            "title": " ".join(t.title.split()),
            "state": _state(t),
            "description": t.description.strip(),
            "priority": t.priority,
            "depends_on": sorted((titles[d.task], d.kind, d.lag) for d in t.depends_on),
            "parent": titles[t.parent] if t.parent else None,
            "phase": p.title if (p := graph.phase(t.phase)) else None,
            "tags": sorted(set(t.tags) - {"in-progress", "deferred"}),
            "assignee": t.assignee,
            "hours": t.estimate and round(t.estimate.likely, 2),
            "estimate": t.estimate and (t.estimate.low, t.estimate.likely, t.estimate.high),
            "criteria": [c.text for c in t.acceptance],
            "checks": [c.check for c in t.acceptance],
            "run": t.run,
        }
        for t in shown
    ]


def _shown(graph: Graph, by_phase: bool) -> list[Task]:
    """The tasks with parts right after what they are part of, phase by phase or not."""
    from attrs import evolve

    from qwen_orch.planning.export.shape import groups

    plan = graph.root.plan if by_phase else evolve(graph.root.plan, phases=())
    plain = evolve(graph, orchestration=evolve(graph.root, plan=plan))
    return [graph.tasks[t.id] for _, tasks in groups(plain) for t, _ in tasks]


def _state(task: Task) -> Standing:
    now = standing(task)
    return Standing.OPEN if now in (Standing.DOING, Standing.DEFERRED) else now


def said(facts: list[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Only the facts of these *names*, by title: a format may order tasks by what it knows."""
    return [{name: fact[name] for name in names} for fact in facts]
