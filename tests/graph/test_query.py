"""What can be done now, what cannot and why, and how far the plan is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given

from qwen_orch.graph.apply import apply
from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.query import Progress, blocked, is_ready, progress, ready, status_word
from qwen_orch.graph.schedule import schedule
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import phase_id, task_id
from qwen_orch.model.plan import Phase
from qwen_orch.model.task import (
    Attempt,
    Dependency,
    DependencyKind,
    Estimate,
    Executor,
    Outcome,
    Priority,
    Task,
    TaskStatus,
)
from tests.strategies import LAW, SESSION, T0, graph_of, graphs, started, task

NOW = datetime.fromisoformat(T0)
ONE, TWO, THREE, FOUR = (task_id(i) for i in range(1, 5))
PENDING, IN_PROGRESS, CLAIMED, COMPLETED, FAILED, CANCELLED = TaskStatus


def ids(tasks: list[Task]) -> list[str]:
    """The ids of *tasks*, in their order."""
    return [t.id for t in tasks]


def test_the_longest_path_is_chosen_first_then_priority_then_order() -> None:
    graph = graph_of(
        task(1, mean=1),
        task(2, mean=1, priority=Priority.LOW),
        task(3, mean=1, priority=Priority.CRITICAL),
        task(4, mean=1),
        task(5, mean=2),
        task(6, 2, mean=9),
    )
    assert ids(ready(graph, NOW)) == [TWO, task_id(5), THREE, ONE, FOUR]


def test_a_container_is_ready_when_its_parts_are_settled() -> None:
    graph = graph_of(task(1), task(2, parent=ONE), task(3, parent=ONE))
    half = apply(graph, e.TaskCancelled(TWO), T0)
    whole = apply(half, e.VerdictGiven(THREE, True), T0)
    assert [ids(ready(g, NOW)) for g in (graph, half, whole)] == [[TWO, THREE], [THREE], [ONE]]


def test_a_lag_ends_without_an_event() -> None:
    graph = graph_of(task(1, status=COMPLETED, finished=T0), task(2, Dependency(ONE, lag=1.5)))
    assert [ids(ready(graph, NOW + timedelta(hours=h))) for h in (1.4, 1.5)] == [[], [TWO]]


def test_blocked_names_what_blocks() -> None:
    phases = (Phase(phase_id(1), "one"), Phase(phase_id(2), "two", depends_on=(phase_id(1),)))
    graph = graph_of(
        task(1, phase=phase_id(1)),
        task(2, 1, blockers=("the weather",), phase=phase_id(1)),
        task(3, Dependency(ONE, DependencyKind.START_TO_START), phase=phase_id(2)),
        task(4, 1, status=IN_PROGRESS),
        phases=phases,
    )
    two, three = graph.tasks[TWO], graph.tasks[THREE]
    assert blocked(graph, NOW) == [(two, (ONE, "the weather")), (three, (ONE, "phase-1"))]
    assert ids(ready(graph, NOW)) == [ONE]


@LAW
@given(graphs())
def test_a_pending_task_is_ready_blocked_or_has_open_parts(graph: Graph) -> None:
    can, cannot = set(ids(ready(graph, NOW))), {t.id: by for t, by in blocked(graph, NOW)}
    for t in graph.ordered():
        pending, by = t.status is PENDING, blocked_by(graph, t, NOW)
        open_parts = any(not p.status.settled for p in graph.tasks.values() if p.parent == t.id)
        assert (t.id in can) == is_ready(graph, t, NOW) == (pending and not by and not open_parts)
        assert cannot.get(t.id, ()) == (by if pending else ())


@LAW
@given(graphs())
def test_what_is_chosen_first_has_the_longest_path(graph: Graph) -> None:
    whole = schedule(graph)
    chosen = [round(whole.rank(t.id), 6) for t in ready(graph, NOW)]
    assert chosen == sorted(chosen, reverse=True)


def test_a_verdict_makes_the_next_ready() -> None:
    before = graph_of(task(1), task(2, 1, mean=1), task(3, 1, mean=9), task(4))
    after = apply(apply(before, e.VerdictGiven(ONE, True), T0), e.TasksAdded((task(5, mean=0),)), T0)
    assert ids(ready(before, NOW)) == [ONE, task_id(4)]
    assert set(ids(ready(after, NOW))) == {THREE, TWO, task_id(4), task_id(5)}


def counts(**some: int) -> dict[str, int]:
    """These counts, and 0 for every other status."""
    return {str(s): some.get(s, 0) for s in TaskStatus}


def test_progress_is_weighed_by_hours() -> None:
    graph = graph_of(
        task(1),
        task(2, parent=ONE, mean=6, status=COMPLETED, progress=1.0),
        task(3, parent=ONE, mean=2, status=IN_PROGRESS, progress=0.5),
        task(4, mean=8, status=CANCELLED),
        task(5, mean=1, status=CLAIMED, progress=1.0),
        task(6, mean=7, status=FAILED, progress=0.9),
        task(7),  # 6.0 hours: the median of those above
    )
    tally = counts(completed=1, in_progress=1, cancelled=1, claimed=1, failed=1, pending=1)
    assert progress(graph) == Progress(1, 5, 7.9 / 22, tally)


def test_progress_of_a_plan_without_hours_counts_tasks() -> None:
    graph = graph_of(task(1, mean=0, status=COMPLETED), task(2, mean=0))
    assert progress(graph) == Progress(1, 2, 0.5, counts(completed=1, pending=1))


@pytest.mark.parametrize("graph", [Graph(), started(), graph_of(task(1, status=CANCELLED))])
def test_a_plan_with_nothing_to_do_is_at_0(graph: Graph) -> None:
    assert progress(graph) == Progress(0, 0, 0.0, counts(cancelled=len(graph.tasks)))


@LAW
@given(graphs())
def test_progress_adds_up_and_is_1_when_every_leaf_is_completed(graph: Graph) -> None:
    found = progress(graph)
    assert sum(found.by_status.values()) == len([i for i in graph.tasks if not graph.parts.get(i)])
    assert found.total == sum(found.by_status.values()) - found.by_status["cancelled"]
    assert 0 <= found.fraction <= 1
    assert found.done < found.total or found.fraction == pytest.approx(float(found.total > 0))


def test_what_was_only_reported_never_makes_it_whole() -> None:
    """Work is not done because its worker says so: the proof is a part of it."""
    graph = graph_of(task(1, status=COMPLETED, progress=1.0), task(2, status=IN_PROGRESS, progress=1.0))
    assert progress(graph).fraction == pytest.approx(0.95)
    assert schedule(graph).length > 0


@pytest.mark.parametrize(
    ("status", "outcome", "word"),
    [
        (PENDING, None, "pending"),
        (PENDING, Outcome.INTERRUPTED, "pending"),
        (IN_PROGRESS, None, "in_progress"),
        (IN_PROGRESS, Outcome.RUNNING, "in_progress"),
        (IN_PROGRESS, Outcome.INTERRUPTED, "interrupted"),
        (IN_PROGRESS, Outcome.CANCELLED, "interrupted"),
        (CLAIMED, Outcome.CLAIMED, "claimed"),
        (COMPLETED, Outcome.CLAIMED, "completed"),
        (FAILED, Outcome.FAILED, "failed"),
        (CANCELLED, Outcome.CANCELLED, "cancelled"),
    ],
)
def test_the_word_for_a_status(status: TaskStatus, outcome: Outcome | None, word: str) -> None:
    attempts = (Attempt(1, Executor.SHELL, SESSION, T0, outcome),) if outcome else ()
    graph = graph_of(task(1, status=status, attempts=attempts))
    assert status_word(graph, graph.tasks[ONE], NOW) == word


def test_the_word_for_what_waits_is_blocked_only_while_it_is_pending() -> None:
    graph = graph_of(task(1), task(2, 1), task(3, 1, status=FAILED), task(4, parent=ONE))
    words = [status_word(graph, t, NOW) for t in graph.ordered()]
    assert words == ["pending", "blocked", "failed", "pending"]


def test_hours_of_the_default_are_those_of_the_schedule() -> None:
    graph = graph_of(task(1, estimate=Estimate(1, 2, 9, 0.5), status=COMPLETED, progress=1.0), task(2))
    assert (progress(graph).fraction, schedule(graph).length) == (0.5, 3.0)
