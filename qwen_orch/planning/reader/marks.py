"""Marks that stand around a title: statuses, priorities, tags, people, estimates.

A mark counts only at the edge of a text, where people put marks, never in the middle of a sentence; it is taken off
from the left (`before`) and from the right (`after`), one at a time, until what is left is the title.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from qwen_orch.model.task import Priority, TaskStatus
from qwen_orch.planning.reader import durations, people, states
from qwen_orch.planning.reader.brackets import Marks, bracketed
from qwen_orch.planning.reader.ids import identifier
from qwen_orch.planning.reader.states import box
from qwen_orch.planning.reader.text import CODE, masked

__all__ = ["Marks", "after", "around", "before", "behind", "box", "identifier", "struck", "within"]

_STORY = re.compile(r"\[(US\d+[a-z]?)\]\s*", re.I)
_PARALLEL = re.compile(r"\[P\]\s*")
_BRACKET = re.compile(r"[\[(]([^\[\]()]{1,40})[\])]\s*[:：]?\s*")
_BOLD_PRIORITY = re.compile(
    rf"\*\*\s*((?:{states.NAMED_PRIORITY})|P[0-4])\s*:?\*\*\s*[:：]?\s*|({states.NAMED_PRIORITY}|P[0-3])\s*[:：]\s+",
    re.I,
)
_LEAD_SIGN = re.compile(rf"({states.SIGN})\s*")

_TAIL_PERSON = re.compile(r"(?:\s+(?:-+\s*)?|(?<=[）)\u4e00-\u9fff]))@([^\W\d_](?:[\w.-]{0,59}\w)?)\.?$")
_TAIL_FIELD = re.compile(
    r"(?:\s*[,，;；|]\s*|\s+|(?<=[）)]))(优先级|优先級|優先度|估时|工时|見積|负责人|担当|prio(?:rity)?|est(?:imate)?|effort|owner|"
    r"assignee)\s*[:：]\s*([^\s,;|，；][^,;|，；:：]{0,30})$",
    re.I,
)
_TAIL_TAG = re.compile(r"\s+#([^\W\d][\w/.-]{0,60})$")
_TAIL_BANG = re.compile(r"\s+!(critical|high|medium|low|urgent)$|\s*(?<!!)(!{2,3})$", re.I)
_TAIL_LEVEL = re.compile(rf"\s+[-–—|,]?\s*(P[0-4]|{states.NAMED_PRIORITY})$", re.I)
_ALARM = re.compile(r"\s+[🔴🟠🔥]\ufe0f?$")
_TAIL_PAREN = re.compile(r"\s*[(\[（]([^()\[\]（）]{1,160})[)\]）]$")
_TAIL_EFFORT = re.compile(r"(?:\s+(?:[-–—|]\s*(?=[~≈]?\d)|(?=[~≈]\s?\d)|\|\s*)|,\s+(?=[~≈]?\d))([^|()–—]{2,40})$")
_TAIL_BARE = re.compile(r"(?<=\S)\s+(\d[\d.,]{0,6}(?:[-–]\d[\d.,]{0,6})?(?:m|min|h|hrs?|d|w))[,;]?$")
_NO_EFFORT = re.compile(
    r"(?i)(?:\b(?:about|after|at|before|by|every|for|from|in|last|least|most|of|over|than|the|to|under|until|within)|[:：])$"
)
"""What stands before a duration that is a part of the title: ``Expire after 2h``."""
_TAIL_WHO = re.compile(r"\s[-–—]\s+([A-Z][^\W\d_]{1,20}(?: [A-Z][^\W\d_]{1,20})?)$")
_TAIL_ORG_TAGS = re.compile(r"\s+:([A-Za-z_][\w@]*(?::[\w@]+)*):$")
_TAIL_SIGN = re.compile(rf"(?:\s*[-–—:|→])?\s*({states.SIGN})\s*([^{''.join(states.SIGNS)}]{{0,80}})$")
_TAIL_STATUS = re.compile(
    rf"(?:\s+[-–—|]+\s*|\s+→\s*|\s*[(\[])\s*({states.ANY_STATUS})[)\]]?(?:\s*[(:]([^)]{{0,200}})\)?)?$", re.I
)
_STATUS_LEAD = re.compile(r"[-–—|→(\[]")
_PLAIN_WORDS = frozenset(("open", "new", "review", "live", "fixed", "met", "passed", "later"))
_TAIL_TRACE = re.compile(
    r"\s+(?:per|see|refs?:?)\s+([A-Z]{1,5}-?\d+(?:\s*[/,&]\s*[A-Z]{1,5}-?\d+)*(?:\s*\([a-z]{1,20}\))?)$"
)
_BEFORE_COLON = re.compile(r"([^()\n:：]{2,80}?)\s*\(([^()]{1,60})\)(\s*[:：]\s.*)")
_TAIL_HANGING = re.compile(r"\s*(?:[🎯⭐🚀🔥📌🏁]\ufe0f?)\s*([A-Z]{2,8})?$")


def before(text: str, found: Marks) -> str:
    """Take marks off the left of *text*: ``[P]``, ``[US1]``, ``[high]``, ``(MANUAL)``, ``**HIGH PRIORITY**:``."""
    while text[:1] in _FIRST:
        for rule in _BEFORE:
            rest = rule(text, found)
            if rest is not None and rest.strip():
                text = rest
                break
        else:
            break
    return text


def _before_parallel(text: str, found: Marks) -> str | None:
    if match := _PARALLEL.match(text):
        found.tag(states.PARALLEL)
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
        level = states.priority(match[1] or match[2])
        if level:
            found.level(level, f"written before the title: {match[1] or match[2]}")
            return text[match.end() :]
    return None


def _before_bracket(text: str, found: Marks) -> str | None:
    match = _BRACKET.match(text)
    if not match or text[match.end() - 1 : match.end() + 1].startswith("]("):
        return None
    inside = match[1].strip()
    if inside.startswith("#") and inside[1:2] in states.ORG:
        found.level(states.ORG[inside[1]], f"[{inside}]")
    elif not bracketed(inside, found):
        if match[0].startswith("[") or not (inside.isupper() or _is_status(inside)) or len(inside) < 3:
            return None
        found.tag(inside.lower().replace(" ", "-"))
        found.note("tags", 0.7, f"({inside}) before the title")
    return text[match.end() :]


def _is_status(text: str) -> bool:
    return states.status(text) is not None


def _before_sign(text: str, found: Marks) -> str | None:
    if match := _LEAD_SIGN.match(text):
        state, tag = states.SIGNS[match[1][0]]
        if found.status is None:
            found.state(state, tag, f"{match[1]} before the title", 0.8)
        return text[match.end() :]
    return None


_FIRST = frozenset("[(*CcHhMmLlUuPp") | frozenset(states.SIGNS)
"""What a mark before a title can begin with."""
_BEFORE: tuple[Callable[[str, Marks], str | None], ...] = (
    _before_parallel,
    _before_story,
    _before_priority,
    _before_bracket,
    _before_sign,
)


def after(text: str, found: Marks) -> str:
    """Take marks off the right of *text*: ``#tag``, ``@person``, ``(2h, high)``, ``!high``, ``— DEFERRED``, ``✅``."""
    found.kept = len(found.tags)
    there = set(text[-400:])
    if _SIGNS.isdisjoint(there) and not _ENDING.search(text, max(0, len(text) - 400)):
        return text
    beside: tuple[Callable[[str, Marks], str | None], ...] = ()
    while True:
        cut = max(0, len(text) - 400)
        tail = text[cut:]
        there = there if not cut else set(tail)
        for rule in chain(_applying(tail, there), beside):
            rest = rule(tail, found)
            if rest is not None and (cut or rest.strip()):
                text, beside = text[:cut] + rest.rstrip(), (_after_bare,)
                break
        else:
            return text


