"""Marks that stand around a title: boxes, ids, statuses, priorities, tags, people, estimates.

A mark counts only at the edge of a text, where people put marks, never in the middle of a sentence; it is taken off
from the left (`before`) and from the right (`after`), one at a time, until what is left is the title.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from attrs import Factory, define, frozen

from qwen_orch.model.task import Estimate, Priority, TaskStatus
from qwen_orch.planning.reader import durations
from qwen_orch.planning.reader.text import masked

DEFERRED = "deferred"
OPTIONAL = "optional"
PARALLEL = "parallel"
DOING = "in-progress"
_DONE, _OPEN, _GONE = TaskStatus.CLAIMED, TaskStatus.PENDING, TaskStatus.CANCELLED

_STATUS_WORDS: tuple[tuple[str, TaskStatus, str], ...] = (
    (r"(?:mostly|substantially|partially|partly|nearly|almost|largely) (?:complete|completed|done|implemented|met)|in[ _-]progress|wip|doing|ongoing|started|"
     r"active|in[ _-]review|under review|review|进行中|進行中", _OPEN, DOING),
    (r"(?:all |fully |100% )*(?:complete|completed|done|finished|shipped|released|merged|implemented|launched|closed|resolved|fixed|live|passed|met)|已完成|完成|完了", _DONE, ""),
    (r"removed|cancell?ed|n/?a|not applicable|obsolete|dropped|won(?:'|’)?t(?: do| fix| have)?|wontfix|superseded|rejected|skipped|duplicate|deprecated|abandoned|已取消|取消|中止", _GONE, ""),
    (r"(?:post-v\d\S*|deferred|postponed|on hold|parked|delayed|later|someday|延期|推迟)(?: to .{1,40})?", _OPEN, DEFERRED),
    (r"to[ _-]?do|pending|open|not started|planned|blocked|ready|new|backlog|queued|upcoming|待办|未开始|未完成|未着手", _OPEN, ""),
)  # fmt: skip
_STATUS = tuple((re.compile(words, re.I), status, tag) for words, status, tag in _STATUS_WORDS)
_ANY_STATUS = "|".join(words for words, _, _ in _STATUS_WORDS)
_SIGNS: Mapping[str, tuple[TaskStatus, str]] = {
    "✅": (_DONE, ""), "✔": (_DONE, ""), "✓": (_DONE, ""), "☑": (_DONE, ""), "🗹": (_DONE, ""), "🟢": (_DONE, ""),
    "❌": (_GONE, ""), "🚫": (_GONE, ""), "☒": (_GONE, ""), "🗑": (_GONE, ""),
    "🚧": (_OPEN, DOING), "🔄": (_OPEN, DOING), "⏳": (_OPEN, DOING), "🟡": (_OPEN, DOING),
    "☐": (_OPEN, ""), "⬜": (_OPEN, ""), "🔲": (_OPEN, ""), "◻": (_OPEN, ""), "🔜": (_OPEN, ""), "📋": (_OPEN, ""),
}  # fmt: skip
_SIGN = "[" + "".join(_SIGNS) + "]\ufe0f?"
_BOX = re.compile(r"\\?\[([ xX~/\->!?✓✔✅*]?)\\?\](?:\s+|$|(?=\*\s))|([☐☑☒🗹⬜🔲])\ufe0f?\s*")
_BOXES: Mapping[str, TaskStatus] = {
    "x": _DONE, "✓": _DONE, "✔": _DONE, "✅": _DONE, "☑": _DONE, "🗹": _DONE, "-": _GONE, "☒": _GONE
}  # fmt: skip

_PRIORITY_WORDS: tuple[tuple[str, Priority], ...] = (
    (r"p0|critical|blocker|urgent|highest|must(?:[- ]have)?|asap|紧急|緊急|最高|必须", Priority.CRITICAL),
    (r"p1|high|important|major|should(?:[- ]have)?|高", Priority.HIGH),
    (r"p2|medium|med|normal|moderate|could(?:[- ]have)?|中", Priority.MEDIUM),
    (r"p[345]|low|lowest|minor|trivial|won(?:'|’)?t(?:[- ]have)?|nice[- ]to[- ]have|低", Priority.LOW),
)
_LEVEL = tuple((re.compile(rf"(?:{words})(?:[- ]?prio(?:rity)?)?", re.I), level) for words, level in _PRIORITY_WORDS)
_ORG: Mapping[str, Priority] = {"A": Priority.HIGH, "B": Priority.MEDIUM, "C": Priority.LOW}
_NAMED_PRIORITY = r"(?:critical|high|medium|low|urgent)(?:est)?[- ]prio(?:rity)?"

_NOT_IDS = re.compile(
    r"(?:FR|NFR|SC|AC|REQ|R|UC|US|P|V|SR|CR|Q|H|ADR|RFC|ISO|UTF|SHA|GPT|HTTP|TLS|MD|PEP|CVE|IPV|ES|PHASE)-?", re.I
)
_ID = re.compile(
    r"(?P<dashed>[A-Z][A-Z0-9]{0,11}-\d{1,6}(?:\.\d+)*[a-z]?|task-\d{1,6})(?![\w-])"
    r"|(?P<joined>[A-Z]{1,5}\d{1,5}(?:\.\d+)*[a-z]?)(?![\w-])"
    r"|(?P<dotted>\d{1,4}(?:\.\d{1,4})+)\.?(?=[\s:)\]`*]|$)"
    r"|(?P<plain>\d{1,4})[.)](?=\s)"
    r"|(?P<issue>#\d{1,7})(?=[\s:)]|$)"
)
_SERIES = re.compile(
    r"(?P<word>task|step|todo|ticket|issue|story|任务|步骤)\s*#?(?P<id>\d+(?:\.\d+)*[a-z]?)\s*(?:[:：.)]|[-–—](?=\s))\s*",
    re.I,
)
_OPENERS, _CLOSERS = "`*[(", "`*])"
_AFTER_WRAPPED = re.compile(r"[`*\])]*\s*(?:[:：]|[-–—](?=\s)|\|)?[`*]*\s*")
_AFTER_ID = re.compile(r"[\])]?\s*(?:[:：]|[-–—](?=\s)|\|)?\s*")
_STORY = re.compile(r"\[(US\d+[a-z]?)\]\s*", re.I)
_PARALLEL = re.compile(r"\[P\]\s*")
_BRACKET = re.compile(r"[\[(]([^\[\]()]{1,40})[\])]\s*[:：]?\s*")
_BOLD_PRIORITY = re.compile(
    rf"\*\*\s*((?:{_NAMED_PRIORITY})|P[0-4])\s*:?\*\*\s*[:：]?\s*|({_NAMED_PRIORITY}|P[0-3])\s*[:：]\s+", re.I
)
_LEAD_SIGN = re.compile(rf"({_SIGN})\s*")

_TAIL_PERSON = re.compile(r"(?:\s+(?:-+\s*)?|(?<=[）)\u4e00-\u9fff]))@([^\W\d_][\w.-]{0,60})$")
_TAIL_FIELD = re.compile(
    r"(?:\s*[,，;；|]\s*|\s+|(?<=[）)]))(优先级|优先級|估时|工时|负责人|prio(?:rity)?|est(?:imate)?|effort|owner|assignee)\s*[:：]\s*([^\s,;|，；][^,;|，；:：]{0,30})$",
    re.I,
)
_TAIL_TAG = re.compile(r"\s+#([^\W\d][\w/.-]{0,60})$")
_TAIL_BANG = re.compile(r"\s+!(critical|high|medium|low|urgent)$|\s*(?<!!)(!{2,3})$", re.I)
_TAIL_LEVEL = re.compile(rf"\s+[-–—|,]?\s*(P[0-4]|{_NAMED_PRIORITY})$", re.I)
_TAIL_PAREN = re.compile(r"\s*[(\[（]([^()\[\]（）]{1,160})[)\]）]$")
_TAIL_EFFORT = re.compile(r"\s+(?:[-–—|]\s*(?=[~≈]?\d)|(?=[~≈]\s?\d)|\|\s*)([^|()–—]{2,40})$")
_TAIL_ORG_TAGS = re.compile(r"\s+:([A-Za-z_][\w@]*(?::[\w@]+)*):$")
_TAIL_SIGN = re.compile(rf"(?:\s*[-–—:|→])?\s*({_SIGN})\s*([^{''.join(_SIGNS)}]{{0,80}})$")
_TAIL_STATUS = re.compile(
    rf"(?:\s+[-–—|]+\s*|\s+→\s*|\s*[(\[])\s*({_ANY_STATUS})[)\]]?(?:\s*[(:]([^)]{{0,200}})\)?)?$", re.I
)
_TAIL_TRACE = re.compile(
    r"\s+(?:per|see|refs?:?)\s+([A-Z]{1,5}-?\d+(?:\s*[/,&]\s*[A-Z]{1,5}-?\d+)*(?:\s*\([a-z]{1,20}\))?)$"
)
_TAIL_HANGING = re.compile(r"\s*(?:[🎯⭐🚀🔥📌🏁]\ufe0f?)\s*([A-Z]{2,8})?$")


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


@frozen
class Identifier:
    """An id at the start of a text and the *rest* after it; *sure* when delimiters make it plain that it is one."""

    label: str
    rest: str
    sure: bool
    prefix: str
    own: bool = False


def status(text: str) -> tuple[TaskStatus, str] | None:
    """Return the status that *text* as a whole names, with the tag that goes with it."""
    body = text.strip(" .*_`~").strip()
    if body[:1] in _SIGNS:
        rest = body[1:].strip("\ufe0f ")
        return status(rest) or _SIGNS[body[0]]
    words = body[:80]
    return next(((s, tag) for pattern, s, tag in _STATUS if pattern.fullmatch(words)), None)


def priority(text: str) -> Priority | None:
    """Return the priority that *text* as a whole names."""
    body = re.sub(r"\s*[(（].*$", "", text.strip(" .*_`[]!").strip())[:40]
    body = body.lstrip("🔴🟠🟡🟢🔥 ")
    return next((level for pattern, level in _LEVEL if pattern.fullmatch(body)), None)


def box(text: str) -> tuple[TaskStatus | None, str]:
    """Take a check box off the left of *text*."""
    match = _BOX.match(text)
    if not match:
        return None, text
    sign = (match[1] if match[1] is not None else match[2]).lower()
    return _BOXES.get(sign, _OPEN), text[match.end() :]


def identifier(text: str) -> Identifier | None:
    """Find an id at the start of *text*: ``T001``, ``**T-001**:``, ``[AB-12]``, ``1.2``, ``3.``, ``Task 4:``, ``#12``."""
    start = 0
    while start < 4 and text[start : start + 1] in _OPENERS and text[start : start + 1]:
        start += 1
    if series := _SERIES.match(text, start):
        return Identifier(series["id"], _unwrapped(text, start, series.end()), True, series["word"].lower())
    match = _ID.match(text, start)
    if (
        not match
        or ((match["joined"] or match["dashed"])
        and _NOT_IDS.fullmatch(match[0].rstrip("0123456789.abcdefghijklmnopqrstuvwxyz")))
    ):
        return None
    label = match["dotted"] or match["plain"] or match[0]
    after = (_AFTER_WRAPPED if start else _AFTER_ID).match(text, match.end())
    end = after.end() if after else match.end()
    delimiters = text[:start] + text[match.end() : end]
    own = text.startswith("`task-") and start == 1
    sure = bool(delimiters.strip()) or bool(re.fullmatch(r"T\d{2,}[a-z]?", label)) or own
    rest = text[end:] if "**" not in text[:start] or "**" in text[match.end() : end] else "**" + text[end:]
    return Identifier(label, rest, sure, label.rstrip("0123456789.abcdefghijklmnopqrstuvwxyz"), own)


