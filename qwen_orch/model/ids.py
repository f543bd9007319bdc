"""Identifiers: how they look, how they are made, and that they are safe to become file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NewType

from qwen_orch.errors import UsageError, ValidationError

OrchestrationId = NewType("OrchestrationId", str)
SessionId = NewType("SessionId", str)
TaskId = NewType("TaskId", str)
PhaseId = NewType("PhaseId", str)

_SAFE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?")
SUFFIX_LENGTH = 4
SUFFIX_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without look-alikes (0/o, 1/i/l): ids are read aloud and typed."""


def is_safe(text: str) -> bool:
    """Tell whether *text* is shaped like an id of ours, and so may become a file name."""
    return _SAFE.fullmatch(text) is not None


def checked(text: str) -> str:
    """Return *text* if it is shaped like an id; raise `ValidationError` if not, before any path is built of it."""
    if not is_safe(text):
        raise ValidationError(f"{text[:60]!r} is not an id: lower-case letters, digits and '-' only")
    return text


def slug(text: str, words: int = 4) -> str:
    """Return the first *words* words of *text* as lower-case ASCII joined by '-', at most 32 characters long."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    parts = re.findall(r"[a-z0-9]+", ascii_text.lower())[:words]
    return "-".join(parts)[:32].strip("-") or "plan"


def orchestration_id(title: str, suffix: str) -> OrchestrationId:
    """Return ``orch-<slug of title>-<suffix>``."""
    return OrchestrationId(f"orch-{slug(title)}-{suffix}")


def session_id(title: str, suffix: str) -> SessionId:
    """Return ``session-<slug of title>-<suffix>``."""
    return SessionId(f"session-{slug(title)}-{suffix}")


def task_id(number: int) -> TaskId:
    """Return ``task-001`` for 1; ids never change and numbers are never used twice in an orchestration."""
    return TaskId(f"task-{number:03d}")


def phase_id(number: int) -> PhaseId:
    """Return ``phase-1`` for 1."""
    return PhaseId(f"phase-{number}")


def number_of(identifier: str) -> int:
    """Return the number an id of `task_id` or `phase_id` ends with: the order of creation."""
    return int(identifier[identifier.rindex("-") + 1 :])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def matching(prefix: str, known: Iterable[str]) -> list[str]:
    """Return the ids that *prefix* may mean: itself alone when it is one of *known*, else all that start with it.

    A bare number means the task of that number: ``7`` is ``task-007``.
    """
    ids = list(known)
    for wanted in (prefix, f"task-{int(prefix):03d}" if _is_number(prefix) else prefix):
        if wanted in ids:
            return [wanted]
    return [i for i in ids if prefix and i.startswith(prefix)]


def resolve(prefix: str, known: Iterable[str], missing: type[Exception], hint: str) -> str:
    """Return the one id of *known* that *prefix* means.

    Raises *missing* when there is none (naming the nearest), `UsageError` listing the choices when there are several.
    """
    ids = list(known)
    found = matching(prefix, ids)
    if len(found) == 1:
        return found[0]
    if not found:
        raise missing(f"nothing here has the id {prefix[:60]!r}{did_you_mean(prefix, ids)}", hint)
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    raise UsageError(f"{prefix!r} may mean {', '.join(found[:8])}{more}", "type more of the id")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the one of *known* nearest to *word*, or nothing when none is near."""
    import difflib

    near = difflib.get_close_matches(word[:80], list(known), n=1, cutoff=0.55)
    return f"; did you mean {near[0]}?" if near else ""
