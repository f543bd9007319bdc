"""The schedule as a Mermaid gantt chart: phases are sections, tasks bars from their earliest start.

Hours are working hours, laid end to end from now as if nobody slept: what the chart shows is order and length, not
dates. Work that is done ends where the chart begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from qwen_orch.graph.effort import efforts
from qwen_orch.graph.schedule import Schedule, schedule
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId, number_of
from qwen_orch.model.task import Task, TaskStatus
from qwen_orch.model.text import clip, one_line
from qwen_orch.planning.export.mermaid import MAX_TEXT, WIDTHS
from qwen_orch.planning.export.shape import Group, groups

_MEANT = re.compile(r"[:#;%<>&\\]+")
"""What ends or changes the name of a bar: Mermaid reads it to a colon, and its lexer knows no escapes."""


class Bar(NamedTuple):
    """A bar from one hour to another, counted from now; *marks* are Mermaid's ``done``, ``active`` and ``crit``."""

    id: str
    name: str
    start: float
    hours: float
    marks: tuple[str, ...] = ()


Sections: TypeAlias = Iterable[tuple[str, list[Bar]]]


def render_gantt(graph: Graph, include_progress: bool, now: datetime) -> str:
    """Return the chart of *graph* from *now* on; a plan with too many tasks for Mermaid is drawn by its phases."""
    plan = schedule(graph)
    hours = {i: e.mean for i, e in efforts(graph).items()}
    critical = frozenset(plan.critical_path)
    parts = [(g, list(_bars(g, plan, hours, critical))) for g in groups(graph)]
    for width in WIDTHS:
        text = _document(graph, ((_section(g), bars) for g, bars in parts if bars), width, now)
        if len(text) <= MAX_TEXT:
            return text
    whole = [bar for n, (group, bars) in enumerate(parts) if bars for bar in [_whole(group, bars, n)]]
    return _document(graph, [("Phases", whole)], WIDTHS[1], now)


def _bars(group: Group, plan: Schedule, hours: dict[TaskId, float], critical: frozenset[TaskId]) -> Iterator[Bar]:
    """Yield the bars of the tasks that hold work themselves; a task with parts has none of its own."""
    for task, _ in group.tasks:
        if task.id in hours and task.status is not TaskStatus.CANCELLED:
            yield _bar(task, plan, hours[task.id], task.id in critical)


def _bar(task: Task, plan: Schedule, hours: float, critical: bool) -> Bar:
    slot = plan.slots.get(task.id)
    over = slot is None or task.status is TaskStatus.CLAIMED
    under_way = task.status is TaskStatus.IN_PROGRESS
    start = -hours if slot is None or over else slot.start
    long = hours if slot is None or over else slot.finish - slot.start
    marks = tuple(m for m, on in (("crit", critical), ("done", over), ("active", under_way)) if on)
    return Bar(f"t{number_of(task.id)}", f"{task.id} {task.title}", start, long, marks)


def _whole(group: Group, bars: list[Bar], number: int) -> Bar:
    """Return one bar from the first start to the last end of *bars*."""
    start, end = min(b.start for b in bars), max(b.start + b.hours for b in bars)
    done = ("done",) if all("done" in b.marks for b in bars) else ()
    return Bar(f"p{number}", f"{_section(group)} ({len(bars)} tasks)", start, end - start, done)


def _section(group: Group) -> str:
    return group.phase.title if group.phase else "Tasks"


def label(text: str, width: int) -> str:
    """Return *text* on one line, cut to *width* columns, without what Mermaid gives a meaning to."""
    return one_line(_MEANT.sub(" ", clip(one_line(text), width)))


def _document(graph: Graph, sections: Sections, width: int, now: datetime) -> str:
    lines = [
        "gantt",
        f"  title {label(graph.root.title, 60) or 'Plan'}",
        "  dateFormat YYYY-MM-DD HH:mm",
        "  axisFormat %m-%d %H:%M",
        "  %% hours of work, laid end to end from now: order and length, not dates",
    ]
    return "\n".join([*lines, *_rows(sections, width, now)]) + "\n"


def _rows(sections: Sections, width: int, now: datetime) -> Iterator[str]:
    for name, bars in sections:
        yield f"  section {label(name, 40) or 'Tasks'}"
        for bar in bars:
            start = now + timedelta(hours=bar.start)
            long = max(round(bar.hours * 60), 1)
            facts = ", ".join((*bar.marks, bar.id, f"{start:%Y-%m-%d %H:%M}", _length(long)))
            yield f"  {label(bar.name, width + 9)} :{facts}"


def _length(minutes: int) -> str:
    return f"{minutes // 60}h" if not minutes % 60 else f"{minutes}m"
