"""A session: a stretch of work with its thoughts, notes, decisions and artifacts."""

from __future__ import annotations

from enum import StrEnum

from attrs import Factory, frozen

from qwen_orch.model.activity import Activity
from qwen_orch.model.ids import OrchestrationId, SessionId, TaskId
from qwen_orch.model.plan import Decision


class SessionKind(StrEnum):
    """What the stretch of work is for."""

    PLANNING = "planning"
    TASK = "task"
    VERIFICATION = "verification"
    INTERACTIVE = "interactive"


class SessionState(StrEnum):
    """Where a session stands."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether the session can no longer be worked in."""
        return self in (SessionState.COMPLETED, SessionState.FAILED)


PURPOSES = ("requirements", "decomposition", "architecture", "risks", "estimates", "review")
"""What a plan must be thought about, most needed first."""


@frozen
class Thought:
    """One numbered step of sequential thinking.

    *revises* is the number of the earlier thought it corrects; *branch* names the line of thinking it belongs to,
    opened at thought number *branch_from*. *purpose* is one of `PURPOSES`, or empty.
    """

    number: int
    text: str
    purpose: str = ""
    revises: int | None = None
    branch: str = ""
    branch_from: int | None = None
    at: str = ""


@frozen
class Note:
    """Free text a person or agent wants kept in the session's context."""

    text: str
    at: str = ""


@frozen
class Artifact:
    """A file that came out of the work: *path* relative to the project."""

    path: str
    kind: str
    at: str = ""


# Keys of a session's metadata

AGENT, AGENT_SESSION = "agent", "agent_session"
"""The name of the agent that works in it, and the agent's own id of it."""
TOKEN = "token"
"""The digest that proves the token which its reports are bound by."""
SOURCE, SUBMISSION = "source", "submission"
"""Of a planning session: where the text came from, and the digest of the plan that an agent handed in."""
THOUGHTS = "thoughts"
"""How many thoughts an agent is asked for before it hands in a plan."""


@frozen
class Session:
    """A persistent container of context; *parent* is the session it was opened from."""

    id: SessionId
    kind: SessionKind
    title: str
    orchestration: OrchestrationId
    state: SessionState = SessionState.ACTIVE
    task: TaskId | None = None
    parent: SessionId | None = None
    tags: tuple[str, ...] = ()
    thoughts: tuple[Thought, ...] = ()
    thinking_done: bool = False
    notes: tuple[Note, ...] = ()
    decisions: tuple[Decision, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    activity: Activity = Factory(Activity)
    metadata: dict[str, str] = Factory(dict)
    created: str = ""
    updated: str = ""

    @property
    def agent(self) -> str | None:
        """The name of the agent that works in it, if one does."""
        return self.metadata.get(AGENT)
