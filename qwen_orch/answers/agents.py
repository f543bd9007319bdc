"""What is told of an agent's work in a session."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.graph.state import Graph
from qwen_orch.model.activity import Action
from qwen_orch.model.session import Session
from qwen_orch.model.task import Executor, Task

AGENT = "agent"
"""Under this key of a session's metadata stands the name of the agent that works in it."""


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
    name = session.metadata.get(AGENT)
    if name is None:
        return None
    seen = session.activity
    last = seen.actions[-1] if seen.actions else None
    return AgentAnswer(name, session.id, seen.usage.total, seen.usage.requests, last, seen.claim)


def agents_of(graph: Graph, task: Task) -> tuple[AgentAnswer, ...]:
    """Return what agents did in the attempts at *task*, in their order."""
    mine = (a.session for a in task.attempts if a.executor is Executor.AGENT and a.session in graph.sessions)
    found = (agent_answer(graph.sessions[i]) for i in dict.fromkeys(mine))
    return tuple(a for a in found if a is not None)


def tokens_of(graph: Graph) -> int:
    """Return how many tokens all attempts of agents have used."""
    tried = (t for t in graph.tasks.values() if any(a.executor is Executor.AGENT for a in t.attempts))
    return sum(a.tokens for t in tried for a in agents_of(graph, t))
