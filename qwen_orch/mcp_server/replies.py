"""What became of a call, as a client gets it: JSON of a size that an agent can read, without what cannot be seen."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import orjson

from qwen_orch.answers.encoding import to_json
from qwen_orch.dispatch import Outcome
from qwen_orch.errors import OrchError
from qwen_orch.model.text import clean

LONGEST = 60_000
"""Bytes of an answer's JSON: some 15,000 tokens."""


def reply(outcome: Outcome, tools: Container[str]) -> dict[str, Any]:
    """Return the result of a call: the answer as JSON, in text and as it is; or what went wrong, marked as an error.

    Warnings are in the answer: of one that is structured, clients show the model nothing else. *tools* are those that
    the caller has.
    """
    if outcome.error is not None:
        return refused(outcome.error, tools, outcome.warnings)
    page = orjson.loads(to_json(outcome.answer))
    if outcome.warnings:
        page["warnings"] = [*page.get("warnings", ()), *outcome.warnings]
    page = bounded(seen(page))
    return {"content": [_text(to_json(page).decode())], "structuredContent": page, "isError": False}


def refused(error: OrchError, tools: Container[str] = (), warnings: Iterable[str] = ()) -> dict[str, Any]:
    """Return the result of a call that failed: what is wrong, and what can be done about it by whom."""
    typed = [h for h in error.hints if h.startswith("/")]
    asked = [h[1:] for h in typed if h[1:] in tools]
    left = [h for h in typed if h[1:] not in tools]
    lines = [error.message, *(h for h in error.hints if h not in typed)]
    lines += [f"You can call: {', '.join(asked)}"] if asked else []
    lines += [f"A person can type in qwen-orch: {'  or  '.join(left)}"] if left else []
    lines += [f"warning: {w}" for w in warnings]
    return {"content": [_text(clean("\n".join(lines), multiline=True))], "isError": True}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def seen(value: Any) -> Any:
    """Return plain data whose texts hold nothing that cannot be seen."""
    if isinstance(value, str):
        return clean(value, multiline=True)
    if isinstance(value, list):
        return [seen(v) for v in value]
    if isinstance(value, dict):
        return {clean(k): seen(v) for k, v in value.items()}
    return value


def bounded(page: dict[str, Any], most: int = LONGEST) -> dict[str, Any]:
    """Return *page* in at most *most* bytes: the longest values are cut in half until they fit, and that is noted."""
    cut = dict(page)
    while cut and len(to_json(cut)) > most - 500:
        name = max(cut, key=lambda k: len(to_json(cut[k])))
        cut[name] = _half(cut[name])
    if cut == page:
        return page
    left = [f"{k}: {len(cut[k])} of {len(page[k])}" for k in page if cut[k] != page[k] and cut[k] is not None]
    gone = [f"{k}: left out" for k in page if cut[k] is None and page[k] is not None]
    return {**cut, "note": f"too long to be given whole ({'; '.join([*left, *gone])}): ask for less"}


def _half(value: Any) -> Any:
    """Return the first half of a list, a text or an object; None when it has no halves."""
    if isinstance(value, dict):
        value = list(value.items())
        return dict(value[: len(value) // 2]) or None
    return value[: len(value) // 2] or None if isinstance(value, list | str) else None