def _unwrapped(text: str, start: int, end: int) -> str:
    """The text after a series word; bold that began before it now begins the rest."""
    rest = text[end:]
    return f"**{rest}" if "**" in text[:start] and not rest.startswith("**") else rest.removeprefix("**").lstrip()


def before(text: str, found: Marks) -> str:
    """Take marks off the left of *text*: ``[P]``, ``[US1]``, ``[high]``, ``(MANUAL)``, ``**HIGH PRIORITY**:``, a sign."""
    while True:
        for rule in _BEFORE:
            rest = rule(text, found)
            if rest is not None and rest.strip():
                text = rest
                break
        else:
            return text


def _before_parallel(text: str, found: Marks) -> str | None:
    if match := _PARALLEL.match(text):
        found.tag(PARALLEL)
        found.note("tags", 0.95, "[P]: may run in parallel")
        return text[match.end() :]
    return None


def _before_story(text: str, found: Marks) -> str | None:
    if match := _STORY.match(text):
        found.tag(match[1])
        found.note("tags", 0.95, f"[{match[1]}]: the user story")
        return text[match.end() :]
    return None


def _before_priority(text: str, found: Marks) -> str | None:
    if match := _BOLD_PRIORITY.match(text):
        level = priority(match[1] or match[2])
        if level:
            found.level(level, f"written before the title: {match[1] or match[2]}")
            return text[match.end() :]
    return None