def behind(text: str, found: Marks) -> str:
    """Take marks off the right of *text* as we write it: a person last; what a title in bold holds is no mark."""
    if match := _TAIL_PERSON.search(text, max(0, len(text) - 400)):
        text = _given(text[: match.start()], match, found)
    end = masked(text).rfind("**") + 2 if text.startswith("**") else 0
    return text[:end] + after(CODE + text[end:], found).removeprefix(CODE) if end > 2 else after(text, found)


def within(text: str, found: Marks) -> str:
    """Take fields in parentheses out of the place before a colon: ``Alpha (2 weeks): the first users``."""
    match = _BEFORE_COLON.match(text)
    if match and bracketed(match[2], found):
        return f"{match[1]}{match[3]}"
    return text


def _after_person(tail: str, found: Marks) -> str | None:
    match = _TAIL_PERSON.search(tail)
    rest = people.bearer(tail[: match.start()], match[1]) if match else None
    return rest if match is None or rest is None else _given(rest, match, found)


def _given(rest: str, person: re.Match[str], found: Marks) -> str:
    """Return the *rest* of a title that is given to a *person*."""
    found.assignee = found.assignee or person[1]
    found.note("assignee", 0.9, f"@{person[1]}")
    return rest


def _after_tag(tail: str, found: Marks) -> str | None:
    if match := _TAIL_TAG.search(tail) or _TAIL_ORG_TAGS.search(tail):
        early = [t for t in match[1].split(":") if t not in found.tags]
        found.tags = (*found.tags[: found.kept], *early, *found.tags[found.kept :])
        found.note("tags", 0.9, match[0].strip())
        return tail[: match.start()]
    return None


