"""What marks say, and the fields that stand together in brackets: ``(2h, high, @ann)``."""

from __future__ import annotations

import re

from attrs import Factory, define

from qwen_orch.model.task import Estimate, Priority, TaskStatus
from qwen_orch.planning.reader import durations, states
from qwen_orch.planning.reader.people import is_nobody


@define
class Marks:
    """What the marks around a title say; *seen* names each field with a confidence and the reason."""

    status: TaskStatus | None = None
    boxed: bool = False
    label: str = ""
    priority: Priority | None = None
    estimate: Estimate | None = None
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    kept: int = 0
    fields: list[tuple[str, str]] = Factory(list)
    seen: list[tuple[str, float, str]] = Factory(list)

    def tag(self, name: str) -> None:
        """Add a tag once."""
        if name and name not in self.tags:
            self.tags += (name,)

    def note(self, field: str, confidence: float, reason: str) -> None:
        """Remember where a field came from."""
        self.seen.append((field, confidence, reason))

    def state(self, status: TaskStatus, tag: str, reason: str, confidence: float = 0.9) -> None:
        """Take a status in; ``deferred`` and ``in-progress`` are open tasks with a tag."""
        self.status = status
        self.tag(tag)
        self.note("status", confidence, reason)

    def level(self, priority: Priority, reason: str, confidence: float = 0.9) -> None:
        """Take a priority in; the first one stated wins."""
        if self.priority is None:
            self.priority = priority
            self.note("priority", confidence, reason)

    def effort(self, estimate: Estimate, reason: str) -> None:
        """Take an estimate in; the first one stated wins."""
        if self.estimate is None:
            self.estimate = estimate
            self.note("estimate", estimate.confidence, reason)


def bracketed(inside: str, found: Marks) -> bool:
    """Read the inside of brackets when all of it is fields: ``2h, high, @ann``; tell whether it was."""
    parts = [part.strip() for part in _COMMA.split(inside) if part.strip()]
    parts = _rejoined(parts)
    probe = Marks()
    if not parts or not all(_part(part, probe) for part in parts):
        return False
    for name in ("status", "priority", "estimate", "assignee"):
        if getattr(found, name) is None:
            setattr(found, name, getattr(probe, name))
    for tag in probe.tags:
        found.tag(tag)
    found.fields += probe.fields
    found.seen += probe.seen
    return True


_COMMA = re.compile(r"(?:[;|，；、]|,(?!\d{3}(?:[.,]\d|[^\W\d]|\s?[a-z])))\s*")
"""A comma between digits may belong to a number: ``1,500h``."""


def _rejoined(parts: list[str]) -> list[str]:
    """Put back together what commas inside one field cut: ``2h-4h-8h, 60%`` and ``depends on: T1, T2``."""
    joined: list[str] = []
    for part in parts:
        percent = re.fullmatch(r"\d{1,3}\s*%(?: confidence)?", part)
        listed = (
            joined
            and FIELD_WORDS.match(joined[-1])
            and re.fullmatch(r"#?[\w.-]*\d[\w.-]*(?:\s*(?:and|&)\s*#?[\w.-]*\d[\w.-]*)?", part)
        )
        open_list = joined and _OPEN_LIST.match(joined[-1]) and not _is_field(part)
        if joined and (percent or open_list or (listed and not durations.whole(part) and not states.priority(part))):
            joined[-1] += ", " + part.removesuffix(" confidence")
        else:
            joined.append(part)
    return joined


FIELD_WORDS = re.compile(
    r"(depends? on|dependenc(?:y|ies)|deps?|after|blocked by|requires|needs|blocks|prio(?:rity)?|"
    r"est(?:imated?)?(?: time| effort)?|effort|duration|time|size|points|sp|"
    r"owner|assignee|assigned to|tags?|labels?|status|依赖|优先级|估时)\s*[:：=]?\s+(?=\S)|"
    r"(deps?|priority|prio|est|estimate|effort|size|owner|assignee|tags?|status|sp|points|after|依赖|"
    r"优先级|估时|负责人)\s*[:：=]\s*(?=\S)",
    re.I,
)


_OPEN_LIST = re.compile(r"(?:depends? on|dependenc(?:y|ies)|deps?|after|blocked by|needs|requires|依赖)\s*[:：]", re.I)


def _is_field(part: str) -> bool:
    return _part(part, Marks())


def _part(part: str, found: Marks) -> bool:
    if part.startswith("@") and re.fullmatch(r"@[\w.-]+", part) and not is_nobody(part[1:]):
        found.assignee = part[1:]
        found.note("assignee", 0.95, part)
        return True
    if re.fullmatch(r"#[^\W\d][\w/-]*", part):
        found.tag(part[1:])
        return True
    if part[:1].isdigit() and not durations.is_relative(part) and (estimate := durations.whole(part)):
        found.effort(estimate, f"({part})")
        return True
    if level := states.priority(part):
        found.level(level, f"({part})", 0.85)
        return True
    if state := states.status(part):
        found.state(*state, f"({part})", 0.8)
        return True
    if durations.is_relative(part):
        found.fields.append(("estimate", part))
        return True
    if estimate := durations.whole(part):
        found.effort(estimate, f"({part})")
        return True
    if (match := FIELD_WORDS.match(part)) and (match[2] or ":" in match[0] or re.search(r"\d|[\"“]", part)):
        found.fields.append(((match[1] or match[2]).lower(), part[match.end() :].strip()))
        return True
    return False
