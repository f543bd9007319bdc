"""Who waits for whom: the order all waits allow, and what blocks a task."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from qwen_orch.graph.apply import apply
from qwen_orch.graph.precedence import Node, Precedence, Wait, blocked_by, cycle, held_open_by
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import phase_id, task_id
from qwen_orch.model.plan import Phase
from qwen_orch.model.task import Attempt, Dependency, DependencyKind, Executor, Outcome, Task, TaskStatus
from tests.graph.waits import in_order, waits_of
from tests.strategies import LAW, SESSION, T0, graph_of, new_graphs, task

FS, SS, FF, SF = DependencyKind
NOW = datetime.fromisoformat(T0)
ONE, TWO = task_id(1), task_id(2)
DONE = TaskStatus.COMPLETED


@LAW
@given(new_graphs())
def test_a_graph_the_rules_accept_has_no_cycle(graph: Graph) -> None:
    assert cycle(Precedence.of(graph), graph.tasks) == []
    assert {Node(i, end) for i in graph.tasks for end in (False, True)} <= set(in_order(Precedence.of(graph)))


def test_a_task_has_two_ends_and_they_wait_for_these() -> None:
    phases = (Phase(phase_id(1), "one"), Phase(phase_id(2), "two", depends_on=(phase_id(1),)))
    lags = (Dependency(ONE, FS, 1.0), Dependency(ONE, SS, 2.0), Dependency(ONE, FF, 3.0), Dependency(ONE, SF, 4.0))
    graph = graph_of(task(1), task(2, *lags, phase=phase_id(2)), task(3, parent=TWO), phases=phases)
    precedence = Precedence.of(graph)
    found = {tuple(node): waits for node, waits in waits_of(precedence).items()}
    one, two, three = ((Node(task_id(i), False), Node(task_id(i), True)) for i in (1, 2, 3))
    assert found == {
        (ONE, False): [],
        (ONE, True): [Wait(one[0], 0.0)],
        (TWO, False): [Wait(Node("phase-2", False), 0.0), Wait(one[1], 1.0), Wait(one[0], 2.0)],
        (TWO, True): [Wait(two[0], 0.0), Wait(three[1], 0.0), Wait(one[1], 3.0), Wait(one[0], 4.0)],
        (task_id(3), False): [Wait(two[0], 0.0)],
        (task_id(3), True): [Wait(three[0], 0.0)],
        ("phase-1", True): [Wait(Node("phase-1", False), 0.0)],
        ("phase-1", False): [],
        ("phase-2", False): [Wait(Node("phase-1", True), 0.0)],
    }


def test_a_cycle_of_starts_alone_is_named() -> None:
    both = graph_of(task(1, Dependency(TWO, SS)), task(2, Dependency(ONE, SS)))
    assert cycle(Precedence.of(both), [ONE]) == [ONE, TWO, ONE]
    alone = graph_of(task(1, parent=ONE))
    assert cycle(Precedence.of(alone), [ONE]) == [ONE, ONE]


def blocks(kind: DependencyKind, lag: float, hours: float, **first: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What blocks task 2, and what holds it open, *hours* after T0, when it waits for such a *first* task."""
    graph = graph_of(task(1, **first), task(2, Dependency(ONE, kind, lag)))
    second, now = graph.tasks[TWO], NOW + timedelta(hours=hours)
    return blocked_by(graph, second, now), held_open_by(graph, second, now)


