"""How long work really took, and how past estimates compare to it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from qwen_orch.graph.state import Graph
from qwen_orch.model.task import Attempt, Outcome, Task, TaskStatus

_NEAR = 0.1
"""Estimates that are off by less than this share are about right."""
_UNTOLD = Outcome.INTERRUPTED
"""How an attempt ends whose end nobody saw: it is recorded when the next process finds out, maybe days later."""


class Calibration(NamedTuple):
    """How the estimates of finished tasks compared to what they took.

    *compared* tasks were estimated at *estimated_hours* together and took *actual_hours*; *ratio* is actual over
    estimated (1.5: half as long again), and *words* say it.
    """

    compared: int
    estimated_hours: float
    actual_hours: float
    ratio: float
    words: str


def actual_hours(task: Task) -> float | None:
    """Return the hours that the attempts at *task* took by the clock, None if none has ended before anyone's eyes."""
    took = [hours for a in task.attempts if (hours := _took(a)) is not None]
    return round(sum(took), 4) if took else None


def calibration(graph: Graph) -> Calibration | None:
    """Return how the estimates of completed tasks compared to what was recorded; None when there is none to compare."""
    pairs = [
        (t.estimate.mean, hours)
        for t in graph.tasks.values()
        if t.status is TaskStatus.COMPLETED and t.estimate and t.estimate.mean > 0 and (hours := actual_hours(t))
    ]
    if not pairs:
        return None
    estimated, actual = sum(e for e, _ in pairs), sum(a for _, a in pairs)
    ratio = actual / estimated
    return Calibration(len(pairs), round(estimated, 2), round(actual, 2), round(ratio, 2), _words(len(pairs), ratio))


def _took(attempt: Attempt) -> float | None:
    if attempt.ended is None or attempt.outcome in (Outcome.RUNNING, _UNTOLD):
        return None
    try:
        took = datetime.fromisoformat(attempt.ended) - datetime.fromisoformat(attempt.started)
    except (TypeError, ValueError):  # times of an import, with and without a zone, or none at all
        return None
    return max(took.total_seconds(), 0.0) / 3600


def _words(compared: int, ratio: float) -> str:
    tasks = "1 finished task" if compared == 1 else f"{compared:,} finished tasks"
    if abs(ratio - 1) < _NEAR:
        return f"{tasks} took about as long as estimated"
    if ratio > 1:
        return f"{tasks} took {ratio:.1f} times as long as estimated"
    share = f"{ratio:.0%}" if ratio >= 0.01 else "less than 1%"
    return f"{tasks} took {share} of the time estimated"
