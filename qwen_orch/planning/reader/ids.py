"""Ids at the start of a text."""

from __future__ import annotations

import re

from attrs import frozen

_SERIAL = frozenset(("R", "UC", "P", "V", "SR", "CR", "Q", "H", "ADR"))
"""Letters that with a number are a requirement, a quarter, a version, a priority, as often as an id."""
_NOT_ID = re.compile(r"FR|NFR|SC|AC|REQ|US|RFC|ISO|UTF|SHA|GPT|HTTP|TLS|MD|PEP|CVE|IPV|ES|PHASE")
_ID = re.compile(
    r"(?P<dashed>[A-Z][A-Z0-9]{0,11}-\d{1,7}(?:\.\d+)*[a-z]?|task-\d{1,7})(?![\w-])"
    r"|(?P<joined>[A-Z]{1,5}\d{1,7}(?:\.\d+)*[a-z]?)(?![\w-])"
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
_NUMBER = "0123456789.abcdefghijklmnopqrstuvwxyz"
_AFTER_ID = re.compile(r"[\])]?\s*(?:[:：]|[-–—](?=\s)|\|)?\s*")


@frozen
class Identifier:
    """An id at the start of a text and the *rest* after it; *sure* when delimiters make it plain that it is one.

    *weak*: the letters mean something else as often, so that only other words of the document make it an id;
    *serial*: others of its series beside it are such words.
    """

    label: str
    rest: str
    sure: bool
    prefix: str
    own: bool = False
    weak: bool = False
    serial: bool = False


def identifier(text: str, weak: bool = False) -> Identifier | None:
    """Find an id at the start of *text*: ``T001``, ``**T-001**:``, ``[AB-12]``, ``1.2``, ``Task 4:``, ``#12``.

    With *weak* also what is an id only when the document uses it as one: ``R1``, ``P2``, ``Q3``.
    """
    start = 0
    while start < min(4, len(text)) and text[start] in _OPENERS:
        start += 1
    if series := _SERIES.match(text, start):
        return Identifier(series["id"], _unwrapped(text, start, series.end()), True, series["word"].lower())
    match = _ID.match(text, start)
    if not match:
        return None
    label = match["dotted"] or match["plain"] or match[0]
    prefix = label.rstrip(_NUMBER)
    letters = prefix.rstrip("-").upper()
    doubtful = letters in _SERIAL or _NOT_ID.fullmatch(letters) is not None
    if doubtful and (not weak or text[:1] == "["):
        return None
    after = (_AFTER_WRAPPED if start else _AFTER_ID).match(text, match.end())
    end = after.end() if after else match.end()
    delimiters = text[:start] + text[match.end() : end]
    own = text.startswith("`task-") and start == 1
    sure = bool(delimiters.strip()) or bool(re.fullmatch(r"T\d{2,}[a-z]?", label)) or own
    rest = text[end:] if "**" not in text[:start] or "**" in text[match.end() : end] else "**" + text[end:]
    return Identifier(label, rest, sure, prefix, own, doubtful, letters in _SERIAL)


def _unwrapped(text: str, start: int, end: int) -> str:
    """The text after a series word; bold that began before it now begins the rest."""
    rest = text[end:]
    return f"**{rest}" if "**" in text[:start] and not rest.startswith("**") else rest.removeprefix("**").lstrip()