def _before_bracket(text: str, found: Marks) -> str | None:
    match = _BRACKET.match(text)
    if not match or text[match.end() - 1 : match.end() + 1].startswith("]("):
        return None
    inside = match[1].strip()
    if inside.startswith("#") and inside[1:2] in _ORG:
        found.level(_ORG[inside[1]], f"[{inside}]")
    elif not _bracketed(inside, found):
        if match[0].startswith("[") or not (inside.isupper() or _is_status(inside)) or len(inside) < 3:
            return None
        found.tag(inside.lower().replace(" ", "-"))
        found.note("tags", 0.7, f"({inside}) before the title")
    return text[match.end() :]


def _is_status(text: str) -> bool:
    return status(text) is not None


def _before_sign(text: str, found: Marks) -> str | None:
    if match := _LEAD_SIGN.match(text):
        state, tag = _SIGNS[match[1][0]]
        if found.status is None:
            found.state(state, tag, f"{match[1]} before the title", 0.8)
        return text[match.end() :]
    return None


_BEFORE: tuple[Callable[[str, Marks], str | None], ...] = (
    _before_parallel, _before_story, _before_priority, _before_bracket, _before_sign,
)  # fmt: skip


def _bracketed(inside: str, found: Marks) -> bool:
    """Read the inside of brackets when all of it is fields: ``2h, high, @ann``; tell whether it was."""
    parts = [part.strip() for part in re.split(r"[,;|，；、]\s*", inside) if part.strip()]
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
        if joined and (percent or (listed and not durations.whole(part) and not priority(part))):
            joined[-1] += ", " + part.removesuffix(" confidence")
        else:
            joined.append(part)
    return joined


