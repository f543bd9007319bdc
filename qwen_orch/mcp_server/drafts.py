"""Plans that are handed in: into the empty draft of a planning session, or into one that is opened for it."""

from __future__ import annotations

import hashlib
from typing import Any

from qwen_orch.answers.core import orchestration_answer
from qwen_orch.answers.reports import PlanTaken, TaskTaken
from qwen_orch.errors import StateTransitionError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.mcp_server.caller import Caller
from qwen_orch.mcp_server.tools import Argument, Tool
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import orchestration_id, session_id
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.planning import adopt, submission
from qwen_orch.planning.thoughts import think
from qwen_orch.project.config import THINKING_DEPTHS
from qwen_orch.project.project import suffix
from qwen_orch.project.writer import Writer, timestamp
from qwen_orch.verification.session import after

SUBMITTED = "submission"
"""The session's metadata of this name is the SHA-256 of the plan that was taken: the same one again is no other."""
LONGEST_PLAN = 2_000_000


def submit_plan(caller: Caller, said: dict[str, Any]) -> PlanTaken:
    """Take a plan: all of it, or nothing with every fault named. The same plan again is answered as before."""
    text, title = said["plan"], said.get("title")
    digest = hashlib.sha256(f"{title or ''}\n{text}".encode()).hexdigest()
    writer = caller.writer if caller.session else _empty_draft(caller, text, title, digest)
    chosen: list[Session] = []

    def taking(graph: Graph) -> list[e.Event]:
        chosen[:] = [graph.session(caller.session) if caller.session else _planning(graph)]
        if chosen[0].metadata.get(SUBMITTED) == digest:
            return []
        return [*_adopting(caller, graph, chosen[0], text, title), e.MetadataRecorded(chosen[0].id, SUBMITTED, digest)]

    writer.commit("submit_plan", taking)
    graph = writer.graph
    return PlanTaken(
        orchestration=orchestration_answer(graph.root),
        session=chosen[0].id,
        tasks=tuple(TaskTaken(t.id, t.title, tuple(d.task for d in t.depends_on)) for t in graph.ordered()),
        warnings=tuple(str(w) for w in submission.faultless(text, title).warnings),
        next="the plan is a draft: a person reviews it and types /approve_plan",
    )


def _adopting(caller: Caller, graph: Graph, session: Session, text: str, title: str | None) -> list[e.Event]:
    """Return the events that make *text* the plan; what was thought about it comes from the agent, or the reader."""
    config, at = caller.ctx.project.config, timestamp()
    depth = THINKING_DEPTHS[config.thinkingDepth]
    if caller.session:
        _refuse_thoughtless(caller.own(graph), depth)
    events = submission.submitted(graph, text, title, at)
    if session.thinking_done:
        return events
    if session.thoughts:
        return [*events, e.ThinkingFinished(session.id)]
    thoughts = think(submission.faultless(text, title), after(graph, events), depth, config.jobs, at)
    return [*events, *adopt.thinking(session.id, thoughts)]


def _refuse_thoughtless(session: Session, depth: int) -> None:
    missing = submission.missing_thinking(session, depth)
    if missing:
        raise ValidationError(f"think first, with sequentialthinking; what is missing: {'; '.join(missing)}")


def _planning(graph: Graph) -> Session:
    """Return the planning session that the orchestration was opened with."""
    return next(s for s in graph.sessions_by_age() if s.kind is SessionKind.PLANNING)


def _empty_draft(caller: Caller, text: str, title: str | None, digest: str) -> Writer:
    """Return the writer of the draft that waits for this plan: the current one, or one that is opened now.

    Raises `StateTransitionError` when the current plan is one that the new one would take the place of.
    """
    ctx = caller.ctx
    requirements: tuple[str, ...] = ()
    if ctx.project.current.orchestration is not None:
        root, graph = ctx.writer.graph.root, ctx.writer.graph
        waits = root.plan.status is PlanStatus.DRAFT and not graph.tasks
        if waits or any(s.metadata.get(SUBMITTED) == digest for s in graph.sessions.values()):
            return ctx.writer
        if root.plan.status in (PlanStatus.DRAFT, PlanStatus.APPROVED):
            state = "still a draft" if root.plan.status is PlanStatus.DRAFT else "under way"
            message = f"the current plan, {root.id}, is {state}; nothing was planned, for a person decides about it"
            raise StateTransitionError(message, "/plan @FILE --merge", "/plan @FILE --yes", "/reset_plan")
        requirements = root.plan.requirements if root.plan.status is PlanStatus.RESET else ()
    draft = submission.faultless(text, title)
    return open_draft(caller, draft.title, draft.goal, requirements)


def open_draft(caller: Caller, title: str, goal: str, requirements: tuple[str, ...] = ()) -> Writer:
    """Open an orchestration that is an empty draft with its planning session, make it current, return its writer."""
    orchestration, session = orchestration_id(title, suffix()), session_id(title, suffix())
    origins = adopt.Origins(orchestration, session, timestamp(), source="mcp")
    events = adopt.opening(Draft(title, goal, requirements=requirements), origins)
    writer = caller.ctx.project.new_writer(orchestration)
    writer.commit("submit_plan", lambda _: events)
    caller.ctx.project.make_current(orchestration, session)
    return writer


SUBMIT_PLAN = Tool(
    "submit_plan",
    "Hand in the plan, as Markdown: headings are phases, list items with a box (- [ ] Title) are tasks. Below a task:"
    " '- depends on: T1, T2', '- estimate: 3h', '- priority: high', '- Acceptance: …', '- run: `command`' (does it) and"
    " '- check: `command`' (proves it). Sections Requirements, Decisions and Risks are kept as such. It is taken whole"
    " or refused with every fault; it stays a draft until a person approves it.",
    (
        Argument("plan", "string", "the plan, in Markdown", required=True, longest=LONGEST_PLAN),
        Argument("title", "string", "what to call it, if the text has no title", longest=120),
    ),
    submit_plan,
)