def _after_level(tail: str, found: Marks) -> str | None:
    if match := _TAIL_BANG.search(tail):
        named = states.priority(match[1]) if match[1] else None
        found.level(named or (Priority.HIGH if match[2] == "!!" else Priority.CRITICAL), match[0].strip())
    elif match := _TAIL_LEVEL.search(tail):
        found.level(states.priority(match[1]) or Priority.MEDIUM, match[1])
    return _ALARM.sub("", tail[: match.start()]) if match else None


def _after_paren(tail: str, found: Marks) -> str | None:
    match = _TAIL_PAREN.search(tail)
    if match and not tail[: match.start()].endswith("!") and bracketed(match[1], found):
        return tail[: match.start()]
    return None


def _after_field(tail: str, found: Marks) -> str | None:
    """``…, priority: high`` at the end: only when the value is understood."""
    match = _TAIL_FIELD.search(tail)
    if not match:
        return None
    name, value = match[1].lower(), match[2].strip()
    person = name in ("owner", "assignee", "负责人", "担当") and re.fullmatch(r"@?[^\W\d_][\w.-]*", value)
    if not (
        states.priority(value)
        if name in ("优先级", "优先級", "優先度", "prio", "priority")
        else person or durations.whole(value)
    ):
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
        rest = tail[: match.start()]
        return _without_who(rest, found) if match[0][0] == "," else rest
    return None


def _after_bare(tail: str, found: Marks) -> str | None:
    """Take off an effort that stands bare among other marks: ``Write it 2h @ann``."""
    match = _TAIL_BARE.search(tail)
    if not match or found.estimate or _NO_EFFORT.search(tail[: match.start()]):
        return None
    estimate = durations.whole(match[1])
    if estimate is None:
        return None
    found.effort(estimate, match[1])
    return tail[: match.start()]


def _without_who(text: str, found: Marks) -> str:
    """Take the name off ``… — Jonas, 2h``, whose effort is off already."""
    match = _TAIL_WHO.search(text)
    if not match or found.assignee or states.priority(match[1]) or states.status(match[1]):
        return text
    found.assignee = match[1]
    found.note("assignee", 0.6, f"{match[1]} with an effort behind a dash")
    return text[: match.start()]


def _after_status(tail: str, found: Marks) -> str | None:
    rest = _after_sign(tail, found)
    return _after_words(tail, found) if rest is None else rest


def _after_sign(tail: str, found: Marks) -> str | None:
    if (match := _TAIL_SIGN.search(tail)) and (read := _signed(match[1], match[2])):
        if found.status is None or found.status is states.OPEN:
            found.state(*read, match[0].strip())
        return tail[: match.start()]
    return None


