"""What agents have asked a person for."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.graph.state import Graph
from qwen_orch.model.activity import PermissionRequest
from qwen_orch.model.session import Session


class Question(NamedTuple):
    """A request, and the session in which it was made."""

    session: Session
    request: PermissionRequest

    @property
    def name(self) -> str:
        """What a person calls it by: the task of its session, or the session."""
        return self.session.task or self.session.id


def questions(graph: Graph) -> list[Question]:
    """Return what was asked in the active sessions, the oldest first, answered or not."""
    asked = [Question(s, r) for s in graph.sessions.active() for r in s.activity.requests]
    return sorted(asked, key=lambda q: q.request.at)


def waiting(graph: Graph) -> list[Question]:
    """Return the questions that wait for an answer, the oldest first."""
    return [q for q in questions(graph) if q.request.allowed is None]
