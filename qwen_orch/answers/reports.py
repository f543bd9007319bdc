"""What the report server answers an agent; what it shares with the commands is with theirs."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.answers.core import OrchestrationAnswer


class Thinking(NamedTuple):
    """A thought was kept under *thoughtNumber*; the first five keys are what any sequential-thinking server answers.

    *stillRequired* says what must be thought before a plan is taken; while it says anything another thought is needed.
    """

    thoughtNumber: int  # noqa: N815 - the names of the well-known server
    totalThoughts: int  # noqa: N815
    nextThoughtNeeded: bool  # noqa: N815
    branches: tuple[str, ...]
    thoughtHistoryLength: int  # noqa: N815
    session: str
    stillRequired: tuple[str, ...] = ()  # noqa: N815


class TaskTaken(NamedTuple):
    """A task of a plan that was handed in, as it was read."""

    id: str
    title: str
    depends_on: tuple[str, ...]


class PlanTaken(NamedTuple):
    """A plan that was handed in was taken; it is a draft until a person approves it."""

    orchestration: OrchestrationAnswer
    session: str
    tasks: tuple[TaskTaken, ...]
    warnings: tuple[str, ...]
    next: str


class Reported(NamedTuple):
    """A report was kept with its *session*; *next* says what follows from it."""

    session: str
    kept: str
    task: str | None = None
    next: str = ""
