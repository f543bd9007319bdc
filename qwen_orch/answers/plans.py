"""What the commands on plans answer."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.answers.core import OrchestrationAnswer, SessionAnswer, TaskAnswer
from qwen_orch.model.plan import Phase
from qwen_orch.model.session import Thought


class Merged(NamedTuple):
    """What an edited text changed. *changed* names fields by task; *kept* are started, though no longer in the text.

    *plan* names what changed in the plan itself, such as ``title``.
    """

    added: tuple[str, ...]
    changed: dict[str, tuple[str, ...]]
    moved: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    plan: tuple[str, ...] = ()


class Planned(NamedTuple):
    """A plan was read and kept, in draft."""

    orchestration: OrchestrationAnswer
    session: SessionAnswer
    phases: tuple[Phase, ...]
    tasks: tuple[TaskAnswer, ...]
    thoughts: tuple[Thought, ...]
    warnings: tuple[str, ...]
    merged: Merged | None = None


class CommandShown(NamedTuple):
    """A command that may later run, the task (or ``quality gate``) it belongs to, and what that is about."""

    task: str
    role: str
    command: str
    title: str = ""


class Approved(NamedTuple):
    """The plan was approved; *commands* may now run, *accepted* are tasks ticked in the document and taken as done."""

    orchestration: OrchestrationAnswer
    ready: tuple[TaskAnswer, ...]
    commands: tuple[CommandShown, ...]
    accepted: tuple[str, ...]


class Reset(NamedTuple):
    """The plan was emptied; *backup* is what there was."""

    orchestration: OrchestrationAnswer
    backup: str


class Imported(NamedTuple):
    """A plan came in from a file in *format*: ``qwen-orch``, the name of another tool's, or ``plan`` for plan text."""

    orchestration: OrchestrationAnswer
    tasks: int
    sessions: int
    format: str = "qwen-orch"


class Playbook(NamedTuple):
    """A playbook: what it is for, the words of a goal that call for it, and whether it is the project's *own*."""

    name: str
    description: str
    triggers: tuple[str, ...]
    own: bool


class Playbooks(NamedTuple):
    """The playbooks, those of the project in *folder*; with an *outline* the one that was asked for, filled in."""

    playbooks: tuple[Playbook, ...]
    folder: str
    goal: str | None = None
    outline: str | None = None
