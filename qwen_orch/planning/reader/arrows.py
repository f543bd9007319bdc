"""Pairs of tasks that arrows, flowcharts and sentences such as ``T26 gates T28`` or ``T3 depends on T1`` state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from qwen_orch.planning.reader.blocks import Block
from qwen_orch.planning.reader.entries import Need
from qwen_orch.planning.reader.statements import Reference, references
from qwen_orch.planning.reader.text import plain

ARROW = re.compile(r"\s*(?:→|-{1,2}>|=>|➔|➜|⟶)\s*")
_GATE = re.compile(
    r"^(?P<left>.{2,80}?)\s+(?:gates?|blocks?|must (?:be done |complete |finish )?(?:before|precede)|"
    r"before)\s+(?:the\s+)?(?P<right>.{2,60})",
    re.I,
)
_WAITS = re.compile(
    r"^(?P<right>.{2,80}?)\s*[:：]?\s*\b(?:depends? (?:up)?on|requires?|(?:is |are )?blocked by|needs?|"
    r"waits? for|after)\s+"
    r"(?=\S{0,12}\d)",
    re.I,
)
_NODE = re.compile(
    r"([A-Za-z_][\w-]{0,40})\s*(?:\[\[?|\(\(?\[?|\{|>)\"?([^\[\](){}\"|]{1,120})\"?(?:\]?\)\)?|\]\]?|\})"
)
_LINK = re.compile(r"\s*(?:-{2,3}>|={2,3}>|-\.+->|--[^->\n]{1,40}-->)\s*(?:\|[^|\n]{0,40}\|\s*)?")
_TASKISH = re.compile(r"(?<!\w)[A-Za-z]{1,8}-?\d{1,5}(?:\.\d+)*[a-z]?(?!\w)")


def pairs(need: Need) -> Iterator[tuple[list[Reference], list[Reference], int]]:
    """The task pairs (earlier, later) of a sentence in a section about dependencies: arrows and ``gate``."""
    if need.form != "section":
        return
    text = plain(need.text)
    for sentence in re.split(r"[;.]\s", text):
        parts = ARROW.split(sentence)
        for left, right in pairwise(parts):
            yield _ids(re.split(r",(?![^(]*\))", left)[-1]), _ids(re.split(r",(?![^(]*\))", right)[0]), need.line
        if len(parts) == 1 and (match := _WAITS.match(sentence)):
            yield references(sentence, match.end())[0], _ids(match["right"]), need.line
        elif len(parts) == 1 and (match := _GATE.match(sentence)):
            yield _ids(match["left"]), _ids(match["right"]), need.line


def is_flowchart(block: Block) -> bool:
    """Tell whether a fence holds a mermaid flowchart."""
    return re.match(r"\s*(?:graph|flowchart)\s+(?:TB|TD|BT|RL|LR)\b", block.text) is not None


def links(block: Block) -> Iterator[tuple[str, str, int]]:
    """The links (earlier, later, line) of a flowchart; nodes are named by their text, else by their id."""
    names = {match[1]: plain(match[2]) for match in _NODE.finditer(block.text)}
    for offset, line in enumerate(block.text.split("\n"), 1):
        nodes = [[_bare(part) for part in side.split("&")] for side in _LINK.split(line)]
        for earlier, later in pairwise(nodes):
            for a in earlier:
                yield from ((names.get(a, a), names.get(b, b), block.line + offset) for b in later if a and b)


def _bare(node: str) -> str:
    return re.split(r"[\[({>:;]", node.strip(), maxsplit=1)[0].strip()


def _ids(text: str) -> list[Reference]:
    bare = re.sub(r"\([^()]*\)", " ", text)
    found: list[Reference] = []
    at = 0
    while match := _TASKISH.search(bare, at):
        read, at = references(bare, match.start())
        found += read
        at = max(at, match.end())
    return found
