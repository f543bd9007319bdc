"""Where a title ends and its explanation begins, in an item that holds both."""

from __future__ import annotations

import re

from qwen_orch.planning.reader.text import masked, plain

LONG = 100
LIMIT = 500
_DASH = re.compile(r"\s+(?:—|--)\s+")
_SENTENCE = re.compile(r"(?<=[^\s.A-Z])[.!?](?:\*\*|[)\"'])?\s+(?=[A-Z*_`(\[\"']|\uf8ff)|[。！？]\s*(?=\S)")
_STOP = re.compile(r"[.!?。！？]")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|incl|approx|no|nr|fig)|\b[A-Za-z])\.$", re.I)
_COLON = re.compile(r"[:：]\s+")
_SEMICOLON = re.compile(r"[;；]\s+")
_BOLD = re.compile(r"(?:\*\*|__)(?=\S)(.{3,160}?)(?<=\S)(?:\*\*|__)")
_PAREN_END = re.compile(r"\s*[(（][^()（）]*[)）]$")
_WORDS = re.compile(r"[^\W_]{2,}")
_PAREN = re.compile(r"\s*[(（][^()（）]{12,}[)）](?=[\s,;.]|$)")
_AFTER_BOLD = re.compile(r"\s*(?:[:：]|[-–—](?=\s))\s*")
_CLAUSE = re.compile(r",?\s+(?:so that|because|since|in order to|such that|while|which)\s+|,\s+(?=\S)", re.I)


def split(text: str) -> tuple[str, str]:
    """Return the title (raw) at the start of one-line *text* and the rest.

    A bold lead is the title; a spaced dash or the end of a sentence ends it; in a long text so do a colon and a
    parenthesis at the end. Code spans are never cut.
    """
    mask = masked(text)
    if bold := _bold_lead(text, mask):
        return bold
    end = _first_end(mask)
    title, rest = text[:end], text[end:]
    if len(title) > LONG:
        title, rest = _shortened(title, mask[:end], rest)
    return title.rstrip(" :：;；,，-–—") or title, rest.lstrip(" —–:：;；" if title else "").removeprefix(
        "-- "
    ).lstrip()


def _bold_lead(text: str, mask: str) -> tuple[str, str] | None:
    match = _BOLD.match(mask)
    if not match:
        return None
    inner, rest = text[match.start(1) : match.end(1)], text[match.end() :]
    words = len(inner.split())
    after = _AFTER_BOLD.match(rest)
    ends = inner.rstrip().endswith((":", "：", "."))
    if (after or ends) and rest.strip() and (words >= 2 or len(text) > LONG):
        return inner.rstrip(" :：."), (rest[after.end() :] if after else rest).strip()
    if words >= 3 and len(text) > LONG and rest.strip():
        return inner.rstrip(" :：."), rest.strip(" :：")
    return None


def _first_end(mask: str) -> int:
    """The end of the title by punctuation that always ends one."""
    ends = [len(mask)]
    dashes = _DASH.finditer(mask) if "—" in mask or "--" in mask else ()
    dash = next((m.start() for m in dashes if m.start() >= 12 and _balanced(mask[: m.start()])), None)
    if dash is not None:
        ends.append(dash)
    for match in _SENTENCE.finditer(mask) if _STOP.search(mask) else ():
        if (
            match.start() >= 12
            and not _ABBREVIATION.search(mask[max(0, match.start() - 8) : match.start() + 1])
            and _balanced(mask[: match.start()])
        ):
            ends.append(match.start() + 1)
            break
        if match.start() > 2 * LIMIT:
            break
    return min(ends)


def _balanced(text: str) -> bool:
    return text.count("(") <= text.count(")") and text.count("（") <= text.count("）")


def _shortened(title: str, mask: str, rest: str) -> tuple[str, str]:
    """Cut a long title at a colon or semicolon outside parentheses, then drop a parenthesis at its end."""
    for pattern, least in ((_COLON, 30), (_SEMICOLON, 20)):
        match = next(
            (
                m
                for m in pattern.finditer(mask)
                if m.start() >= least and _balanced(mask[: m.start()]) and _WORDS.search(mask[: m.start()])
            ),
            None,
        )
        if match:
            rest = title[match.end() :] + (f" {rest.lstrip()}" if rest.strip() else "")
            title, mask = title[: match.start()], mask[: match.start()]
            if len(title) <= LONG:
                break
    title = title.rstrip(" .")
    mask = mask[: len(title)]
    if len(title) > LONG // 2 and (match := _PAREN_END.search(mask)) and match.start() >= 20:
        rest = title[match.start() :].strip() + (f" {rest.lstrip(' .')}" if rest.strip(" .") else "")
        title = title[: match.start()]
    return (title, rest) if len(title) <= LONG else _without_asides(title, mask, rest)


def _without_asides(title: str, mask: str, rest: str) -> tuple[str, str]:
    """Leave the parentheses out of a title that is still long; the whole of it then stands in the rest."""
    parts, done = [], 0
    for match in _PAREN.finditer(mask):
        parts.append(title[done : match.start()])
        done = match.end()
    short = "".join([*parts, title[done:]])
    return (short, f"{title}. {rest}".strip()) if parts and len(short) >= 20 else (title, rest)


def tidy(title: str) -> str:
    """Return *title* as people want to see it: one plain line without a full stop or colon at its end."""
    line = plain(title)
    if line.endswith("。") or (line.endswith(".") and not line.endswith("..") and not _ABBREVIATION.search(line[-8:])):
        line = line[:-1]
    return line.rstrip(" :：;；,，") or line


def capped(title: str) -> tuple[str, bool]:
    """Return *title* cut to `LIMIT` characters at a blank, and whether it was cut."""
    if len(title) <= LIMIT:
        return title, False
    head = title[: LIMIT - 1]
    return (head[: head.rindex(" ")] if " " in head[LIMIT // 2 :] else head).rstrip() + "…", True
