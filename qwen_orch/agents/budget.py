"""What agents may still spend, and the watch over it."""

from __future__ import annotations

from qwen_orch.agents.turn import Limits, Watch
from qwen_orch.errors import AgentError
from qwen_orch.processes.shop import Shop


def watch(shop: Shop) -> Watch:
    """Return what watches an agent from now on; raise `AgentError` when the tokens of the plan are used up."""
    return Watch(Limits.of(shop.project.config, _tokens(shop)))


def _tokens(shop: Shop) -> int:
    """Return how many tokens the next attempt may use, 0 for any; raise `AgentError` when there are none left."""
    config = shop.project.config
    each, whole = config.agent_attempt_tokens, config.agent_plan_tokens
    if not whole:
        return each
    left = whole - _spent(shop)
    if left <= 0:
        message = f"the plan has used up its {whole:,} tokens (agent.planTokens)"
        raise AgentError(message, f"/config agent.planTokens {2 * whole}", "/task_status")
    return min(each, left) if each else left


def raised(shop: Shop) -> str:
    """Return what to type so that an attempt which used up its tokens may go on: more for it, or for the plan."""
    config = shop.project.config
    each, whole = config.agent_attempt_tokens, config.agent_plan_tokens
    if whole and _spent(shop) >= whole:
        return f"/config agent.planTokens {2 * whole}"
    return f"/config agent.attemptTokens {2 * each}"


def _spent(shop: Shop) -> int:
    return shop.project.tokens(shop.writer.graph.root.id)
