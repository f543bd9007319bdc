"""A plan as Markdown that people edit and ``/plan`` reads back to the same plan.

What a title holds could be taken for a mark (``#tag``, ``(2h)``, ``- DONE``), so it is escaped; what a mark cannot
hold is written as a sub-item of its own (``- tags: ...``), which the reader knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import number_of
from qwen_orch.model.plan import Phase, Plan
from qwen_orch.model.task import Criterion, Priority, Task, TaskStatus
from qwen_orch.model.text import one_line
from qwen_orch.planning.export.escape import (
    claim,
    code,
    heading,
    inline,
    introduces,
    item,
    paragraph,
    phase_heading,
    prose,
    script,
    stands_apart,
    title,
)
from qwen_orch.planning.export.shape import block, dependency, estimate, groups

BOXES = {
    TaskStatus.PENDING: " ",
    TaskStatus.IN_PROGRESS: "~",
    TaskStatus.CLAIMED: "~",
    TaskStatus.COMPLETED: "x",
    TaskStatus.FAILED: " ",
    TaskStatus.CANCELLED: "-",
}
DEEPEST = 16
"""Parts nested deeper are written beside their parent: no Markdown parser nests without end."""

_COMMENT_END = re.compile("-(?=-)")
_DASH = re.compile(r"\s[-–—]\s")
_TAG = re.compile(r"[^\W\d][\w/.-]{0,60}")
_PERSON = re.compile(r"[A-Za-z](?:[\w.-]{0,59}\w)?")


def render_markdown(graph: Graph, include_progress: bool, now: datetime) -> str:
    """Return the plan; with *include_progress* also what became of each task, in the boxes and in comments."""
    lines = list(_top(graph.root.title, graph.root.plan))
    for phase, tasks in groups(graph):
        if phase:
            lines += _phase(graph, phase)
        for task, depth in tasks:
            lines += _indented(_task(task, include_progress), min(depth, DEEPEST))
        lines.append("")
    lines += [*_notes(graph.root.plan.description), *_parts(graph.root.plan)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _top(name: str, plan: Plan) -> Iterator[str]:
    yield from (f"# {heading(name)}", "")
    yield from (f"> {prose(line)}" for line in block(plan.goal).split("\n") if line.strip())
    yield ""


def _phase(graph: Graph, phase: Phase) -> Iterator[str]:
    yield from (f"## {phase_heading(phase.title, number_of(phase.id))}", "")
    before = [found.title for p in phase.depends_on if (found := graph.phase(p))]
    if before:
        yield from (f"_After: {', '.join(map(inline, before))}_", "")
    yield from _apart(paragraph(phase.description))
    yield ""


def _apart(lines: list[str]) -> list[str]:
    """Return the *lines* of a description so that a list right below is no part of theirs and not labelled by them."""
    return [*lines, "", "<!-- -->"] if introduces(lines) else lines


def _indented(lines: Iterable[str], depth: int) -> Iterator[str]:
    return (f"{'  ' * depth}{line}" if line else "" for line in lines)


def _task(task: Task, include_progress: bool) -> Iterator[str]:
    """Yield the item of one task and what stands below it."""
    marks = " ".join(_marks(task))
    name = title(task.title, marks)
    colon = ":" if name.startswith(("`", "*")) else ""
    yield f"- [{BOXES[task.status]}] `{task.id}`{colon} {name} {marks}".rstrip()
    description = paragraph(task.description)
    if stands_apart(description):
        yield ""
    yield from _indented(_apart(description), 1)
    yield from _indented(_fields(task), 1)
    if include_progress:
        yield from (f"  <!-- {_COMMENT_END.sub('- ', one_line(fact))} -->" for fact in _history(task))


def _marks(task: Task) -> Iterator[str]:
    """Yield the marks that stand behind a title."""
    if task.estimate:
        yield f"({estimate(task.estimate)})"
    if task.priority is not Priority.MEDIUM:
        yield f"!{task.priority}"
    yield from (f"#{tag}" for tag in task.tags if _TAG.fullmatch(tag))
    if task.assignee and _PERSON.fullmatch(task.assignee):
        yield f"@{task.assignee}"


def _fields(task: Task) -> Iterator[str]:
    """Yield what is stated in items of its own."""
    odd = [tag for tag in task.tags if not _TAG.fullmatch(tag)]
    if odd:
        yield f"- tags: {', '.join(map(inline, odd))}"
    if task.assignee and not _PERSON.fullmatch(task.assignee):
        yield f"- assignee: {inline(task.assignee)}"
    if task.depends_on:
        yield f"- depends on: {', '.join(map(dependency, task.depends_on))}"
    for command in task.run:
        yield from script("run", command) if "\n" in command.strip() else [f"- run: {code(command)}"]
    for criterion in task.acceptance:
        yield from _criterion(criterion, "accept: ")


def _criterion(criterion: Criterion, label: str = "") -> list[str]:
    """Return a criterion as an item; *label* stands before one that is words."""
    text, check = criterion.text, criterion.check
    if not check:
        return [f"- {label}{claim(text)}"]
    if "\n" in check.strip():
        return script("check", check)
    if text == check:
        return [f"- check: {code(check)}"]
    if "`" in text and not _DASH.search(text):
        return [f"- {label}{claim(text)} — check: {code(check)}"]
    words = inline(text.replace("`", "'"))
    return [f"- check: {code(check)} — {words}"]


def _history(task: Task) -> Iterator[str]:
    """Yield what was done for a task and what it proved."""
    if task.status is not TaskStatus.PENDING:
        yield f"{task.status}{f' {task.finished}' if task.finished else ''}"
    for attempt in task.attempts:
        ended = f" to {attempt.ended}" if attempt.ended else ""
        yield f"attempt {attempt.number}: {attempt.executor}, {attempt.outcome}, {attempt.started}{ended}"
    for criterion in task.acceptance:
        evidence = criterion.evidence
        proof = f": {evidence.kind} {evidence.command} {evidence.by} {evidence.at}" if evidence else ""
        yield f"{criterion.status} {criterion.text}{proof}"


def _notes(description: str) -> Iterator[str]:
    """Yield the description of the plan under headings of its own, where no list of it is taken for tasks."""
    lines = paragraph(description, headings=True)
    if lines and not lines[0].startswith("#"):
        yield from ("## Notes", "")
    yield from (*lines, "")


def _parts(plan: Plan) -> Iterator[str]:
    """Yield what belongs to the whole plan, each kind under a heading of its own."""
    decisions = (f"{d.text} — {d.why}" if d.why else d.text for d in plan.decisions)
    yield from _list("Requirements", (f"- {item(text)}" for text in plan.requirements))
    yield from _list("Decisions", (f"- {item(text)}" for text in decisions))
    yield from _list("Risks", (f"- {item(text)}" for text in plan.risks))
    yield from _list("Quality gates", (line for gate in plan.quality_gates for line in _criterion(gate)))


def _list(heading: str, lines: Iterable[str]) -> Iterator[str]:
    shown = list(lines)
    if shown:
        yield from (f"## {heading}", "", *shown, "")
