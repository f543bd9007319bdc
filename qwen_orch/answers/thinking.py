"""What thinking and noting answer."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.answers.core import SessionAnswer
from qwen_orch.model.session import Thought


class Thoughts(NamedTuple):
    """The thoughts of a session."""

    session: SessionAnswer
    thoughts: tuple[Thought, ...]
    done: bool
    recorded: bool = False
    """Whether the last of them was just taken."""


class Kept(NamedTuple):
    """A note or decision was kept in a session."""

    session: SessionAnswer
    text: str
