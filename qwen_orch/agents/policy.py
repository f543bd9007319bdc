"""What an agent may do: the person's rules first, then what is harmless or was consented to already. Pure.

A rule is ``DECISION KIND [PATTERN]``, such as ``allow edit src/*`` or ``deny execute git push*``; the first that fits
decides. The pattern is a shell's (``fnmatch``) over the whole command, or over each path that is touched.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from fnmatch import fnmatchcase

from qwen_orch.agents.wish import LONGEST_DETAIL, Wish
from qwen_orch.project.project import HOME

HARMLESS = ("read", "search", "think")
_JOINTS = re.compile(r"&&|\|\||[;&|\n`(){}]|\$\(|[<>]\(?")
"""What stands between the commands of a line, or may."""
_SETTING = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


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
