"""What the laws are tried on: tasks, graphs and histories, all legal, drawn by hypothesis."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from immutables import Map

from qwen_orch.errors import OrchError
from qwen_orch.graph import rules
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.activity import Action, ActionState, Finding, PermissionRequest, Usage
from qwen_orch.model.ids import OrchestrationId, SessionId, TaskId, phase_id, task_id
from qwen_orch.model.plan import Decision, Orchestration, Phase, Plan, PlanStatus
from qwen_orch.model.session import Artifact, Note, Session, SessionKind, SessionState, Thought
from qwen_orch.model.task import (
    Attempt,
    Criterion,
    CriterionStatus,
    Dependency,
    DependencyKind,
    Estimate,
    Executor,
    Outcome,
    Priority,
    Task,
    TaskStatus,
)

LAW = settings(max_examples=40, deadline=None)
"""How hard a law is tried."""

T0 = "2024-05-06T08:00:00+00:00"
ORCH = OrchestrationId("orch-law-aaaa")
SESSION = SessionId("session-law-bbbb")

titles = st.sampled_from(["write it", "test it", "ship 🚢", "测试"])
hours = st.integers(0, 40).map(lambda n: n / 4)
lags = st.sampled_from([0.0, 0.0, 0.0, 2.0, 0.5, -1.0])


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    """Three hours in order, quarters of an hour so that sums are exact."""
    low, likely, high = sorted(draw(st.tuples(hours, hours, hours)))
    return Estimate(low, likely, high, draw(st.sampled_from([0.2, 0.8])))


def orchestration(phases: tuple[Phase, ...] = (), status: PlanStatus = PlanStatus.APPROVED) -> Orchestration:
    """An orchestration with these phases."""
    return Orchestration(ORCH, "law", Plan("hold", status, phases=phases), created=T0, updated=T0)


def graph_of(*tasks: Task, phases: tuple[Phase, ...] = (), status: PlanStatus = PlanStatus.APPROVED) -> Graph:
    """The graph that has these tasks, made by events."""
    return apply(started(phases, status), e.TasksAdded(tasks), T0)


def started(phases: tuple[Phase, ...] = (), status: PlanStatus = PlanStatus.APPROVED) -> Graph:
    """The graph of an orchestration that has no task yet."""
    return apply(Graph(), e.OrchestrationCreated(orchestration(phases, status)), T0)


def task(number: int, *waits: Dependency | int, mean: float | None = None, **fields: Any) -> Task:
    """Task *number*, waiting for the finish of the tasks numbered in *waits*, and taking exactly *mean* hours."""
    depends = tuple(Dependency(task_id(w)) if isinstance(w, int) else w for w in waits)
    estimate = None if mean is None else Estimate(mean, mean, mean, 1.0)
    made = Task(task_id(number), f"task {number}", depends_on=depends, estimate=estimate, created=T0, updated=T0)
    return evolve(made, **fields)


def accepted(graph: Graph, new: Task) -> bool:
    """Tell whether the rules let *new* into *graph*."""
    try:
        rules.check(graph, e.TasksAdded((new,)))
    except OrchError:
        return False
    return True


phase_plans = st.integers(0, 3).flatmap(
    lambda count: st.tuples(*(st.booleans() for _ in range(count))).map(
        lambda chained: tuple(
            Phase(phase_id(i), f"phase {i}", depends_on=(phase_id(i - 1),) if wait and i > 1 else ())
            for i, wait in enumerate(chained, start=1)
        )
    )
)
"""Up to three phases, some waiting for the one before."""


@st.composite
def drawn_tasks(draw: st.DrawFn, graph: Graph, number: int) -> Task:
    """A pending task that refers to tasks and phases of *graph* in ways that may or may not be legal."""
    earlier = st.sampled_from(sorted(graph.tasks)) if graph.tasks else st.nothing()
    kinds = st.sampled_from(list(DependencyKind))
    waits = draw(st.lists(st.builds(Dependency, earlier, kinds, lags), max_size=3 if graph.tasks else 0))
    phases = [p.id for p in graph.root.plan.phases]
    return Task(
        task_id(number),
        draw(titles),
        phase=draw(st.sampled_from([None, *phases])),
        parent=draw(st.one_of(st.none(), earlier)),
        priority=draw(st.sampled_from(Priority)),
        depends_on=tuple({d.task: d for d in waits}.values()),
        estimate=draw(st.none() | estimates()),
        acceptance=draw(st.sampled_from([(), (Criterion("it works", "true"),), (Criterion("it is nice"),)])),
        blockers=draw(st.sampled_from([(), (), (), ("the weather",)])),
        created=T0,
        updated=T0,
    )


@st.composite
def new_graphs(draw: st.DrawFn, most: int = 9) -> Graph:
    """An approved plan of pending tasks that the rules accept, with every kind of wait, parts and phases."""
    graph = started(draw(phase_plans))
    for number in range(1, draw(st.integers(0, most)) + 1):
        new = draw(drawn_tasks(graph, number))
        if not accepted(graph, new):
            new = evolve(new, depends_on=())
        graph = apply(graph, e.TasksAdded((new,)), T0)
    return graph


@st.composite
def graphs(draw: st.DrawFn, most: int = 9) -> Graph:
    """A graph whose tasks are in any status."""
    graph = draw(new_graphs(most))
    tasks = {i: draw(in_any_status(t)) for i, t in sorted(graph.tasks.items())}
    return evolve(graph, tasks=Map(tasks))


@st.composite
def in_any_status(draw: st.DrawFn, whole: Task) -> Task:
    """*whole* after some work, with what belongs to its status."""
    status = draw(st.sampled_from(TaskStatus))
    attempts: tuple[Attempt, ...] = ()
    if status is TaskStatus.IN_PROGRESS:
        outcome = draw(st.sampled_from([Outcome.RUNNING, Outcome.INTERRUPTED, Outcome.CANCELLED]))
        attempts = (Attempt(1, Executor.MANUAL, SESSION, T0, outcome),)
    progress = draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])) if attempts else float(status is TaskStatus.COMPLETED)
    finished = T0 if status.settled else None
    return evolve(whole, status=status, attempts=attempts, progress=progress, finished=finished)


def at(step: int) -> str:
    """The time of step *step* of a history: a minute each."""
    return f"2024-05-06T{8 + step // 60:02d}:{step % 60:02d}:00+00:00"


Step = tuple[e.Event, str]


@st.composite
def histories(draw: st.DrawFn, most: int = 14) -> list[Step]:
    """Events with their times, each legal after those before it."""
    steps: list[Step] = [(e.OrchestrationCreated(orchestration(draw(phase_plans), PlanStatus.DRAFT)), at(0))]
    graph = apply(Graph(), *steps[0])
    for i in range(1, draw(st.integers(1, most)) + 1):
        event = draw(drawn_events(graph, i))
        if is_legal(graph, event):
            steps.append((event, at(i)))
            graph = apply(graph, *steps[-1])
    return steps


def is_legal(graph: Graph, event: e.Event) -> bool:
    """Tell whether the rules let *event* happen."""
    try:
        rules.check(graph, event)
    except OrchError:
        return False
    return True


@st.composite
def drawn_events(draw: st.DrawFn, graph: Graph, step: int) -> e.Event:
    """Any event at all, of tasks and sessions there are; most are legal."""
    choices = [_plan_events(), _added(graph), _opened(step)]
    if graph.tasks:
        choices += [_task_events(graph, i) for i in sorted(graph.tasks)]
        choices += [_removals(graph)]
    choices += [_session_events(graph, i) for i in sorted(graph.sessions)]
    return draw(st.one_of(choices))


def _plan_events() -> st.SearchStrategy[e.Event]:
    return st.sampled_from(
        [
            e.PlanApproved(),
            e.PlanApproved(),
            e.PlanCompleted(),
            e.PlanReopened(),
            e.GatesVerified((Criterion("all green", "true"),)),
            e.PlanTitled("Another name"),
            e.CheckpointNamed("before", 3),
            e.PlanReset(True),
            e.PlanRestored(orchestration()),
        ]
    )


def _added(graph: Graph) -> st.SearchStrategy[e.Event]:
    return drawn_tasks(graph, graph.last_number + 1).map(lambda t: e.TasksAdded((t,)))


def _removals(graph: Graph) -> st.SearchStrategy[e.Event]:
    some = st.lists(st.sampled_from(sorted(graph.tasks)), unique=True, min_size=1, max_size=3).map(tuple)
    again = some.map(lambda ids: tuple(evolve(graph.tasks[i], parent=None) for i in ids))
    return st.one_of(
        some.map(e.TasksRemoved),
        some.map(e.CommandsApproved),
        again.map(e.TasksRestored),
        some.map(lambda ids: e.TasksRestored((), ids)),
    )


def _task_events(graph: Graph, task_id_: TaskId) -> st.SearchStrategy[e.Event]:
    now = graph.tasks[task_id_]
    attempt = Attempt(len(now.attempts) + 1, Executor.MANUAL, SESSION, T0)
    seen = tuple(evolve(c, status=CriterionStatus.PASSED) for c in now.acceptance)
    moved = st.sampled_from([None, *sorted(graph.tasks)]).map(lambda p: evolve(now, parent=p, title="moved"))
    fixed: list[e.Event] = [
        e.AttemptStarted(now.id, attempt),
        e.ProgressReported(now.id, 0.5),
        e.AttemptEnded(now.id, Outcome.INTERRUPTED, "power cut", "..."),
        e.AttemptEnded(now.id, Outcome.FAILED, "exit 1"),
        e.TaskClaimed(now.id, "ann", "did it"),
        e.VerdictGiven(now.id, True, seen),
        e.VerdictGiven(now.id, False, now.acceptance),
        e.CriteriaChecked(now.id, seen),
        e.TaskCancelled(now.id, "not wanted"),
        e.TaskReopened(now.id),
    ]
    return st.one_of(st.sampled_from(fixed), moved.map(lambda t: e.TaskEdited(t, ("parent", "title"))))


def _opened(step: int) -> st.SearchStrategy[e.Event]:
    name = SessionId(f"session-step-{step}")
    return st.sampled_from(SessionKind).map(lambda k: e.SessionOpened(Session(name, k, "work", ORCH, created=at(step))))


def _session_events(graph: Graph, name: SessionId) -> st.SearchStrategy[e.Event]:
    fixed: list[e.Event] = [
        e.ThoughtRecorded(name, Thought(len(graph.sessions[name].thoughts) + 1, "hm", revises=None)),
        e.ThoughtRecorded(name, Thought(len(graph.sessions[name].thoughts) + 1, "no: ha", revises=1)),
        e.ThinkingFinished(name),
        e.NoteAdded(name, Note("mind the gap")),
        e.DecisionMade(name, Decision("sqlite", "it is there")),
        e.ArtifactRecorded(name, Artifact("out.txt", "file")),
        e.ActionBegan(name, Action("call-1", "Shell: make", "execute")),
        e.ActionEnded(name, "call-1", ActionState.COMPLETED, ran=True),
        e.ActionBegan(name, Action("call-2", "Edit: a.py", "edit", files=("a.py",))),
        e.ActionEnded(name, "call-2", ActionState.COMPLETED, ("a.py",)),
        e.UsageReported(name, Usage(900, 40, 8, 100, 1)),
        e.PermissionAsked(name, PermissionRequest(1, "execute", "make", "make all")),
        e.PermissionAnswered(name, 1, True, "person"),
        e.DoneClaimed(name, "did it"),
        e.FindingReported(name, Finding(1, True, 0.9, "looks right")),
        e.MetadataRecorded(name, "agent_session", "ses-1"),
        e.SessionRestored(graph.sessions[name]),
        e.SessionsRemoved((name,)),
    ]
    moves = st.sampled_from(SessionState).map(lambda s: e.SessionMoved(name, s))
    return st.one_of(st.sampled_from(fixed), moves)
