"""What thinking and noting answer."""

from __future__ import annotations

from attrs import frozen

from qwen_orch.answers.core import SessionAnswer
from qwen_orch.model.session import Thought


@frozen
class Thoughts:
    """The thoughts of a session."""

    session: SessionAnswer
    thoughts: tuple[Thought, ...]
    done: bool


@frozen
class Kept:
    """A note or decision was kept in a session."""

    session: SessionAnswer
    text: str
