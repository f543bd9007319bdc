"""What agents ask, and what was said to it."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.graph.questions import Question


class QuestionAnswer(NamedTuple):
    """What an agent asked for in *session*: *detail* is the exact command or diff; *allowed* is null while it waits.

    *by* is who answered: policy, person, --yes or nobody.
    """

    task: str | None
    session: str
    number: int
    kind: str
    title: str
    detail: str
    allowed: bool | None
    by: str
    at: str


class Permissions(NamedTuple):
    """The questions that wait, and those that were answered last in the sessions that are active."""

    waiting: tuple[QuestionAnswer, ...]
    answered: tuple[QuestionAnswer, ...]
    next: tuple[str, ...] = ()


class Permitted(NamedTuple):
    """A question was answered."""

    question: QuestionAnswer
    waiting: int


def question_answer(asked: Question) -> QuestionAnswer:
    """Return *asked* for those outside."""
    session, request = asked
    return QuestionAnswer(
        session.task,
        session.id,
        request.number,
        request.kind,
        request.title,
        request.detail,
        request.allowed,
        request.by,
        request.at,
    )
