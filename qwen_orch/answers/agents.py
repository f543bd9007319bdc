"""What is told of an agent's work in a session."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.graph.state import Graph
from qwen_orch.model.activity import Action
from qwen_orch.model.session import Session
from qwen_orch.model.task import Executor, Task


class AgentAnswer(NamedTuple):
    """What the agent *name* did in *session*: what it spent, its *last* action, and what it *claims*.

    *last* is null when it used no tool; an action that is ``running`` where nobody works was cut short. *claim* is null
    as long as it claimed nothing.
    """

    name: str
    session: str
    tokens: int
    requests: int
    last: Action | None
    claim: str | None


def agent_answer(session: Session) -> AgentAnswer | None:
    """Return what the agent in *session* did; None where no agent was."""
    if session.agent is None:
        return None
    seen = session.activity
    last = seen.actions[-1] if seen.actions else None
    return AgentAnswer(session.agent, session.id, seen.usage.total, seen.usage.requests, last, seen.claim)


def agents_of(graph: Graph, task: Task) -> tuple[AgentAnswer, ...]:
    """Return what agents did in the attempts at *task*, in their order."""
    mine = (a.session for a in task.attempts if a.executor is Executor.AGENT and a.session in graph.sessions)
    found = (agent_answer(graph.sessions[i]) for i in dict.fromkeys(mine))
    return tuple(a for a in found if a is not None)
