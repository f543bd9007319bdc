"""Where prose states that work waits for other work, and what a list of references names.

Here words become `Need` and `Reference` values; ``dependencies`` finds the tasks they mean.
"""

from __future__ import annotations

import re

from attrs import frozen

from qwen_orch.model.task import DependencyKind
from qwen_orch.planning.reader import durations
from qwen_orch.planning.reader.entries import Need
from qwen_orch.planning.reader.text import masked

_AFTER = re.compile(
    r"\b(?:depend(?:s|ent|ing)? (?:up)?on|blocked (?:by|on)|requires|needs|waits? (?:for|on)|"
    r"prerequisites?:|dependenc(?:y|ies):|after|once|must follow|follows)[:\s]+"
    r"|(?:依赖(?:于)?|依賴|前置(?:任务)?|需要先完成)\s*[:：]?\s*",
    re.I,
)
_BEFORE = re.compile(
    r"\b(?:blocks|unblocks|gates?(?: the)?|must (?:be (?:done|finished|completed?) |finish |"
    r"complete )?(?:before|precede)|(?:is )?required (?:by|for)|prerequisite (?:for|of))[:\s]+",
    re.I,
)
_HINTS = re.compile(r"\b(?:builds? (?:up)?on|extends|based on|on top of|continues)\s+", re.I)
_QUOTED = re.compile(r"\b(?:depends on|blocked by|after)\s+([\"“][^\"”\n]{3,120}[\"”])", re.I)
_SAYS = re.compile(
    r"depend|block|requir|need|wait|after|once|follow|prereq|gate|before|precede|build|exten|based|on top|continue|"
    r"依|前置|先完成",
    re.I,
)
_DIGIT = re.compile(r"\d")
_NEAR_DIGIT = re.compile(r"[^.;\n]{0,40}\d")

_KINDS = {
    "ss": DependencyKind.START_TO_START,
    "start-to-start": DependencyKind.START_TO_START,
    "start to start": DependencyKind.START_TO_START,
    "ff": DependencyKind.FINISH_TO_FINISH,
    "finish-to-finish": DependencyKind.FINISH_TO_FINISH,
    "finish to finish": DependencyKind.FINISH_TO_FINISH,
    "sf": DependencyKind.START_TO_FINISH,
    "start-to-finish": DependencyKind.START_TO_FINISH,
    "start to finish": DependencyKind.START_TO_FINISH,
    "fs": DependencyKind.FINISH_TO_START,
    "finish-to-start": DependencyKind.FINISH_TO_START,
    "finish to start": DependencyKind.FINISH_TO_START,
}
_KIND_WORDS = "|".join(sorted(_KINDS, key=len, reverse=True))
_KIND = re.compile(
    rf"\s*[(\[]\s*(?P<kind>{_KIND_WORDS})?\s*,?\s*(?P<lag>[+\-−]\s*\d[^()\[\]]{{0,20}}?)?\s*[)\]]|"
    rf"\s*(?P<kind2>SS|FF|SF|FS)(?P<lag2>[+\-−]\s*\d{{1,4}}(?:\.\d+)?\s*[a-zA-Z]{{1,7}})?(?![\w])",
    re.I,
)
_WORD = (
    r"(?:(?P<word>tasks?|steps?|stor(?:y|ies)|items?|tickets?|issues?|sprints?|milestones?|phases?|"
    r"stages?|weeks?|ids?|任务|步骤|阶段)\s*)?"
)
_ID = (
    r"[`*\[]*#?(?P<id>[A-Za-z]{1,10}[A-Za-z0-9]{0,4}-\d{1,7}(?:\.\d+)*[a-z]?|"
    r"[A-Za-z]{1,5}\d{1,7}(?:\.\d+)*[a-z]?|\d{1,5}(?:\.\d{1,4})*[a-z]?)[`*\]]*"
)
_REFERENCE = re.compile(_WORD + _ID + r"(?![\w%])", re.I)
_RANGE = re.compile(
    r"\s*(?:-|–|—|‑|to|through|thru|\.\.\.?|~|至|到)\s*"
    + _ID.replace("(?P<id>", "(?P<end>").replace("[A-Za-z]{1,10}[A-Za-z0-9]{0,4}-", "[A-Za-z]{1,10}[A-Za-z0-9]{0,4}-")
    + r"(?![\w%])",
    re.I,
)
_SEPARATOR = re.compile(r"\s*(?:,\s*(?:and|or|&)?|;|/|&|\+|and|or|、|，|和|与|及)\s*(?=\S)", re.I)
_NONE = re.compile(
    r"[\s*_(\[]*(?:none|no(?:thing| dependencies)?|n/?a|nil|-+|—|–|无|無|なし|\[\])[\s.*_)\]]*(?:\(.*\))?", re.I
)


