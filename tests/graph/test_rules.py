"""Which steps are legal: every row of the tables both ways, and what a dependency may be."""

from __future__ import annotations

from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.errors import DependencyError, OrchError, PlanNotFound, StateTransitionError, ValidationError
from qwen_orch.graph import rules
from qwen_orch.graph.apply import apply
from qwen_orch.graph.precedence import ENDS
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import phase_id, task_id
from qwen_orch.model.plan import Phase, PlanStatus
from qwen_orch.model.session import Session, SessionKind, SessionState, Thought
from qwen_orch.model.task import Attempt, Dependency, DependencyKind, Executor, Outcome, Task, TaskStatus
from tests.strategies import LAW, ORCH, SESSION, T0, accepted, drawn_tasks, graph_of, new_graphs, orchestration
from tests.strategies import started as started_plan
from tests.strategies import task as numbered

ONE = task_id(1)
ATTEMPT = Attempt(1, Executor.MANUAL, SESSION, T0)

TASK_EVENTS: dict[type[e.Event], Callable[[Task], e.Event]] = {
    e.AttemptStarted: lambda t: e.AttemptStarted(t.id, ATTEMPT),
    e.ProgressReported: lambda t: e.ProgressReported(t.id, 0.5),
    e.AttemptEnded: lambda t: e.AttemptEnded(t.id, Outcome.FAILED),
    e.TaskClaimed: lambda t: e.TaskClaimed(t.id, "ann"),
    e.VerdictGiven: lambda t: e.VerdictGiven(t.id, True),
    e.CriteriaChecked: lambda t: e.CriteriaChecked(t.id, ()),
    e.TaskCancelled: lambda t: e.TaskCancelled(t.id),
    e.TaskReopened: lambda t: e.TaskReopened(t.id),
}
PLAN_EVENTS: dict[type[e.Event], e.Event] = {
    e.PlanApproved: e.PlanApproved(),
    e.PlanCompleted: e.PlanCompleted(),
    e.PlanReopened: e.PlanReopened(),
    e.PlanReset: e.PlanReset(True),
    e.PlanTitled: e.PlanTitled("Shop"),
    e.AttemptStarted: e.AttemptStarted(ONE, ATTEMPT),
    e.TaskClaimed: e.TaskClaimed(ONE, "ann"),
}


def refusal(graph: Graph, event: e.Event) -> OrchError | None:
    """The error the rules answer *event* with, or None."""
    try:
        rules.check(graph, event)
    except OrchError as error:
        return error
    return None


def said(graph: Graph, event: e.Event) -> tuple[type[OrchError], str, tuple[str, ...]]:
    """The whole refusal of *event*: type, message and hints."""
    error = refusal(graph, event)
    assert error is not None
    return type(error), error.message, error.hints


def test_the_tables_name_these_events() -> None:
    assert (set(rules.TASK_MOVES), set(rules.PLAN_MOVES)) == (set(TASK_EVENTS), set(PLAN_EVENTS))


@pytest.mark.parametrize("status", TaskStatus)
@pytest.mark.parametrize("kind", TASK_EVENTS)
def test_every_row_of_task_moves(kind: type[e.Event], status: TaskStatus) -> None:
    graph = graph_of(numbered(1, status=status))
    error = refusal(graph, TASK_EVENTS[kind](graph.task(ONE)))
    legal = status in rules.TASK_MOVES[kind]
    assert type(error) is (type(None) if legal else StateTransitionError)
    assert error is None or error.message.startswith(f"task-001 is {status} and cannot be ")


@pytest.mark.parametrize("status", TaskStatus)
def test_a_task_may_be_edited_whatever_its_status(status: TaskStatus) -> None:
    """A merged text may say something new of a task that is done; who may do what by hand is for the commands."""
    graph = graph_of(numbered(1, status=status))
    assert refusal(graph, e.TaskEdited(evolve(graph.task(ONE), title="new"), ("title",))) is None


@pytest.mark.parametrize("status", PlanStatus)
@pytest.mark.parametrize("kind", PLAN_EVENTS)
def test_every_row_of_plan_moves(kind: type[e.Event], status: PlanStatus) -> None:
    error = refusal(graph_of(numbered(1), status=status), PLAN_EVENTS[kind])
    legal = status in rules.PLAN_MOVES[kind]
    assert type(error) is (type(None) if legal else StateTransitionError)
    assert error is None or error.message in ("the plan is not approved yet", f"the plan is {status}")


@pytest.mark.parametrize("after", SessionState)
@pytest.mark.parametrize("before", SessionState)
def test_every_row_of_session_moves(before: SessionState, after: SessionState) -> None:
    session = Session(SESSION, SessionKind.TASK, "work", ORCH, state=before)
    graph = apply(started_plan(), e.SessionOpened(session), T0)
    error = refusal(graph, e.SessionMoved(SESSION, after))
    legal = after in rules.SESSION_MOVES[before]
    assert type(error) is (type(None) if legal else StateTransitionError)
    assert error is None or error.message == f"{SESSION} is {before} and cannot become {after}"


