"""Whose file is it? Attempts side by side work in one folder, and git tells only that a file changed.

A tool that changes a file names it; a command names none. So a file is an attempt's own if the attempt named it, and is
not if only another did. One that nobody named is shared by those who ran something that may have changed it; who ran
nothing has changed nothing but what it named. Alone, an attempt is credited with all that changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from attrs import evolve

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Attempt, Evidence, Executor
from qwen_orch.processes.worktree import MOST_FILES


class Doing(NamedTuple):
    """What is known of an attempt's own doing.

    *named* are the files that its tools said they change, where a folder stands for all that is in it; *ran* tells
    whether it also did what may have changed any file.
    """

    named: frozenset[str] = frozenset()
    ran: bool = False

    def names(self, path: str) -> bool:
        """Tell whether *path*, or a folder that it is in, was named."""
        return path in self.named or any(path.startswith(f"{folder}/") for folder in self.named)


COMMANDS = Doing(ran=True)
"""What is known of a person, or of a shell: anything may be theirs."""


class Credit(NamedTuple):
    """Changed files: an attempt's *own*, those *shared* with the attempts beside it, and those of *others* alone."""

    own: tuple[str, ...]
    shared: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether the attempt has changed a file, or may have."""
        return bool(self.own or self.shared)

    def in_evidence(self, seen: Evidence) -> Evidence:
        """Return *seen* with the files that the attempt has changed, or may have: at most `MOST_FILES`."""
        files = tuple(sorted((self.own + self.shared)[:MOST_FILES]))
        return evolve(seen, files=files, shared=tuple(path for path in self.shared if path in files))


def credited(changed: Iterable[str], doing: Doing, beside: Sequence[Doing]) -> Credit:
    """Return whose the *changed* files are, as seen by an attempt with *doing*; *beside* are the attempts beside it."""
    own: list[str] = []
    shared: list[str] = []
    others: list[str] = []
    for path in changed:
        if not beside or doing.names(path):
            own.append(path)
        elif not doing.ran or any(other.names(path) for other in beside):
            others.append(path)
        else:
            (shared if any(other.ran for other in beside) else own).append(path)
    return Credit(tuple(own), tuple(shared), tuple(others))


def done_in(graph: Graph, attempt: Attempt, since: str) -> Doing:
    """Return what is known of the doing of *attempt* from the time *since* on."""
    session = graph.sessions.get(attempt.session)
    if attempt.executor is not Executor.AGENT or session is None:
        return COMMANDS
    return Doing(session.activity.named(since), session.activity.may_have_changed_any)


def together(doings: Iterable[Doing]) -> Doing:
    """Return what is known of attempts that were made one after another."""
    all_of_them = list(doings)
    return Doing(frozenset().union(*(one.named for one in all_of_them)), any(one.ran for one in all_of_them))


def done_beside(graph: Graph, task: TaskId, since: str) -> list[Doing]:
    """Return what is known of the attempts at other tasks that were under way at the time *since* or later."""
    return [done_in(graph, attempt, since) for attempt in _beside(graph, task, since)]


def _beside(graph: Graph, task: TaskId, since: str) -> Iterator[Attempt]:
    for other in graph.tasks.values():
        if other.id != task:
            yield from (a for a in other.attempts if a.ended is None or a.ended >= since)
