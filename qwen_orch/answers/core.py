"""What many answers hold: a task, a session, an orchestration, as people and tools see them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from qwen_orch.graph.calibration import actual_hours
from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.query import progress, status_word
from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import Orchestration
from qwen_orch.model.task import Criterion, Dependency, Estimate, Origin, Task

if TYPE_CHECKING:
    from qwen_orch.model.session import Session


class TaskAnswer(NamedTuple):
    """A task as people and tools see it; *state* is its status with ``blocked`` and ``interrupted`` told apart.

    *depends_on* holds ids alone; *dependencies* the same with kind, lag and whether each was inferred. *actual_hours*
    is what its attempts took by the clock.
    """

    id: str
    title: str
    description: str
    phase: str | None
    parent: str | None
    status: str
    state: str
    blocked_by: tuple[str, ...]
    priority: str
    depends_on: tuple[str, ...]
    dependencies: tuple[Dependency, ...]
    estimate: Estimate | None
    progress: float
    acceptance: tuple[Criterion, ...]
    run: tuple[str, ...]
    tags: tuple[str, ...]
    assignee: str | None
    label: str
    summary: str
    source_line: int | None
    origins: tuple[Origin, ...]
    session: str | None
    created: str
    updated: str
    finished: str | None
    phase_title: str | None = None
    actual_hours: float | None = None


def task_answer(graph: Graph, task: Task, now: datetime) -> TaskAnswer:
    """Return *task* as it is answered."""
    settled, phase = task.status.settled, graph.phase(task.phase)
    return TaskAnswer(
        id=task.id,
        title=task.title,
        description=task.description,
        phase=task.phase,
        parent=task.parent,
        status=task.status,
        state=status_word(graph, task, now),
        blocked_by=() if settled else blocked_by(graph, task, now),
        priority=task.priority,
        depends_on=tuple(d.task for d in task.depends_on),
        dependencies=task.depends_on,
        estimate=task.estimate,
        progress=task.progress,
        acceptance=task.acceptance,
        run=task.run,
        tags=task.tags,
        assignee=task.assignee,
        label=task.label,
        summary=task.summary,
        source_line=task.source_line,
        origins=task.origins,
        session=task.session,
        created=task.created,
        updated=task.updated,
        finished=task.finished,
        phase_title=phase.title if phase else None,
        actual_hours=actual_hours(task) if task.attempts else None,
    )


class SessionAnswer(NamedTuple):
    """A session in brief; *tokens* is what the *agent* in it has used, if one was."""

    id: str
    kind: str
    type: str
    state: str
    title: str
    orchestration: str
    task: str | None
    parent: str | None
    tags: tuple[str, ...]
    thoughts: int
    notes: int
    decisions: int
    artifacts: int
    created: str
    updated: str
    current: bool = False
    agent: str | None = None
    tokens: int = 0


def session_answer(session: Session, current: str | None = None) -> SessionAnswer:
    """Return *session* in brief; *current* is the id of the one that is."""
    return SessionAnswer(
        id=session.id,
        kind=session.kind,
        type=session.kind,
        state=session.state,
        title=session.title,
        orchestration=session.orchestration,
        task=session.task,
        parent=session.parent,
        tags=session.tags,
        thoughts=len(session.thoughts),
        notes=len(session.notes),
        decisions=len(session.decisions),
        artifacts=len(session.artifacts),
        created=session.created,
        updated=session.updated,
        current=session.id == current,
        agent=session.agent,
        tokens=session.activity.usage.total,
    )


class OrchestrationAnswer(NamedTuple):
    """An orchestration in brief."""

    id: str
    title: str
    goal: str
    status: str
    parent: str | None
    tags: tuple[str, ...]
    requirements: tuple[str, ...]
    risks: tuple[str, ...]
    quality_gates: tuple[Criterion, ...]
    created: str
    updated: str


def orchestration_answer(root: Orchestration) -> OrchestrationAnswer:
    """Return *root* in brief."""
    plan = root.plan
    return OrchestrationAnswer(
        id=root.id,
        title=root.title,
        goal=plan.goal,
        status=plan.status,
        parent=root.parent,
        tags=root.tags,
        requirements=plan.requirements,
        risks=plan.risks,
        quality_gates=plan.quality_gates,
        created=root.created,
        updated=root.updated,
    )


class Change(NamedTuple):
    """What would become of a file: *action* is ``create``, ``rewrite``, ``append``, ``remove`` or ``make private``.

    *size* is how many bytes it would have then.
    """

    path: str
    action: str
    size: int = 0


class ProgressAnswer(NamedTuple):
    """How far the plan is: *fraction* (0-1) is weighted by estimates."""

    done: int
    total: int
    fraction: float
    by_status: dict[str, int]


def progress_answer(graph: Graph) -> ProgressAnswer:
    """Return how far *graph* is."""
    found = progress(graph)
    return ProgressAnswer(found.done, found.total, round(found.fraction, 4), dict(found.by_status))
