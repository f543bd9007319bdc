"""The critical path against examples worked out by hand, and the forecast against what must hold for any plan."""

from __future__ import annotations

import subprocess
import sys
from math import inf, sqrt

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from qwen_orch.graph.effort import efforts
from qwen_orch.graph.network import Network, ranks
from qwen_orch.graph.precedence import Node, Precedence
from qwen_orch.graph.schedule import Remaining, Schedule, Slot, remaining, schedule
from qwen_orch.graph.simulation import Runner, runs
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId, phase_id, task_id
from qwen_orch.model.plan import Phase
from qwen_orch.model.task import Dependency, DependencyKind, Estimate, Priority, TaskStatus
from tests.graph.waits import in_order
from tests.strategies import LAW, estimates, graph_of, graphs, started, task

FS, SS, FF, SF = DependencyKind
ONE, TWO, THREE, FOUR = (task_id(i) for i in range(1, 5))


def after(kind: DependencyKind, lag: float = 0.0, number: int = 1) -> Dependency:
    """A wait for task *number*."""
    return Dependency(task_id(number), kind, lag)


def test_the_textbook_diamond() -> None:
    """Two ways from 1 to 4; the one over 3 is longer by an hour, which is the slack of 2."""
    graph = graph_of(task(1, mean=2), task(2, 1, mean=3), task(3, 1, mean=4), task(4, 2, 3, mean=1))
    slots = {
        ONE: Slot(0, 2, 0, 7),
        TWO: Slot(2, 5, 1, 4),
        THREE: Slot(2, 6, 0, 5),
        FOUR: Slot(6, 7, 0, 1),
    }
    assert schedule(graph) == Schedule(slots, (ONE, THREE, FOUR), 7)


@pytest.mark.parametrize(
    ("wait", "first", "second", "path", "length"),
    [
        # task 1 takes 5 hours, task 2 takes 3
        (after(FS), Slot(0, 5, 0, 8), Slot(5, 8, 0, 3), (ONE, TWO), 8),
        (after(FS, 2), Slot(0, 5, 0, 10), Slot(7, 10, 0, 3), (ONE, TWO), 10),
        (after(FS, -2), Slot(0, 5, 0, 6), Slot(3, 6, 0, 3), (ONE, TWO), 6),
        (after(FS, -9), Slot(0, 5, 0, 5), Slot(0, 3, 2, 3), (ONE,), 5),
        (after(SS), Slot(0, 5, 0, 5), Slot(0, 3, 2, 3), (ONE,), 5),
        (after(SS, 4), Slot(0, 5, 0, 7), Slot(4, 7, 0, 3), (ONE, TWO), 7),
        (after(SS, -1), Slot(0, 5, 0, 5), Slot(0, 3, 2, 3), (ONE,), 5),
        (after(FF), Slot(0, 5, 0, 5), Slot(0, 5, 0, 3), (ONE,), 5),
        (after(FF, 1), Slot(0, 5, 0, 6), Slot(0, 6, 0, 3), (ONE, TWO), 6),
        (after(FF, -1), Slot(0, 5, 0, 5), Slot(0, 4, 1, 3), (ONE,), 5),
        (after(SF), Slot(0, 5, 0, 5), Slot(0, 3, 2, 3), (ONE,), 5),
        (after(SF, 7), Slot(0, 5, 0, 7), Slot(0, 7, 0, 3), (ONE, TWO), 7),
        (after(SF, -7), Slot(0, 5, 0, 5), Slot(0, 3, 2, 3), (ONE,), 5),
    ],
)
def test_every_kind_of_wait(
    wait: Dependency, first: Slot, second: Slot, path: tuple[TaskId, ...], length: float
) -> None:
    graph = graph_of(task(1, mean=5), task(2, wait, mean=3))
    assert schedule(graph) == Schedule({ONE: first, TWO: second}, path, length)


def test_a_container_spans_its_parts_and_is_not_on_the_path() -> None:
    """2 starts after 1, so do its parts 3 and 4; 5 waits for both."""
    graph = graph_of(
        task(1, mean=1), task(2, 1), task(3, parent=TWO, mean=2), task(4, parent=TWO, mean=3), task(5, 2, mean=1)
    )
    slots = {
        ONE: Slot(0, 1, 0, 5),
        TWO: Slot(1, 4, 0, 4),
        THREE: Slot(1, 3, 1, 3),
        FOUR: Slot(1, 4, 0, 4),
        task_id(5): Slot(4, 5, 0, 1),
    }
    assert schedule(graph) == Schedule(slots, (ONE, FOUR, task_id(5)), 5)


