"""The plan reader: text that a person or an agent wrote becomes a `Draft`. Deterministic, offline, without a model.

How it goes: `encoding` (bytes to text), `frontmatter`, `dialects` (org, reStructuredText to Markdown), `blocks` and
`outline` (structure), `convention` (which of it is tasks), `gather` (phases, tasks, criteria), `dependencies` and
`barriers` (what waits for what), `document` (the draft). The parser is imported when the first text is read.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from qwen_orch.errors import ValidationError
from qwen_orch.planning.reader.encoding import decode

if TYPE_CHECKING:
    from qwen_orch.model.draft import Draft
    from qwen_orch.planning.reader.entries import Gathered

__all__ = ["decode", "read"]


def read(text: str, *, title: str | None = None, break_cycles: bool = False) -> Draft:
    """Read a plan in Markdown, plain text, org, reStructuredText or Task Master's JSON; *title* overrides its own.

    Raises `ValidationError` for a text without a word and for JSON without tasks, `DependencyError` when the
    dependencies that the text states form a circle; with *break_cycles* the least plausible one is dropped instead.
    """
    from qwen_orch.planning.reader.text import clean

    cleaned = clean(text)
    if not cleaned.strip():
        raise ValidationError("the plan is empty", "paste a plan, or type a goal: /plan Build a REST API for users")
    collecting = gc.isenabled()
    gc.disable()  # what is made here lives until the end: looking for garbage among it is a tenth of the time
    try:
        return _read(cleaned, clean(title) if title else "", break_cycles)
    finally:
        if collecting:
            gc.enable()


def _read(text: str, title: str, break_cycles: bool) -> Draft:
    from qwen_orch.planning.reader import document, taskmaster
    from qwen_orch.planning.reader.text import one_line

    gathered = taskmaster.gather(text) if taskmaster.is_json(text) else _prose(text)
    return document.assemble(gathered, one_line(title) or None, break_cycles)


def _prose(text: str) -> Gathered:
    from qwen_orch.planning.reader import blocks, convention, dialects, fallback, frontmatter, gather, outline

    front, body = frontmatter.split(text)
    tree = blocks.parse(dialects.to_markdown(body))
    outline.shape(tree.root)
    settled = convention.settle(tree)
    if frontmatter.is_task(front):
        return frontmatter.gather(front, tree, settled)
    gathered = gather.gather(tree, settled)
    gathered.convention = settled.name()
    if not gathered.tasks:
        fallback.look_again(tree, settled, gathered)
    settled.report(gathered)
    gathered.title = gathered.title or front.text("title", "name")
    gathered.first_heading = settled.first_heading(tree)
    gathered.goal = gathered.goal or front.text("description", "goal")
    gathered.tags = tuple(front.listed("tags", "labels"))
    for line in tree.skipped[:20]:
        gathered.warn("nested too deeply to be read as structure; kept as description", line)
    gathered.description += [tree.lines[line].strip() for line in tree.skipped]
    return gathered
