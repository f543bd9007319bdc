"""What a record from elsewhere must hold to before it is taken in: what we write ourselves always does. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from qwen_orch.errors import ValidationError
from qwen_orch.model.ids import checked, number_of
from qwen_orch.model.plan import Orchestration
from qwen_orch.model.session import Session
from qwen_orch.model.task import Estimate, Task
from qwen_orch.model.text import clean

MOST_HOURS = 1_000_000.0
"""More working hours, or a longer lag, than any plan has: a hundred years."""


def sound(root: Orchestration, tasks: Iterable[Task], sessions: Iterable[Session]) -> None:
    """Raise `ValidationError` for ids, times, numbers, commands or kinships that would stop a later command."""
    sessions = tuple(sessions)
    _named(root.id, "orch-")
    for phase in root.plan.phases:
        _numbered(phase.id, "phase-")
    _seen(g.check for g in root.plan.quality_gates)
    _timed(root.created, root.updated)
    for task in tasks:
        _task(task)
    for session in sessions:
        _named(session.id, "session-")
        _timed(session.created, session.updated)
    _parents({s.id: s.parent for s in sessions}, len(sessions))


def _task(task: Task) -> None:
    _numbered(task.id, "task-")
    _timed(task.created, task.updated, task.finished)
    for attempt in task.attempts:
        _timed(attempt.started, attempt.ended)
    _seen(task.commands)
    hours = [e.lag for e in task.depends_on] + _hours(task.estimate)
    if not all(abs(h) <= MOST_HOURS for h in hours) or not 0 <= task.progress <= 1:
        raise ValidationError(f"{task.id} has a number that cannot be")


def _hours(estimate: Estimate | None) -> list[float]:
    if estimate is None:
        return []
    if not 0 <= estimate.low <= estimate.likely <= estimate.high or not 0 <= estimate.confidence <= 1:
        raise ValidationError("an estimate is three hours in order, and a confidence from 0 to 1")
    return [estimate.high]


def _named(name: str, start: str) -> None:
    if not checked(name).startswith(start):
        raise ValidationError(f"{name!r} does not begin with {start}")


def _numbered(name: str, start: str) -> None:
    _named(name, start)
    if name.count("-") != 1 or number_of(name) < 1:
        raise ValidationError(f"{name!r} does not end in a number")


def _timed(*times: str | None) -> None:
    for time in times:
        if time is not None and datetime.fromisoformat(time).tzinfo is None:
            raise ValidationError(f"the time {time!r} says no time zone")


def _seen(commands: Iterable[str | None]) -> None:
    """Refuse a command that is more than can be seen of it: nobody could consent to it."""
    for command in commands:
        if command is not None and clean(command, multiline=True) != command:
            raise ValidationError(f"the command {clean(command)[:80]!r} holds characters that cannot be seen")


def _parents(parents: dict[str, str | None], count: int) -> None:
    if len(parents) != count:
        raise ValidationError("two sessions have the same id")
    known: set[str | None] = {None}
    for session in parents:
        path: set[str | None] = set()
        above: str | None = session
        while above not in known:
            if above in path or above not in parents:
                raise ValidationError(f"{session} descends from no session that is there")
            path.add(above)
            above = parents[str(above)]
        known |= path