FIELD_WORDS = re.compile(
    r"(depends? on|dependenc(?:y|ies)|deps?|after|blocked by|requires|needs|blocks|prio(?:rity)?|est(?:imated?)?(?: time| effort)?|effort|duration|time|size|points|sp|"
    r"owner|assignee|assigned to|tags?|labels?|status|依赖|优先级|估时)\s*[:：=]?\s+(?=\S)|"
    r"(deps?|priority|prio|est|estimate|effort|size|owner|assignee|tags?|status|sp|points|after|依赖|优先级|估时|负责人)\s*[:：=]\s*(?=\S)",
    re.I,
)


def _part(part: str, found: Marks) -> bool:
    if part.startswith("@") and re.fullmatch(r"@[\w.-]+", part):
        found.assignee = part[1:]
        found.note("assignee", 0.95, part)
        return True
    if re.fullmatch(r"#[^\W\d][\w/-]*", part):
        found.tag(part[1:])
        return True
    if level := priority(part):
        found.level(level, f"({part})", 0.85)
        return True
    if state := status(part):
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


def after(text: str, found: Marks) -> str:
    """Take marks off the right of *text*: ``#tag``, ``@person``, ``(2h, high)``, ``!high``, ``— DEFERRED``, ``✅``."""
    found.kept = len(found.tags)
    while True:
        cut = max(0, len(text) - 400)
        tail = text[cut:]
        for rule in _AFTER:
            rest = rule(tail, found)
            if rest is not None and (cut or rest.strip()):
                text = text[:cut] + rest.rstrip()
                break
        else:
            return text


def _ends_in_code(tail: str, start: int) -> bool:
    return masked(tail)[start : start + 1] != tail[start : start + 1]


def _after_simple(tail: str, found: Marks) -> str | None:
    if match := _TAIL_PERSON.search(tail):
        found.assignee = found.assignee or match[1]
        found.note("assignee", 0.9, f"@{match[1]}")
    elif match := _TAIL_TAG.search(tail) or _TAIL_ORG_TAGS.search(tail):
        early = [t for t in match[1].split(":") if t not in found.tags]
        found.tags = (*found.tags[: found.kept], *early, *found.tags[found.kept :])
        found.note("tags", 0.9, match[0].strip())
    elif match := _TAIL_BANG.search(tail):
        named = priority(match[1]) if match[1] else None
        found.level(named or (Priority.HIGH if match[2] == "!!" else Priority.CRITICAL), match[0].strip())
    elif match := _TAIL_LEVEL.search(tail):
        found.level(priority(match[1]) or Priority.MEDIUM, match[1])
    else:
        return None
    return tail[: match.start()]


def _after_paren(tail: str, found: Marks) -> str | None:
    if not tail.endswith((")", "]", "）")):
        return None
    match = _TAIL_PAREN.search(tail)
    if match and not tail[: match.start()].endswith("!") and _bracketed(match[1], found):
        return tail[: match.start()]
    return None


