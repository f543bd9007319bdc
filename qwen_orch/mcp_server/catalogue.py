"""Which tools are offered to whom, and what becomes of a call."""

from __future__ import annotations

import contextlib
from functools import cache
from typing import Any

from attrs import define

from qwen_orch.dispatch import Interrupted, Outcome, attempt, internal_error
from qwen_orch.errors import OrchError, UsageError
from qwen_orch.mcp_server.caller import Caller, Reception
from qwen_orch.mcp_server.drafts import SUBMIT_PLAN, SUBMIT_PLAN_ASKED_FOR
from qwen_orch.mcp_server.queries import own_context, queries
from qwen_orch.mcp_server.replies import refused, reply
from qwen_orch.mcp_server.reports import (
    CLAIM_DONE,
    RECORD_DECISION,
    REPORT_FINDING,
    REPORT_PROGRESS,
    REPORT_PROGRESS_OF,
)
from qwen_orch.mcp_server.thinking import SEQUENTIAL_THINKING, THOUGHTS
from qwen_orch.mcp_server.tools import Tool
from qwen_orch.mcp_server.work import CLAIM_DONE_OF, START_TASK
from qwen_orch.model.ids import did_you_mean
from qwen_orch.model.session import SessionKind

THINKING = (SEQUENTIAL_THINKING, THOUGHTS)


@cache
def tools_for(kind: SessionKind | None) -> dict[str, Tool]:
    """Return the tools of the agent in a session of this *kind*, or of a client that is bound to none, by name.

    A reviewer may know nothing that a worker said: of all queries it has only its own context.
    """
    if kind is SessionKind.VERIFICATION:
        return _named(REPORT_FINDING, own_context())
    reports = {
        None: (*THINKING, SUBMIT_PLAN, START_TASK, REPORT_PROGRESS_OF, RECORD_DECISION, CLAIM_DONE_OF),
        SessionKind.PLANNING: (*THINKING, SUBMIT_PLAN_ASKED_FOR, RECORD_DECISION),
        SessionKind.TASK: (*THINKING, REPORT_PROGRESS, RECORD_DECISION, CLAIM_DONE),
        SessionKind.INTERACTIVE: (*THINKING, RECORD_DECISION),
    }[kind]
    return _named(*reports, *queries())


def _named(*tools: Tool) -> dict[str, Tool]:
    return {tool.name: tool for tool in tools}


@define
class Catalogue:
    """The tools of whoever calls; *reception* tells who that is."""

    reception: Reception

    def offered(self) -> list[dict[str, Any]]:
        """Return the declarations of the tools; to a caller who cannot be told, those that any client has."""
        try:
            kind = self.reception.caller().kind
        except OrchError:
            kind = None
        return [tool.declaration(bound=kind is not None) for tool in tools_for(kind).values()]

    def leave(self) -> None:
        """Bring the snapshots up to date; the journal has it all in any case."""
        with contextlib.suppress(OrchError):
            self.reception.caller().ctx.project.checkpoint(last=True)

    def call(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the result of calling the tool *name*; raises nothing but `KeyboardInterrupt`."""
        try:
            caller = self.reception.caller()
        except OrchError as error:
            return refused(error)
        except Exception as error:
            return refused(internal_error(error, "the report server", self.reception.home))
        outcome = attempt(caller.ctx, name, lambda: _called(caller, name, given))
        if isinstance(outcome.error, Interrupted):
            raise KeyboardInterrupt
        return reply(outcome, tools_for(caller.kind))


def _called(caller: Caller, name: str, given: dict[str, Any]) -> Outcome:
    tools = tools_for(caller.kind)
    if name not in tools:
        near = did_you_mean(name, tools)
        raise UsageError(f"there is no tool {name[:80]!r} here{near} (there are {', '.join(tools)})")
    caller.ctx.project.upkeep()
    caller.ctx.reads = tools[name].reads
    return Outcome(name, tools[name].call(caller, tools[name].accepted(given)))
