"""Having an agent plan: in a session of its own, looking but not touching, thinking before it hands anything in."""

from __future__ import annotations

from qwen_orch.agents.profile import Profile
from qwen_orch.agents.record import Record
from qwen_orch.agents.trouble import Trouble
from qwen_orch.agents.turn import Stop, Turn
from qwen_orch.agents.work import at_work, only_looking
from qwen_orch.errors import AgentError
from qwen_orch.model.ids import SessionId
from qwen_orch.planning.submission import missing_thinking
from qwen_orch.processes.shop import Shop
from qwen_orch.store import lease


async def plan_by_agent(shop: Shop, session: SessionId, profile: Profile, prompt: str, depth: int) -> str:
    """Have the agent of *profile* make the plan in the planning *session*; return why there is none, or nothing.

    The plan is handed in through the report server, which refuses one that is not thought about (*depth* thoughts) or
    not sound. An agent that stops short of it is told once what is missing.
    """
    with lease.take(shop.project.layout.log(session)) as log:
        try:
            record = Record(shop, session, "planning", log)
            async with at_work(record, profile, only_looking(shop)) as agent:
                turn = await agent.ask(prompt)
                if turn.stop is Stop.ENDED and not shop.writer.graph.tasks:
                    turn = await agent.ask(_missing(shop, session, depth))
        except Trouble as trouble:
            turn = Turn(Stop.FAILED, trouble.text)
        except AgentError as error:
            turn = Turn(Stop.FAILED, error.message)
    shop.writer.refresh()
    if shop.writer.graph.tasks:
        return ""
    return turn.detail if turn.stop is not Stop.ENDED else _unfinished(shop, session, depth)


def _missing(shop: Shop, session: SessionId, depth: int) -> str:
    """Return what to tell an agent that handed in no plan, or none that could be taken."""
    missing = missing_thinking(shop.writer.graph.session(session), depth)
    if missing:
        return f"There is no plan yet. What is missing: {'; '.join(missing)}. Then call submit_plan."
    return "There is no plan yet. Call submit_plan; if it was refused, mend exactly the faults that it named first."


def _unfinished(shop: Shop, session: SessionId, depth: int) -> str:
    missing = missing_thinking(shop.writer.graph.session(session), depth)
    return f"it did not think it through: {'; '.join(missing)}" if missing else "it handed in no plan that can be taken"
