"""``/plan --agent``: the agent that is configured plans; when it cannot, the reader does, and says why."""

from __future__ import annotations

from qwen_orch.commands.context import Context
from qwen_orch.commands.plans import origins_of
from qwen_orch.commands.shop import run_through, shop_of
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import THOUGHTS
from qwen_orch.model.text import one_line
from qwen_orch.project.writer import Writer, timestamp

LONGEST_TITLE = 120


def empty_draft(goal: str, title: str | None) -> Draft:
    """Return the draft of a plan that has nothing yet but its *goal*."""
    return Draft(title or one_line(goal)[:LONGEST_TITLE], goal.strip())


def opened_for_agent(
    ctx: Context, draft: Draft, above: Writer | None, tags: tuple[str, ...], source: str
) -> tuple[Writer, SessionId]:
    """Make an orchestration that has nothing but a goal, and a planning session; make it current."""
    from qwen_orch.planning.adopt import opening

    origins = origins_of(ctx, draft.title, source, above, tags)
    asked = e.MetadataRecorded(origins.session, THOUGHTS, str(ctx.project.config.depth))
    events = [*opening(draft, origins), asked]
    return ctx.project.created(origins.orchestration, "plan", events, origins.session), origins.session


def planned_by_agent(ctx: Context, writer: Writer, session: SessionId) -> str:
    """Have the agent plan in *session*; return why it did not, or nothing. Raises `AgentError` without an agent."""
    from qwen_orch.agents.profile import profile_of
    from qwen_orch.execution.brief.workspace import prompt_of
    from qwen_orch.planning.by_agent import plan_by_agent

    shop = shop_of(ctx, writer)
    work = plan_by_agent(shop, session, profile_of(ctx.project), prompt_of(shop, session), ctx.project.config.depth)
    return run_through(shop, work)


def read_instead(ctx: Context, writer: Writer, session: SessionId, draft: Draft) -> None:
    """Make *draft*, as the reader understood the text, the plan of *writer*; its thoughts follow those of the agent."""
    from qwen_orch.planning.adopt import reasoned, rehearse
    from qwen_orch.planning.submission import adopted

    def taken(graph: Graph) -> list[e.Event]:
        if graph.tasks:
            return []
        at = timestamp()
        events = adopted(graph.root, draft, at)
        return [*events, *reasoned(draft, rehearse(events, at, graph), session, ctx.project.config, at)]

    writer.commit("plan", taken)
