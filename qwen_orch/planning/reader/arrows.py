"""Pairs of tasks that arrows and sentences such as ``T26 gates T28`` state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from qwen_orch.planning.reader.entries import Need
from qwen_orch.planning.reader.statements import Reference, references
from qwen_orch.planning.reader.text import plain

ARROW = re.compile(r"\s*(?:→|-{1,2}>|=>|➔|➜|⟶)\s*")
_GATE = re.compile(
    r"^(?P<left>.{2,80}?)\s+(?:gates?|blocks?|must (?:be done |complete |finish )?(?:before|precede)|"
    r"before)\s+(?:the\s+)?(?P<right>.{2,60})",
    re.I,
)
_TASKISH = re.compile(r"(?<![\w-])[A-Za-z]{1,8}-?\d{1,5}(?:\.\d+)*[a-z]?(?![\w-])")


def pairs(need: Need) -> Iterator[tuple[list[Reference], list[Reference], int]]:
    """The task pairs (earlier, later) of a sentence in a section about dependencies: arrows and ``gate``."""
    if need.form != "section":
        return
    text = plain(need.text)
    for sentence in re.split(r"[;.]\s", text):
        parts = ARROW.split(sentence)
        for left, right in pairwise(parts):
            yield _ids(re.split(r",(?![^(]*\))", left)[-1]), _ids(re.split(r",(?![^(]*\))", right)[0]), need.line
        if len(parts) == 1 and (match := _GATE.match(sentence)):
            yield _ids(match["left"]), _ids(match["right"]), need.line


def _ids(text: str) -> list[Reference]:
    bare = re.sub(r"\([^()]*\)", " ", text)
    found: list[Reference] = []
    at = 0
    while match := _TASKISH.search(bare, at):
        read, at = references(bare, match.start())
        found += read
        at = max(at, match.end())
    return found
