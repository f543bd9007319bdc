"""The reader gives back our own exports word for word: titles of plans and phases, and every duration they hold."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import phase_id, task_id
from qwen_orch.model.plan import Phase
from qwen_orch.model.task import Dependency, DependencyKind, Estimate, Task
from qwen_orch.planning.export import render
from qwen_orch.planning.export.shape import amount
from qwen_orch.planning.reader import durations, read
from qwen_orch.views.parts import duration as shown
from tests.planning.test_export_markdown import NOW, ODD, TITLES, facts_in, facts_of, graph_of, plans

LAW = settings(max_examples=60, deadline=None)
HEADS = [
    *ODD,
    "Ship ✅ DONE",
    "✅ Ship",
    "🚀 Launch",
    "Launch 🚀",
    "Wait - DONE:",
    "Setup, part 2",
    "Setup (P1)",
    "Build and test",
    "Foundational (blocking prerequisites)",
    "a_b_ and _c",
    "Done",
    "Deferred",
    "Done.",
    "\\_After: x\\_",
    "Fix it, after Write it",
    "This takes 2 hours.",
    "Run for an hour, or 2-3h",
]


@pytest.mark.parametrize("words", HEADS)
def test_a_title_of_a_plan_is_read_back(words: str) -> None:
    graph = graph_of([Task(task_id(1), "One")])
    draft = read(render(evolve(graph, orchestration=evolve(graph.root, title=words)), "markdown", False, NOW))
    assert draft.title == words
    assert [task.title for task in draft.tasks] == ["One"]


@pytest.mark.parametrize("words", [head for head in HEADS if head != "---"])
def test_a_title_of_a_phase_is_read_back(words: str) -> None:
    """Where the heading would not be a phase the exporter puts ``Phase 1:`` before it: that much may be added.

    (To wait for ``---`` is to wait for nothing.)
    """
    first, second = Phase(phase_id(1), words), Phase(phase_id(2), "Last", depends_on=(phase_id(1),))
    third = Phase(phase_id(3), "Free")
    tasks = [Task(task_id(n), f"Task {n}", phase=phase_id(n)) for n in (1, 2, 3)]
    draft = read(render(graph_of(tasks, [first, second, third]), "markdown", False, NOW))
    assert [phase.title.removeprefix("Phase 1: ") for phase in draft.phases] == [
        words.removeprefix("Phase 1: "),
        "Last",
        "Free",
    ]
    assert [phase.depends_on for phase in draft.phases] == [(), (0,), ()]
    assert [task.priority.value for task in draft.tasks] == ["medium"] * 3


@pytest.mark.parametrize("words", HEADS)
def test_a_title_of_a_task_is_read_back(words: str) -> None:
    graph = graph_of([Task(task_id(1), words, tags=("core",)), Task(task_id(2), "Write it")])
    assert facts_in(read(render(graph, "markdown", False, NOW))) == facts_of(graph)


def test_phases_wait_for_phases_with_commas_in_their_titles() -> None:
    names = ["Setup, part 2", "Setup", "Build and test", "Last"]
    waits = {4: (phase_id(1), phase_id(3))}
    phases = [Phase(phase_id(n), name, depends_on=waits.get(n, ())) for n, name in enumerate(names, 1)]
    tasks = [Task(task_id(n), f"Task {n}", phase=phase_id(n)) for n in (1, 2, 3, 4)]
    draft = read(render(graph_of(tasks, phases), "markdown", False, NOW))
    assert [phase.depends_on for phase in draft.phases] == [(), (), (), (0, 2)]


@LAW
@given(plans(), TITLES, st.sampled_from(HEADS))
def test_any_plan_is_read_back_under_any_title(graph: Graph, name: str, head: str) -> None:
    graph = evolve(graph, orchestration=evolve(graph.root, title=f"{name} {head}"))
    draft = read(render(graph, "markdown", False, NOW))
    assert draft.title == " ".join(f"{name} {head}".split())
    assert facts_in(draft) == facts_of(graph)


HOURS = st.one_of(
    st.integers(0, 6000).map(lambda minutes: minutes / 60),
    st.floats(0, 200_000, allow_nan=False).map(lambda hours: round(hours, 3)),
)


@LAW
@given(st.lists(HOURS, min_size=3, max_size=3).map(sorted), st.integers(0, 100), HOURS)
def test_every_duration_that_is_written_is_read_back(points: list[float], percent: int, lag: float) -> None:
    estimate = Estimate(*points, percent / 100)
    waits = (Dependency(task_id(1), DependencyKind.START_TO_START, lag),)
    graph = graph_of([Task(task_id(1), "One", estimate=estimate), Task(task_id(2), "Two", depends_on=waits)])
    one, two = read(render(graph, "markdown", False, NOW)).tasks
    assert one.estimate is not None
    assert (one.estimate.low, one.estimate.likely, one.estimate.high) == pytest.approx(points, abs=6e-4)
    assert one.estimate.confidence == percent / 100
    assert two.depends_on[0].lag == pytest.approx(lag, abs=6e-4)


@LAW
@given(HOURS)
def test_every_duration_that_is_shown_can_be_typed(hours: float) -> None:
    for text in (amount(hours), shown(hours)):
        read_back = durations.hours(text)
        assert read_back is not None
        assert read_back == pytest.approx(hours, rel=0.06, abs=0.051)
