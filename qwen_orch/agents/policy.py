"""What an agent may do: the person's rules first, then what is harmless or was consented to already. Pure.

A rule is ``DECISION KIND [PATTERN]``, such as ``allow edit src/*`` or ``deny execute git push*``; the first that fits
decides. The pattern is a shell's (``fnmatch``) over the whole command, or over each path that is touched.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from attrs import frozen

from qwen_orch.agents.profile import SERVER
from qwen_orch.model.text import clean, one_line

HARMLESS = ("read", "search", "think")
OUR_TOOLS = ("sequentialthinking", "submit_plan", "report_progress", "record_decision", "claim_done", "report_finding")
LONGEST_DETAIL = 4_000
_COMMAND_KEYS = ("command", "cmd", "script")
_PATH_KEYS = ("file_path", "filePath", "path", "absolute_path")


@frozen
class Wish:
    """What an agent wants to do: the protocol's *kind*, a *title*, the exact command or diff, and the files it touches.

    *command* is empty for what is no command; *paths* are relative to the project where they are inside of it.
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
    kind, title = str(call.get("kind") or "other"), one_line(clean(str(call.get("title") or "")))
    raw = call.get("rawInput")
    given: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    command = next((str(given[k]) for k in _COMMAND_KEYS if given.get(k)), "") if kind == "execute" else ""
    paths = tuple(dict.fromkeys(_paths(call, given)))
    detail = command or _diff(call) or ", ".join(paths)
    inside = [_inside(root, path) for path in paths]
    named = tuple(p if p is not None else path for p, path in zip(inside, paths, strict=True))
    return Wish(
        kind,
        title[:200],
        _bounded(detail),
        command,
        named,
        None in inside,
        is_ours(kind, title) and not call.get("locations"),
    )


def _paths(call: Mapping[str, Any], given: Mapping[str, Any]) -> Iterable[str]:
    for place in call.get("locations") or ():
        if isinstance(place, Mapping) and place.get("path"):
            yield str(place["path"])
    yield from (str(given[k]) for k in _PATH_KEYS if given.get(k))
    yield from (str(c["path"]) for c in call.get("content") or () if isinstance(c, Mapping) and c.get("path"))


def _inside(root: Path, path: str) -> str | None:
    """Return *path* relative to the project, or None if it leads out of it (symbolic links followed)."""
    whole = os.path.realpath(root / path)
    base = os.path.realpath(root)
    return os.path.relpath(whole, base) if whole == base or whole.startswith(base + os.sep) else None


def _diff(call: Mapping[str, Any]) -> str:
    import difflib

    shown: list[str] = []
    for one in call.get("content") or ():
        if isinstance(one, Mapping) and one.get("type") == "diff":
            old, new = str(one.get("oldText") or ""), str(one.get("newText") or "")
            path = str(one.get("path"))
            shown += difflib.unified_diff(old.splitlines(), new.splitlines(), path, path, lineterm="", n=2)
    return "\n".join(shown)


def _bounded(text: str) -> str:
    """Return *text* safe to show. A cut is said: what is not shown must not be taken for shown."""
    shown = clean(text, multiline=True)
    cut = len(shown) - LONGEST_DETAIL
    return shown if cut <= 0 else f"{shown[:LONGEST_DETAIL]}\n[… {cut} characters more are not shown …]"


def is_ours(kind: str, title: str) -> bool:
    """Tell whether a tool call is one of our report server, which only keeps what the agent reports."""
    if kind in ("execute", "edit", "delete", "move", "fetch"):
        return False
    word = title.partition(" ")[0]
    name = word.removeprefix(f"mcp__{SERVER}__").removeprefix(f"{SERVER}_")
    return name in OUR_TOOLS and (SERVER in title or name != word)


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
    return "allow" if wanted.kind in HARMLESS and not wanted.outside else "ask"


def _fits(wanted: Wish, pattern: str, verdict: str) -> bool:
    """Tell whether *pattern* fits: to deny, any file or any part of a command line; to allow, all of it."""
    if wanted.command:
        parts = [wanted.command.strip(), *_simple_commands(wanted.command)]
        if verdict == "deny":
            return any(fnmatchcase(part, pattern) for part in parts)
        return pattern == "*" or (len(parts) == 1 and fnmatchcase(parts[0], pattern))
    if not wanted.paths:
        return fnmatchcase(wanted.title, pattern)
    fits = [fnmatchcase(path, pattern) for path in wanted.paths]
    if verdict == "deny":
        return any(fits)
    return all(fits) and not (wanted.outside and verdict == "allow" and pattern in ("*", ""))


def _simple_commands(line: str) -> list[str]:
    """Return the commands that *line* is made of, if it is more than one: no rule for one may let others through."""
    import re

    parts = [p.strip() for p in re.split(r"&&|\|\||[;&|\n`]|\$\(|[<>]\(?", line) if p.strip()]
    return parts if len(parts) > 1 or re.search(r"[;&|`<>\n]|\$\(", line) else []
