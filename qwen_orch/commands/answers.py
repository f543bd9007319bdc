"""What commands answer: frozen values whose fields are the keys of ``--json``, and which the views draw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen

from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.query import status_word
from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import Orchestration, Phase
from qwen_orch.model.session import Session, Thought
from qwen_orch.model.task import Attempt, Criterion, Dependency, Estimate, Evidence, Origin, Task


@frozen
class TaskAnswer:
    """A task as people and tools see it; *state* is its status with ``blocked`` and ``interrupted`` told apart.

    *depends_on* holds ids alone; *dependencies* the same with kind, lag and whether each was inferred.
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


def task_answer(graph: Graph, task: Task, now: datetime) -> TaskAnswer:
    """Return *task* as it is answered."""
    settled = task.status.settled
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
    )


@frozen
class SessionAnswer:
    """A session in brief."""

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
    )


@frozen
class OrchestrationAnswer:
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


@frozen
class Planned:
    """A plan was read and kept, in draft."""

    orchestration: OrchestrationAnswer
    session: SessionAnswer
    phases: tuple[Phase, ...]
    tasks: tuple[TaskAnswer, ...]
    thoughts: tuple[Thought, ...]
    warnings: tuple[str, ...]


@frozen
class CommandShown:
    """A command that may later run, and the task (or ``quality gate``) it belongs to."""

    task: str
    role: str
    command: str


@frozen
class Approved:
    """The plan was approved; *commands* may now run, *accepted* are tasks ticked in the document and taken as done."""

    orchestration: OrchestrationAnswer
    ready: tuple[TaskAnswer, ...]
    commands: tuple[CommandShown, ...]
    accepted: tuple[str, ...]


@frozen
class Reset:
    """The plan was emptied; *backup* is what there was."""

    orchestration: OrchestrationAnswer
    backup: str


@frozen
class Exported:
    """An export: either written to *path*, or as *content*."""

    format: str
    path: str | None = None
    content: str | None = None


@frozen
class Worked:
    """A task was started, done or judged."""

    task: TaskAnswer
    session: SessionAnswer | None
    attempt: Attempt | None
    evidence: tuple[Evidence, ...] = ()
    next: tuple[str, ...] = ()


@frozen
class WorkedAll:
    """Everything that became ready was done; *tasks* are those worked on, in the order they ended."""

    tasks: tuple[TaskAnswer, ...]
    completed: int
    failed: int
    claimed: int
    remaining: int
    next: tuple[str, ...] = ()


@frozen
class TaskList:
    """Tasks that a filter lets through; *phases* are for grouping, *tree* and *details* as asked."""

    tasks: tuple[TaskAnswer, ...]
    shown: int
    total: int
    phases: tuple[Phase, ...]
    tree: bool = False
    details: bool = False


@frozen
class Hours:
    """Remaining working hours: PERT mean and spread, and the simulated finish that is met in 50 % and 90 % of cases."""

    mean: float
    spread: float
    p50: float
    p90: float
    jobs: int


@frozen
class ProgressAnswer:
    """How far the plan is: *fraction* (0-1) is weighted by estimates."""

    done: int
    total: int
    fraction: float
    by_status: dict[str, int]


@frozen
class PlanStatusAnswer:
    """Where the whole plan stands."""

    orchestration: OrchestrationAnswer
    progress: ProgressAnswer
    ready: tuple[TaskAnswer, ...]
    in_progress: tuple[TaskAnswer, ...]
    blocked: tuple[TaskAnswer, ...]
    critical_path: tuple[str, ...]
    remaining_hours: Hours
    next: tuple[str, ...] = ()


@frozen
class TaskStatusAnswer:
    """Where one task stands."""

    task: TaskAnswer
    evidence: tuple[Evidence, ...]
    attempts: tuple[Attempt, ...]
    subtasks: tuple[TaskAnswer, ...]
    next: tuple[str, ...] = ()


@frozen
class CriterionAnswer:
    """A criterion of *task* (or of the plan: ``quality gate``) as the completeness check found it."""

    task: str
    text: str
    check: str | None
    status: str
    evidence: Evidence | None


