"""What stands before the work: the goal of a document and the legend of its sizes."""

from __future__ import annotations

import re

from qwen_orch.planning.reader import durations, fields
from qwen_orch.planning.reader.blocks import Block, Tree
from qwen_orch.planning.reader.convention import Convention
from qwen_orch.planning.reader.entries import Gathered
from qwen_orch.planning.reader.fields import Field
from qwen_orch.planning.reader.headings import Kind
from qwen_orch.planning.reader.text import plain, without_signs

_OFFER = re.compile(
    r"(?:(?:sure|certainly|of course|absolutely|great|"
    r"ok(?:ay)?)\b[^.!:]{0,20}[!.,]\s*)?(?:here(?:['’]s| is)|below is|this is)\s+(?:a|an|the|your|"
    r"my)\s+"
    r"[^:]{0,60}?\b(?:plan|roadmap|list|breakdown|checklist|outline)\b\s+(?:for|to|of|"
    r"on)\s+([^:\n]{3,300}?)\s*[:.]?\s*$",
    re.I,
)
_FACTS = re.compile(r"(?:[^\W\d_][^\n:：]{0,28}[:：][ \t]+\S[^\n]{0,80}(?:\n|$))+")
_ASIDE = re.compile(r"\s*(?:<|\*\*[^*]{1,40}(?::\*\*|\*\*\s*:)|note\b|\(?see\b|[-_*]{3})", re.I)


def legend(tree: Tree, out: Gathered) -> None:
    """Fill what sizes and points mean from every paragraph and list."""
    for section in tree.root.walk():
        for block in section.blocks:
            if block.kind in ("paragraph", "list", "quote") and block.end - block.line < 40:
                out.legend |= durations.legend(tree.source(block.line, block.end)[:4000])


def goal(tree: Tree, convention: Convention, out: Gathered) -> None:
    """The goal: a ``Goal:`` line, the quote under the title, else the first paragraph of the introduction."""
    first = [tree.root, *([convention.title] if convention.title else [])]
    introductions = [s for s in tree.root.walk() if convention.kind(s) is Kind.GOAL]
    blocks = [b for s in first for b in s.blocks]
    for block in blocks:
        read = fields.labelled(block.text) if block.kind == "paragraph" else None
        if read and read.field is Field.GOAL and read.value:
            out.goal, block.role = plain(read.value), "goal"
            return
    for block in blocks:
        inner = (
            block.blocks[0] if block.kind == "quote" and block.blocks and block.blocks[0].kind == "paragraph" else None
        )
        said = fields.labelled(without_signs(plain(inner.text))) if inner else None
        if said and said.field is Field.GOAL and said.value:
            out.goal = said.value
            block.role = "goal" if block.kind == "quote" and len(block.blocks) == 1 else ""
            return
        if inner and not re.match(r"\s*(?:\*\*|\[!|[⚠️💡📝])", inner.text):
            out.goal, block.role = plain(inner.text), "goal" if len(block.blocks) == 1 else ""
            return
    before = [b for s in first for b in _before_work(s.blocks)]
    for block in before + [b for s in introductions for b in s.blocks]:
        if (
            block.kind == "paragraph"
            and block.role != "label"
            and not fields.labelled(block.text)
            and not _ASIDE.match(block.text)
            and not _FACTS.fullmatch(block.text)
        ):
            offered = _OFFER.match(plain(block.text))
            out.goal = (offered[1][:1].upper() + offered[1][1:] if offered else plain(block.text))[:600]
            return


def _before_work(blocks: list[Block]) -> list[Block]:
    """The blocks before the first list or table of tasks: what follows it is no introduction."""
    return blocks[: next((n for n, b in enumerate(blocks) if b.role == "tasks"), len(blocks))]
