"""A plan as comma-separated values (RFC 4180), one task a row, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeAlias

from attrs import evolve

from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.state import Graph
from qwen_orch.model.task import Criterion, Evidence, Task
from qwen_orch.planning.export.shape import block, dependency

Value: TypeAlias = str | float | None
Column: TypeAlias = Callable[[Graph, Task, datetime], Value]

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"), full-width forms included."""
_QUOTED = (",", '"', "\n", "\r")


def _joined(values: Iterable[str]) -> str:
    return "; ".join(values)


def _phase(graph: Graph, task: Task, _: datetime) -> Value:
    phase = graph.phase(task.phase)
    return phase.title if phase else ""


def _estimated(part: str) -> Column:
    """Return the column of one number of the estimate."""
    return lambda _graph, task, _now: getattr(task.estimate, part) if task.estimate else None


def _criterion(criterion: Criterion) -> str:
    return f"{criterion.text} [{criterion.check}]" if criterion.check else criterion.text


def _evidence(evidence: Evidence) -> str:
    verdict = "passed" if evidence.passed else "failed"
    return " ".join(filter(None, (verdict, evidence.kind, evidence.command, evidence.by, evidence.at)))


PLAN: dict[str, Column] = {
    "id": lambda g, t, n: t.id,
    "title": lambda g, t, n: t.title,
    "status": lambda g, t, n: t.status,
    "phase": _phase,
    "parent": lambda g, t, n: t.parent,
    "priority": lambda g, t, n: t.priority,
    "depends_on": lambda g, t, n: _joined(dependency(evolve(d, inferred=False)) for d in t.depends_on),
    "inferred_depends_on": lambda g, t, n: _joined(d.task for d in t.depends_on if d.inferred),
    "low_hours": _estimated("low"),
    "likely_hours": _estimated("likely"),
    "high_hours": _estimated("high"),
    "confidence": _estimated("confidence"),
    "progress": lambda g, t, n: t.progress,
    "tags": lambda g, t, n: _joined(t.tags),
    "assignee": lambda g, t, n: t.assignee,
    "run": lambda g, t, n: "\n".join(t.run),
    "criteria": lambda g, t, n: "\n".join(map(_criterion, t.acceptance)),
    "blocked_by": lambda g, t, n: "" if t.status.settled else _joined(blocked_by(g, t, n)),
    "description": lambda g, t, n: t.description,
}
"""The columns of every export, in order."""

HISTORY: dict[str, Column] = {
    "criteria_status": lambda g, t, n: _joined(c.status for c in t.acceptance),
    "evidence": lambda g, t, n: "\n".join(_evidence(c.evidence) for c in t.acceptance if c.evidence),
    "attempts": lambda g, t, n: float(t.tried),
    "last_outcome": lambda g, t, n: t.attempts[-1].outcome if t.attempts else "",
    "started": lambda g, t, n: t.started,
    "finished": lambda g, t, n: t.finished,
    "summary": lambda g, t, n: t.summary,
}
"""The columns that tell what was done."""


def render_csv(graph: Graph, include_progress: bool, now: datetime) -> str:
    """Return a header and a row for every task, in order, with CRLF line ends: write it without translating them."""
    columns = PLAN | HISTORY if include_progress else PLAN
    rows = ([column(graph, task, now) for column in columns.values()] for task in graph.ordered())
    return _row(columns) + "".join(map(_row, rows))


def _row(values: Iterable[Value]) -> str:
    return ",".join(map(cell, values)) + "\r\n"


def cell(value: Value) -> str:
    """Return one cell: numbers plain; text cleaned, an apostrophe before what would be a formula, quoted if need be."""
    if not isinstance(value, str):
        return "" if value is None else f"{value:g}"
    text = block(value)
    if text.lstrip(" ").startswith(_FORMULA):
        text = f"'{text}"
    if any(c in text for c in _QUOTED):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text
