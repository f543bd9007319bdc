"""How work looks: a task that was started, done or judged, all of them at once, and what proves the plan complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qwen_orch.answers.core import TaskAnswer
from qwen_orch.answers.work import Begun, Completeness, CriterionAnswer, Remaining, Worked, WorkedAll
from qwen_orch.views.blocks import BREAK, GAP, INDENT, Block, Line, Row, Span, Table, exact, line, parted, row, sheet
from qwen_orch.views.parts import bar, bullets, following, joined, mark, more, opening, section, state, title
from qwen_orch.views.status import attempt
from qwen_orch.views.task_parts import (
    card,
    criterion,
    ending,
    evidence,
    facts,
    headline,
    labelled,
    proven,
    tail,
    task_row,
    task_table,
)  # fmt: skip

_PASSED = 20
_REMAINING = 20
_BELOW = 6


def worked(answer: Worked) -> list[Block]:
    """Draw where the task stands now, what was seen on the way there, and how to go on."""
    task = answer.task
    where = [line(Span("in ", "muted"), Span(answer.session.id, "id"), indent=2)] if answer.session else []
    agents = [answer.agent] if answer.agent else []
    tried = attempt(answer.attempt, agents) if answer.attempt and answer.attempt.outcome != "running" else []
    return [
        headline(task),
        *(_judged(task) if task.status in ("completed", "claimed", "failed") else card(task)),
        *where,
        *section("Attempt", tried),
        *section("Evidence", evidence(answer.evidence)),
        *following(answer.next),
    ]


def begun(answer: Begun) -> list[Block]:
    """Draw what goes on in the background, and how it is followed."""
    rows = tuple(map(task_row, answer.tasks))
    begun_already = [task_table(rows), GAP] if rows else [line("Nothing has begun yet."), GAP]
    where = line(Span("in the background; what it says in the end: ", "muted"), exact(answer.log), indent=2)
    return [*begun_already, where, *following(["/task_status", "/permissions"])]


def _judged(task: TaskAnswer) -> list[Block]:
    return [facts(task), *sheet(labelled("criteria", map(criterion, task.acceptance)))]


def worked_all(answer: WorkedAll) -> list[Block]:
    """Draw the tasks in the order they ended, and how they did."""
    sums = (("completed", answer.completed), ("failed", answer.failed), ("claimed", answer.claimed))
    told = [Span.of(f"{mark(name).text}{n:,} {name}", mark(name).style) for name, n in sums if n]
    left = f"{answer.remaining:,} remaining" if answer.remaining else "nothing remains"
    rows = tuple(map(task_row, answer.tasks))
    return [
        *([task_table(rows), GAP] if rows else [line("Nothing was ready that needs no person."), GAP]),
        Line(joined([*told, left]), indent=2, hang=2),
        *following(answer.next),
    ]


def completeness(answer: Completeness) -> list[Block]:
    """Draw the verdict, the criteria from the worst to the best, and what continues each task that is left."""
    verdict = ("Complete", "done") if answer.complete else ("Not complete", "failed")
    report = [GAP, line(Span("report: ", "muted"), exact(answer.report))] if answer.report else []
    return [
        *opening(answer.orchestration),
        GAP,
        line(mark("completed" if answer.complete else "failed"), Span(*verdict)),
        *bar(answer.progress),
        *_criteria(answer),
        *section(f"Remaining ({len(answer.remaining):,})", _remaining(answer.remaining)),
        *section("Recommended", bullets(answer.recommendations)),
        *report,
        *following(_next(answer)),
    ]


def _next(answer: Completeness) -> list[str]:
    return ["/export_plan"] if answer.complete else [r.command for r in answer.remaining[:1] if r.command]


def _criteria(answer: Completeness) -> Iterator[Block]:
    groups = (("failed", "Failed"), ("unverified", "Unverified: no command can check them"), ("open", "Not checked"))
    for status, name in groups:
        found = [c for c in answer.criteria if c.status == status]
        yield from section(f"{name} ({len(found):,})", sheet(map(_found, found)))
    passed = [c for c in answer.criteria if c.status == "passed"]
    rest = len(passed) - _PASSED
    told = [line(Span.of(f"… and {rest:,} more", "muted"), indent=2)] if rest > 0 else []
    yield from section(f"Passed ({len(passed):,})", [*_brief(passed[:_PASSED]), *told])


def _brief(passed: list[CriterionAnswer]) -> list[Block]:
    rows = tuple(row(Span(c.task, "id"), (mark(c.status), *_short(c))) for c in passed)
    return [Table(rows)] if rows else []


def _short(seen: CriterionAnswer) -> tuple[Span, ...]:
    only = seen.check is not None and seen.text.strip() == seen.check.strip()
    return (Span.of("$ " if only else "", "muted"), exact(seen.text.strip()))


def _found(seen: CriterionAnswer) -> Row:
    """Return a criterion that did not pass, with the command that was to prove it and the end of what it printed."""
    proof: list[tuple[Span, ...]] = []
    if seen.evidence and seen.status == "failed":
        proof = [joined(ending(seen.evidence)), *(t.spans for t in tail(seen.evidence.output))]
    spans = parted([(mark(seen.status), *proven(seen.text, seen.check)), *((INDENT, *p) for p in proof if p)], BREAK)
    return row(Span(seen.task, "id"), spans)


def _remaining(tasks: tuple[Remaining, ...]) -> list[Block]:
    """Draw each task that is left, and below it the command that continues it and why it is left."""
    rows = [r for t in tasks[:_REMAINING] for r in _left(t)]
    rest = more(len(tasks) - _REMAINING, "/list_tasks -status:completed,cancelled")
    return [*([Table(tuple(rows))] if rows else []), *rest]


def _left(task: Remaining) -> Iterator[Row]:
    yield row(Span(task.task, "id"), state(task.state), title(task.title))
    yield Row(((Span.of("→ ", "muted"), *joined([Span(task.command, "command"), task.why])),), depth=_BELOW)


VIEWS: dict[type, Callable[..., list[Block]]] = {
    Worked: worked,
    WorkedAll: worked_all,
    Begun: begun,
    Completeness: completeness,
}