def test_what_is_not_approved_cannot_be_started() -> None:
    graph = graph_of(numbered(1), status=PlanStatus.DRAFT)
    refused = (StateTransitionError, "the plan is not approved yet", ("/approve_plan",))
    assert said(graph, e.AttemptStarted(ONE, ATTEMPT)) == refused


def test_nothing_but_a_creation_is_legal_without_a_plan() -> None:
    assert said(Graph(), e.PlanApproved()) == (PlanNotFound, "there is no plan here", ("/plan",))
    assert refusal(Graph(), e.OrchestrationCreated(orchestration())) is None


def test_a_task_under_work_is_not_started_again_before_the_attempt_ended() -> None:
    graph = apply(graph_of(numbered(1)), e.AttemptStarted(ONE, ATTEMPT), T0)
    message = "task-001 is being worked on already (attempt 1, manual)"
    assert said(graph, e.AttemptStarted(ONE, ATTEMPT)) == (
        StateTransitionError,
        message,
        ("/complete_task task-001", "/task_status task-001"),
    )
    interrupted = apply(graph, e.AttemptEnded(ONE, Outcome.INTERRUPTED), T0)
    assert refusal(interrupted, e.AttemptStarted(ONE, evolve(ATTEMPT, number=2))) is None


@pytest.mark.parametrize("progress", [-0.1, 1.1, float("nan"), float("inf")])
def test_progress_is_between_0_and_1(progress: float) -> None:
    graph = graph_of(numbered(1, status=TaskStatus.IN_PROGRESS))
    refused = (ValidationError, f"progress is from 0 to 1, not {progress}", ())
    assert said(graph, e.ProgressReported(ONE, progress)) == refused


def test_thoughts_refer_to_earlier_ones() -> None:
    graph = apply(started_plan(), e.SessionOpened(Session(SESSION, SessionKind.PLANNING, "plan", ORCH)), T0)
    first = e.ThoughtRecorded(SESSION, Thought(1, "a"))
    wrong = e.ThoughtRecorded(SESSION, Thought(2, "b", revises=2))
    assert said(graph, wrong) == (
        ValidationError,
        "--revises 2: there is no such thought (there is none yet)",
        ("/think",),
    )
    after = apply(graph, first, T0)
    assert said(after, wrong)[1] == "--revises 2: there is no such thought (there is 1 to 1)"
    branch = e.ThoughtRecorded(SESSION, Thought(2, "b", branch="x", branch_from=0))
    assert said(after, branch)[1] == "--from 0: there is no such thought (there is 1 to 1)"
    assert refusal(after, e.ThoughtRecorded(SESSION, Thought(2, "b", revises=1))) is None


TWO = graph_of(numbered(1), numbered(2, 1), phases=(Phase(phase_id(1), "one"),))


@pytest.mark.parametrize(
    ("new", "error", "message"),
    [
        (numbered(3, 3), DependencyError, "task-003 cannot depend on itself"),
        (numbered(3, 9), DependencyError, "task-003 depends on task-009, which does not exist"),
        (numbered(3, parent=task_id(9)), DependencyError, "task-003 is part of task-009, which does not exist"),
        (numbered(3, parent=task_id(3)), DependencyError, "task-003 cannot be part of itself"),
        (numbered(3, phase=phase_id(9)), DependencyError, "task-003 is in phase-9, which does not exist"),
        (numbered(2), ValidationError, "there are two tasks task-002"),
    ],
)
def test_a_task_that_cannot_join(new: Task, error: type[OrchError], message: str) -> None:
    assert said(TWO, e.TasksAdded((new,)))[:2] == (error, message)


def test_two_new_tasks_cannot_have_one_id() -> None:
    new = e.TasksAdded((numbered(3), numbered(3)))
    assert said(TWO, new) == (ValidationError, "there are two tasks task-003", ())


def test_new_tasks_may_refer_to_one_another() -> None:
    assert refusal(TWO, e.TasksAdded((numbered(3, 4), numbered(4, parent=ONE)))) is None


def edited(graph: Graph, new: Task) -> tuple[type[OrchError], str, tuple[str, ...]]:
    """The refusal of putting *new* in the place of the task it was."""
    return said(graph, e.TaskEdited(new, ("depends_on",)))


SF = DependencyKind.START_TO_FINISH


@pytest.mark.parametrize(
    ("tasks", "new", "path"),
    [
        ((numbered(1), numbered(2, 1)), numbered(1, 2), "task-001 → task-002 → task-001"),
        ((numbered(1), numbered(2, 1), numbered(3, 2)), numbered(1, 3), "task-001 → task-003 → task-002 → task-001"),
        ((numbered(1), numbered(2, parent=ONE)), numbered(2, 1, parent=ONE), "task-002 → task-001 → task-002"),
        ((numbered(1), numbered(2, parent=ONE)), numbered(1, 2), "task-001 → task-002 → task-001"),
        ((numbered(1), numbered(2, parent=ONE)), numbered(1, parent=task_id(2)), "task-001 → task-002 → task-001"),
        ((numbered(1), numbered(2, 1)), numbered(1, Dependency(task_id(2), SF)), "task-001 → task-002 → task-001"),
    ],
)
def test_a_cycle_is_refused_with_its_path(tasks: tuple[Task, ...], new: Task, path: str) -> None:
    refused = (DependencyError, f"the dependencies form a cycle: {path}", ("/graph",))
    assert edited(graph_of(*tasks), new) == refused


