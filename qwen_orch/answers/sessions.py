"""What the commands on sessions answer."""

from __future__ import annotations

from typing import Any, NamedTuple

from qwen_orch.answers.agents import AgentAnswer
from qwen_orch.answers.core import Change, OrchestrationAnswer, ProgressAnswer, SessionAnswer, TaskAnswer


class SessionList(NamedTuple):
    """Sessions that a filter lets through; of a dry run as they would be, with the files that *would_change*."""

    sessions: tuple[SessionAnswer, ...]
    shown: int
    total: int
    tree: bool = False
    would_change: tuple[Change, ...] | None = None


class Entry(NamedTuple):
    """One step of the journal in words; *undone* when a later /undo took it back."""

    seq: int
    at: str
    by: str
    what: tuple[str, ...]
    sessions: tuple[str, ...] = ()
    undone: bool = False


class Recap(NamedTuple):
    """Where was I: the last steps and whether each ended, what is open, and what to type next.

    *agents* tells of the last attempt at each task in progress, if an agent made it.
    """

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
    agents: tuple[AgentAnswer, ...] = ()


class Resumed(NamedTuple):
    """A session is current again."""

    session: SessionAnswer
    recap: Recap


class ContextPart(NamedTuple):
    """One part of what an agent could be given; *tokens* is an estimate, and *reason* says why it is *kept* or not."""

    name: str
    text: str
    tokens: int
    kept: bool = True
    reason: str = ""


class ContextAnswer(NamedTuple):
    """What an agent would be given: exactly the *parts* that are kept, of *tokens* in all, within *budget*."""

    session: SessionAnswer
    parts: tuple[ContextPart, ...]
    tokens: int
    budget: int
    path: str | None = None
    debug: dict[str, Any] | None = None


class History(NamedTuple):
    """Steps, oldest first."""

    entries: tuple[Entry, ...]
    timeline: bool = False
