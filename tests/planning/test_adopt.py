"""A draft becomes the events of one step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.errors import DependencyError
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft, DraftDependency, DraftPhase, DraftTask
from qwen_orch.model.ids import OrchestrationId, SessionId
from qwen_orch.model.session import SessionKind, Thought
from qwen_orch.model.task import Criterion, Dependency, DependencyKind, Estimate, Priority, Task, TaskStatus
from qwen_orch.planning import reader
from qwen_orch.planning.adopt import Origins, manifest, opening, plan_of, reasoned, rehearse, thinking
from qwen_orch.project.config import Config
from tests.strategies import LAW, T0

ORIGINS = Origins(OrchestrationId("orch-a-bbbb"), SessionId("session-a-cccc"), T0, tags=("x", "y"), source="plan.md")


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """A plan of up to six tasks that wait for earlier ones, with parts and phases."""
    phases = draw(st.integers(0, 2))
    tasks: list[DraftTask] = []
    for n in range(draw(st.integers(0, 6))):
        earlier = st.sets(st.integers(0, n - 1), max_size=2) if n else st.just(set())
        tasks.append(
            DraftTask(
                f"task {n}",
                phase=draw(st.none() | st.integers(0, phases - 1)) if phases else None,
                depends_on=tuple(DraftDependency(i) for i in sorted(draw(earlier))),
                status=draw(st.sampled_from([TaskStatus.PENDING, TaskStatus.CLAIMED, TaskStatus.CANCELLED])),
            )
        )
    title, goal = draw(st.sampled_from([("A", "reach it"), ("B", "B"), ("C", "")]))
    named = tuple(DraftPhase(f"p{n}") for n in range(phases))
    return Draft(title, goal, phases=named, tasks=tuple(tasks), titled=draw(st.booleans()))


@LAW
@given(drafts())
def test_positions_become_ids_and_nothing_is_lost(draft: Draft) -> None:
    """Tasks keep their order; what referred to a position refers to the id that stands there."""
    graph = rehearse(opening(draft, ORIGINS), T0)
    tasks = graph.ordered()
    assert [t.title for t in tasks] == [t.title for t in draft.tasks]
    for task, read in zip(tasks, draft.tasks, strict=True):
        assert [tasks.index(graph.task(d.task)) for d in task.depends_on] == [d.task for d in read.depends_on]
        assert (None if task.phase is None else int(task.phase[6:]) - 1) == read.phase
        assert (task.status, task.created, task.approved) == (read.status, T0, False)


def test_every_field_of_a_task() -> None:
    """As it was read."""
    edge = DraftDependency(0, DependencyKind.START_TO_START, 2.0, inferred=True)
    check = Criterion("it works", "make test")
    read = DraftTask(
        "two", "why", "T2", 0, 0, TaskStatus.CLAIMED, Priority.HIGH, (edge,), Estimate(1, 2, 3, 0.5), (check,),
        ("make",), ("a",), "ada", 7,
    )  # fmt: skip
    found = manifest(Draft("A", "g", phases=(DraftPhase("p"),), tasks=(DraftTask("one"), read)), T0)[1]
    assert found == Task(
        id="task-002", title="two", description="why", label="T2", phase="phase-1", parent="task-001",  # type: ignore[arg-type]
        status=TaskStatus.CLAIMED, priority=Priority.HIGH, estimate=Estimate(1, 2, 3, 0.5), acceptance=(check,),
        depends_on=(Dependency("task-001", DependencyKind.START_TO_START, 2.0, True),),  # type: ignore[arg-type]
        run=("make",), tags=("a",), assignee="ada", source_line=7, created=T0, updated=T0,
    )  # fmt: skip


def test_the_plan_and_where_it_comes_from() -> None:
    """Requirements, decisions, risks and gates; tags of the command first, then those of the text, each once."""
    phases = (DraftPhase("one"), DraftPhase("two", "after one", (0,), 9))
    gate = Criterion("lint", "make lint")
    draft = Draft("A", "g", "d", phases, (), ("fast",), ("sqlite",), ("rain",), (gate,), ("y", "z"))
    created, opened = opening(draft, ORIGINS)
    assert isinstance(created, e.OrchestrationCreated)
    assert isinstance(opened, e.SessionOpened)
    root, session = created.orchestration, opened.session
    assert root.plan == plan_of(draft, T0)
    assert (root.tags, root.plan.requirements, root.plan.risks) == (("x", "y", "z"), ("fast",), ("rain",))
    assert [(d.text, d.at) for d in root.plan.decisions] == [("sqlite", T0)]
    assert [(p.id, p.title, p.depends_on, p.source_line) for p in root.plan.phases] == [
        ("phase-1", "one", (), None),
        ("phase-2", "two", ("phase-1",), 9),
    ]
    assert (root.plan.status, root.plan.gates_approved) == ("draft", False)
    assert (session.kind, session.metadata) == (SessionKind.PLANNING, {"source": "plan.md"})


def test_what_cannot_be_is_refused_before_anything_is_kept() -> None:
    """A circle, by the rules that hold for every step."""
    circle = (DraftTask("a", depends_on=(DraftDependency(1),)), DraftTask("b", depends_on=(DraftDependency(0),)))
    with pytest.raises(DependencyError, match="task-001 → task-002 → task-001"):
        rehearse(opening(Draft("A", "g", tasks=circle), ORIGINS), T0)


def test_thoughts_end_the_chain() -> None:
    """Each is recorded, then it is complete."""
    one = Thought(1, "x", at=T0)
    session = ORIGINS.session
    assert thinking(session, (one,)) == [e.ThoughtRecorded(session, one), e.ThinkingFinished(session)]


def test_the_readers_thoughts_follow_those_that_are_there() -> None:
    """Numbered on from them, and what one revises or branches off is the reader's own, not an agent's before it."""
    draft, config = reader.read("# P\n- [ ] A (2h)\n- [ ] B"), Config(thinkingDepth="deep")
    graph = rehearse(opening(draft, ORIGINS), T0)
    agents = [e.ThoughtRecorded(ORIGINS.session, Thought(n, f"thought {n}", at=T0)) for n in (1, 2, 3)]
    alone = _thoughts(reasoned(draft, graph, ORIGINS.session, config, T0))
    after = _thoughts(reasoned(draft, rehearse([*agents], T0, graph), ORIGINS.session, config, T0))
    assert [t.number for t in after] == [t.number + 3 for t in alone]
    revised = [(t.revises, t.branch_from) for t in alone]
    assert any(n for n, _ in revised)
    assert any(n for _, n in revised)
    assert [(t.revises, t.branch_from) for t in after] == [(r and r + 3, b and b + 3) for r, b in revised]


def _thoughts(events: list[e.Event]) -> list[Thought]:
    return [event.thought for event in events if isinstance(event, e.ThoughtRecorded)]
