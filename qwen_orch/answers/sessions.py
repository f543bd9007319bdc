"""What the commands on sessions answer."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from qwen_orch.answers.core import OrchestrationAnswer, ProgressAnswer, SessionAnswer, TaskAnswer


@frozen
class SessionList:
    """Sessions that a filter lets through."""

    sessions: tuple[SessionAnswer, ...]
    shown: int
    total: int
    tree: bool = False


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
class History:
    """Steps, oldest first."""

    entries: tuple[Entry, ...]
    timeline: bool = False
