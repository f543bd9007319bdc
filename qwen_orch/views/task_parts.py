"""How tasks are drawn wherever they are: in rows, in a tree under their phases, and one of them on a card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from qwen_orch.answers.core import TaskAnswer
from qwen_orch.model.plan import Phase
from qwen_orch.model.task import Criterion, Dependency, DependencyKind, Estimate, Evidence
from qwen_orch.model.text import clean
from qwen_orch.views.blocks import BLANK, BREAK, INDENT, Block, Line, Row, Span, Table, exact, line, row, sheet
from qwen_orch.views.marks import PIPE, WARNING
from qwen_orch.views.parts import (
    count,
    decimal,
    duration,
    joined,
    mark,
    percent,
    short,
    state,
    title,
    took,
    when,
    words,
)

HEADERS = ("TASK", "STATE", "TITLE", "PRIORITY", "EST", "WAITS FOR")
_TITLE = 2
_WAITS = 20
_LONG = 400
WORTH_TELLING = 1 / 60
"""Hours: what took less than a minute says nothing about an estimate."""
_TAIL = 8
"""Lines of output shown of a command that failed."""


def task_row(task: TaskAnswer, depth: int = 0) -> Row:
    """Return a task as a row under `HEADERS`; a medium priority goes without saying."""
    style = "muted" if task.state == "cancelled" else "title"
    urgent = "warn" if task.priority in ("critical", "high") else "muted"
    return row(
        Span(task.id, "id"),
        state(task.state),
        title(task.title, style),
        Span("" if task.priority == "medium" else task.priority, urgent),
        Span(duration(task.estimate.mean) if task.estimate else "", "muted"),
        waits(task.blocked_by) if task.state == "blocked" else Span(""),
        depth=depth,
    )


def planned_row(task: TaskAnswer, depth: int = 0) -> Row:
    """Return a task of a plan that nobody has approved: what it depends on, and its state only where work was done."""
    told = state(task.state) if task.state not in ("pending", "blocked") else BLANK
    usual = task_row(task, depth).cells
    return Row((usual[0], told, *usual[2:-1], waits(_before(task))), depth)


def _before(task: TaskAnswer) -> list[str]:
    """Return the ids of what *task* depends on, with a tilde where that was inferred."""
    inferred = {d.task for d in task.dependencies if d.inferred}
    return [f"~{i}" if i in inferred else i for i in task.depends_on]


def waits(held: Sequence[str]) -> Span:
    """Return what a task waits for in short: the first, and how many more."""
    rest = f" +{len(held) - 1}" if len(held) > 1 else ""
    return Span.of(short(held[0] if held else "", _WAITS).text + rest, "muted")


def task_table(rows: Iterable[Row], headers: bool = True) -> Table:
    """Return rows made by `task_row` as a table."""
    return Table(tuple(rows), HEADERS if headers else (), flexible=_TITLE, right=(4,), marked=1)


def by_phase(
    tasks: Sequence[TaskAnswer], phases: Sequence[Phase], drawn: Callable[[TaskAnswer, int], Row] = task_row
) -> Iterator[Row]:
    """Yield a row for each phase that has tasks, and under it its tasks, the parts below the whole."""
    children: dict[str, list[TaskAnswer]] = {}
    ids = {t.id for t in tasks}
    for task in tasks:
        owner = task.parent if task.parent in ids else task.phase
        children.setdefault(owner or "", []).append(task)
    known = {str(p.id) for p in phases}
    loose = [owner for owner in children if owner not in known and owner not in ids]
    groups = [
        *((str(p.id), p.title) for p in phases),
        *((owner, "Without a phase" if phases else "") for owner in loose),
    ]
    for number, (owner, name) in enumerate((owner, name) for owner, name in groups if owner in children):
        if number:
            yield row((BLANK,))
        nested = list(_nested(children[owner], children))
        if name:
            yield _phase(name, [t for t, _ in nested])
        yield from (drawn(t, depth) for t, depth in nested)


def _phase(name: str, tasks: list[TaskAnswer]) -> Row:
    """Return the row above the tasks of a phase."""
    done = sum(t.status == "completed" for t in tasks)
    told = f"{done:,} of {count(len(tasks), 'task')} done" if done else count(len(tasks), "task")
    return row(joined([title(name, "heading"), told]))


def _nested(tops: list[TaskAnswer], children: dict[str, list[TaskAnswer]]) -> Iterator[tuple[TaskAnswer, int]]:
    """Yield each of *tops* and, after it, its parts with how deep they are."""
    stack = [(t, 0) for t in reversed(tops)]
    while stack:
        task, depth = stack.pop()
        yield task, depth
        stack += [(part, depth + 1) for part in reversed(children.get(task.id, ()))]


def headline(task: TaskAnswer) -> Line:
    """Draw which task this is, and where it stands."""
    return line(Span(f"{task.id}  ", "id"), "  ", title(task.title, "heading"), hang=len(task.id) + 2, most=4)


def facts(task: TaskAnswer, phase: str = "") -> Block:
    """Draw the short facts of a task on one line."""
    guess = task.estimate
    return Line(
        joined(
            [
                state(task.state),
                "" if task.priority == "medium" else f"{task.priority} priority",
                _estimate(guess) if guess else "",
                _took(task.actual_hours or 0.0),
                f"{percent(task.progress)} reported" if task.state == "in_progress" and task.progress else "",
                phase or task.phase_title or task.phase or "",
                f"part of {task.parent}" if task.parent else "",
                f"@{task.assignee}" if task.assignee else "",
                " ".join(f"#{t}" for t in task.tags),
                f"{task.label} in the document" if task.label else "",
                f"line {task.source_line}" if task.source_line else "",
            ]
        ),
        indent=2,
        hang=2,
    )


def _took(hours: float) -> str:
    return f"took {duration(hours)}" if hours >= WORTH_TELLING else ""


def _estimate(guess: Estimate) -> str:
    spread = f"{duration(guess.low)} to {duration(guess.high)}, " if guess.low < guess.high else ""
    return f"{duration(guess.mean)} ({spread}{percent(guess.confidence)} sure)"


def card(task: TaskAnswer, phase: str = "") -> list[Block]:
    """Draw all that is known of a task in itself: facts, description, criteria, commands, dependencies."""
    rows = [
        *_described("description", task.description),
        *_described("summary", task.summary),
        *labelled("criteria", map(criterion, task.acceptance)),
        *labelled("run", map(command, task.run)),
        *labelled("depends on", map(_dependency, task.dependencies)),
        *labelled("blocked by", ((Span(b, "blocked"),) for b in task.blocked_by)),
    ]
    return [facts(task, phase), *sheet(rows)]


def _described(name: str, text: str) -> Iterator[Row]:
    if text.strip():
        yield row(Span(name, "muted"), exact(text.strip()))


def labelled(name: str, values: Iterable[tuple[Span, ...]]) -> Iterator[Row]:
    """Yield a row for each of *values*, the first behind *name*."""
    for number, value in enumerate(values):
        yield row(Span("" if number else name, "muted"), value)


def criterion(wanted: Criterion) -> tuple[Span, ...]:
    """Return a criterion with what is known of it, and below it the command that proves it."""
    return (mark(wanted.status), *proven(wanted.text, wanted.check))


def proven(text: str, check: str | None) -> tuple[Span, ...]:
    """Return what is to be true, and below it the command that proves it; the command alone if that is all it says."""
    if check and text.strip() in ("", check.strip()):
        return command(check)
    return (exact(text.strip()), *((BREAK, INDENT, *command(check)) if check else ()))


def command(text: str) -> tuple[Span, ...]:
    """Return a command whole and exact, with a warning where it holds what cannot be shown."""
    hidden = clean(text, multiline=True) != text
    warning = (BREAK, Span.of(f"{WARNING} holds characters that cannot be shown", "warn")) if hidden else ()
    whole = Span.of(exact(text).text.replace("\n", "\n  "), "command")
    return (Span.of("$ ", "muted"), whole, *warning)


def _dependency(on: Dependency) -> tuple[Span, ...]:
    kind = "" if on.kind == DependencyKind.FINISH_TO_START else str(on.kind)
    lag = f"{on.lag:+.4g}h" if on.lag else ""
    extra = ", ".join(filter(None, (kind, lag, "inferred" if on.inferred else "")))
    return (Span(on.task, "id"), Span(f" ({extra})" if extra else "", "muted"))


def evidence(seen: Iterable[Evidence]) -> list[Block]:
    """Draw what was observed: the command, how it ended, and the end of what it printed if it failed."""
    return [block for e in seen for block in _observed(e)]


def _observed(seen: Evidence) -> Iterator[Block]:
    what = command(seen.command) if seen.command else (Span(words(seen.kind)),)
    yield Line((mark("passed" if seen.passed else "failed"), *what), indent=2, hang=2)
    said = (*ending(seen), f"by {seen.by}" if seen.by else "", when(seen.at))
    yield Line(joined(said), indent=4, hang=2)
    yield from tail(seen.output, 1 if seen.passed else _TAIL)


def ending(seen: Evidence) -> tuple[str, ...]:
    """Return how a command ended, in words."""
    code = f"exit {seen.exit_code}" if seen.exit_code is not None else ""
    files = count(len(seen.files), "file") + " changed" if seen.files else ""
    files += f", {len(seen.shared)} of them perhaps by others" if seen.shared else ""
    files = "no file changed" if seen.kind == "work" and not seen.passed else files
    sure = f"{percent(seen.confidence)} sure" if seen.confidence is not None else ""
    return (code, took(seen.seconds) if seen.command else "", sure, files, seen.commit[:12])


def tail(output: str, lines: int = _TAIL, indent: int = 4) -> list[Line]:
    """Draw the last *lines* lines that a command printed, nothing if it was silent."""
    shown = exact(output[-_LONG * lines :]).text.strip("\n").rstrip()
    kept = shown.split("\n")[-lines:] if shown else []
    bar = Span.of(f"{PIPE} ", "muted")
    return [Line((bar, Span.of(k.rstrip(), "muted")), indent, hang=2, most=3) for k in kept]


def remaining_estimate(tasks: Sequence[TaskAnswer]) -> str:
    """Return the estimates of the tasks that have no parts, added up, or nothing when there are none."""
    wholes = {t.parent for t in tasks}
    guesses = [t.estimate for t in tasks if t.estimate and t.id not in wholes and t.status != "cancelled"]
    if not guesses:
        return ""
    spread = sum(g.spread**2 for g in guesses) ** 0.5
    give = f" ± {decimal(spread)}" if spread >= 0.05 else ""
    return f"{decimal(sum(g.mean for g in guesses))} h{give} in all"
