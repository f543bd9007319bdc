"""What an agent's updates mean to us, whatever its vendor. Pure.

Updates differ in order from agent to agent: some announce a tool call first, some only ask for permission and then tell
how it ended. So nothing here relies on order; a call is known by its id alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import orjson

from qwen_orch.model.activity import Action, ActionState, Usage
from qwen_orch.model.text import clean, one_line

LONGEST_TEXT = 20_000
"""Characters of one message that are taken in; what is longer is no message but a dump."""
LONGEST_TITLE = 200
_OVER = {"completed": ActionState.COMPLETED, "failed": ActionState.FAILED}


class Said(NamedTuple):
    """Words of the agent, a piece of a message; a *thought* is not meant for the person."""

    text: str
    thought: bool = False


class Used(NamedTuple):
    """A tool call came or moved on. *what* tells its arguments apart from those of other calls; empty if not told."""

    action: Action
    what: str = ""


class Spent(NamedTuple):
    """The agent counted the tokens of one request to its model."""

    usage: Usage


class Recalled(NamedTuple):
    """The agent repeats what a person had said: it knows the session."""


Seen: TypeAlias = Said | Used | Spent | Recalled


def seen(update: Mapping[str, Any]) -> Iterator[Seen]:
    """Yield what one ``session/update`` tells; nothing for what we do not use. Raises nothing for odd shapes."""
    kind = update.get("sessionUpdate")
    if kind in ("agent_message_chunk", "agent_thought_chunk"):
        yield from _words(update, kind == "agent_thought_chunk")
    elif kind in ("tool_call", "tool_call_update"):
        yield used(update)
    elif kind == "user_message_chunk":
        yield Recalled()


def _words(update: Mapping[str, Any], thought: bool) -> Iterator[Seen]:
    content = update.get("content")
    text = content.get("text") if isinstance(content, Mapping) else None
    if isinstance(text, str) and text:
        yield Said(clean(text[:LONGEST_TEXT], multiline=True), thought)
    usage = usage_of(_mapping(_mapping(update.get("_meta")).get("usage")))
    if usage.total:
        yield Spent(usage)


def used(call: Mapping[str, Any]) -> Used:
    """Return the tool call that *call* (of an update or of a permission request) tells of."""
    state = _OVER.get(str(call.get("status")), ActionState.RUNNING)
    named = call.get("title") or _mapping(call.get("_meta")).get("toolName")  # a call with bad arguments has no title
    kind = _word(call.get("kind"), 20) or "other"
    action = Action(_word(call.get("toolCallId"), 100), _word(named, LONGEST_TITLE), kind, state)
    return Used(action, arguments(call))


def _word(value: Any, longest: int) -> str:
    """Return *value* as a line of text that can be stored: some streams cut characters in two."""
    return one_line(clean(str(value or "")))[:longest]


def arguments(call: Mapping[str, Any]) -> str:
    """Return what a tool was given, as text that is equal for equal arguments."""
    raw = call.get("rawInput")
    if not raw:
        return ""
    try:
        return orjson.dumps(raw, option=orjson.OPT_SORT_KEYS).decode()[:LONGEST_TEXT]
    except TypeError:
        return str(raw)[:LONGEST_TEXT]


def usage_of(counts: Mapping[str, Any]) -> Usage:
    """Return the tokens in *counts*, under the names that agents use for them."""
    return Usage(
        input=_count(counts, "inputTokens"),
        output=_count(counts, "outputTokens"),
        thought=_count(counts, "thoughtTokens"),
        cached=_count(counts, "cachedReadTokens"),
        requests=1,
    )


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return int(value) if isinstance(value, int | float) and 0 <= value < 10**12 else 0


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
