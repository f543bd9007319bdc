"""``/plan --agent``: the agent that is configured plans; when it cannot, the reader does, and says why."""

from __future__ import annotations

from attrs import evolve

from qwen_orch.commands.context import Context
from qwen_orch.commands.shop import run_through, shop_of
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import SessionId, orchestration_id, session_id
from qwen_orch.model.session import THOUGHTS
from qwen_orch.model.text import one_line
from qwen_orch.project.config import THINKING_DEPTHS
from qwen_orch.project.project import suffix
from qwen_orch.project.writer import Writer, timestamp

LONGEST_TITLE = 120


def empty_draft(goal: str, title: str | None) -> Draft:
    """Return the draft of a plan that has nothing yet but its *goal*."""
    return Draft(title or one_line(goal)[:LONGEST_TITLE], goal.strip())


def opened_for_agent(
    ctx: Context, draft: Draft, above: Writer | None, tags: tuple[str, ...], source: str
) -> tuple[Writer, SessionId]:
    """Make an orchestration that has nothing but a goal, and a planning session; make it current."""
    from qwen_orch.planning.adopt import Origins, opening

    orchestration, session = orchestration_id(draft.title, suffix()), session_id(draft.title, suffix())
    origins = Origins(orchestration, session, timestamp(), tags=tags, source=source)
    if above is not None:
        origins = evolve(origins, parent=above.graph.root.id, parent_session=ctx.session(above))
    depth = THINKING_DEPTHS[ctx.project.config.thinkingDepth]
    events = opening(draft, origins)
    writer = ctx.project.new_writer(orchestration)
    writer.commit("plan", lambda _: [*events, e.MetadataRecorded(session, THOUGHTS, str(depth))])
    ctx.project.make_current(orchestration, session)
    return writer, session


def planned_by_agent(ctx: Context, writer: Writer, session: SessionId) -> str:
    """Have the agent plan in *session*; return why it did not, or nothing. Raises `AgentError` without an agent."""
    from qwen_orch.agents.profile import profile_of
    from qwen_orch.execution.brief.workspace import prompt_of
    from qwen_orch.planning.by_agent import plan_by_agent

    shop, config = shop_of(ctx, writer), ctx.project.config
    text, depth = prompt_of(shop, session), THINKING_DEPTHS[config.thinkingDepth]
    return run_through(plan_by_agent(shop, session, profile_of(ctx.project), text, depth))


def read_instead(ctx: Context, writer: Writer, session: SessionId, draft: Draft) -> None:
    """Make *draft*, as the reader understood the text, the plan of *writer*; its thoughts follow those of the agent."""
    from qwen_orch.graph.apply import apply
    from qwen_orch.planning.adopt import thinking
    from qwen_orch.planning.submission import adopted
    from qwen_orch.planning.thoughts import think

    config = ctx.project.config

    def taken(graph: Graph) -> list[e.Event]:
        if graph.tasks:
            return []
        at = timestamp()
        events = adopted(graph.root, draft, at)
        rehearsed = graph
        for event in events:
            rehearsed = apply(rehearsed, event, at)
        thoughts = think(draft, rehearsed, THINKING_DEPTHS[config.thinkingDepth], config.jobs, at)
        before = len(graph.session(session).thoughts)
        numbered = tuple(evolve(t, number=before + n) for n, t in enumerate(thoughts, 1))
        return [*events, *thinking(session, numbered)]

    writer.commit("plan", taken)
