"""Which neighbour wrote a file, told by what it holds."""

from __future__ import annotations

import re
from typing import Any

from qwen_orch.errors import ValidationError
from qwen_orch.planning.neighbours.loading import EXPECTED, Loaded, is_json, load
from qwen_orch.planning.reader import decode
from qwen_orch.planning.reader.text import clean

_LOOKED_AT = 50
_BOX = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)]) \[[ xX~/-]\]\*? ", re.M)
_SPECKIT = re.compile(r"^- \[[ xX]\] (?:~~)?T\d{3,}\b", re.M)
_KIRO = re.compile(r"^\s*- \[[ xX-]\]\*? \d+(?:\.\d+)?\.? ", re.M)
_KIRO_SIGN = re.compile(r"^# Implementation Plan|^\s*- _Requirements: [\d., ]+_\s*$", re.M)


def of_bytes(raw: bytes) -> str | None:
    """Return the name of the format of *raw*, None for none; raises `ValidationError` for JSON of no known shape."""
    text = clean(decode(raw)[0])
    return _of_json(load(raw)) if is_json(text) else _of_markdown(text)


def _of_json(loaded: Loaded) -> str | None:
    entries = [entry for _, entry in loaded.entries[:_LOOKED_AT]]
    if any(isinstance(e.get("uuid"), str) and "description" in e and "status" in e for e in entries):
        return "taskwarrior"
    if any(_is_issue(e) for e in entries):
        return "beads"
    if _holds_tasks(loaded.whole) or (isinstance(loaded.whole, list) and any("title" in e for e in entries)):
        return "taskmaster"
    keys = sorted({str(key) for e in entries for key in e})[:6]
    told = f"it has {', '.join(keys)}" if keys else "it holds no objects"
    raise ValidationError(f"this JSON has another shape than was expected: {told[:200]}", *EXPECTED)


def _is_issue(entry: dict[str, Any]) -> bool:
    named = isinstance(entry.get("id"), str) and "title" in entry
    return named and ("issue_type" in entry or "_type" in entry or ("created_at" in entry and "status" in entry))


def _holds_tasks(whole: Any) -> bool:
    if not isinstance(whole, dict):
        return False
    return isinstance(whole.get("tasks"), list) or any(
        isinstance(v, dict) and isinstance(v.get("tasks"), list) for v in whole.values()
    )


def _of_markdown(text: str) -> str | None:
    from qwen_orch.planning.reader import frontmatter

    if frontmatter.is_task(frontmatter.split(text)[0]):
        return "backlog"
    if _SPECKIT.search(text):
        return "speckit"
    if _KIRO.search(text) and _KIRO_SIGN.search(text):
        return "kiro"
    return "checklist" if _BOX.search(text) else None