def _after_words(tail: str, found: Marks) -> str | None:
    match = _status_match(tail)
    if match is None:
        return None
    words = match[1]
    shown = match[0].lstrip()[:1] in "([" or words.isupper() or re.search(r"[-–—|→]", match[0][:4])
    state = states.status(words) if shown and not (words.islower() and words in _PLAIN_WORDS) else None
    if state is None:
        return None
    found.state(*state, match[0].strip())
    if match[2]:
        found.fields.append(("note", match[0].strip(" -–—")))
    return tail[: match.start()]


def _status_match(tail: str) -> re.Match[str] | None:
    """What ``_TAIL_STATUS.search`` finds, tried only where it can begin."""
    for lead in _STATUS_LEAD.finditer(tail):
        start = len(tail[: lead.start()].rstrip())
        if match := _TAIL_STATUS.match(tail, start):
            return match
    return None


def struck(text: str, found: Marks) -> tuple[str, str] | None:
    """Read ``~~title~~ why``: the title and the words after it; struck out is cancelled unless the words say else."""
    end = text.find("~~", 2) if text.startswith("~~") else -1
    if end < 0:
        return None
    rest = text[end + 2 :].strip()
    words = _AFTER_STRIKE.match(rest)
    state = (
        (states.status(words[2]) if words[2] else states.SIGNS[words[1][0]])
        if words and (words[1] or words[2])
        else None
    )
    found.state(*(state or (states.GONE, "")), f"struck out: {rest[:60]}" if rest else "struck out")
    return text[2:end].strip(), rest.lstrip("-–—: ")


_AFTER_STRIKE = re.compile(rf"\s*(?:[-–—:→(]+|->)?\s*({states.SIGN})?\s*({states.ANY_STATUS})?(?![\w-])", re.I)


def _signed(sign: str, words: str) -> tuple[TaskStatus, str] | None:
    """What a sign with the *words* after it says; None when the words are more than a status."""
    words = words.strip()
    if not words:
        return states.SIGNS[sign[0]]
    bare = re.sub(r"\s*\(.*$", "", words)
    return states.status(bare) or (states.SIGNS[sign[0]] if bare.isupper() or not bare else None)


_ENDS = ("p0", "p1", "p2", "p3", "p4", "prio", "priority")
_ENDING = re.compile(rf"(?:{'|'.join(_ENDS)})\s*$|\s(?:per|see|refs?)\s", re.I)
_DASHES, _LEADS, _STATES = frozenset("-–—|~≈,"), frozenset("-–—|→(["), frozenset(states.SIGNS)
_SIGNS = _DASHES | _LEADS | _STATES | frozenset("@#:：)]）!")


def _applying(tail: str, there: set[str]) -> Iterator[Callable[[str, Marks], str | None]]:
    """Yield the rules for what stands behind a title that can apply to *tail*; *there* are its characters."""
    last = tail[-12:].rstrip().lower()
    if "@" in there:
        yield _after_person
    if "#" in there or last.endswith(":"):
        yield _after_tag
    if "!" in there or last.endswith(_ENDS):
        yield _after_level
    if last.endswith((")", "]", "）")):
        yield _after_paren
    if not _DASHES.isdisjoint(there):
        yield _after_effort
    if ":" in there or "：" in there:
        yield _after_field
    if " per " in tail or " see " in tail or " ref" in tail:
        yield _after_trace
    if not _STATES.isdisjoint(there):
        yield _after_sign
    if not _LEADS.isdisjoint(there):
        yield _after_words


def around(title: str) -> tuple[str, Marks]:
    """Take statuses off a heading (``Setup - ✅ COMPLETE``); priorities stay in it and are read all the same."""
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
        found.state(*states.SIGNS[match[1][0]], f"{match[1]} before the heading", 0.8)
    for match in re.finditer(r"[(\[]([^()\[\]]{1,60})[)\]]", title):
        level = states.priority(re.sub(r"(?i)priority\s*[:=]?\s*", "", match[1]))
        if level:
            found.level(level, match[0])
    if level := states.priority(title):
        found.level(level, title, 0.8)
    return title, found
