"""The things a goal names: ``Build an API for users, products and orders`` names three."""

from __future__ import annotations

import re

_LEAD = re.compile(
    r"\b(?:for managing|to manage|managing|for handling|to handle|handling|covering|compar(?:e|ing)|"
    r"evaluat(?:e|ing)|between|for|of|including|with)\s+|:\s+",
    re.I,
)
_ENDS = re.compile(
    r"\s+(?:with|using|in|on|via|that|which|so|by|from|to|into|based|built|written|and then|plus|"
    r"where|because|when|at|as|over|without)\s|[.;!?(]|\s[-–—]\s",
    re.I,
)
_SPLIT = re.compile(
    r"\s*(?:,|;|、|，|/|&|\+)\s*(?:(?:and|or|&)\s+)?|\s+(?:and|or|vs\.?|versus)\s+|\s*(?:和|与|及)\s*", re.I
)
_NOT_THINGS = re.compile(
    r"(?:me|us|you|it|them|this|that|our|my|your|their|its|production|free|now|today|everyone|all|"
    r"everything|work|example|fun|internal use)\b.*|(?:a|an|some|each|every|any)\s.*|\w+ing(?:\s.*)?",
    re.I,
)
_TAIL = re.compile(r"\s+(?:endpoints?|resources?|pages?|entities|models?|tables?|modules?|management|commands?)$", re.I)
_MOST = 12


def things(goal: str) -> list[str]:
    """Return what *goal* lists after ``for``, ``of``, ``with`` or a colon, as written; nothing when it lists nothing.

    One thing counts only after ``for`` and the like and without an article: ``for a bookstore`` names a purpose.
    """
    for match in _LEAD.finditer(goal[:1000]):
        weak = match[0].strip().lower() not in ("for", "for managing", "to manage", "managing", "handling")
        found = _listed(goal[match.end() : 1000])
        if found and (len(found) > 1 or not weak):
            return found[:_MOST]
    return []


def _listed(text: str) -> list[str]:
    end = _ENDS.search(text)
    clause = text[: end.start()] if end else text
    parts = [re.sub(r"^(?:the|and|or)\s+", "", p.strip(" .'\"`"), flags=re.I) for p in _SPLIT.split(clause)]
    if not all(0 < len(p.split()) <= 3 and not _NOT_THINGS.fullmatch(p) for p in parts if p):
        return []
    bare = [_TAIL.sub("", p) if len(p.split()) > 1 else p for p in parts if p]
    return list(dict.fromkeys(bare))
