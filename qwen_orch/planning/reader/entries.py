"""What gathering finds: tasks, phases and plan parts, still mutable and still with the words they came from."""

from __future__ import annotations

from collections import defaultdict

from attrs import Factory, define

from qwen_orch.model.draft import DraftDependency, Inference, Warning  # noqa: A004
from qwen_orch.model.task import Criterion, Estimate, Origin, Priority, TaskStatus
from qwen_orch.planning.reader.marks import Marks


@define(eq=False)
class Need:
    """A statement that something waits: the *text* after the words, where it stood and how it was put.

    *form* is ``field`` (its own line or column: titles count), ``prose`` (only ids count), ``apart`` (a sentence that
    does not stand with the task) or, in statements, ``section`` and ``link``. *reverse*: the holder
    blocks what is named. *inferred*: the words only suggest it.
    """

    text: str
    line: int
    form: str = "field"
    reverse: bool = False
    inferred: bool = False


@define(eq=False)
class PhaseFound:
    """A phase: *label* is its number as written."""

    title: str
    line: int
    label: str = ""
    word: str = ""
    priority: Priority | None = None
    description: list[str] = Factory(list)
    needs: list[Need] = Factory(list)
    blocks_rest: int | None = None
    status: TaskStatus | None = None
    tags: tuple[str, ...] = ()
    after: list[int] = Factory(list)


@define(eq=False)
class Found:
    """A task as gathered."""

    title: str
    line: int
    label: str = ""
    number: str = ""
    group: int = 0
    own: bool = False
    parent: Found | None = None
    phase: PhaseFound | None = None
    status: TaskStatus = TaskStatus.PENDING
    priority: Priority | None = None
    estimate: Estimate | None = None
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    description: list[str] = Factory(list)
    criteria: list[Criterion] = Factory(list)
    run: list[str] = Factory(list)
    needs: list[Need] = Factory(list)
    origins: list[Origin] = Factory(list)
    seen: bool = False

    def origin(self, field: str, line: int | None, confidence: float, reason: str) -> None:
        """Remember where *field* came from; *line* is 0-based."""
        self.origins.append(Origin(field, None if line is None else line + 1, round(confidence, 2), reason[:500]))

    def tag(self, name: str) -> None:
        """Add a tag once."""
        if name and name not in self.tags:
            self.tags += (name,)

    def take(self, found: Marks, line: int) -> None:
        """Take in what the marks around a text say."""
        if found.status is not None:
            self.status = found.status
        self.priority = self.priority or found.priority
        self.estimate = self.estimate or found.estimate
        self.assignee = self.assignee or found.assignee
        for tag in found.tags:
            self.tag(tag)
        for field, confidence, reason in found.seen:
            self.origin(field, line, confidence, reason)


@define
class Gathered:
    """A document as gathered, before references are resolved."""

    title: str = ""
    first_heading: str = ""
    goal: str = ""
    description: list[str] = Factory(list)
    phases: list[PhaseFound] = Factory(list)
    tasks: list[Found] = Factory(list)
    requirements: list[str] = Factory(list)
    decisions: list[str] = Factory(list)
    risks: list[str] = Factory(list)
    gates: list[Criterion] = Factory(list)
    tags: tuple[str, ...] = ()
    statements: list[Need] = Factory(list)
    legend: dict[str, Estimate] = Factory(dict)
    warnings: list[Warning] = Factory(list)
    notes: list[Inference] = Factory(list)
    convention: str = ""

    def warn(self, message: str, line: int | None = None) -> None:
        """Add a warning; *line* is 0-based."""
        self.warnings.append(Warning(message, None if line is None else line + 1))


@define
class Edges:
    """The edges found: for each task those before it, with kind, lag, line and whether they were inferred.

    *soft* ones come from sentences and drawings that stand apart from the tasks.
    """

    tasks: dict[Found, dict[Found, DraftDependency]] = Factory(lambda: defaultdict(dict))
    lines: dict[tuple[Found, Found], int] = Factory(dict)
    soft: set[tuple[Found, Found]] = Factory(set)
