"""What an agent was seen to do in a session: its actions, what they cost, what it asked for and what it claims."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import chain

from attrs import Factory, frozen

MOST_KEPT = 40
"""Actions, questions and findings of one session that are kept, the newest: an agent may call tools without end."""
MOST_TOUCHED = 200
"""Files of one session that are kept, those touched last."""
NAMING = ("edit", "delete", "move")
"""Kinds of tools that change files and name them."""
_LOOKING = ("read", "search", "think", "fetch", "switch_mode")
"""Kinds of tools that change no file. Any other may change any: a command names none."""


class ActionState(StrEnum):
    """Whether an action ended; one that is ``running`` in a session nobody works in was cut short."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@frozen
class Action:
    """A tool that the agent used: its own name for the *call*, a *title* for people, the protocol's *kind* of tool.

    *files* are those of the project that it changes, as far as the agent told.
    """

    call: str
    title: str
    kind: str = "other"
    state: ActionState = ActionState.RUNNING
    at: str = ""
    files: tuple[str, ...] = ()

    @property
    def may_change_any(self) -> bool:
        """Whether it may change files, and does not tell which."""
        return not self.files and self.kind not in _LOOKING


@frozen
class Usage:
    """Tokens of a session, as the agent counts them; all zero when it does not say. *cached* are part of *input*."""

    input: int = 0
    output: int = 0
    thought: int = 0
    cached: int = 0
    requests: int = 0

    @property
    def total(self) -> int:
        """Tokens read and written."""
        return self.input + self.output

    def plus(self, other: Usage) -> Usage:
        """Return the sum of both."""
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.thought + other.thought,
            self.cached + other.cached,
            self.requests + other.requests,
        )


NOBODY = "nobody"
"""Answers an agent's question where no person is, or none came in time: with no."""


@frozen
class PermissionRequest:
    """The agent asked whether it may: *detail* is the exact command or the diff; *allowed* is None while it waits.

    *by* is who answered: ``policy``, ``person``, ``--yes``, or ``nobody`` (unattended, so it was denied).
    """

    number: int
    kind: str
    title: str
    detail: str = ""
    allowed: bool | None = None
    by: str = ""
    at: str = ""


def told_answer(allowed: bool, by: str) -> str:
    """Return in words what *by* answered."""
    return "denied, nobody answered" if by == NOBODY else f"{'allowed' if allowed else 'denied'} by {by}"


@frozen
class Finding:
    """What a reviewing agent says of one criterion (numbered from 1), with a *confidence* from 0 to 1."""

    criterion: int
    met: bool
    confidence: float
    reason: str = ""


@frozen
class Activity:
    """What is known of the agent in a session; *claim* is its word that the task is done, if it gave it.

    *files* are those that its tools have changed, as far as it told, each with when last; *ran* tells that it has also
    used tools that may have changed any file. Both outlast the actions.
    """

    actions: tuple[Action, ...] = ()
    usage: Usage = Factory(Usage)
    claim: str | None = None
    requests: tuple[PermissionRequest, ...] = ()
    findings: tuple[Finding, ...] = ()
    files: dict[str, str] = Factory(dict)
    ran: bool = False

    def request(self, number: int) -> PermissionRequest | None:
        """Return the request of this *number*, None when it was not made or is no longer kept."""
        return next((r for r in self.requests if r.number == number), None)

    def named(self, since: str = "") -> frozenset[str]:
        """Return the files that its tools have changed *since* then, as far as it told, or are about to."""
        changed = (path for path, at in self.files.items() if at >= since)
        return frozenset(chain(changed, *(action.files for action in self._running())))

    @property
    def may_have_changed_any(self) -> bool:
        """Whether it may have changed files that it did not name."""
        return self.ran or any(a.may_change_any for a in self._running())

    def _running(self) -> Iterator[Action]:
        return (a for a in self.actions if a.state is ActionState.RUNNING)
