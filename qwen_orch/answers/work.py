"""What doing and verifying answer."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.answers.agents import AgentAnswer
from qwen_orch.answers.core import OrchestrationAnswer, ProgressAnswer, SessionAnswer, TaskAnswer
from qwen_orch.model.task import Attempt, Evidence


class Worked(NamedTuple):
    """A task was started, done or judged."""

    task: TaskAnswer
    session: SessionAnswer | None
    attempt: Attempt | None
    evidence: tuple[Evidence, ...] = ()
    next: tuple[str, ...] = ()
    agent: AgentAnswer | None = None

    @property
    def exit_code(self) -> int:
        """1 when the attempt or the claim failed, so that a script stops there."""
        worked_on = self.attempt is not None or self.evidence
        return 1 if worked_on and self.task.status == "failed" else 0


class Begun(NamedTuple):
    """Work goes on in the background: *tasks* are those begun so far, *log* the file in which its answer will be."""

    tasks: tuple[TaskAnswer, ...]
    log: str


class WorkedAll(NamedTuple):
    """Everything that became ready was done; *tasks* are those worked on, in the order they ended."""

    tasks: tuple[TaskAnswer, ...]
    completed: int
    failed: int
    claimed: int
    remaining: int
    next: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 when a task failed."""
        return 1 if self.failed else 0


class CriterionAnswer(NamedTuple):
    """A criterion of *task* (or of the plan: ``quality gate``) as the completeness check found it."""

    task: str
    text: str
    check: str | None
    status: str
    evidence: Evidence | None


class Remaining(NamedTuple):
    """A task that is not done, why, and the *command* that continues it."""

    task: str
    title: str
    state: str
    why: str
    command: str


class Completeness(NamedTuple):
    """What a completeness check found. *unverified* counts criteria that no command can check."""

    complete: bool
    orchestration: OrchestrationAnswer
    progress: ProgressAnswer
    criteria: tuple[CriterionAnswer, ...]
    unverified: int
    remaining: tuple[Remaining, ...]
    recommendations: tuple[str, ...]
    report: str | None = None

    @property
    def exit_code(self) -> int:
        """4 when something is missing, so that it can gate a CI job."""
        return 0 if self.complete else 4
