"""What an agent may do: the person's rules first, then what is harmless or was consented to already. Pure.

A rule is ``DECISION KIND [PATTERN]``, such as ``allow edit src/*`` or ``deny execute git push*``; the first that fits
decides. The pattern is a shell's (``fnmatch``) over the whole command, or over each path that is touched.
"""

from __future__ import annotations

import os.path
import re
import shlex
from collections.abc import Container, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from attrs import frozen

from qwen_orch.agents.profile import SERVER
from qwen_orch.agents.seen import PATH_KEYS, arguments, mappings, paths
from qwen_orch.model.text import clean, one_line
from qwen_orch.project.project import HOME

HARMLESS = ("read", "search", "think")
OUR_TOOLS = ("sequentialthinking", "submit_plan", "report_progress", "record_decision", "claim_done", "report_finding")
"""What an agent reports to us with; what it asks us with is harmless as well."""
OUR_QUERIES = (
    *("thoughts", "list_tasks", "task_status", "permissions", "sessions", "context", "session_history", "export_plan"),
    *("graph", "orchestration_help"),
)
LONGEST_DETAIL = 20_000
"""Characters of a command or a diff that are shown; nobody is asked about a command that is longer."""
_CHANGING = ("edit", "delete", "move", "fetch")
"""Kinds that are asked about anyway, and in which ``command`` may be the name of a way to edit."""
_COMMAND_KEYS = ("command", "cmd", "script")
_JOINTS = re.compile(r"&&|\|\||[;&|\n`(){}]|\$\(|[<>]\(?")
"""What stands between the commands of a line, or may."""
_SETTING = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


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
    if kind in ("execute", "edit", "delete", "move", "fetch"):
        return False
    word = title.partition(" ")[0]
    name = word.removeprefix(f"mcp__{SERVER}__").removeprefix(f"{SERVER}_")
    server = title.partition(":")[0]  # after it come the arguments
    return name in tools and (name != word or re.search(rf"\b{SERVER}\b", server) is not None)


def decision(wanted: Wish, rules: Iterable[str], consented: Iterable[str]) -> str:
    """Return ``allow``, ``deny`` or ``ask``. *consented* are the commands of the task that a person has approved."""
    if wanted.ours:
        return "allow"
    for rule in rules:
        verdict, kind, pattern = [*rule.split(maxsplit=2), "*"][:3]
        if kind in ("*", wanted.kind) and _fits(wanted, pattern, verdict):
            return verdict
    if wanted.command and wanted.command.strip() in {c.strip() for c in consented}:
        return "allow"
    if len(wanted.command) > LONGEST_DETAIL:
        return "deny"  # it could not be shown, so nobody could consent to it
    return "allow" if wanted.kind in HARMLESS and not wanted.outside else "ask"


def _fits(wanted: Wish, pattern: str, verdict: str) -> bool:
    """Tell whether *pattern* fits: to deny, any file or any part of a command line; to allow, all of it."""
    if wanted.command:
        parts = [wanted.command.strip(), *_simple_commands(wanted.command)]
        if verdict == "deny":
            return any(fnmatchcase(part, pattern) for part in (*parts, *map(_spelled, parts)))
        return pattern == "*" or (len(parts) == 1 and fnmatchcase(parts[0], pattern))
    if not wanted.paths:
        return fnmatchcase(wanted.title, pattern)
    fits = [fnmatchcase(path, pattern) for path in wanted.paths]
    if verdict == "deny":
        return any(fits)
    if verdict == "allow" and any(path.startswith(f"{HOME}/") for path in wanted.paths):
        return wanted.kind in HARMLESS  # what is written there decides what may be done
    return all(fits) and not (wanted.outside and verdict == "allow" and pattern in ("*", ""))


def _simple_commands(line: str) -> list[str]:
    """Return the commands that *line* is made of, if it is more than one: no rule for one may let others through."""
    parts = [p.strip() for p in _JOINTS.split(line.replace("\\\n", "")) if p.strip()]
    return parts if len(parts) > 1 or _JOINTS.search(line) else []


def _spelled(command: str) -> str:
    """Return *command* as a shell reads it: without quotes and wide spaces, and without what it sets before."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    while words and _SETTING.fullmatch(words[0]):
        words.pop(0)
    return " ".join(words)
