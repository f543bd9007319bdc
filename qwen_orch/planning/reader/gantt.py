"""Mermaid gantt charts: sections are phases, bars are tasks with durations, states and ``after`` references."""

from __future__ import annotations

import datetime as dt
import re

from qwen_orch.model.task import Estimate, TaskStatus
from qwen_orch.planning.reader import durations
from qwen_orch.planning.reader.blocks import Block
from qwen_orch.planning.reader.entries import Found, Gathered, Need, PhaseFound
from qwen_orch.planning.reader.text import plain

_STATES = {
    "done": TaskStatus.CLAIMED,
    "active": TaskStatus.PENDING,
    "crit": TaskStatus.PENDING,
    "milestone": TaskStatus.PENDING,
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SETTINGS = re.compile(
    r"(?:dateFormat|axisFormat|tickInterval|excludes|includes|todayMarker|weekday|click|accTitle|accDescr|%%)", re.I
)


def is_chart(block: Block) -> bool:
    """Tell whether a fence holds a gantt chart."""
    return block.text.lstrip()[:5] == "gantt" and block.info.split(" ")[0] in ("mermaid", "gantt", "")


def read(block: Block, out: Gathered) -> None:
    """Add the phases and tasks of a chart to *out*."""
    phase: PhaseFound | None = None
    for offset, raw in enumerate(block.text.split("\n"), 1):
        line = raw.strip()
        if line.startswith("section "):
            phase = PhaseFound(plain(line[8:]), block.line + offset, word="section")
            out.phases.append(phase)
        elif line.startswith("title "):
            out.title = out.title or plain(line[6:])
        elif ":" in line and not _SETTINGS.match(line):
            out.tasks.append(_bar(line, block.line + offset, phase))


def _bar(line: str, at: int, phase: PhaseFound | None) -> Found:
    name, _, rest = line.rpartition(":")
    task = Found(plain(name), at, phase=phase)
    start: dt.date | None = None
    for part in (p.strip() for p in rest.split(",")):
        day = _day(part)
        if part in _STATES:
            _state(task, part, at)
        elif part.startswith("after "):
            task.needs.append(Need(", ".join(part[6:].split()), at))
        elif estimate := durations.whole(part):
            task.estimate = estimate
            task.origin("estimate", at, 0.7, f"bar of {part}")
        elif day and start:
            _between(task, start, day, at)
        elif day:
            start = day
        elif part:
            task.label = part
    return task


def _state(task: Found, word: str, at: int) -> None:
    if word == "done":
        task.status = _STATES[word]
        task.origin("status", at, 0.9, "done in the chart")
    elif word != "active":
        task.tag({"crit": "critical-path"}.get(word, word))


def _day(text: str) -> dt.date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _between(task: Found, start: dt.date, end: dt.date, at: int) -> None:
    days = sum((start + dt.timedelta(n)).weekday() < 5 for n in range(min(max((end - start).days, 0), 3650)))
    if days:
        hours = days * durations.DAY
        task.estimate = Estimate(hours, hours, hours, 0.6)
        task.origin("estimate", at, 0.6, f"from {start} to {end}, {days} working days")
