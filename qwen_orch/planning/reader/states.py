"""The words and signs in which people state statuses and priorities, and the boxes they tick."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from qwen_orch.model.task import Priority, TaskStatus

DEFERRED = "deferred"
OPTIONAL = "optional"
PARALLEL = "parallel"
DOING = "in-progress"
DONE, OPEN, GONE = TaskStatus.CLAIMED, TaskStatus.PENDING, TaskStatus.CANCELLED

_STATUS_WORDS: tuple[tuple[str, TaskStatus, str], ...] = (
    (
        (
            r"(?:mostly|substantially|partially|partly|nearly|almost|largely) (?:complete|completed|done|"
            r"implemented|met)|in[ _-]progress|wip|doing|ongoing|started|"
            r"active|in[ _-]review|under review|review|进行中|進行中"
        ),
        OPEN,
        DOING,
    ),
    (
        (
            r"(?:all |fully |100% )*(?:complete|completed|done|finished|shipped|released|merged|implemented|"
            r"launched|closed|resolved|fixed|live|passed|met)|已完成|完成|完了"
        ),
        DONE,
        "",
    ),
    (
        (
            r"removed|cancell?ed|n/?a|not applicable|obsolete|dropped|won(?:'|’)?t(?: do| fix| have)?|wontfix|"
            r"superseded|rejected|skipped|duplicate|deprecated|abandoned|已取消|取消|中止"
        ),
        GONE,
        "",
    ),
    (
        (r"(?:post-v\d\S*|deferred|postponed|on hold|parked|delayed|later|someday|延期|推迟)(?: to .{1,40})?"),
        OPEN,
        DEFERRED,
    ),
    (
        (
            r"to[ _-]?do|pending|open|not started|planned|blocked|ready|new|backlog|queued|upcoming|待办|未开始|"
            r"未完成|未着手"
        ),
        OPEN,
        "",
    ),
)
_STATUS = tuple((re.compile(words, re.I), status, tag) for words, status, tag in _STATUS_WORDS)
ANY_STATUS = "|".join(words for words, _, _ in _STATUS_WORDS)
SIGNS: Mapping[str, tuple[TaskStatus, str]] = {
    "✅": (DONE, ""),
    "✔": (DONE, ""),
    "✓": (DONE, ""),
    "☑": (DONE, ""),
    "🗹": (DONE, ""),
    "🟢": (DONE, ""),
    "❌": (GONE, ""),
    "🚫": (GONE, ""),
    "☒": (GONE, ""),
    "🗑": (GONE, ""),
    "🚧": (OPEN, DOING),
    "🔄": (OPEN, DOING),
    "⏳": (OPEN, ""),
    "✗": (GONE, ""),
    "✘": (GONE, ""),
    "🟡": (OPEN, DOING),
    "☐": (OPEN, ""),
    "⬜": (OPEN, ""),
    "🔲": (OPEN, ""),
    "◻": (OPEN, ""),
    "🔜": (OPEN, ""),
    "📋": (OPEN, ""),
}
SIGN = "[" + "".join(SIGNS) + "]\ufe0f?"
_BOX = re.compile(r"\\?\[([ xX~/\->!?✓✔✅*]?)\\?\](?:\s+|$|(?=\*\s))|([☐☑☒🗹⬜🔲])\ufe0f?\s*")
_BOXES: Mapping[str, TaskStatus] = {
    "x": DONE,
    "✓": DONE,
    "✔": DONE,
    "✅": DONE,
    "☑": DONE,
    "🗹": DONE,
    "-": GONE,
    "☒": GONE,
}

_PRIORITY_WORDS: tuple[tuple[str, Priority], ...] = (
    (r"p0|critical|blocker|urgent|highest|must(?:[- ]have)?|asap|紧急|緊急|最高|必须", Priority.CRITICAL),
    (r"p1|high|important|major|should(?:[- ]have)?|高", Priority.HIGH),
    (r"p2|medium|med|normal|moderate|could(?:[- ]have)?|中", Priority.MEDIUM),
    (r"p[345]|low|lowest|minor|trivial|won(?:'|’)?t(?:[- ]have)?|nice[- ]to[- ]have|低", Priority.LOW),
)
_LEVEL = tuple((re.compile(rf"(?:{words})(?:[- ]?prio(?:rity)?)?", re.I), level) for words, level in _PRIORITY_WORDS)
ORG: Mapping[str, Priority] = {"A": Priority.HIGH, "B": Priority.MEDIUM, "C": Priority.LOW}
NAMED_PRIORITY = r"(?:critical|high|medium|low|urgent)(?:est)?[- ]prio(?:rity)?"


def status(text: str) -> tuple[TaskStatus, str] | None:
    """Return the status that *text* as a whole names, with the tag that goes with it."""
    body = text.strip(" .*_`~").strip()
    if body[:1] in SIGNS:
        rest = body[1:].strip("\ufe0f ")
        return status(rest) or SIGNS[body[0]]
    return _named(body[:80])


@lru_cache(maxsize=1024)
def _named(words: str) -> tuple[TaskStatus, str] | None:
    return next(((s, tag) for pattern, s, tag in _STATUS if pattern.fullmatch(words)), None)


def priority(text: str) -> Priority | None:
    """Return the priority that *text* as a whole names."""
    body = re.sub(r"\s*[(（].*$", "", text.strip(" .*_`[]!").strip())[:40]
    return _level(body.lstrip("🔴🟠🟡🟢🔥 "))


@lru_cache(maxsize=1024)
def _level(body: str) -> Priority | None:
    return next((level for pattern, level in _LEVEL if pattern.fullmatch(body)), None)


def box(text: str) -> tuple[TaskStatus | None, str]:
    """Take a check box off the left of *text*."""
    match = _BOX.match(text)
    if not match:
        return None, text
    sign = (match[1] if match[1] is not None else match[2]).lower()
    return _BOXES.get(sign, OPEN), text[match.end() :]
