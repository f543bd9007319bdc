"""A second agent, which knows nothing of the first one's words, looks at what no command can check.

Its findings are evidence with a confidence, and count only beside work that was seen.
"""

from __future__ import annotations

from typing import BinaryIO

from qwen_orch.agents.profile import Profile
from qwen_orch.agents.record import Record
from qwen_orch.agents.trouble import Trouble
from qwen_orch.agents.turn import Stop
from qwen_orch.agents.work import at_work, only_looking
from qwen_orch.errors import AgentError
from qwen_orch.execution.brief.workspace import prompt_of
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import Session
from qwen_orch.model.task import Evidence
from qwen_orch.processes.shop import Shop
from qwen_orch.project.writer import timestamp
from qwen_orch.verification.judge import Reviewed
from qwen_orch.verification.session import Review


def review_by(profile: Profile) -> Review:
    """Return what has the agent of *profile* review, in a session of its own."""

    async def review(shop: Shop, session: SessionId, log: BinaryIO) -> Reviewed:
        task = shop.writer.graph.session(session).task or session
        shop.show("checking", task, f"{profile.name} reviews what no command can check")
        gave_out = ""
        try:
            record = Record(shop, session, task, log)
            async with at_work(record, profile, only_looking(shop)) as agent:
                turn = await agent.ask(prompt_of(shop, session))
                gave_out = "" if turn.stop is Stop.ENDED else turn.detail
        except (Trouble, AgentError) as error:
            gave_out = str(error)
        if gave_out:  # no review is no evidence, for or against; what was found before that counts
            shop.show("output", task, f"the review gave out: {gave_out}")
        shop.writer.refresh()
        return Reviewed(_evidence(shop.writer.graph.session(session), profile), shop.project.config.agent_confidence)

    return review


def _evidence(session: Session, profile: Profile) -> dict[int, Evidence]:
    at, by = timestamp(), profile.name
    return {
        f.criterion: Evidence("review", at, f.met, by, output=f.reason, confidence=f.confidence)
        for f in session.activity.findings
    }
