"""What an agent wants to do, read from what it asks: the exact command or diff, the files, and whether it is ours."""

from __future__ import annotations

import os.path
import re
import shlex
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from qwen_orch.agents.profile import SERVER
from qwen_orch.agents.seen import PATH_KEYS, arguments, mappings, paths
from qwen_orch.model.activity import NAMING
from qwen_orch.model.text import clean, one_line

OUR_TOOLS = ("sequentialthinking", "submit_plan", "report_progress", "record_decision", "claim_done", "report_finding")
"""What an agent reports to us with; what it asks us with is harmless as well."""
OUR_QUERIES = (
    *("thoughts", "list_tasks", "task_status", "permissions", "sessions", "context", "session_history", "export_plan"),
    *("graph", "orchestration_help"),
)
LONGEST_DETAIL = 20_000
"""Characters of a command or a diff that are shown; nobody is asked about a command that is longer."""
_CHANGING = (*NAMING, "fetch")
"""Kinds that are asked about anyway, and in which ``command`` may be the name of a way to edit."""
_COMMAND_KEYS = ("command", "cmd", "script")


@frozen
class Wish:
    """What an agent wants to do: the protocol's *kind*, a *title*, the exact command or diff, and the files it touches.

    *command* is empty for what is no command; *paths* are relative to the project where they are inside of it, else
    whole and resolved.
    """

    kind: str
    title: str
    detail: str
    command: str = ""
    paths: tuple[str, ...] = ()
    outside: bool = False
    ours: bool = False


def wish(call: Mapping[str, Any], root: Path) -> Wish:
    """Return what the tool call *call* of a permission request wants, as far as it can be told."""
    kind = one_line(clean(str(call.get("kind") or "other")))
    title = one_line(clean(str(call.get("title") or "")))
    raw = call.get("rawInput")
    given: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    command = "" if kind in _CHANGING else _command(given)
    kind = "execute" if command else kind  # the kind is the agent's word only
    named = paths(call)
    detail = command or _diff(call) or _arguments(call, given) or ", ".join(named)
    places = [meant(root, path) for path in named]
    return Wish(
        kind,
        title[:200],
        _bounded(detail),
        command,
        tuple(path for path, _ in places),
        any(outside for _, outside in places),
        is_ours(kind, title, (*OUR_TOOLS, *OUR_QUERIES)) and not call.get("locations"),
    )


def _command(given: Mapping[str, Any]) -> str:
    found = next((given[k] for k in _COMMAND_KEYS if given.get(k)), "")
    return shlex.join(map(str, found)) if isinstance(found, list) else str(found)


def _arguments(call: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Return what the tool is given, unless that is no more than paths."""
    return arguments(call) if given.keys() - PATH_KEYS else ""


def meant(root: Path, path: str) -> tuple[str, bool]:
    """Return which file *path* means, symbolic links followed, and whether it lies outside of the project."""
    try:
        whole, base = os.path.realpath(root / path), os.path.realpath(root)
    except (OSError, ValueError):  # no path of this system
        return path, True
    inside = whole == base or whole.startswith(base + os.sep)
    return (os.path.relpath(whole, base), False) if inside else (whole, True)


def _diff(call: Mapping[str, Any]) -> str:
    import difflib

    shown: list[str] = []
    for one in mappings(call.get("content")):
        if one.get("type") == "diff":
            old, new = str(one.get("oldText") or ""), str(one.get("newText") or "")
            path = str(one.get("path"))
            shown += difflib.unified_diff(old.splitlines(), new.splitlines(), path, path, lineterm="", n=2)
    return "\n".join(shown)


def _bounded(text: str) -> str:
    """Return *text* safe to show. A cut is said: what is not shown must not be taken for shown."""
    shown = clean(text, multiline=True)
    cut = len(shown) - LONGEST_DETAIL
    return shown if cut <= 0 else f"{shown[:LONGEST_DETAIL]}\n[… {cut} characters more are not shown …]"


def is_ours(kind: str, title: str, tools: Container[str] = OUR_TOOLS) -> bool:
    """Tell whether a tool call is one of these *tools* of our report server, which only keeps what is reported."""
    if kind in ("execute", *_CHANGING):
        return False
    word = title.partition(" ")[0]
    name = word.removeprefix(f"mcp__{SERVER}__").removeprefix(f"{SERVER}_")
    server = title.partition(":")[0]  # after it come the arguments
    return name in tools and (name != word or re.search(rf"\b{SERVER}\b", server) is not None)
