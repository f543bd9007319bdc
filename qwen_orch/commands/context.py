"""What a command is given besides its arguments: the project, and a door to the person or program that called it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from attrs import Factory, define

from qwen_orch.errors import OrchError, StateTransitionError, TaskNotFound, UsageError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import SessionId, TaskId, resolve
from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer

if TYPE_CHECKING:
    from qwen_orch.answers.core import Change

LONGEST_PATH = 4_000
"""Bytes: no system of ours knows longer ones."""


Moot: TypeAlias = Callable[[], bool]
"""Tells, asked again and again, that no answer to a question is wanted any more."""


class Update(NamedTuple):
    """Something that happens while a command is at work.

    Its kind is ``started``, ``output``, ``thought``, ``asks``, ``checking`` or ``ended``.
    """

    kind: str
    task: str
    text: str = ""


class Door(Protocol):
    """Who called: a shell that can ask and show, a one-shot command, a script."""

    interactive: bool

    def consent(self, question: str, moot: Moot | None = None) -> bool:
        """Ask a person *question*; False where nobody can be asked, and once it is *moot*. Any thread may ask."""

    def show(self, update: Update) -> None:
        """Show what is happening now; what is shown is durable already."""

    def edit(self, text: str) -> str | None:
        """Let a person write in an editor that holds *text*; None when they gave up or there is none."""

    def stdin(self) -> bytes:
        """Return all of standard input."""


@define
class Nobody:
    """The door of a program that calls us *where* nobody is to be asked, and standard input is the program's own."""

    where: str
    interactive: bool = False

    def consent(self, question: str, moot: Moot | None = None) -> bool:
        """Agree to nothing."""
        return False

    def show(self, update: Update) -> None:
        """Show nothing: the answer says how it ended."""

    def edit(self, text: str) -> str | None:
        """Have no editor."""
        return None

    def stdin(self) -> bytes:
        """Refuse."""
        raise UsageError(f"there is no standard input {self.where}", "/plan @FILE", "/plan TEXT")


@define(eq=False, repr=False)
class Context:
    """The hands of a command. *yes* is the consent given beforehand with ``--yes``."""

    project: Project
    door: Door
    yes: bool = False
    warnings: list[str] = Factory(list)
    reads: bool = False
    """Whether the command only reads: then what a later version wrote may be looked at."""
    seen: tuple[str, int] | None = None
    """The current orchestration and its newest step when a person was last shown the state, if one was."""

    @property
    def writer(self) -> Writer:
        """The writer of the current orchestration; raises `PlanNotFound` without one."""
        return self.writer_of(None)

    def writer_of(self, orchestration: str | None) -> Writer:
        """Return the writer of an orchestration named by id or prefix, or ``current``, or the current one."""
        writer = self.project.writer(None if orchestration in (None, "current") else orchestration)
        if not self.reads:
            writer.refuse_newer()
        return writer

    def newest_seen(self, writer: Writer) -> int | None:
        """Return the newest step of the current orchestration that the person knows of, or None where nobody looked.

        Raises `StateTransitionError` when what they looked at is no longer current.
        """
        if self.seen is None:
            return None
        own = writer.graph.root.id
        if self.seen[0] != own:
            raise StateTransitionError(f"the current plan is now {own}, made so elsewhere", "/task_status", "/sessions")
        return self.seen[1]

    def session(self, writer: Writer) -> SessionId | None:
        """Return the session that is current in the orchestration of *writer*: the one last made so, if it is there."""
        named = self.project.current.session
        if named in writer.graph.sessions:
            return SessionId(str(named))
        ages = writer.graph.sessions_by_age()
        return ages[-1].id if ages else None

    def parent_session(self, writer: Writer) -> SessionId | None:
        """Return the session that a new one is opened from: the current one, or the nearest above it still open."""
        session = self.session(writer)
        while session and writer.graph.sessions[session].state.ended:
            session = writer.graph.sessions[session].parent
        return session

    def agreed(self, question: str) -> bool:
        """Tell whether the person agrees, or has with ``--yes``."""
        return self.yes or self.door.consent(question)

    def consent(self, question: str, refusal: OrchError) -> None:
        """Return if the person agrees, or has with ``--yes``; else raise *refusal*."""
        if not self.agreed(question):
            raise refusal

    def would_change(self) -> tuple[Change, ...] | None:
        """Return what a dry run would change on the disk, the end of the command included; None of any other run."""
        if not self.project.disk.rehearses:
            return None
        from qwen_orch.answers.core import Change
        from qwen_orch.store.rehearsal import Rehearsal

        assert isinstance(self.project.disk, Rehearsal)
        self.project.checkpoint(last=True)
        return tuple(map(Change._make, self.project.disk.changes(self.project.home)))

    def warn(self, message: str) -> None:
        """Add a line to the answer's warnings."""
        self.warnings.append(message)


def refuse_attempt(command: str) -> None:
    """Raise `StateTransitionError` in a process of an attempt: what agents may do is for a person to say, not for them.

    It is known by the variable that whatever is run for a task inherits. A person's own hook is no attempt.
    """
    from qwen_orch.store.lease import MARK

    mark = os.environ.get(MARK, "")
    if mark.startswith("session-"):
        what = f"{command} is for a person, and this runs in {mark[:80]}"
        raise StateTransitionError(what, f"type {command} in a terminal of your own")


def task_named(graph: Graph, name: str) -> TaskId:
    """Return the id of the task that *name* means: an id, a prefix, a number, or the label the document gave it."""
    labelled = [t.id for t in graph.tasks.values() if t.label and t.label.lower() == name.lower()]
    if len(labelled) == 1:
        return labelled[0]
    return TaskId(resolve(name, sorted(graph.tasks), TaskNotFound, "/list_tasks"))


def local_path(name: str) -> Path:
    """Return the path a person typed, ``~`` opened; raise `ValidationError` for what no file can be called."""
    try:
        path = Path(name).expanduser()
        if b"\0" in os.fsencode(path):
            raise ValueError("it holds a NUL")
        if len(os.fsencode(path)) > LONGEST_PATH:
            raise ValueError("it is too long")
    except (RuntimeError, ValueError) as error:
        raise ValidationError(f"{name[:200]!r} is no name of a file: {error}", "type another name") from None
    return path
