"""Rows of a plan table as tasks."""

from __future__ import annotations

import re
from collections.abc import Callable

from qwen_orch.model.task import Criterion, Estimate
from qwen_orch.planning.reader import durations, fields, ids, states
from qwen_orch.planning.reader.blocks import Block, Item
from qwen_orch.planning.reader.entries import Found, Need, PhaseFound
from qwen_orch.planning.reader.items import Reading
from qwen_orch.planning.reader.statements import states_none
from qwen_orch.planning.reader.tables import Column, Columns
from qwen_orch.planning.reader.text import plain

_TOTAL = re.compile(r"(?:grand |sub)?-?totals?\b.*|sum|合计|总计|合計|小计", re.I)
_EMPTY = re.compile(r"[-–—?\s]*|n/?a|tbd|none", re.I)


def read(
    block: Block, columns: Columns, reading: Reading, phase: PhaseFound | None, named: Callable[[str, int], PhaseFound]
) -> None:
    """Make a task of each row of *block*; a row of totals is reported when it disagrees."""
    reading.group += 1
    first = len(reading.out.tasks)
    for line, cells in block.rows[1:]:
        title = _cell(cells, columns, Column.TITLE)
        if _TOTAL.fullmatch(plain(title)):
            _compare(reading, columns, cells, line, first)
        elif plain(title):
            _row(line, cells, columns, reading, phase, named)


def _cell(cells: list[str], columns: Columns, column: Column) -> str:
    at = columns.at.get(column)
    return cells[at].strip() if at is not None and at < len(cells) else ""


def _row(
    line: int,
    cells: list[str],
    columns: Columns,
    reading: Reading,
    phase: PhaseFound | None,
    named: Callable[[str, int], PhaseFound],
) -> None:
    task = reading.task(Item(line, line + 1, _cell(cells, columns, Column.TITLE), line + 1), None)
    task.phase = phase
    for column, at in columns.at.items():
        value = cells[at].strip() if at < len(cells) else ""
        if column is Column.PHASE and value and not _EMPTY.fullmatch(value):
            task.phase = named(plain(value), line)
        elif column is not Column.TITLE and value:
            _column(task, column, value, line, columns, reading)
    _three_points(task, cells, columns, line)
    for at, value in enumerate(cells):
        if at not in columns.at.values() and value.strip() and at < len(columns.names):
            task.description.append(f"{columns.names[at] or 'Note'}: {plain(value)}")


def _column(task: Found, column: Column, value: str, line: int, columns: Columns, reading: Reading) -> None:
    if _EMPTY.fullmatch(value):
        return
    match column:
        case Column.ID:
            id_ = ids.identifier(value)
            task.label = task.label or (id_.label if id_ else plain(value).lstrip("#").rstrip("."))
            task.origin("label", line, 0.95, "id column")
        case Column.ESTIMATE | Column.POINTS:
            _estimate(task, column, value, line, columns, reading)
        case Column.STATUS:
            _status(task, value, line)
        case Column.DEPENDS:
            if not states_none(value):
                task.needs.append(Need(plain(value), line))
        case Column.ACCEPTANCE:
            reading.accept(task, value, line)
        case Column.CHECK | Column.RUN | Column.PRIORITY | Column.ASSIGNEE | Column.TAGS:
            reading.field(task, fields.Labelled(fields.Field(column.value), column.value, value), line)
        case Column.NOTES:
            task.description.append(plain(value))


def _estimate(task: Found, column: Column, value: str, line: int, columns: Columns, reading: Reading) -> None:
    legend = reading.out.legend
    bare = plain(value).lstrip("~≈ ")
    estimate = durations.whole(bare, legend)
    if estimate is None and column is Column.POINTS:
        estimate = durations.points(bare, legend)
    if estimate is None and re.fullmatch(r"\d+(?:[.,]\d+)?(?:\s*[-–—~]\s*\d+(?:[.,]\d+)?)?", bare):
        estimate = durations.whole(bare + columns.unit)
    if estimate:
        task.estimate = estimate
        task.origin("estimate", line, estimate.confidence, f"{columns.names[columns.at[column]]}: {bare}")
    else:
        task.description.append(f"{columns.names[columns.at[column]]}: {plain(value)}")


def _three_points(task: Found, cells: list[str], columns: Columns, line: int) -> None:
    parts = [
        durations.hours(v) or durations.hours(v + columns.unit)
        for v in (_cell(cells, columns, c) for c in (Column.LOW, Column.LIKELY, Column.HIGH))
    ]
    low, likely, high = parts
    if low is not None and high is not None:
        task.estimate = Estimate(low, (low + high) / 2 if likely is None else likely, high, 0.7)
        task.origin("estimate", line, 0.7, "optimistic, likely and pessimistic columns")


def _status(task: Found, value: str, line: int) -> None:
    boxed, _ = states.box(value)
    state = (
        (boxed, "")
        if boxed
        else states.status(plain(value))
        or {"y": states.status("done"), "yes": states.status("done")}.get(plain(value).lower())
    )
    if state:
        task.status = state[0]
        task.tag(state[1])
        task.origin("status", line, 0.9, f"status column: {plain(value)[:40]}")
    else:
        task.description.append(f"Status: {plain(value)}")


def _compare(reading: Reading, columns: Columns, cells: list[str], line: int, first: int) -> None:
    """Report a stated total that is not the sum of the rows above it."""
    stated = _cell(cells, columns, Column.ESTIMATE)
    total = durations.whole(plain(stated)) or durations.whole(plain(stated) + columns.unit)
    known = [t.estimate.likely for t in reading.out.tasks[first:] if t.estimate]
    if total and known and abs(sum(known) - total.likely) > 0.01 * max(total.likely, 1):
        reading.out.warn(f"the table says {total.likely:g} h in total, its rows add up to {sum(known):g} h", line)


def as_line(block: Block, cells: list[str]) -> str:
    """One row of any table as ``first (Header: cell; Header: cell)``."""
    names = block.rows[0][1]
    rest = "; ".join(f"{plain(n)}: {plain(c)}" for n, c in zip(names[1:], cells[1:], strict=False) if c.strip())
    return plain(cells[0]) + (f" ({rest})" if rest else "") if cells else ""


__all__ = ["Criterion", "as_line", "read"]
