"""What is learned of estimates: the hours that work took, and how they compare."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given

from qwen_orch.graph.calibration import actual_hours, calibration
from qwen_orch.model.task import Attempt, Executor, Outcome, Task, TaskStatus
from tests.strategies import LAW, SESSION, graph_of, graphs, task


def tried(start: str, end: str | None, outcome: Outcome = Outcome.CLAIMED) -> Attempt:
    """An attempt on one day, between two times of the clock."""
    day = "2026-11-20T{}:00+00:00"
    return Attempt(1, Executor.MANUAL, SESSION, day.format(start), outcome, day.format(end) if end else None)


def done(number: int, mean: float | None, *attempts: Attempt) -> Task:
    """A completed task that was estimated at *mean* hours."""
    return task(number, mean=mean, status=TaskStatus.COMPLETED, attempts=attempts)


def test_the_hours_of_all_attempts_are_added() -> None:
    failed = tried("08:00", "09:30", Outcome.FAILED)
    assert actual_hours(done(1, 2, failed, tried("10:00", "10:30"))) == 2.0


@pytest.mark.parametrize(
    "attempts",
    [
        (),
        (tried("08:00", None, Outcome.RUNNING),),
        (tried("08:00", "20:00", Outcome.INTERRUPTED),),
        (evolve(tried("08:00", "09:00"), started="", ended="x"),),
        (evolve(tried("08:00", "09:00"), ended="2026-11-20T09:00:00"),),
    ],
)
def test_what_nobody_saw_end_is_not_known(attempts: tuple[Attempt, ...]) -> None:
    assert actual_hours(done(1, 2, *attempts)) is None


def test_a_clock_that_was_set_back_takes_no_time() -> None:
    assert actual_hours(done(1, 2, tried("09:00", "08:00"))) == 0.0


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ("11:00", "2 finished tasks took 1.5 times as long as estimated"),
        ("09:00", "2 finished tasks took 75% of the time estimated"),
        ("10:02", "2 finished tasks took about as long as estimated"),
    ],
)
def test_estimates_are_compared_to_what_was_recorded(hours: str, words: str) -> None:
    graph = graph_of(
        done(1, 2, tried("08:00", hours)),
        done(2, 2, tried("08:00", "11:00") if hours == "11:00" else tried("08:00", "10:00")),
        done(3, None, tried("08:00", "20:00")),
        task(4, mean=5, attempts=(tried("08:00", "20:00", Outcome.FAILED),), status=TaskStatus.FAILED),
        done(5, 3),
    )
    found = calibration(graph)
    assert found is not None
    assert (found.compared, found.estimated_hours, found.words) == (2, 4.0, words)
    assert found.ratio == round(found.actual_hours / found.estimated_hours, 2)


def test_one_task_done_in_no_time() -> None:
    found = calibration(graph_of(done(1, 8, tried("08:00", "08:01"))))
    assert found is not None
    assert found.words == "1 finished task took less than 1% of the time estimated"


@LAW
@given(graphs())
def test_nothing_to_compare_is_nothing(graph: object) -> None:
    assert calibration(graph) is None  # type: ignore[arg-type]
