"""What all export formats share: the plan without its progress, its tasks by phase, and how values are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from attrs import evolve
from immutables import Map

from qwen_orch.graph.shelf import Shelf
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import PhaseId
from qwen_orch.model.plan import Phase, PlanStatus
from qwen_orch.model.task import Criterion, CriterionStatus, Dependency, DependencyKind, Estimate, Task, TaskStatus
from qwen_orch.model.text import clean


class Placed(NamedTuple):
    """A task and how many tasks it is nested in."""

    task: Task
    depth: int


class Group(NamedTuple):
    """A phase, or None for the tasks that are in none, with its tasks: parts right after what they are part of."""

    phase: Phase | None
    tasks: list[Placed]


def planned(graph: Graph) -> Graph:
    """Return *graph* as if nothing had happened yet: the plan in draft, every task pending, no sessions."""
    root, plan = graph.root, graph.root.plan
    gates = tuple(map(_open, plan.quality_gates))
    plan = evolve(plan, status=PlanStatus.DRAFT, quality_gates=gates, gates_approved=False)
    tasks = Map({i: _pending(t) for i, t in graph.tasks.items()})
    return evolve(graph, orchestration=evolve(root, plan=plan, checkpoints={}), tasks=tasks, sessions=Shelf())


def _pending(task: Task) -> Task:
    return evolve(
        task,
        status=TaskStatus.CANCELLED if task.status is TaskStatus.CANCELLED else TaskStatus.PENDING,
        progress=0.0,
        acceptance=tuple(map(_open, task.acceptance)),
        approved=False,
        session=None,
        attempts=(),
        evidence=(),
        summary="",
        finished=None,
    )


def _open(criterion: Criterion) -> Criterion:
    return evolve(criterion, status=CriterionStatus.OPEN, evidence=None)


def groups(graph: Graph) -> list[Group]:
    """Return the tasks that are in no phase, if there are any, then every phase with its tasks, in order."""
    roots: dict[PhaseId | None, list[Task]] = {None: []} | {p.id: [] for p in graph.root.plan.phases}
    for task in graph.ordered():
        if task.parent not in graph.tasks:
            roots[task.phase if task.phase in roots else None].append(task)
    phases: list[Phase | None] = [*([None] if roots[None] else []), *graph.root.plan.phases]
    return [Group(phase, list(_nested(graph, roots[phase.id if phase else None]))) for phase in phases]


def _nested(graph: Graph, roots: list[Task]) -> Iterator[Placed]:
    """Yield *roots* with their parts, however deep, without recursion."""
    stack = [Placed(task, 0) for task in reversed(roots)]
    while stack:
        task, depth = stack.pop()
        yield Placed(task, depth)
        stack.extend(Placed(part, depth + 1) for part in reversed(graph.subtasks(task.id)))


def block(text: str) -> str:
    """Return *text* safe to show, with its lines and without space at its end."""
    return clean(text, multiline=True).rstrip()


def amount(hours: float) -> str:
    """Return working hours as people write them: ``4h``, ``1.5h``, ``20min``."""
    minutes = hours * 60
    if round(hours, 3) != round(hours, 9) and abs(minutes - round(minutes)) < 1e-6:
        return f"{round(minutes)}min"
    return f"{hours:.3f}".rstrip("0").rstrip(".") + "h"


def estimate(value: Estimate) -> str:
    """Return an estimate with its confidence: ``2h-4h-8h, 60%``."""
    return f"{'-'.join(map(amount, (value.low, value.likely, value.high)))}, {round(value.confidence * 100)}%"


def relation(dependency: Dependency) -> str:
    """Return what is special about a dependency: ``start-to-start +2h``, or nothing."""
    kind = "" if dependency.kind is DependencyKind.FINISH_TO_START else str(dependency.kind)
    sign = "-" if dependency.lag < 0 else "+"
    return " ".join(filter(None, (kind, f"{sign}{amount(abs(dependency.lag))}" if dependency.lag else "")))


def dependency(value: Dependency) -> str:
    """Return a dependency as plans state it: ``task-003 (start-to-start +2h)``, ``task-003 (inferred)``."""
    special = ", ".join(filter(None, (relation(value), "inferred" if value.inferred else "")))
    return f"{value.task} ({special})" if special else str(value.task)
