"""Commands that keep what is thought, noted and decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias

from attrs import evolve

from qwen_orch.answers.core import session_answer
from qwen_orch.answers.thinking import Kept, Thoughts
from qwen_orch.commands.context import Context
from qwen_orch.commands.registry import Arg, command
from qwen_orch.errors import SessionNotFound, UsageError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId
from qwen_orch.model.plan import Decision
from qwen_orch.model.session import Note, SessionKind, Thought
from qwen_orch.model.text import clean, one_line
from qwen_orch.project.opening import working
from qwen_orch.project.writer import Writer, timestamp

MOST_CHARACTERS = 20_000
"""A longer note or thought is a document: it belongs in a file."""
MOST_OF_A_NAME = 80


@command("Thinking")
def think(
    ctx: Context,
    text: Annotated[str | None, Arg("the thought; without one, the thoughts so far are listed", takes="text")] = None,
    *,
    revises: Annotated[int | None, Arg("number of the thought this one corrects")] = None,
    branch: Annotated[str | None, Arg("name of a line of thinking of its own")] = None,
    from_: Annotated[int | None, Arg("number of the thought the branch starts at")] = None,
    done: Annotated[bool, Arg("the chain of thoughts is complete")] = False,
) -> Thoughts:
    """Record a step of sequential thinking, or list the steps so far.

    Thoughts are numbered and kept with the session. One may revise an earlier one, or open a named branch from it;
    nothing is overwritten.
    """
    if text is None and not done:
        if revises is not None or branch or from_ is not None:
            raise UsageError("a revision or branch needs the thought itself", "/think TEXT --revises 2")
        ctx.reads = True
        return _thoughts(ctx, ctx.writer, thinking_session(ctx, ctx.writer))
    if from_ is not None and not branch:
        raise UsageError("--from is where a branch starts: it needs --branch", "/think TEXT --branch NAME --from 2")
    thought = "" if text is None else _bounded(text)
    proposed = Thought(0, thought, "", revises, one_line(branch or "")[:MOST_OF_A_NAME], from_)

    def added(graph: Graph, session: SessionId, at: str) -> list[e.Event]:
        thoughts = graph.sessions[session].thoughts if session in graph.sessions else ()
        numbered = evolve(proposed, number=len(thoughts) + 1, at=at)
        recorded: list[e.Event] = [e.ThoughtRecorded(session, numbered)] if thought else []
        return [*recorded, e.ThinkingFinished(session)] if done else recorded

    writer = ctx.writer
    answer = _thoughts(ctx, writer, _keep(ctx, writer, "think", thinking_session(ctx, writer), added))
    return answer._replace(recorded=bool(text))


@command("Thinking")
def note(ctx: Context, text: Annotated[str, Arg("what is to be kept", takes="text")]) -> Kept:
    """Keep a note in the session's context."""
    kept, writer = _bounded(text), ctx.writer
    session = _keep(ctx, writer, "note", ctx.session(writer), lambda _, s, at: [e.NoteAdded(s, Note(kept, at))])
    return Kept(session_answer(writer.graph.session(session), session), kept)


@command("Thinking")
def decide(
    ctx: Context,
    text: Annotated[str, Arg("what is settled", takes="text")],
    *,
    why: Annotated[str, Arg("the reason", takes="text")] = "",
) -> Kept:
    """Record a decision, and why, in the session's context."""
    decision, writer = Decision(_bounded(text), _bounded(why) if why.strip() else ""), ctx.writer

    def made(_: Graph, session: SessionId, at: str) -> list[e.Event]:
        return [e.DecisionMade(session, evolve(decision, at=at))]

    session = _keep(ctx, writer, "decide", ctx.session(writer), made)
    return Kept(session_answer(writer.graph.session(session), session), decision.text)


Added: TypeAlias = Callable[[Graph, SessionId, str], list[e.Event]]


def _keep(ctx: Context, writer: Writer, by: str, wanted: SessionId | None, added: Added) -> SessionId:
    """Commit what *added* returns for the session to write in, opening one if need be; return that session."""
    chosen: list[SessionId] = []

    def decide_events(graph: Graph) -> list[e.Event]:
        session, opening = working(graph, ctx.project, wanted)
        chosen[:] = [session]
        return [*opening, *added(graph, session, timestamp())]

    writer.commit(by, decide_events)
    if chosen[0] != wanted:
        ctx.project.make_current(writer.graph.root.id, chosen[0])
    return chosen[0]


def _bounded(text: str) -> str:
    kept = clean(text, multiline=True).strip()
    if not kept:
        raise ValidationError("there is nothing to keep in an empty text", "/note TEXT")
    if len(kept) > MOST_CHARACTERS:
        raise ValidationError(
            f"{len(kept)} characters are too many to keep here", "put it into a file, and note its name"
        )
    return kept


def _thoughts(ctx: Context, writer: Writer, session: SessionId | None) -> Thoughts:
    if session is None:
        raise SessionNotFound("no session holds thoughts yet", "/think TEXT")
    found = writer.graph.session(session)
    return Thoughts(session_answer(found, ctx.session(writer)), found.thoughts, found.thinking_done)


def thinking_session(ctx: Context, writer: Writer) -> SessionId | None:
    """Return the current session if it holds thoughts, else the newest planning session."""
    current = ctx.session(writer)
    if current and writer.graph.sessions[current].thoughts:
        return current
    planning = [s.id for s in writer.graph.sessions_by_age() if s.kind is SessionKind.PLANNING]
    return planning[-1] if planning else current