@frozen
class Reference:
    """One id as written, the *end* of a range, the *word* before it and the kind and lag stated after it."""

    id: str
    end: str = ""
    word: str = ""
    kind: DependencyKind = DependencyKind.FINISH_TO_START
    lag: float = 0.0


def in_prose(text: str, line: int) -> list[Need]:
    """Return what one line of prose states about waiting; only ids will count, so mere words do no harm."""
    quoted = [Need(m[1], line) for m in _QUOTED.finditer(text)] if '"' in text or "“" in text else []
    if not _DIGIT.search(text) or not _SAYS.search(text):
        return quoted
    mask = masked(text) if "`" in text else text
    found = quoted
    for pattern, reverse, inferred in ((_AFTER, False, False), (_BEFORE, True, False), (_HINTS, False, True)):
        for match in pattern.finditer(mask):
            if _NEAR_DIGIT.match(text, match.end()):
                found.append(Need(text[match.end() : match.end() + 300], line, "prose", reverse, inferred))
    return found


def states_none(text: str) -> bool:
    """Tell whether a dependency field says that there is nothing to wait for."""
    return not text.strip() or _NONE.fullmatch(text) is not None


def states_only(text: str, bare: bool = False) -> bool:
    """Tell whether *text* is nothing but references or a quoted title: nothing is lost when it becomes dependencies.

    Numbers alone count when *bare* says so.
    """
    found, end = references(text)
    named = bare or all(not r.id.isdigit() or r.word for r in found)
    return (
        bool(found and named and not text[end:].strip(" .)]"))
        or re.fullmatch(r"[\"“].*[\"”]\.?", text.strip()) is not None
    )


def references(text: str, at: int = 0) -> tuple[list[Reference], int]:
    """Read references from *text* at *at*: ``T1, T3-T5 and task 7 (SS +2h)``; return them and where they end."""
    found: list[Reference] = []
    end, word = at, ""
    while match := _REFERENCE.match(text, at):
        word = match["word"].lower() if match["word"] else "issue" if "#" in match[0] else word
        until = _RANGE.match(text, match.end())
        end = until.end() if until else match.end()
        kind = _KIND.match(text, end)
        found.append(_reference(match["id"], until["end"] if until else "", word, kind))
        end = kind.end() if kind and _says(kind) else end
        separator = _SEPARATOR.match(text, _past_aside(text, end))
        if not separator:
            break
        at = separator.end()
    return found, end


def _past_aside(text: str, at: int) -> int:
    """Skip a short parenthesis after a reference: ``T008 (parser), T009``."""
    match = re.compile(r"\s*\([^()]{0,60}\)(?=\s*[,;/&+])").match(text, at)
    return match.end() if match else at


def _says(match: re.Match[str]) -> bool:
    return any(match[name] for name in ("kind", "lag", "kind2"))


def _reference(id_: str, end: str, word: str, match: re.Match[str] | None) -> Reference:
    if not match or not _says(match):
        return Reference(id_, end, word)
    kind, lag = kind_and_lag(match)
    return Reference(id_, end, word, kind, lag)


def kind_and_lag(match: re.Match[str]) -> tuple[DependencyKind, float]:
    """Return the kind and lag (hours) of a `_KIND` match."""
    words = (match["kind"] or match["kind2"] or "fs").lower()
    lag = match["lag"] or match["lag2"] or ""
    return _KINDS.get(words, DependencyKind.FINISH_TO_START), durations.hours(lag.replace(" ", "")) or 0.0


def trailing_kind(text: str) -> tuple[str, DependencyKind, float]:
    """Take ``(start-to-start +2h)`` off the right of *text*; return the rest, the kind and the lag."""
    at = text.rfind("(")
    match = _KIND.fullmatch(text, at) if at > 0 and text.rstrip().endswith(")") else None
    if not match or not _says(match):
        return text.strip(), DependencyKind.FINISH_TO_START, 0.0
    return (text[:at].strip(), *kind_and_lag(match))


def pieces(text: str) -> list[str]:
    """Split the value of a dependency field at commas and semicolons outside parentheses and quotes."""
    found, depth, quote, start = [], 0, "", 0
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in '"“' or (char == "'" and (at == 0 or text[at - 1] in " ,;")):
            quote = {"“": "”"}.get(char, char)
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth = max(0, depth - 1)
        elif char in ",;、，" and not depth:
            found.append(text[start:at])
            start = at + 1
    return [piece.strip() for piece in [*found, text[start:]] if piece.strip()]