ATTEMPTS = (Attempt(1, Executor.MANUAL, SESSION, T0),)
WORKING: dict[str, Any] = {"status": TaskStatus.IN_PROGRESS, "attempts": ATTEMPTS}
FINISHED: dict[str, Any] = {"status": DONE, "attempts": ATTEMPTS, "finished": T0}
GONE: dict[str, Any] = {"status": TaskStatus.CANCELLED, "finished": T0}
CLAIMED: dict[str, Any] = {"status": TaskStatus.CLAIMED, "updated": T0}
B, H = ((ONE,), ()), ((), (ONE,))
FREE: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@pytest.mark.parametrize(
    ("kind", "lag", "hours", "first", "expected"),
    [
        (FS, 0.0, 0.0, {}, B),
        (FS, 0.0, 0.0, WORKING, B),
        (FS, 0.0, 0.0, FINISHED, FREE),
        (FS, 2.0, 1.9, FINISHED, B),
        (FS, 2.0, 2.0, FINISHED, FREE),
        (FS, -2.0, 0.0, WORKING, B),
        (FS, 9.0, 0.0, GONE, FREE),
        (FS, 0.0, 0.0, CLAIMED, B),
        (SS, 0.0, 0.0, {}, B),
        (SS, 0.0, 0.0, WORKING, FREE),
        (SS, 1.0, 0.9, WORKING, B),
        (SS, 1.0, 1.0, WORKING, FREE),
        (SS, 0.0, 0.0, FINISHED, FREE),
        (SS, 0.0, 0.0, GONE, FREE),
        (SS, 0.0, 0.0, CLAIMED, FREE),
        (FF, 0.0, 0.0, {}, H),
        (FF, 0.0, 0.0, WORKING, H),
        (FF, 0.0, 0.0, FINISHED, FREE),
        (FF, 1.0, 0.5, FINISHED, H),
        (SF, 0.0, 0.0, {}, H),
        (SF, 0.0, 0.0, WORKING, FREE),
        (SF, 1.0, 0.5, WORKING, H),
    ],
)
def test_each_kind_holds_up_one_end_until_the_other_is_reached_and_the_lag_is_over(
    kind: DependencyKind,
    lag: float,
    hours: float,
    first: dict[str, Any],
    expected: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    assert blocks(kind, lag, hours, **first) == expected


def test_a_container_has_started_when_one_of_its_parts_has() -> None:
    graph = graph_of(task(1), task(2, parent=ONE), task(3, parent=TWO), task(4, Dependency(ONE, SS, 1.0)))
    last = graph.tasks[task_id(4)]
    assert blocked_by(graph, last, NOW) == (ONE,)
    working = apply(graph, e.AttemptStarted(task_id(3), ATTEMPTS[0]), T0)
    assert blocked_by(working, last, NOW + timedelta(hours=0.5)) == (ONE,)
    assert blocked_by(working, last, NOW + timedelta(hours=1)) == ()


def test_a_part_is_blocked_by_what_its_container_waits_for() -> None:
    graph = graph_of(task(1), task(2, 1, Dependency(ONE, FF)), task(3, 1, parent=TWO, blockers=("the weather",)))
    assert blocked_by(graph, graph.tasks[task_id(3)], NOW) == (ONE, "the weather")


def test_open_parts_hold_their_container_open() -> None:
    graph = graph_of(task(1), task(2, parent=ONE, status=DONE), task(3, parent=ONE), task(4, parent=ONE))
    assert held_open_by(graph, graph.tasks[ONE], NOW) == (task_id(3), task_id(4))


def phased(*tasks: Task) -> Graph:
    """Tasks in three phases, each waiting for the one before."""
    befores = ((), (phase_id(1),), (phase_id(2),))
    return graph_of(*tasks, phases=tuple(Phase(phase_id(i), "p", depends_on=b) for i, b in enumerate(befores, 1)))


def test_a_phase_waits_for_the_phases_before() -> None:
    graph = phased(task(1, phase=phase_id(1)), task(2, phase=phase_id(2)), task(3, phase=phase_id(2), parent=TWO))
    assert [blocked_by(graph, t, NOW) for t in graph.ordered()] == [(), ("phase-1",), ("phase-1",)]
    done = apply(graph, e.VerdictGiven(ONE, True), T0)
    assert [blocked_by(done, t, NOW) for t in done.ordered()] == [(), (), ()]


def test_a_phase_without_tasks_passes_on_what_it_waits_for() -> None:
    graph = phased(task(1, phase=phase_id(1)), task(2, phase=phase_id(3)))
    assert blocked_by(graph, graph.tasks[TWO], NOW) == ("phase-1",)
    assert blocked_by(apply(graph, e.TaskCancelled(ONE), T0), graph.tasks[TWO], NOW) == ()


def test_a_task_whose_dependency_was_removed_is_free() -> None:
    graph = apply(graph_of(task(1), task(2, Dependency(ONE, lag=5.0))), e.TasksRemoved((ONE,)), T0)
    assert blocked_by(graph, graph.tasks[TWO], NOW) == ()
    assert waits_of(Precedence.of(graph))[Node(ONE, True)] == [Wait(Node(ONE, False), 0.0)]


def test_a_task_in_a_phase_that_is_gone_is_free() -> None:
    graph = apply(phased(task(1, phase=phase_id(3))), e.PlanReset(False), T0)
    assert blocked_by(graph, graph.tasks[ONE], NOW) == ()


def test_a_failed_task_is_waited_for_until_it_is_completed() -> None:
    graph = apply(graph_of(task(1, **WORKING), task(2, 1)), e.AttemptEnded(ONE, Outcome.FAILED), T0)
    second = graph.tasks[TWO]
    assert blocked_by(graph, second, NOW) == (ONE,)
    assert blocked_by(graph, evolve(second, depends_on=(Dependency(ONE, SS),)), NOW) == ()
