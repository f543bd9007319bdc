"""Headings that are not written as headings: bold lines (``**Phase 1: Setup**``) and labels (``Acceptance:``).

A bold line that stands alone opens a section of its own; a label belongs to the list or fence right after it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from qwen_orch.planning.reader import fields, headings, states
from qwen_orch.planning.reader.blocks import Block, Item, Section

BOLD_LEVEL = 7
STEP_LEVEL = 8
_BOLD = re.compile(r"(?:\*\*|__)([^*\n]{1,160})(?:\*\*|__)\s*([^\n*]{0,60})[:：]?\s*")
_NAMED = re.compile(r"(?:\w+\s+#?[\dIVXA-Z.]{1,5}[a-z]?|第.{1,3})\s*(?:[:：(（–—-].*)?")
_FIRST_LETTER = re.compile(r"\s*a[.)]\s+\S")
_LETTER = re.compile(r"\s*[a-z][.)]\s+")
_ENDS_OPEN = (":", "：")


def shape(root: Section) -> None:
    """Turn bold lines into sections and tie labels to what they introduce, in the whole tree."""
    for section in root.walk():
        section.blocks = [_as_list(block) for block in section.blocks]
        _letters(section.blocks)
        _label(section.blocks)
        _split(section)


def _as_list(block: Block) -> Block:
    """A paragraph each of whose lines begins with a box is a list written without bullets."""
    lines = block.text.split("\n")
    if block.kind != "paragraph" or not all(states.box(line.strip())[0] for line in lines):
        return block
    items = [Item(block.line + n, block.line + n + 1, line.strip(), block.line + n + 1) for n, line in enumerate(lines)]
    return Block("list", block.line, block.end, items=items)


def _letters(blocks: list[Block]) -> None:
    """Lines ``a) ...``, ``b) ...`` below an item are a list inside it, which CommonMark does not know."""
    for item in (i for block in blocks for i in block.items):
        lines = item.text.split("\n")
        at = next((n for n, line in enumerate(lines) if _FIRST_LETTER.match(line)), 0)
        if at and len(lines) > at + 1 and all(_LETTER.match(line) for line in lines[at:]):
            item.text = "\n".join(lines[:at])
            parts = [
                Item(item.line + n, item.line + n + 1, _LETTER.sub("", lines[n]), item.line + n + 1)
                for n in range(at, len(lines))
            ]
            item.blocks.insert(0, Block("list", item.line + at, item.line + len(lines), items=parts))
        for block in item.blocks:
            _letters([block])


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
    read = fields.labelled(last)
    if read and read.field is fields.Field.DEPENDS and read.value.strip("*_: "):
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
