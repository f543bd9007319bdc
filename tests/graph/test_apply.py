"""What events mean, and that what is kept besides the tasks always agrees with them."""

from __future__ import annotations

from functools import reduce
from itertools import accumulate

import pytest
from attrs import evolve
from hypothesis import given
from immutables import Map

from qwen_orch.errors import SessionNotFound, TaskNotFound
from qwen_orch.graph.apply import apply
from qwen_orch.graph.shelf import Shelf
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.activity import (
    MOST_KEPT,
    MOST_TOUCHED,
    Action,
    ActionState,
    Activity,
    Finding,
    PermissionRequest,
    Usage,
)
from qwen_orch.model.ids import TaskId, number_of, phase_id, task_id
from qwen_orch.model.plan import Phase, PlanStatus
from qwen_orch.model.session import Note, Session, SessionKind, SessionState, Thought
from qwen_orch.model.task import (
    MOST_ATTEMPTS,
    Attempt,
    Criterion,
    CriterionStatus,
    Evidence,
    Executor,
    Outcome,
    TaskStatus,
)
from tests.strategies import LAW, ORCH, SESSION, T0, Step, graph_of, histories, started, task

T1 = "2024-05-06T09:00:00+00:00"
T2 = "2024-05-06T10:00:00+00:00"
ONE = task_id(1)


def folded(steps: list[Step]) -> Graph:
    """The graph after all *steps*."""
    graph = Graph()
    for event, at in steps:
        graph = apply(graph, event, at)
    return graph


def parts_from_scratch(graph: Graph) -> dict[TaskId, tuple[TaskId, ...]]:
    """The subtasks of every task that has some, in order."""
    parts: dict[TaskId, tuple[TaskId, ...]] = {}
    for t in graph.ordered():
        if t.parent:
            parts[t.parent] = (*parts.get(t.parent, ()), t.id)
    return parts


@LAW
@given(histories())
def test_apply_leaves_the_graph_it_was_given_as_it_was(steps: list[Step]) -> None:
    graph = Graph()
    for event, at in steps:
        copy = evolve(graph, tasks=Map(dict(graph.tasks)), sessions=Shelf.of(graph.sessions.values()))
        after = apply(graph, event, at)
        assert graph == copy
        graph = after


@LAW
@given(histories())
def test_the_same_events_make_the_same_graph(steps: list[Step]) -> None:
    assert folded(steps) == folded(steps)


@LAW
@given(histories())
def test_parts_are_those_the_tasks_name(steps: list[Step]) -> None:
    graph = folded(steps)
    assert dict(graph.parts) == parts_from_scratch(graph)


@LAW
@given(histories())
def test_last_number_is_the_highest_there_ever_was(steps: list[Step]) -> None:
    graphs = accumulate(steps, lambda g, step: apply(g, *step), initial=Graph())
    numbers = [number_of(i) for g in graphs for i in g.tasks]
    assert folded(steps).last_number == max(numbers, default=0)


@LAW
@given(histories())
def test_open_phases_are_those_with_unsettled_tasks(steps: list[Step]) -> None:
    graph = folded(steps)
    assert graph.open_phases == {t.phase for t in graph.tasks.values() if t.phase and not t.status.settled}


def test_parts_stay_in_order_when_one_leaves_and_comes_back() -> None:
    whole = graph_of(task(1), task(2, parent=ONE), task(3, parent=ONE), task(4, parent=ONE))
    without = apply(whole, e.TasksRemoved((task_id(2),)), T1)
    again = apply(without, e.TasksRestored((whole.tasks[task_id(2)],)), T2)
    assert (without.parts, again.parts) == (Map({ONE: (task_id(3), task_id(4))}), whole.parts)


def test_a_task_whose_parts_all_left_has_no_entry() -> None:
    whole = graph_of(task(1), task(2, parent=ONE))
    moved = apply(whole, e.TaskEdited(evolve(whole.tasks[task_id(2)], parent=None), ("parent",)), T1)
    assert (dict(moved.parts), moved.subtasks(ONE)) == ({}, [])


