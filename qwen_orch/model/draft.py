"""What planning proposes: a plan that has no ids yet.

The reader of plan text and the playbooks make a `Draft`; ``planning/adopt.py`` gives it ids and turns it into events.
Tasks refer to one another by their position in ``Draft.tasks`` and to phases by position in ``Draft.phases``.
"""

from __future__ import annotations

from attrs import frozen

from qwen_orch.model.task import Criterion, DependencyKind, Estimate, Origin, Priority, TaskStatus


@frozen
class DraftPhase:
    """A phase as read; *depends_on* holds positions of earlier phases the document says must be done first."""

    title: str
    description: str = ""
    depends_on: tuple[int, ...] = ()
    line: int | None = None


@frozen
class DraftDependency:
    """The task at position *task* comes first; *inferred* when the reader concluded it and no words state it."""

    task: int
    kind: DependencyKind = DependencyKind.FINISH_TO_START
    lag: float = 0.0
    inferred: bool = False


@frozen
class DraftTask:
    """A task as read. *parent* is the position of an earlier task. *status* is pending, claimed (ticked as done:
    a claim until somebody vouches for it), in_progress-as-pending, or cancelled (struck out)."""

    title: str
    description: str = ""
    label: str = ""
    phase: int | None = None
    parent: int | None = None
    status: TaskStatus = TaskStatus.PENDING
    priority: Priority = Priority.MEDIUM
    depends_on: tuple[DraftDependency, ...] = ()
    estimate: Estimate | None = None
    acceptance: tuple[Criterion, ...] = ()
    run: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    assignee: str | None = None
    line: int | None = None
    origins: tuple[Origin, ...] = ()


@frozen
class Warning:  # noqa: A001 - the domain word; builtins.Warning is never wanted here
    """Something a person should look at; *line* is 1-based in the source."""

    message: str
    line: int | None = None

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


@frozen
class Inference:
    """One step of the reader's reasoning, to be recorded as a thought; *purpose* as in `Thought.purpose`."""

    text: str
    purpose: str = ""


@frozen
class Draft:
    """A plan as read from text: everything a manifest needs but ids and times.

    One that is not *titled* has its title from its goal, or from a heading that speaks of a part of it.
    """

    title: str
    goal: str
    description: str = ""
    phases: tuple[DraftPhase, ...] = ()
    tasks: tuple[DraftTask, ...] = ()
    requirements: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    quality_gates: tuple[Criterion, ...] = ()
    tags: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()
    inferences: tuple[Inference, ...] = ()
    titled: bool = False
