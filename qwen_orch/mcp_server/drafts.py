"""Plans that are handed in: into the empty draft of a planning session, or into one that is opened for it.

Reading a plan takes much that no other tool needs: what ``planning`` has is imported late.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from qwen_orch.answers.core import orchestration_answer
from qwen_orch.answers.reports import PlanTaken, TaskTaken
from qwen_orch.errors import StateTransitionError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.mcp_server.caller import Caller
from qwen_orch.mcp_server.tools import Argument, Tool
from qwen_orch.model import event as e
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.session import SUBMISSION, Session, SessionKind
from qwen_orch.project.config import Config
from qwen_orch.project.writer import Writer, timestamp

LONGEST_PLAN = 2_000_000


def submit_plan(caller: Caller, said: dict[str, Any]) -> PlanTaken:
    """Take a plan: all of it, or nothing with every fault named. The same plan again is answered as before."""
    text, title = said["plan"], said.get("title")
    digest = hashlib.sha256(f"{title or ''}\n{text}".encode()).hexdigest()
    writer = caller.writer if caller.session else _empty_draft(caller, text, title, digest)
    chosen: list[Session] = []

    def taking(graph: Graph) -> list[e.Event]:
        session = graph.session(caller.session) if caller.session else _planning(graph)
        chosen[:] = [session]
        if session.metadata.get(SUBMISSION) == digest:
            return []
        if caller.session:
            _refuse_thoughtless(caller.own(graph), caller.ctx.project.config)
        adopting = _adopting(graph, session, text, title, caller.ctx.project.config)
        titled = [] if caller.session else _titled(graph, text, title)
        return [*titled, *adopting, e.MetadataRecorded(session.id, SUBMISSION, digest)]

    writer.commit("submit_plan", taking)
    graph = writer.graph
    return PlanTaken(
        orchestration=orchestration_answer(graph.root),
        session=chosen[0].id,
        tasks=tuple(TaskTaken(t.id, t.title, tuple(d.task for d in t.depends_on)) for t in graph.ordered()),
        warnings=tuple(_misgivings(graph, text, title)),
        next="the plan is a draft: a person reviews it and types /approve_plan",
    )


def _misgivings(graph: Graph, text: str, title: str | None) -> Iterator[str]:
    """Yield what the agent should know of the plan as it was taken."""
    from qwen_orch.planning.submission import faultless

    draft = faultless(text, title)
    yield from map(str, draft.warnings)
    if title and draft.title != graph.root.title:
        yield f"it keeps the title under which it was begun: {graph.root.title}"


def _titled(graph: Graph, text: str, title: str | None) -> list[e.Event]:
    """Return the event that gives a draft, which a thought may have begun, the title of its plan."""
    from qwen_orch.planning.submission import faultless

    wanted = faultless(text, title).title
    return [e.PlanTitled(wanted)] if wanted != graph.root.title else []


def _refuse_thoughtless(session: Session, config: Config) -> None:
    from qwen_orch.planning.submission import missing_thinking

    missing = missing_thinking(session, config.depth)
    if missing:
        raise ValidationError(f"think first, with sequentialthinking; what is missing: {'; '.join(missing)}")


def _adopting(graph: Graph, session: Session, text: str, title: str | None, config: Config) -> list[e.Event]:
    """Return the events that make *text* the plan; the thoughts on it are the agent's, or else the reader's."""
    from qwen_orch.planning.submission import faultless, submitted

    at = timestamp()
    events = submitted(graph, text, title, at)
    if session.thoughts:
        return events if session.thinking_done else [*events, e.ThinkingFinished(session.id)]
    from qwen_orch.planning.adopt import reasoned, rehearse

    return [*events, *reasoned(faultless(text, title), rehearse(events, at, graph), session.id, config, at)]


def _planning(graph: Graph) -> Session:
    """Return the planning session that the orchestration was opened with."""
    return next(s for s in graph.sessions_by_age() if s.kind is SessionKind.PLANNING)


def _empty_draft(caller: Caller, text: str, title: str | None, digest: str) -> Writer:
    """Return the writer of the draft that waits for this plan: the current one, or one that is opened now.

    Raises `StateTransitionError` when the current plan is one that the new one would take the place of.
    """
    from qwen_orch.planning.submission import faultless

    kept: tuple[str, ...] = ()
    if caller.ctx.project.current.orchestration is not None:
        graph = caller.writer.graph
        plan = graph.root.plan
        waits = plan.status is PlanStatus.DRAFT and not graph.tasks
        if waits or any(s.metadata.get(SUBMISSION) == digest for s in graph.sessions.values()):
            return caller.writer
        _refuse_to_replace(graph)
        kept = plan.requirements if plan.status is PlanStatus.RESET else ()
    draft = faultless(text, title)
    return open_draft(caller, "submit_plan", draft.title, draft.goal, kept)


def _refuse_to_replace(graph: Graph) -> None:
    root = graph.root
    if root.plan.status in (PlanStatus.DRAFT, PlanStatus.APPROVED):
        state = "still a draft" if root.plan.status is PlanStatus.DRAFT else "under way"
        message = f"the current plan, {root.id}, is {state}; nothing was planned, for a person decides about it"
        raise StateTransitionError(message, "/plan @FILE --merge", "/plan @FILE --yes", "/reset_plan")


def open_draft(caller: Caller, by: str, title: str, goal: str, requirements: tuple[str, ...] = ()) -> Writer:
    """Open an empty draft with its planning session, make it current, return its writer; *by* is the tool that asks."""
    from qwen_orch.commands.plans import origins_of
    from qwen_orch.model.draft import Draft
    from qwen_orch.planning.adopt import opening

    origins = origins_of(caller.ctx, title, "mcp")
    events = opening(Draft(title, goal, requirements=requirements), origins)
    return caller.ctx.project.created(origins.orchestration, by, events, origins.session)


_PLAN = Argument("plan", "string", "the plan, in Markdown", required=True, longest=LONGEST_PLAN)
_TITLE = Argument("title", "string", "what to call it, instead of the title in the text", longest=120)
SUBMIT_PLAN = Tool(
    "submit_plan",
    "Hand in the plan, as Markdown: headings are phases, list items with a box (- [ ] Title) are tasks. Below a task:"
    " '- depends on: T1, T2', '- estimate: 3h', '- priority: high', '- Acceptance: …', '- run: `command`' (does it) and"
    " '- check: `command`' (proves it). Sections Requirements, Decisions and Risks are kept as such. It is taken whole"
    " or refused with every fault; it stays a draft until a person approves it.",
    (_PLAN, _TITLE),
    submit_plan,
)
SUBMIT_PLAN_ASKED_FOR = SUBMIT_PLAN._replace(arguments=(_PLAN,))
"""In a planning session, whose orchestration has its title and goal already."""
