"""How tasks are drawn wherever they are: in rows, in a tree under their phases, and one of them on a card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qwen_orch.answers.core import TaskAnswer
from qwen_orch.model.plan import Phase
from qwen_orch.model.task import Criterion, Dependency, DependencyKind, Evidence
from qwen_orch.model.text import clean
from qwen_orch.views.blocks import BREAK, Block, Line, Row, Span, Table, exact, line, row, sheet
from qwen_orch.views.marks import WARNING
from qwen_orch.views.parts import decimal, duration, joined, mark, short, state, title, took, when, words

HEADERS = ("TASK", "STATE", "TITLE", "PRIORITY", "EST", "WAITS FOR")
_TITLE = 2
_WAITS = 24
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


def waits(held: Sequence[str], named: int = 2) -> Span:
    """Return what a task waits for in short: the first, and how many more."""
    rest = f" +{len(held) - named}" if len(held) > named else ""
    each = (_WAITS - len(rest)) // max(1, min(named, len(held)))
    return short(", ".join(short(h, each).text for h in held[:named]) + rest, _WAITS + 2, "muted")


def task_table(rows: Iterable[Row], headers: bool = True) -> Table:
    """Return rows made by `task_row` as a table."""
    return Table(tuple(rows), HEADERS if headers else (), flexible=_TITLE, right=(4,))


def by_phase(tasks: Sequence[TaskAnswer], phases: Sequence[Phase]) -> Iterator[Row]:
    """Yield a row for each phase that has tasks, and under it its tasks, the parts below the whole."""
    children: dict[str, list[TaskAnswer]] = {}
    ids = {t.id for t in tasks}
    for task in tasks:
        owner = task.parent if task.parent in ids else task.phase
        children.setdefault(owner or "", []).append(task)
    known = {str(p.id) for p in phases}
    loose = [owner for owner in children if owner not in known and owner not in ids]
    groups = [*((owner, "") for owner in loose), *((str(p.id), p.title) for p in phases)]
    for owner, name in groups:
        if owner in children:
            yield from _group(name, children[owner], children)


def _group(name: str, tops: list[TaskAnswer], children: dict[str, list[TaskAnswer]]) -> Iterator[Row]:
    if name:
        yield row((title(name, "heading"),))
    stack = [(t, 0) for t in reversed(tops)]
    while stack:
        task, depth = stack.pop()
        yield task_row(task, depth)
        stack += [(part, depth + 1) for part in reversed(children.get(task.id, ()))]


def headline(task: TaskAnswer) -> Line:
    """Draw which task this is, and where it stands."""
    return line(Span(f"{task.id}  ", "id"), "  ", title(task.title, "heading"), hang=len(task.id) + 2, most=4)


def facts(task: TaskAnswer, phase: str = "") -> Block:
    """Draw the short facts of a task on one line."""
    guess = task.estimate
    spread = f" ({duration(guess.low)} to {duration(guess.high)}, {guess.confidence:.0%} sure)" if guess else ""
    return Line(
        joined(
            [
                state(task.state),
                "" if task.priority == "medium" else f"{task.priority} priority",
                f"{duration(guess.mean)}{spread}" if guess else "",
                f"{task.progress:.0%} reported" if task.state == "in_progress" and task.progress else "",
                phase or task.phase or "",
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
    check = (BREAK, *command(wanted.check)) if wanted.check and wanted.check != wanted.text else ()
    return (mark(wanted.status), exact(wanted.text.strip()), *check)


def command(text: str) -> tuple[Span, ...]:
    """Return a command whole and exact, with a warning where it holds what cannot be shown."""
    hidden = clean(text, multiline=True) != text
    warning = (BREAK, Span(f"{WARNING} holds characters that cannot be shown", "warn")) if hidden else ()
    return (Span("$ ", "muted"), exact(text, "command"), *warning)


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
    said = [
        f"exit {seen.exit_code}" if seen.exit_code is not None else "",
        took(seen.seconds) if seen.command else "",
        f"by {seen.by}" if seen.by else "",
        when(seen.at),
        f"{len(seen.files)} files changed" if seen.files else "",
        seen.commit[:12],
    ]
    if any(said):
        yield Line(joined(said), indent=4, hang=2)
    if seen.output.strip():
        yield from tail(seen.output, 1 if seen.passed else _TAIL)


def tail(output: str, lines: int = _TAIL, indent: int = 4) -> list[Block]:
    """Draw the last *lines* lines that a command printed."""
    kept = exact(output[-400 * lines :].strip("\n"), "muted").text.rstrip().split("\n")[-lines:]
    return [Line((Span("| ", "muted"), Span.of(k.rstrip(), "muted")), indent, hang=2, most=3) for k in kept]


def remaining_estimate(tasks: Sequence[TaskAnswer]) -> str:
    """Return the estimates of the tasks that have no parts, added up, or nothing when there are none."""
    wholes = {t.parent for t in tasks}
    guesses = [t.estimate for t in tasks if t.estimate and t.id not in wholes and t.status != "cancelled"]
    if not guesses:
        return ""
    spread = sum(g.spread**2 for g in guesses) ** 0.5
    return f"{decimal(sum(g.mean for g in guesses))} h ± {decimal(spread)}"
