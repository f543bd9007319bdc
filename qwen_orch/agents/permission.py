"""What an agent asks for is decided by the policy or by a person, and is kept with the answer."""

from __future__ import annotations

import asyncio
from typing import Any

from attrs import define, field

from qwen_orch.agents.policy import HARMLESS, decision
from qwen_orch.agents.record import Record
from qwen_orch.agents.seen import used
from qwen_orch.agents.wish import Wish, wish
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.activity import PermissionRequest, told_answer
from qwen_orch.processes.secrets import hide
from qwen_orch.processes.shop import Answer
from qwen_orch.project.trust import untyped
from qwen_orch.project.writer import timestamp


@define(eq=False)
class Permissions:
    """Answers what the agent of *record* asks for.

    One that *only_looks* may change nothing, whatever the rules say. *consented* are commands that a person approved.
    """

    record: Record
    only_looks: bool = False
    consented: tuple[str, ...] = ()
    _asked: int = 0
    _one_at_a_time: asyncio.Lock = field(factory=asyncio.Lock)

    async def permit(self, call: dict[str, Any]) -> bool:
        """Tell whether the agent may make the tool call *call*; the question and its answer are kept."""
        wanted = wish(call, self.record.shop.project.root)
        if wanted.ours:
            return True
        self.record.take([used(call)])  # so that it stands before the answer
        allowed = await self._decided(wanted)
        if not allowed:
            self.record.refused(used({**call, "status": "failed"}))
        return allowed

    async def _decided(self, wanted: Wish) -> bool:
        verdict, request = self._verdict(wanted), self._request(wanted)
        if verdict != "ask":
            self._keep(request, Answer(verdict == "allow", "policy"))
            return verdict == "allow"
        async with self._one_at_a_time:
            self._keep(request, None)
            self._keep(request, await self.record.shop.ask(self.record.session, request))
        return self._is_allowed(request)

    def _verdict(self, wanted: Wish) -> str:
        """Return ``allow``, ``deny`` or ``ask``, as the policy has it."""
        project = self.record.shop.project
        agreed = not untyped(project.root, project.config)  # it may have written rules for itself meanwhile
        if (self.only_looks or not agreed) and wanted.kind not in HARMLESS:
            return "deny"
        return decision(wanted, project.config.permissions if agreed else (), self.consented)

    def _request(self, wanted: Wish) -> PermissionRequest:
        self._asked += 1
        shown = hide(wanted.title), hide(wanted.detail)
        return PermissionRequest(self._asked, wanted.kind, *shown, at=timestamp())

    def _keep(self, request: PermissionRequest, answer: Answer | None) -> None:
        """Keep that *request* was made, and its answer; who answered elsewhere has kept that already."""
        session = self.record.session

        def asked(graph: Graph) -> list[e.Event]:
            if session not in graph.sessions:
                return []
            known = self._known(graph, request)
            events: list[e.Event] = [e.PermissionAsked(session, request)] if known is None else []
            if answer is not None and (known is None or known.allowed is None):
                events.append(e.PermissionAnswered(session, request.number, *answer))
            return events

        self.record.shop.writer.commit("agent", asked)
        if answer is not None and not answer.allowed:
            self.record.show(f"✗ {told_answer(*answer)}: {request.title}")

    def _is_allowed(self, request: PermissionRequest) -> bool:
        """Return the answer that is kept: of two that came at once, the first."""
        kept = self._known(self.record.shop.writer.graph, request)
        return kept is not None and kept.allowed is True

    def _known(self, graph: Graph, request: PermissionRequest) -> PermissionRequest | None:
        """Return *request* as *graph* has it."""
        session = graph.sessions.get(self.record.session)
        return session.activity.request(request.number) if session else None
