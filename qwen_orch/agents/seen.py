"""What an agent's updates mean to us, whatever its vendor. Pure.

Updates differ in order from agent to agent: some announce a tool call before they know what it will be given, some only
ask for permission and then tell how it ended. So nothing here relies on order; a call is known by its id alone.
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
MOST_PATHS = 50
"""Paths of one tool call that are kept."""
LONGEST_PATH = 4096
PATH_KEYS = ("file_path", "filePath", "path", "absolute_path")
"""Arguments that are paths, as agents name them."""
_OVER = {"completed": ActionState.COMPLETED, "failed": ActionState.FAILED}


class Said(NamedTuple):
    """Words of the agent, a piece of a message; a *thought* is not meant for the person."""

    text: str
    thought: bool = False


class Used(NamedTuple):
    """A tool call came or moved on. *what* tells its arguments apart from those of other calls; empty if not told.

    *paths* are those that it names, as the agent writes them.
    """

    action: Action
    what: str = ""
    paths: tuple[str, ...] = ()


class Spent(NamedTuple):
    """The agent counted the tokens of one request to its model."""

    usage: Usage


Seen: TypeAlias = Said | Used | Spent


def seen(update: Mapping[str, Any]) -> Iterator[Seen]:
    """Yield what one ``session/update`` tells; nothing for what we do not use. Raises nothing for odd shapes."""
    kind = update.get("sessionUpdate")
    if kind in ("agent_message_chunk", "agent_thought_chunk"):
        yield from _words(update, kind == "agent_thought_chunk")
    elif kind == "tool_call_update" or (kind == "tool_call" and not _is_unfinished(update)):
        yield used(update)


def _is_unfinished(call: Mapping[str, Any]) -> bool:
    """Tell whether the model is still writing the arguments of *call*: until they are there, all calls look the same.

    Agents that never tell arguments leave ``rawInput`` out.
    """
    raw = call.get("rawInput")
    return call.get("status") == "pending" and isinstance(raw, Mapping) and raw.keys() <= {"cwd"}


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
    kind = _word(call.get("kind"), 20) or "other"
    action = Action(_word(call.get("toolCallId"), 100), _title(call, kind), kind, state)
    return Used(action, arguments(call), tuple(clean(path[:LONGEST_PATH]) for path in paths(call)[:MOST_PATHS]))


def _title(call: Mapping[str, Any], kind: str) -> str:
    """Return what *call* is called, with the file that it touches if the agent gives no more than the tool's name."""
    title = _word(call.get("title") or _mapping(call.get("_meta")).get("toolName"), LONGEST_TITLE)  # it may have none
    places = call.get("locations")
    path = _mapping(places[0]).get("path") if isinstance(places, list) and places else None
    bare = kind != "execute" and title.isidentifier()
    return _word(f"{title} {path}", LONGEST_TITLE) if bare and path else title


def _word(value: Any, longest: int) -> str:
    """Return *value* as a line of text that can be stored: some streams cut characters in two."""
    return one_line(clean(str(value or "")))[:longest]


def paths(call: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths that a tool call names, each once: where it says it is, its arguments, its diffs."""
    given = _mapping(call.get("rawInput"))
    named = [one.get("path") for one in mappings(call.get("locations"))]
    named += [given.get(key) for key in PATH_KEYS]
    named += [one.get("path") for one in mappings(call.get("content"))]
    return tuple(dict.fromkeys(str(path) for path in named if path))


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in *value*, which should be a list of them."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


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
