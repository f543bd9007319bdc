"""Sequential thinking, by the names and with the answers of the well-known server; but kept, and checked."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from qwen_orch.answers.core import session_answer
from qwen_orch.answers.reports import Thinking
from qwen_orch.answers.thinking import Thoughts
from qwen_orch.commands.thinking import MOST_OF_A_NAME, thinking_session
from qwen_orch.errors import SessionNotFound, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.mcp_server.caller import Caller
from qwen_orch.mcp_server.drafts import open_draft
from qwen_orch.mcp_server.keeping import keep
from qwen_orch.mcp_server.tools import Argument, Tool
from qwen_orch.model import event as e
from qwen_orch.model.session import PURPOSES, Session, SessionKind, Thought
from qwen_orch.model.text import clip, one_line

TITLE_WIDTH = 60


def sequentialthinking(caller: Caller, said: dict[str, Any]) -> Thinking:
    """Keep one thought. One that is there already, word for word, is not kept twice."""
    if caller.session is None and caller.ctx.project.current.orchestration is None:
        open_draft(caller, "sequentialthinking", clip(one_line(said["thought"]), TITLE_WIDTH), "")
    proposed = _proposed(said)
    kept: list[Thought] = []

    def added(graph: Graph, session: Session, at: str) -> list[e.Event]:
        thought = _checked(session, proposed)
        known = next((t for t in session.thoughts if evolve(t, number=0, at="") == thought), None)
        kept[:] = [known or evolve(thought, number=len(session.thoughts) + 1, at=at)]
        events: list[e.Event] = [] if known else [e.ThoughtRecorded(session.id, kept[0])]
        after = evolve(session, thoughts=(*session.thoughts, *([] if known else kept)))
        done = not said["nextThoughtNeeded"] and not session.thinking_done and not _required(caller, after)
        return [*events, e.ThinkingFinished(session.id)] if done else events

    wanted = None if caller.session else thinking_session(caller.ctx, caller.writer)
    session = keep(caller, "sequentialthinking", added, wanted)
    required = _required(caller, session)
    return Thinking(
        thoughtNumber=kept[0].number,
        totalThoughts=max(said["totalThoughts"], kept[0].number),
        nextThoughtNeeded=said["nextThoughtNeeded"] or bool(required),
        branches=tuple(dict.fromkeys(t.branch for t in session.thoughts if t.branch)),
        thoughtHistoryLength=len(session.thoughts),
        session=session.id,
        stillRequired=required,
    )


def _required(caller: Caller, session: Session) -> tuple[str, ...]:
    """Return what is still to be thought before a plan is taken from the agent of a planning session."""
    if caller.kind is not SessionKind.PLANNING:
        return ()
    from qwen_orch.planning.submission import missing_thinking

    return missing_thinking(session, caller.ctx.project.config.depth)


def _proposed(said: dict[str, Any]) -> Thought:
    """Return the thought that was *said*, without its number; raise `ValidationError` when its words do not agree."""
    revises, start = said.get("revisesThought"), said.get("branchFromThought")
    branch = one_line(said.get("branchId", ""))[:MOST_OF_A_NAME]
    if said.get("isRevision") and revises is None:
        raise ValidationError("a revision says which thought it revises: revisesThought")
    if start is not None and not branch:
        raise ValidationError("a branch has a name: branchId")
    return Thought(0, said["thought"].strip(), said.get("purpose", ""), revises, branch, start)


def _checked(session: Session, thought: Thought) -> Thought:
    """Return *thought*, going on with its branch if it opens none; raise `ValidationError` for what is not there."""
    for name, number in (("revisesThought", thought.revises), ("branchFromThought", thought.branch_from)):
        if number is not None and number > len(session.thoughts):
            there = f"1 to {len(session.thoughts)}" if session.thoughts else "none yet"
            raise ValidationError(f"{name} {number}: there is no such thought (there is {there})")
    if not thought.branch or thought.branch_from is not None:
        return thought
    opened = {t.branch: t.branch_from for t in reversed(session.thoughts) if t.branch}
    if thought.branch not in opened:
        known = ", ".join(reversed(opened)) or "none yet"
        raise ValidationError(f"there is no branch {thought.branch!r} (there is {known}): branchFromThought opens one")
    return evolve(thought, branch_from=opened[thought.branch])


def thoughts(caller: Caller, said: dict[str, Any]) -> Thoughts:
    """Return the thoughts so far, as they were kept."""
    writer = caller.writer
    session = caller.session or thinking_session(caller.ctx, writer)
    if session is None:
        raise SessionNotFound("no session holds thoughts yet: sequentialthinking keeps the first")
    found = writer.graph.session(session)
    return Thoughts(session_answer(found, session), found.thoughts, found.thinking_done)


SEQUENTIAL_THINKING = Tool(
    "sequentialthinking",
    "Think a hard problem through, one numbered step at a time: question and revise earlier steps, branch off, say when"
    " no more is needed. Every thought is kept with the session and can be read back. The answer says under which"
    " number it was kept; later revisions and branches refer to these numbers. In a planning session it says, too, what"
    " must still be thought before submit_plan is accepted.",
    (
        Argument("thought", "string", "the thinking of this step", required=True),
        Argument("nextThoughtNeeded", "boolean", "whether another thought is needed", required=True),
        Argument("thoughtNumber", "integer", "number of this thought", required=True, least=1),
        Argument("totalThoughts", "integer", "how many thoughts will probably be needed", required=True, least=1),
        Argument("isRevision", "boolean", "whether this revises an earlier thought"),
        Argument("revisesThought", "integer", "number of the thought that is revised", least=1),
        Argument("branchFromThought", "integer", "number of the thought at which a branch starts", least=1),
        Argument("branchId", "string", "name of the branch", longest=MOST_OF_A_NAME),
        Argument("needsMoreThoughts", "boolean", "whether more are needed than it seemed"),
        Argument("purpose", "string", "what this thought is about", choices=PURPOSES),
    ),
    sequentialthinking,
)
THOUGHTS = Tool("thoughts", "The steps of sequential thinking so far, as they were kept.", (), thoughts, reads=True)