def test_the_life_of_a_task_that_is_done_at_the_second_try() -> None:
    first, second = (Attempt(n, Executor.SHELL, SESSION, T1) for n in (1, 2))
    proof = Evidence("check", T2, True, command="true", exit_code=0)
    seen = (Criterion("works", "true", CriterionStatus.PASSED, proof),)
    events: list[e.Event] = [
        e.AttemptStarted(ONE, first),
        e.ProgressReported(ONE, 0.5),
        e.AttemptEnded(ONE, Outcome.FAILED, "exit 1", "boom"),
        e.AttemptStarted(ONE, second),
        e.TaskClaimed(ONE, "shell", "did it", "fine"),
        e.VerdictGiven(ONE, True, seen, (proof,)),
    ]
    graph = graph_of(task(1, acceptance=(Criterion("works", "true"),)))
    for event in events:
        graph = apply(graph, event, T2)
    assert graph.tasks[ONE] == task(
        1,
        acceptance=seen,
        status=TaskStatus.COMPLETED,
        progress=1.0,
        session=SESSION,
        attempts=(
            evolve(first, outcome=Outcome.FAILED, ended=T2, detail="exit 1", output="boom"),
            evolve(second, outcome=Outcome.CLAIMED, ended=T2, detail="did it", output="fine"),
        ),
        evidence=(proof,),
        summary="did it",
        finished=T2,
        updated=T2,
    )


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.INTERRUPTED, TaskStatus.IN_PROGRESS),
        (Outcome.CANCELLED, TaskStatus.IN_PROGRESS),
        (Outcome.FAILED, TaskStatus.FAILED),
        (Outcome.TIMED_OUT, TaskStatus.FAILED),
    ],
)
def test_an_attempt_that_ends_without_a_claim(outcome: Outcome, status: TaskStatus) -> None:
    attempt = Attempt(1, Executor.SHELL, SESSION, T1)
    graph = apply(graph_of(task(1)), e.AttemptStarted(ONE, attempt), T1)
    after = apply(graph, e.AttemptEnded(ONE, outcome, "why", "tail"), T2)
    ended = evolve(attempt, outcome=outcome, ended=T2, detail="why", output="tail")
    assert after.tasks[ONE] == task(1, status=status, attempts=(ended,), session=SESSION, updated=T2)


def test_a_completed_task_judged_again_keeps_the_time_it_was_finished() -> None:
    done = apply(graph_of(task(1)), e.VerdictGiven(ONE, True), T1)
    again = apply(done, e.VerdictGiven(ONE, True), T2)
    lost = apply(again, e.VerdictGiven(ONE, False), T2)
    finished = task(1, status=TaskStatus.COMPLETED, progress=1.0, finished=T1, updated=T2)
    assert again.tasks[ONE] == finished
    assert lost.tasks[ONE] == evolve(finished, status=TaskStatus.FAILED, finished=None)


def test_a_cancelled_task_can_be_reopened() -> None:
    attempt = Attempt(1, Executor.MANUAL, SESSION, T1)
    working = apply(graph_of(task(1)), e.AttemptStarted(ONE, attempt), T1)
    cancelled = apply(working, e.TaskCancelled(ONE, "no"), T2)
    ended = (evolve(attempt, outcome=Outcome.CANCELLED, ended=T2, detail="no"),)
    gone = task(1, status=TaskStatus.CANCELLED, summary="no", attempts=ended, session=SESSION, finished=T2, updated=T2)
    assert cancelled.tasks[ONE] == gone
    reopened = apply(cancelled, e.TaskReopened(ONE), T2)
    assert reopened.tasks[ONE] == evolve(gone, status=TaskStatus.PENDING, summary="", finished=None)


def test_a_draft_has_another_title() -> None:
    graph = started((), PlanStatus.DRAFT)
    assert apply(graph, e.PlanTitled("Shop"), T1).root == evolve(graph.root, title="Shop", updated=T1)


def test_a_plan_is_approved_completed_reopened_and_reset() -> None:
    phases = (Phase(phase_id(1), "one"),)
    graph = started(phases, PlanStatus.DRAFT)
    plan = graph.root.plan
    events: list[e.Event] = [e.PlanApproved(), e.PlanCompleted(), e.PlanReopened(), e.PlanReset(False)]
    plans = [g.root.plan for g in accumulate(events, lambda g, event: apply(g, event, T1), initial=graph)]
    approved = evolve(plan, status=PlanStatus.APPROVED, gates_approved=True)
    assert plans == [
        plan,
        approved,
        evolve(approved, status=PlanStatus.COMPLETED),
        approved,
        evolve(approved, status=PlanStatus.RESET, phases=()),
    ]


def test_a_session_gathers_what_is_said_in_it() -> None:
    session = Session(SESSION, SessionKind.PLANNING, "plan", ORCH)
    events: list[e.Event] = [
        e.SessionOpened(session),
        e.ThoughtRecorded(SESSION, Thought(1, "hm")),
        e.ThinkingFinished(SESSION),
        e.NoteAdded(SESSION, Note("n")),
        e.SessionMoved(SESSION, SessionState.COMPLETED),
    ]
    graph = started()
    for event in events:
        graph = apply(graph, event, T1)
    assert graph.sessions_by_age() == [
        evolve(
            session,
            thoughts=(Thought(1, "hm"),),
            thinking_done=True,
            notes=(Note("n"),),
            state=SessionState.COMPLETED,
            updated=T1,
        )
    ]
    assert apply(graph, e.SessionsRemoved((SESSION, SESSION)), T2).sessions == Map()