def test_phases_come_one_after_the_other_where_they_say_so() -> None:
    one, two, three = phase_id(1), phase_id(2), phase_id(3)
    phases = (Phase(one, "a"), Phase(two, "b", depends_on=(one,)), Phase(three, "c"))
    graph = graph_of(
        task(1, phase=one, mean=2), task(2, phase=two, mean=3), task(3, phase=three, mean=4), phases=phases
    )
    slots = {ONE: Slot(0, 2, 0, 5), TWO: Slot(2, 5, 0, 3), THREE: Slot(0, 4, 1, 4)}
    assert schedule(graph) == Schedule(slots, (ONE, TWO), 5)


IN_PROGRESS = TaskStatus.IN_PROGRESS


def test_what_is_over_takes_no_time_and_what_is_under_way_the_rest() -> None:
    """1 is over, 2 is claimed, 3 has 3 of 4 hours left although it should have waited, 4 waits for all."""
    graph = graph_of(
        task(1, mean=9, status=TaskStatus.COMPLETED),
        task(2, mean=9, status=TaskStatus.CLAIMED),
        task(3, 4, mean=4, status=IN_PROGRESS, progress=0.25),
        task(4, after(FS, 2), after(FS, 1, 2), mean=5),
        task(5, 3, mean=1, status=TaskStatus.FAILED),
    )
    slots = {
        TWO: Slot(0, 0, 1, 6),
        THREE: Slot(0, 3, 3, 4),
        FOUR: Slot(2, 7, 0, 5),
        task_id(5): Slot(3, 4, 3, 1),
    }
    found = schedule(graph)
    assert found == Schedule(slots, (FOUR,), 7)
    assert [found.rank(task_id(i)) for i in range(1, 6)] == [0.0, 6, 4, 5, 1]


def test_a_lag_after_a_cancelled_or_removed_task_does_not_count() -> None:
    graph = graph_of(task(1, mean=9, status=TaskStatus.CANCELLED), task(2, after(FS, 5), after(FS, 5, 7), mean=1))
    assert schedule(graph) == Schedule({TWO: Slot(0, 1, 0, 1)}, (TWO,), 1)


def test_nothing_left_takes_no_time() -> None:
    for graph in (Graph(), started(), graph_of(task(1, mean=1, status=TaskStatus.COMPLETED))):
        assert (schedule(graph), remaining(graph)) == (Schedule({}, (), 0.0), Remaining(0.0, 0.0, 0.0, 0.0))


def test_a_task_without_estimate_takes_what_tasks_of_the_plan_usually_take() -> None:
    none = graph_of(task(1))
    some = graph_of(task(1), task(2, mean=2), task(3, mean=3), task(4, mean=10, status=TaskStatus.COMPLETED))
    even = graph_of(task(1), task(2, mean=2), task(3, mean=3))
    assert [efforts(g)[ONE] for g in (none, some, even)] == [
        Estimate(0.5, 1.0, 1.5, 0.0),
        Estimate(1.5, 3.0, 4.5, 0.0),
        Estimate(1.25, 2.5, 3.75, 0.0),
    ]


def test_the_estimate_of_a_container_is_divided_when_no_part_has_one() -> None:
    container = Estimate(4, 8, 12, 0.5)
    parts = (task(2, parent=ONE), task(3, parent=ONE), task(4, parent=THREE), task(5, parent=THREE))
    divided = graph_of(task(1, estimate=container), *parts)
    quarter, half = Estimate(1, 2, 3, 0.5), Estimate(2, 4, 6, 0.5)
    assert efforts(divided) == {TWO: half, FOUR: quarter, task_id(5): quarter}
    finer = graph_of(task(1, estimate=container), *parts[:2], task(4, parent=THREE, mean=3), parts[3])
    usual, three = Estimate(1.5, 3, 4.5, 0.0), Estimate(3, 3, 3, 1.0)
    assert efforts(finer) == {TWO: usual, FOUR: three, task_id(5): usual}


