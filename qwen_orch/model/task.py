"""A task: its place in the plan, what it waits for, what proves it, and every try at it."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from qwen_orch.model.ids import PhaseId, SessionId, TaskId

MOST_ATTEMPTS = 40
"""Attempts that a task keeps: the first and the newest. The journal has them all, and their numbers go on."""


class TaskStatus(StrEnum):
    """Where a task stands. ``blocked`` is not here: it is derived from what a pending task waits for."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def settled(self) -> bool:
        """Whether nothing more is expected of the task."""
        return self in (TaskStatus.COMPLETED, TaskStatus.CANCELLED)


class Priority(StrEnum):
    """How much a task matters, most urgent first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return list(Priority).index(self)


class Executor(StrEnum):
    """Who does the work; ``auto`` means commands present: shell, an agent configured: agent, else manual."""

    AUTO = "auto"
    MANUAL = "manual"
    SHELL = "shell"
    AGENT = "agent"


class DependencyKind(StrEnum):
    """The four precedence relations of the precedence diagram method: which end of a waits for which end of b."""

    FINISH_TO_START = "finish-to-start"
    START_TO_START = "start-to-start"
    FINISH_TO_FINISH = "finish-to-finish"
    START_TO_FINISH = "start-to-finish"


class CriterionStatus(StrEnum):
    """What is known of a criterion; ``unverified``: looked at, and no command can check it."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"
    UNVERIFIED = "unverified"


class Outcome(StrEnum):
    """How an attempt ended, or that it has not; ``suspicious``: the agent reported a success that shows no work."""

    RUNNING = "running"
    CLAIMED = "claimed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    SUSPICIOUS = "suspicious"


@frozen
class Dependency:
    """This task waits for *task*; *lag* is in hours and is added to (or, negative, taken from) the wait.

    An *inferred* dependency was concluded by the reader, not stated by the document.
    """

    task: TaskId
    kind: DependencyKind = DependencyKind.FINISH_TO_START
    lag: float = 0.0
    inferred: bool = False


@frozen
class Estimate:
    """Three-point estimate in working hours, and how sure it is (*confidence*, 0 to 1)."""

    low: float
    likely: float
    high: float
    confidence: float

    @property
    def mean(self) -> float:
        """Expected hours by PERT: ``(low + 4 likely + high) / 6`` (Malcolm et al. 1959)."""
        return (self.low + 4 * self.likely + self.high) / 6

    @property
    def spread(self) -> float:
        """Standard deviation in hours by PERT: ``(high - low) / 6``."""
        return (self.high - self.low) / 6


@frozen
class Evidence:
    """Something observed that speaks for or against a criterion.

    *kind* is ``check`` (a command that proves), ``run`` (the task's own command), ``attested`` (a person's word),
    ``subtasks`` (all parts are settled), ``work`` (what an agent's attempt was seen to change) or ``review`` (what a
    second agent found, with a *confidence* from 0 to 1). *seconds* is how long it took, *output* its bounded tail.
    Of *files*, which changed meanwhile, *shared* are those that another attempt, under way then, may have changed.
    """

    kind: str
    at: str
    passed: bool
    by: str = ""
    command: str = ""
    exit_code: int | None = None
    seconds: float = 0.0
    output: str = ""
    files: tuple[str, ...] = ()
    commit: str = ""
    confidence: float | None = None
    shared: tuple[str, ...] = ()

    @property
    def ending(self) -> str:
        """How the command ended, in words."""
        return "ran out of time" if self.exit_code is None else f"exited with {self.exit_code}"


@frozen
class Criterion:
    """One acceptance criterion: *text* for people and, when a machine can tell, the *check* command that proves it."""

    text: str
    check: str | None = None
    status: CriterionStatus = CriterionStatus.OPEN
    evidence: Evidence | None = None


@frozen
class Attempt:
    """One try at a task by one executor; *output* is the bounded tail of what it printed."""

    number: int
    executor: Executor
    session: SessionId
    started: str
    outcome: Outcome = Outcome.RUNNING
    ended: str | None = None
    detail: str = ""
    output: str = ""


@frozen
class Origin:
    """Where a derived field of a task came from: the source *line* (1-based), a *confidence* (0-1) and the reason."""

    field: str
    line: int | None
    confidence: float
    reason: str = ""


@frozen
class Task:
    """A piece of work. *label* is the id the document gave it, *run* what the shell executor does.

    *approved* tells that the present *run* and check commands were shown and consented to; any change clears it.
    """

    id: TaskId
    title: str
    description: str = ""
    label: str = ""
    phase: PhaseId | None = None
    parent: TaskId | None = None
    status: TaskStatus = TaskStatus.PENDING
    priority: Priority = Priority.MEDIUM
    depends_on: tuple[Dependency, ...] = ()
    estimate: Estimate | None = None
    progress: float = 0.0
    acceptance: tuple[Criterion, ...] = ()
    run: tuple[str, ...] = ()
    approved: bool = False
    blockers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    assignee: str | None = None
    source_line: int | None = None
    origins: tuple[Origin, ...] = ()
    session: SessionId | None = None
    attempts: tuple[Attempt, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    summary: str = ""
    finished: str | None = None
    created: str = ""
    updated: str = ""

    @property
    def commands(self) -> tuple[str, ...]:
        """Every command this task may have run: its work, then its checks."""
        return self.run + tuple(c.check for c in self.acceptance if c.check)

    @property
    def started(self) -> str | None:
        """When work on it began, or None."""
        return self.attempts[0].started if self.attempts else self.finished

    @property
    def tried(self) -> int:
        """How many attempts there were, those no longer kept here too."""
        return self.attempts[-1].number if self.attempts else 0

    @property
    def open_attempt(self) -> Attempt | None:
        """The attempt under way, if one is."""
        last = self.attempts[-1] if self.attempts else None
        return last if last and last.outcome is Outcome.RUNNING else None
