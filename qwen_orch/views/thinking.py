"""How thoughts, notes and decisions look."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qwen_orch.answers.thinking import Kept, Thoughts
from qwen_orch.model.session import Thought
from qwen_orch.views.blocks import GAP, Block, Line, Row, Span, Table, exact, line, row
from qwen_orch.views.parts import count, following, joined, mark


def thoughts(answer: Thoughts) -> list[Block]:
    """Draw the chain of thoughts: branches set in below where they leave, revisions naming what they correct."""
    if not answer.thoughts:
        return [line("Nothing has been thought here yet."), *following(["/think TEXT"])]
    state = "complete" if answer.done else "still open"
    head = Line(joined([Span(answer.session.id, "id"), count(len(answer.thoughts), "thought"), state]), hang=2)
    shown = answer.thoughts[-1:] if answer.recorded else answer.thoughts
    rows = tuple(_thought(t) for t in shown)
    return [head, GAP, Table(rows, wrap=True, right=(0,)), *following([] if answer.done else ["/think TEXT"])]


def _thought(thought: Thought) -> Row:
    labels = joined(_labels(thought))
    text = exact(thought.text.strip())
    told = (*labels, Span(": ", "muted"), text) if labels else (text,)
    return row(Span(str(thought.number), "id"), told, depth=bool(thought.branch))


def _labels(thought: Thought) -> Iterator[Span]:
    if thought.branch:
        start = f" from {thought.branch_from}" if thought.branch_from else ""
        yield Span(f"branch {thought.branch}{start}", "claimed")
    if thought.revises:
        yield Span(f"revises {thought.revises}", "warn")
    if thought.purpose:
        yield Span(thought.purpose, "heading")


def kept(answer: Kept) -> list[Block]:
    """Draw what was kept, and where."""
    where = line(Span("kept in ", "muted"), Span(answer.session.id, "id"), indent=2)
    return [line(mark("completed"), exact(answer.text.strip()), hang=2), where]


VIEWS: dict[type, Callable[..., list[Block]]] = {Thoughts: thoughts, Kept: kept}