def test_a_session_keeps_what_its_agent_did() -> None:
    asked = PermissionRequest(1, "execute", "make", "make all")
    events: list[e.Event] = [
        e.SessionOpened(Session(SESSION, SessionKind.TASK, "build", ORCH)),
        e.ActionBegan(SESSION, Action("a", "Shell: make")),
        e.ActionBegan(SESSION, Action("b", "Read: x")),
        e.ActionEnded(SESSION, "a", ActionState.FAILED),
        e.UsageReported(SESSION, Usage(10, 2, 1, 4, 1)),
        e.UsageReported(SESSION, Usage(20, 3, 0, 0, 1)),
        e.PermissionAsked(SESSION, asked),
        e.PermissionAnswered(SESSION, 1, False, "policy"),
        e.FindingReported(SESSION, Finding(1, False, 0.5)),
        e.FindingReported(SESSION, Finding(1, True, 0.9)),
        e.DoneClaimed(SESSION, "built"),
        e.MetadataRecorded(SESSION, "agent", "qwen"),
    ]
    graph = reduce(lambda g, event: apply(g, event, T1), events, started())
    assert graph.sessions[SESSION].metadata == {"agent": "qwen"}
    assert graph.sessions[SESSION].activity == Activity(
        (Action("a", "Shell: make", state=ActionState.FAILED), Action("b", "Read: x")),
        Usage(30, 5, 1, 4, 2),
        "built",
        (evolve(asked, allowed=False, by="policy"),),
        (Finding(1, True, 0.9),),
    )


def test_what_an_agent_changed_outlasts_its_actions() -> None:
    """The files touched last, each with when; and whether it did what may have changed any."""
    graph = apply(started(), e.SessionOpened(Session(SESSION, SessionKind.TASK, "build", ORCH)), T1)
    graph = apply(graph, e.ActionEnded(SESSION, "1", ActionState.COMPLETED, ("a", "b")), T1)
    graph = apply(graph, e.ActionEnded(SESSION, "2", ActionState.COMPLETED, ("a",)), T2)
    seen = graph.sessions[SESSION].activity
    assert (list(seen.files.items()), seen.ran) == ([("b", T1), ("a", T2)], False)
    assert (seen.named(T1), seen.named(T2)) == ({"a", "b"}, {"a"})
    graph = apply(graph, e.ActionEnded(SESSION, "3", ActionState.COMPLETED, ran=True), T2)
    many = tuple(f"{n}.o" for n in range(MOST_TOUCHED))
    graph = apply(graph, e.ActionEnded(SESSION, "4", ActionState.COMPLETED, many), T2)
    seen = graph.sessions[SESSION].activity
    assert (tuple(seen.files), seen.ran) == (many, True)


def test_only_the_newest_actions_are_kept() -> None:
    graph = apply(started(), e.SessionOpened(Session(SESSION, SessionKind.TASK, "build", ORCH)), T1)
    for number in range(MOST_KEPT + 5):
        graph = apply(graph, e.ActionBegan(SESSION, Action(f"call-{number}", "look")), T1)
    assert [a.call for a in graph.sessions[SESSION].activity.actions] == [f"call-{n}" for n in range(5, MOST_KEPT + 5)]


def test_what_is_not_there_is_a_typed_error() -> None:
    with pytest.raises(TaskNotFound, match="there is no task 'task-009'"):
        apply(started(), e.TaskReopened(task_id(9)), T0)
    with pytest.raises(SessionNotFound, match="there is no session"):
        apply(started(), e.ThinkingFinished(SESSION), T0)


def test_phases_are_found_by_id() -> None:
    phases = (Phase(phase_id(1), "one"), Phase(phase_id(2), "two"))
    graph = started(phases)
    assert [graph.phase(i) for i in (phase_id(2), "phase-9", None)] == [phases[1], None, None]


def test_a_task_that_is_done_again_without_end_keeps_the_first_attempt_and_the_newest() -> None:
    """Their numbers go on; the journal has those between."""
    graph = graph_of(task(1))
    for number in range(1, MOST_ATTEMPTS + 11):
        graph = apply(graph, e.AttemptStarted(ONE, Attempt(number, Executor.SHELL, SESSION, T0)), T1)
        assert graph.task(ONE).tried == number
    kept = [a.number for a in graph.task(ONE).attempts]
    assert kept == [1, *range(12, MOST_ATTEMPTS + 11)]
    assert len(kept) == MOST_ATTEMPTS
