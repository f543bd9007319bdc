"""How it looks where a plan or a task stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from qwen_orch.answers.agents import AgentAnswer
from qwen_orch.answers.core import TaskAnswer
from qwen_orch.answers.status import Hours, PlanStatusAnswer, TaskStatusAnswer
from qwen_orch.model.task import Attempt
from qwen_orch.views.blocks import GAP, Block, Line, Row, Span, Table, exact, row, sheet
from qwen_orch.views.parts import (
    arrows,
    bar,
    count,
    decimal,
    following,
    joined,
    mark,
    more,
    opening,
    section,
    short,
    state,
    title,
    when,
)
from qwen_orch.views.task_parts import WORTH_TELLING, card, evidence, headline, tail, task_row, task_table

_SHOWN = 8
_PATH = 12
_HOLDERS = 2
_HOLDER = 18
_BELOW = 5
"""Where what belongs to an attempt begins: below its first word."""


def plan_status(answer: PlanStatusAnswer) -> list[Block]:
    """Draw how far the plan is, what goes on, what could be started, what cannot and why, and how much is left."""
    return [
        *opening(answer.orchestration),
        GAP,
        *bar(answer.progress),
        *_tasks("In progress", answer.in_progress, "/list_tasks status:in_progress"),
        *_tasks("Ready", answer.ready, "/list_tasks status:ready"),
        *_blocked(answer.blocked),
        *_ahead(answer),
        *following(answer.next),
    ]


def _tasks(name: str, tasks: tuple[TaskAnswer, ...], where: str) -> list[Block]:
    if not tasks:
        return []
    shown = task_table(map(task_row, tasks[:_SHOWN]), headers=False)
    return section(f"{name} ({len(tasks):,})", [shown, *more(len(tasks) - _SHOWN, where)])


def _blocked(tasks: tuple[TaskAnswer, ...]) -> list[Block]:
    """Draw the blocked tasks with all that blocks each."""
    if not tasks:
        return []
    rows = tuple(row(Span(t.id, "id"), (mark("blocked"), title(t.title)), _held(t.blocked_by)) for t in tasks[:_SHOWN])
    rest = more(len(tasks) - _SHOWN, "/list_tasks status:blocked")
    return section(f"Blocked ({len(tasks):,})", [Table(rows, flexible=1), *rest])


def _held(held: tuple[str, ...]) -> Span:
    """Return what blocks a task, as much of it as there is room for."""
    named = ", ".join(short(h, _HOLDER).text for h in held[:_HOLDERS])
    rest = f" +{len(held) - _HOLDERS}" if len(held) > _HOLDERS else ""
    return Span(f"waits for {named}{rest}", "muted")


def _ahead(answer: PlanStatusAnswer) -> list[Block]:
    rows: list[Row] = []
    path = answer.critical_path
    if path:
        rest = f"  … and {len(path) - _PATH} more" if len(path) > _PATH else ""
        rows.append(row(Span("Critical path", "muted"), (*arrows(path[:_PATH]), Span(rest, "muted"))))
    if answer.progress.done < answer.progress.total:
        rows.append(row(Span("Remaining", "muted"), Span(_remaining(answer.remaining_hours))))
    if answer.tokens:
        rows.append(row(Span("Agents", "muted"), Span(f"{answer.tokens:,} tokens")))
    if answer.calibration and answer.calibration.actual_hours >= WORTH_TELLING:
        rows.append(row(Span("Estimates", "muted"), Span(answer.calibration.words)))
    return [GAP, *sheet(rows)] if rows else []


def _remaining(hours: Hours) -> str:
    likely = f"50 %: {decimal(hours.p50)} h, 90 %: {decimal(hours.p90)} h with {count(hours.jobs, 'job')}"
    return f"{decimal(hours.mean)} h ± {decimal(hours.spread)}; {likely}"


def task_status(answer: TaskStatusAnswer) -> list[Block]:
    """Draw one task: what it is, what was tried, and what was seen."""
    task = answer.task
    return [
        headline(task),
        *card(task),
        *section("Subtasks", [task_table(map(task_row, answer.subtasks), headers=False)] if answer.subtasks else []),
        *section("Attempts", [b for a in answer.attempts for b in attempt(a, answer.agents)]),
        *section("Evidence", evidence(answer.evidence)),
        *following(answer.next),
    ]


def attempt(tried: Attempt, agents: Iterable[AgentAnswer] = ()) -> list[Block]:
    """Draw one try: by whom, when, how it ended, and the end of what it printed if it went wrong.

    If it was made by one of *agents*, with what that one spent and did last.
    """
    wrong = tried.outcome in ("failed", "timed_out", "interrupted", "cancelled", "suspicious")
    times = " to ".join(dict.fromkeys(filter(None, (when(tried.started), when(tried.ended or "")))))
    detail = (Span(": "), exact(tried.detail.strip())) if tried.detail.strip() else ()
    who, span = Span(f"{tried.number}. {tried.executor} "), Span(f" {times}", "muted")
    return [
        Line((who, state(tried.outcome), span, *detail), indent=2, hang=3),
        *(did(one._replace(claim=None), indent=_BELOW) for one in agents if one.session == tried.session),
        *(tail(tried.output, indent=_BELOW) if wrong else []),
    ]


def did(one: AgentAnswer, indent: int) -> Line:
    """Draw what an agent spent, and what it did last, with whether that ended."""
    last = (mark(one.last.state), exact(one.last.title)) if one.last else ()
    spent = f"{one.tokens:,} tokens" if one.tokens else ""
    claim = "it claims to be done" if one.claim is not None else ""
    return Line(
        (*joined([Span(one.name), spent, claim]), *((Span(" · last: ", "muted"), *last) if last else ())), indent
    )


VIEWS: dict[type, Callable[..., list[Block]]] = {PlanStatusAnswer: plan_status, TaskStatusAnswer: task_status}