@LAW
@given(graphs())
def test_the_schedule_keeps_every_wait_and_starts_as_early_as_they_allow(graph: Graph) -> None:
    """The numbers of the network are the fixed point of the waits of ``precedence``, found the plain way."""
    known, open_ = efforts(graph), {t.id for t in graph.tasks.values() if not t.status.settled}
    begun = {t.id for t in graph.tasks.values() if t.status in (IN_PROGRESS, TaskStatus.CLAIMED)}
    precedence, early = Precedence.of(graph), dict[Node, float]()

    def hours(node: Node) -> float:
        found = graph.tasks.get(TaskId(node.id))
        if found is None or found.id not in known or found.status is TaskStatus.CLAIMED:
            return 0.0
        return known[found.id].mean * (1 - min(0.9, found.progress) if found.status is IN_PROGRESS else 1)

    def lag(first: Node, hours: float) -> float:
        other = graph.tasks.get(TaskId(first.id))
        return 0.0 if other and other.status is TaskStatus.CANCELLED else hours

    for node in in_order(precedence):
        past = node.id in graph.tasks and (node.id not in open_ or (node.id in begun and not node.finish))
        own = [early[Node(node.id, False)] + hours(node)] if node.finish and not past else []
        others = [] if past else [early[w.node] + lag(*w) for w in precedence.waits(node) if w.node.id != node.id]
        early[node] = max([0.0, *own, *others])
    found = schedule(graph)
    ends = {Node(i, end): hour for i, s in found.slots.items() for end, hour in ((False, s.start), (True, s.finish))}
    assert ends == pytest.approx({node: hour for node, hour in early.items() if node.id in open_})
    assert found.length == pytest.approx(max(early.values(), default=0.0))
    assert ranks(graph) == {i: s.rank for i, s in found.slots.items()}


@LAW
@given(graphs())
def test_the_critical_path_has_no_slack_and_nothing_is_late(graph: Graph) -> None:
    found = schedule(graph)
    assert all(found.slots[i].slack == 0 for i in found.critical_path)
    assert all(s.slack >= 0 and s.start + s.rank <= found.length + 1e-9 for s in found.slots.values())


@LAW
@given(graphs(), st.integers(1, 4))
def test_a_forecast_is_the_same_every_time_and_p50_is_no_later_than_p90(graph: Graph, jobs: int) -> None:
    found = remaining(graph, jobs, samples=20)
    assert found == remaining(graph, jobs, samples=20)
    assert 0 <= found.p50 <= found.p90


@LAW
@given(st.lists(estimates(), min_size=1, max_size=12))
def test_more_workers_are_never_slower_with_independent_tasks(each: list[Estimate]) -> None:
    graph = graph_of(*(task(i, estimate=e) for i, e in enumerate(each, start=1)))
    ends = [remaining(graph, jobs, samples=20) for jobs in (1, 2, 3, 100)]
    assert [e.p50 for e in ends] == sorted((e.p50 for e in ends), reverse=True)
    assert [e.p90 for e in ends] == sorted((e.p90 for e in ends), reverse=True)


@LAW
@given(graphs())
def test_the_forecast_with_a_worker_for_everyone_is_no_shorter_than_the_path_of_the_lows(graph: Graph) -> None:
    whole = efforts(graph)
    fixed = {i: evolve(t, estimate=whole.get(i)) for i, t in graph.tasks.items()}
    lows = {
        i: evolve(t, estimate=e and Estimate(e.low, e.low, e.low, 1.0)) for i, t in fixed.items() for e in [t.estimate]
    }
    least = schedule(evolve(graph, tasks=Map(lows))).length
    assert remaining(evolve(graph, tasks=Map(fixed)), 10**9, samples=20).p50 >= least - 1e-9


@LAW
@given(graphs())
def test_without_variation_and_with_a_worker_for_everyone_the_forecast_is_the_schedule(graph: Graph) -> None:
    sure = {
        i: evolve(t, estimate=Estimate(e.mean, e.mean, e.mean, 1.0))
        for i, e in efforts(graph).items()
        for t in [graph.tasks[i]]
    }
    fixed = evolve(graph, tasks=graph.tasks.update(sure))
    runner = Runner(Network(fixed))
    length = schedule(fixed).length
    assert runner.simulate(runner.network.means, 10**9) == pytest.approx(length)
    found = remaining(fixed, 10**9)
    assert (found.p50, found.p90) == pytest.approx((length, length))


