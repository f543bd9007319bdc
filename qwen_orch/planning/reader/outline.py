"""Headings that are not written as headings: bold lines (``**Phase 1: Setup**``) and labels (``Acceptance:``).

A bold line that stands alone opens a section of its own; a label belongs to the list or fence right after it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from qwen_orch.planning.reader import fields, headings
from qwen_orch.planning.reader.blocks import Block, Section

BOLD_LEVEL = 7
STEP_LEVEL = 8
_BOLD = re.compile(r"(?:\*\*|__)([^*\n]{1,160})(?:\*\*|__)\s*([^\n*]{0,60})[:：]?\s*")
_NAMED = re.compile(r"(?:\w+\s+#?[\dIVXA-Z.]{1,5}[a-z]?|第.{1,3})\s*(?:[:：(（–—-].*)?")
_ENDS_OPEN = (":", "：")


def shape(root: Section) -> None:
    """Turn bold lines into sections and tie labels to what they introduce, in the whole tree."""
    for section in root.walk():
        _label(section.blocks)
        _split(section)


def _label(blocks: list[Block]) -> None:
    """Give each list, fence and table its label: the short paragraph ending in a colon right before it."""
    for before, block in pairwise(blocks):
        if block.kind in ("list", "fence", "table", "quote") and before.kind == "paragraph" and is_label(before):
            block.label = before
            before.role = "label"
    for block in blocks:
        for item in block.items:
            _label(item.blocks)


_LABELS = tuple(
    map(
        re.compile,
        (
            r"[^\n]*[:：][*_ ]*",
            r"[^\n]*[:：][*_ ]*\([^()]*\)[*_ ]*",
            r"(?:\*\*|__)[^*]+(?:\*\*|__)\s*\([^()]*\)[:：]?",
        ),
    )
)


def is_label(block: Block) -> bool:
    """Tell whether a paragraph introduces what follows: short, its last line ends in a colon, a parenthesis aside."""
    last = block.text.rsplit("\n", 1)[-1].strip()
    if len(last) > 160 or heading_text(block) is not None:
        return False
    bold = _BOLD.fullmatch(last)
    return any(p.fullmatch(last) for p in _LABELS) or bool(bold and not bold[2] and fields.which(bold[1].strip()))


def heading_text(block: Block) -> str | None:
    """Return the text of a bold line that opens a section, or None."""
    if block.kind != "paragraph" or "\n" in block.text:
        return None
    match = _BOLD.fullmatch(block.text.strip())
    if not match:
        return _plain_phase(block.text.strip())
    inner, rest = match[1].strip(), match[2].strip(" :：")
    named = headings.starts_a_phase(inner) or headings.starts_a_task(inner)
    if named:
        return (
            f"{inner.rstrip(':：')} {rest}".strip()
            if not rest or rest[0] in "([-–—✅"
            else f"{inner.rstrip(':：')}: {rest}"
        )
    if rest or inner.endswith(_ENDS_OPEN) or block.text.rstrip().endswith(_ENDS_OPEN):
        return None
    return None if fields.which(inner) or inner.endswith((".", "!", "?", ",")) else inner


def _plain_phase(text: str) -> str | None:
    """``Phase 1: Setup`` on a line of its own opens a section without being bold."""
    if len(text) <= 100 and text[-1:] not in ".!?;,*_" and _NAMED.fullmatch(text) and headings.starts_a_phase(text):
        return text.rstrip(":：")
    return None


def _split(section: Section) -> None:
    """Move what follows a bold line into a child section; steps nest below bold phases."""
    kept: list[Block] = []
    children: list[Section] = []
    here: Section | None = None
    for block in section.blocks:
        title = heading_text(block)
        if title is not None and block.role != "label":
            level = STEP_LEVEL if headings.starts_a_task(title) else BOLD_LEVEL
            owner = here
            while owner and owner.level >= level:
                owner = owner.parent if owner.parent is not section else None
            here = Section(title, level, block.line, owner or section)
            (owner.children if owner else children).append(here)
        elif here:
            here.blocks.append(block)
        else:
            kept.append(block)
    section.blocks = kept
    section.children = children + section.children