@frozen
class Remaining:
    """A task that is not done, why, and the *command* that continues it."""

    task: str
    title: str
    state: str
    why: str
    command: str


@frozen
class Completeness:
    """What a completeness check found. *unverified* counts criteria that no command can check."""

    complete: bool
    orchestration: OrchestrationAnswer
    progress: ProgressAnswer
    criteria: tuple[CriterionAnswer, ...]
    unverified: int
    remaining: tuple[Remaining, ...]
    recommendations: tuple[str, ...]
    report: str | None = None


@frozen
class SessionList:
    """Sessions that a filter lets through."""

    sessions: tuple[SessionAnswer, ...]
    shown: int
    total: int
    tree: bool = False


@frozen
class Recap:
    """Where was I: the last steps and whether each ended, what is open, and what to type next."""

    orchestration: OrchestrationAnswer
    progress: ProgressAnswer
    last: tuple[Entry, ...]
    in_progress: tuple[TaskAnswer, ...]
    claimed: tuple[TaskAnswer, ...]
    blocked: int
    changed_files: tuple[str, ...]
    notes: tuple[str, ...]
    decisions: tuple[str, ...]
    next: tuple[str, ...]


@frozen
class Resumed:
    """A session is current again."""

    session: SessionAnswer
    recap: Recap


@frozen
class ContextPart:
    """One part of what an agent would be given; *tokens* is an estimate at four characters a token."""

    name: str
    text: str
    tokens: int


@frozen
class ContextAnswer:
    """Exactly what an agent would be given."""

    session: SessionAnswer
    parts: tuple[ContextPart, ...]
    tokens: int
    path: str | None = None
    debug: dict[str, Any] | None = None


@frozen
class Entry:
    """One step of the journal in words; *undone* when a later /undo took it back."""

    seq: int
    at: str
    by: str
    what: tuple[str, ...]
    sessions: tuple[str, ...] = ()
    undone: bool = False


@frozen
class History:
    """Steps, oldest first."""

    entries: tuple[Entry, ...]
    timeline: bool = False


@frozen
class HelpEntry:
    """One command in brief, or (with *options*) in full."""

    name: str
    group: str
    usage: str
    summary: str
    details: str = ""
    options: tuple[tuple[str, str], ...] = ()


@frozen
class Help:
    """What can be typed."""

    commands: tuple[HelpEntry, ...]


@frozen
class Thoughts:
    """The thoughts of a session."""

    session: SessionAnswer
    thoughts: tuple[Thought, ...]
    done: bool


@frozen
class Kept:
    """A note or decision was kept in a session."""

    session: SessionAnswer
    text: str


@frozen
class Undone:
    """Steps were taken back (or, *redone*, put back)."""

    steps: tuple[Entry, ...]
    redone: bool
    seq: int


@frozen
class Checkpoint:
    """A point to come back to; *backup* is the copy kept of the journal, if backups are enabled."""

    name: str
    seq: int
    backup: str | None
    checkpoints: dict[str, int]


@frozen
class Setting:
    """One key of the configuration."""

    key: str
    value: Any
    default: Any
    meaning: str


@frozen
class Settings:
    """The configuration."""

    settings: tuple[Setting, ...]
    path: str


@frozen
class Finding:
    """One thing that /doctor looked at: *state* is ``ok``, ``warning`` or ``problem``."""

    what: str
    state: str
    detail: str
    hint: str = ""


@frozen
class Diagnosis:
    """What /doctor found."""

    findings: tuple[Finding, ...]
    healthy: bool


@frozen
class Imported:
    """A plan came in from a file."""

    orchestration: OrchestrationAnswer
    tasks: int
    sessions: int


@frozen
class Drawing:
    """The dependency graph, as a tree of text *lines* (indent, id) and the tasks they name."""

    lines: tuple[tuple[int, str], ...]
    tasks: tuple[TaskAnswer, ...]
    critical_path: tuple[str, ...]


@frozen
class Farewell:
    """The shell is to end."""

    message: str