def _after_field(tail: str, found: Marks) -> str | None:
    """``…, priority: high`` at the end: only when the value is understood."""
    match = _TAIL_FIELD.search(tail)
    if not match:
        return None
    name, value = match[1].lower(), match[2].strip()
    person = name in ("owner", "assignee", "负责人") and re.fullmatch(r"@?[^\W\d_][\w.-]*", value)
    if not (priority(value) if name in ("优先级", "优先級", "prio", "priority") else person or durations.whole(value)):
        return None
    found.fields.append((name, value))
    return tail[: match.start()]


def _after_trace(tail: str, found: Marks) -> str | None:
    if match := _TAIL_TRACE.search(tail):
        found.fields.append(("note", match[0].strip()))
        return tail[: match.start()]
    return None


def _after_effort(tail: str, found: Marks) -> str | None:
    match = _TAIL_EFFORT.search(tail)
    if match and (estimate := durations.whole(match[1])) and not re.fullmatch(r"\s*[A-Za-z]+\s*", match[1]):
        found.effort(estimate, match[0].strip())
        return tail[: match.start()]
    return None


def _after_status(tail: str, found: Marks) -> str | None:
    if (match := _TAIL_SIGN.search(tail)) and (read := _signed(match[1], match[2])):
        if found.status is None or found.status is _OPEN:
            found.state(*read, match[0].strip())
        return tail[: match.start()]
    if match := _TAIL_STATUS.search(tail):
        words = match[1]
        shown = match[0].lstrip()[:1] in "([" or words.isupper() or re.search(r"[-–—|→]", match[0][:4])
        if shown and not (
            words.islower() and words in ("open", "new", "review", "live", "fixed", "met", "passed", "later")
        ):
            state = status(words)
            if state:
                found.state(*state, match[0].strip())
                if match[2]:
                    found.fields.append(("note", match[0].strip(" -–—")))
                return tail[: match.start()]
    return None


def struck(text: str, found: Marks) -> tuple[str, str] | None:
    """Read ``~~title~~ why``: the title and the words after it; struck out means cancelled unless the words say else."""
    end = text.find("~~", 2) if text.startswith("~~") else -1
    if end < 0:
        return None
    rest = text[end + 2 :].strip()
    words = _AFTER_STRIKE.match(rest)
    state = (status(words[2]) if words[2] else _SIGNS[words[1][0]]) if words and (words[1] or words[2]) else None
    found.state(*(state or (_GONE, "")), f"struck out: {rest[:60]}" if rest else "struck out")
    return text[2:end].strip(), rest.lstrip("-–—: ")


_AFTER_STRIKE = re.compile(rf"\s*(?:[-–—:→(]+|->)?\s*({_SIGN})?\s*({_ANY_STATUS})?(?![\w-])", re.I)


def _signed(sign: str, words: str) -> tuple[TaskStatus, str] | None:
    """What a sign with the *words* after it says; None when the words are more than a status."""
    words = words.strip()
    if not words:
        return _SIGNS[sign[0]]
    bare = re.sub(r"\s*\(.*$", "", words)
    return status(bare) or (_SIGNS[sign[0]] if bare.isupper() or not bare else None)


_AFTER: tuple[Callable[[str, Marks], str | None], ...] = (
    _after_simple,
    _after_paren,
    _after_effort,
    _after_field,
    _after_trace,
    _after_status,
)


def around(title: str) -> tuple[str, Marks]:
    """Take statuses off a heading (``Setup - ✅ COMPLETE``); priorities and efforts stay in it and are read all the same."""
    found = Marks()
    rest = _after_status(title, found)
    while rest is not None and rest.strip():
        title = rest.rstrip(" -–—:")
        rest = _after_status(title, found)
    if match := _TAIL_HANGING.search(title):
        if match[1]:
            found.tag(match[1].lower())
        title = title[: match.start()] or title
    if found.status is None and (match := _LEAD_SIGN.match(title)):
        found.state(*_SIGNS[match[1][0]], f"{match[1]} before the heading", 0.8)
    for match in re.finditer(r"[(\[]([^()\[\]]{1,60})[)\]]", title):
        level = priority(re.sub(r"(?i)priority\s*[:=]?\s*", "", match[1]))
        if level:
            found.level(level, match[0])
    if level := priority(title):
        found.level(level, title, 0.8)
    return title, found