def test_a_cycle_through_phases_is_refused_with_its_path() -> None:
    phases = (Phase(phase_id(1), "one"), Phase(phase_id(2), "two", depends_on=(phase_id(1),)))
    graph = graph_of(numbered(1, phase=phase_id(1)), numbered(2, phase=phase_id(2)), phases=phases)
    path = "task-001 → task-002 → phase-2 → phase-1 → task-001"
    message = f"the dependencies form a cycle: {path}"
    assert edited(graph, numbered(1, 2, phase=phase_id(1))) == (DependencyError, message, ("/graph",))


def test_two_tasks_may_start_each_other_s_finish() -> None:
    ends = graph_of(numbered(1), numbered(2, Dependency(ONE, DependencyKind.START_TO_START)))
    assert refusal(ends, e.TaskEdited(numbered(1, Dependency(task_id(2), SF)), ("depends_on",))) is None


def test_a_chain_of_many_tasks_is_no_cycle_and_closing_it_is_one() -> None:
    chain = graph_of(numbered(1), *(numbered(i, i - 1) for i in range(2, 3001)))
    rules.refuse_cycle(chain, [task_id(3000)])
    message = edited(chain, numbered(1, 3000))[1]
    assert message.count("→") == 3000


def waits_from_scratch(graph: Graph) -> dict[tuple[str, bool], set[tuple[str, bool]]]:
    """Which ends wait for which, read off the records without the code under test."""
    waits: dict[tuple[str, bool], set[tuple[str, bool]]] = {}
    for phase in graph.root.plan.phases:
        waits[phase.id, False] = {(p, True) for p in phase.depends_on}
        waits[phase.id, True] = {(phase.id, False)}
    for t in graph.tasks.values():
        waits.setdefault((t.id, False), set())
        waits.setdefault((t.id, True), set()).add((t.id, False))
        if owner := t.parent or t.phase:
            waits[t.id, False].add((owner, False))
            waits.setdefault((owner, True), set()).add((t.id, True))
        for d in t.depends_on:
            theirs, ours = ENDS[d.kind]
            waits[t.id, ours].add((d.task, theirs))
    return waits


@LAW
@given(new_graphs(), st.data())
def test_a_task_is_let_in_exactly_if_no_end_then_waits_for_itself(graph: Graph, data: st.DataObject) -> None:
    some = data.draw(st.sampled_from([*sorted(graph.tasks), None]))
    if some is None:
        return
    drawn = data.draw(drawn_tasks(graph, 99))
    waits = tuple(d for d in drawn.depends_on if d.task != some)
    new = evolve(drawn, id=some, depends_on=waits, parent=None if drawn.parent == some else drawn.parent)
    after = apply(graph, e.TaskEdited(new, ()), T0)
    try:
        TopologicalSorter(waits_from_scratch(after)).prepare()
    except CycleError:
        assert edited(graph, new)[1].startswith("the dependencies form a cycle: ")
    else:
        assert refusal(graph, e.TaskEdited(new, ())) is None


@LAW
@given(new_graphs(), st.data())
def test_the_path_of_a_cycle_goes_along_waits_and_comes_back(graph: Graph, data: st.DataObject) -> None:
    if len(graph.tasks) < 2:
        return
    first, second = data.draw(st.lists(st.sampled_from(sorted(graph.tasks)), min_size=2, max_size=2, unique=True))
    closing = evolve(graph.tasks[first], depends_on=(Dependency(second),))
    after = apply(graph, e.TaskEdited(closing, ()), T0)
    error = refusal(graph, e.TaskEdited(closing, ()))
    if error is None:
        return
    path = error.message.removeprefix("the dependencies form a cycle: ").split(" → ")
    joined = {(a, b) for (a, _), befores in waits_from_scratch(after).items() for b, _ in befores}
    assert path[0] == path[-1]
    assert all(step in joined for step in pairwise(path))


def test_an_edit_that_moves_nothing_is_not_asked_about_cycles() -> None:
    circle = graph_of(numbered(1, 2), numbered(2, 1))
    assert refusal(circle, e.TaskEdited(numbered(1, 2, title="new"), ("title",))) is None


def test_the_order_of_a_new_plan_makes_no_difference() -> None:
    assert accepted(graph_of(numbered(5)), numbered(4, 5))


def test_a_session_is_opened_once() -> None:
    """Another of its name, by two processes at the same moment, would take its place."""
    opened = e.SessionOpened(Session(SESSION, SessionKind.TASK, "work", ORCH))
    there = apply(started_plan(), opened, T0)
    assert refusal(started_plan(), opened) is None
    with pytest.raises(ValidationError, match="there is a session session-law-bbbb already"):
        rules.check(there, opened)
    assert refusal(apply(there, e.SessionsRemoved((SESSION,)), T0), opened) is None