@LAW
@given(graphs())
def test_one_worker_needs_the_sum_if_no_lag_makes_it_wait(graph: Graph) -> None:
    runner = Runner(Network(graph))
    means = runner.network.means
    whole = runner.simulate(means, 1)
    assert whole >= sum(means) - 1e-9
    assert runner.idle or whole == pytest.approx(sum(means))


@pytest.mark.parametrize(("jobs", "hours"), [(1, 10), (2, 5), (3, 5), (9, 5)])
def test_workers_take_the_longest_path_first(jobs: int, hours: float) -> None:
    """1 (2 h) comes before 2 (3 h), 3 takes 4 h and 4 takes 1 h. Of two workers one does 1 and 2, the other 3 and 4."""
    graph = graph_of(task(1, mean=2), task(2, 1, mean=3), task(3, mean=4), task(4, mean=1))
    assert remaining(graph, jobs) == Remaining(10, 0.0, hours, hours)


def test_a_lag_leaves_the_only_worker_idle_unless_there_is_other_work() -> None:
    waiting = (task(1, mean=1), task(2, after(FS, 3), mean=1))
    assert remaining(graph_of(*waiting)) == Remaining(2, 0.0, 5, 5)
    assert remaining(graph_of(*waiting, task(3, mean=2))) == Remaining(4, 0.0, 5, 5)


def test_who_must_wait_with_a_finish_is_free_for_other_work() -> None:
    """2 may start but only finish after 1: one worker does both, whichever comes first."""
    graph = graph_of(task(1, mean=1), task(2, after(FF), after(SF, 0, 3), mean=5), task(3, mean=1))
    assert remaining(graph) == Remaining(7, 0.0, 7, 7)


def test_equals_are_taken_by_priority_and_then_in_order() -> None:
    last = {"priority": Priority.HIGH}
    runner = Runner(Network(graph_of(task(1, mean=1), task(2, mean=1), task(3, mean=1, **last), task(4, mean=2))))
    assert [runner.network.tasks[k].id for k in runner.chosen] == [FOUR, THREE, ONE, TWO]


def test_mean_and_spread_are_those_of_pert() -> None:
    graph = graph_of(
        task(1, estimate=Estimate(1, 2, 9, 0.5)),  # mean 3, spread 8/6
        task(2, estimate=Estimate(2, 5, 8, 0.5)),  # mean 5, spread 1
        task(3, estimate=Estimate(2, 5, 8, 0.5), status=IN_PROGRESS, progress=0.5),  # half of that
        task(4, estimate=Estimate(2, 5, 8, 0.5), status=TaskStatus.CLAIMED),
    )
    found = remaining(graph)
    assert (found.mean, found.spread) == pytest.approx((10.5, sqrt((8 / 6) ** 2 + 1 + 0.25)))
    assert (found.p50, found.p90) == pytest.approx((found.mean, found.mean + 1.28 * found.spread), abs=0.5)


def test_an_estimate_whose_likely_value_lies_outside_is_still_drawn_from() -> None:
    found = remaining(graph_of(task(1, estimate=Estimate(2, 9, 4, 0.5)), task(2, estimate=Estimate(5, 1, 9, 0.5))))
    assert 7 <= found.p50 <= found.p90 <= 13


def test_a_cycle_that_was_written_by_hand_does_not_hang_the_schedule() -> None:
    circle = graph_of(task(1, 2, mean=1), task(2, 1, mean=1), task(3, mean=2))
    assert schedule(circle).length == 2
    assert remaining(circle, 2).p50 < inf


@pytest.mark.parametrize(
    ("tasks", "asked", "given_"), [(1, 400, 400), (100, 400, 100), (1000, 400, 10), (10**6, 400, 3), (10**6, 1, 1)]
)
def test_a_large_plan_is_given_fewer_runs(tasks: int, asked: int, given_: int) -> None:
    assert runs(tasks, asked) == given_


def test_queries_do_not_load_what_only_forecasts_need() -> None:
    code = "import qwen_orch.graph.query as q, sys; print(*[m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["random", "statistics", "qwen_orch.graph.schedule", "qwen_orch.graph.network"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
