"""Commands that answer what agents ask while they work in the background."""

from __future__ import annotations

from typing import Annotated

from qwen_orch.answers.permissions import Permissions, Permitted, question_answer
from qwen_orch.commands.context import Context, refuse_attempt
from qwen_orch.commands.registry import Arg, command
from qwen_orch.errors import StateTransitionError
from qwen_orch.graph.questions import Question, questions, waiting
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.activity import told_answer

NAME = Arg("task (or session) whose agent asks; the only one that does if left out", takes="question")
NUMBER = Arg("number of the question, so that no other is answered by mistake", takes="number")
MOST_ANSWERED, MOST_HINTS = 10, 3


@command("Work", reads=True)
def permissions(ctx: Context) -> Permissions:
    """Show what agents ask, with the exact command or diff, and what was answered last.

    Rules for what needs no question, or is never allowed, are kept by /config permissions.
    """
    asked = questions(ctx.writer.graph)
    open_ones = [q for q in asked if q.request.allowed is None]
    answered = [q for q in asked if q.request.allowed is not None][-MOST_ANSWERED:]
    steps = [f"/{verb} {q.name} {q.request.number}" for q in open_ones[:1] for verb in ("allow", "deny")]
    return Permissions(tuple(map(question_answer, open_ones)), tuple(map(question_answer, answered)), tuple(steps))


@command("Work")
def allow(
    ctx: Context, name: Annotated[str | None, NAME] = None, number: Annotated[int | None, NUMBER] = None
) -> Permitted:
    """Let an agent do what it asks for, this once."""
    return _answered(ctx, name, number, True)


@command("Work")
def deny(
    ctx: Context, name: Annotated[str | None, NAME] = None, number: Annotated[int | None, NUMBER] = None
) -> Permitted:
    """Do not let an agent do what it asks for; it is told so, and goes on."""
    return _answered(ctx, name, number, False)


def _answered(ctx: Context, name: str | None, number: int | None, allowed: bool) -> Permitted:
    refuse_attempt("/allow" if allowed else "/deny")
    writer = ctx.writer
    chosen: list[Question] = []

    def answering(graph: Graph) -> list[e.Event]:
        chosen[:] = [_meant(graph, name, number)]
        return [e.PermissionAnswered(chosen[0].session.id, chosen[0].request.number, allowed, "person")]

    writer.commit("allow" if allowed else "deny", answering)
    session = writer.graph.session(chosen[0].session.id)
    request = next(r for r in session.activity.requests if r.number == chosen[0].request.number)
    return Permitted(question_answer(Question(session, request)), len(waiting(writer.graph)))


def _meant(graph: Graph, name: str | None, number: int | None) -> Question:
    """Return the question that is meant; raise `StateTransitionError` when there is none, or more than one."""
    asked = waiting(graph)
    found = [q for q in asked if _is_called(q, name) and number in (None, q.request.number)]
    if len(found) == 1:
        return found[0]
    hints = ("/permissions", *(_how(q) for q in (found or asked)[:MOST_HINTS]))
    if found:
        raise StateTransitionError(f"{len(found)} questions wait: say which is meant", *hints)
    raise StateTransitionError(_why_none(graph, name, number), *hints)


def _why_none(graph: Graph, name: str | None, number: int | None) -> str:
    """Return why there is nothing to answer; whoever comes second is told what the first one said."""
    settled = [q for q in questions(graph) if name and _is_called(q, name) and q.request.allowed is not None]
    told = next((q for q in reversed(settled) if number in (None, q.request.number)), None)
    if told is None:
        return "no such question waits for an answer"
    return f"{told.name} {told.request.number} is answered: {told_answer(bool(told.request.allowed), told.request.by)}"


def _is_called(asked: Question, name: str | None) -> bool:
    if name is None or name in (asked.name, asked.session.id):
        return True
    return name.isdecimal() and asked.name == f"task-{name.lstrip('0').zfill(3)}"


def _how(asked: Question) -> str:
    return f"/allow {asked.name} {asked.request.number}"
