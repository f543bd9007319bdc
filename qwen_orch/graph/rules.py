"""Which steps the state allows: the table of legal moves, and what a dependency may be.

`check` is asked of every event before it is written, in the state that the events before it have made.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from qwen_orch.errors import DependencyError, StateTransitionError, ValidationError
from qwen_orch.graph import precedence
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.activity import Finding
from qwen_orch.model.ids import TaskId
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.session import SessionState
from qwen_orch.model.task import Task, TaskStatus

P, I, C, D, F, X = TaskStatus  # noqa: E741 - pending, in_progress, claimed, completed (done), failed, cancelled

TASK_MOVES: dict[type[e.Event], frozenset[TaskStatus]] = {
    e.AttemptStarted: frozenset({P, I, C, F}),
    e.ProgressReported: frozenset({I}),
    e.AttemptEnded: frozenset({I}),
    e.TaskClaimed: frozenset({P, I, F}),
    e.VerdictGiven: frozenset({P, C, D, F}),
    e.CriteriaChecked: frozenset({C, D, F}),
    e.TaskCancelled: frozenset({P, I, C, F}),
    e.TaskReopened: frozenset({I, C, D, F, X}),
}
"""From which statuses an event of a task is legal; one not named is legal from all."""

PLAN_MOVES: dict[type[e.Event], frozenset[PlanStatus]] = {
    e.PlanApproved: frozenset({PlanStatus.DRAFT, PlanStatus.APPROVED}),
    e.PlanCompleted: frozenset({PlanStatus.APPROVED}),
    e.PlanReopened: frozenset({PlanStatus.COMPLETED}),
    e.PlanReset: frozenset({PlanStatus.DRAFT, PlanStatus.APPROVED, PlanStatus.COMPLETED}),
    e.PlanTitled: frozenset({PlanStatus.DRAFT, PlanStatus.APPROVED, PlanStatus.COMPLETED}),
    e.AttemptStarted: frozenset({PlanStatus.APPROVED}),
    e.TaskClaimed: frozenset({PlanStatus.APPROVED}),
}
"""In which statuses of the plan an event is legal; an event not named is legal in all."""

SESSION_MOVES: dict[SessionState, frozenset[SessionState]] = {
    SessionState.ACTIVE: frozenset({SessionState.SUSPENDED, SessionState.COMPLETED, SessionState.FAILED}),
    SessionState.SUSPENDED: frozenset({SessionState.ACTIVE, SessionState.COMPLETED, SessionState.FAILED}),
    SessionState.COMPLETED: frozenset({SessionState.ACTIVE}),
    SessionState.FAILED: frozenset({SessionState.ACTIVE}),
}


def check(graph: Graph, event: e.Event) -> None:
    """Raise the typed error that says why *event* is not legal in *graph*, or return."""
    _check_plan(graph, event)
    match event:
        case e.TasksAdded(tasks):
            _check_new(graph, tasks)
            check_dependencies(graph, tasks)
        case e.TaskEdited(task, _):
            before = graph.task(task.id)
            _check_task(before, event)
            if _place(task) != _place(before):
                check_dependencies(graph, [task])
        case e.AttemptStarted(task_id):
            _check_attempt(graph.task(task_id))
        case e.ProgressReported(task_id, progress):
            _check_task(graph.task(task_id), event)
            if not 0 <= progress <= 1:
                raise ValidationError(f"progress is from 0 to 1, not {progress}")
        case e.TaskEvent(task_id):
            _check_task(graph.task(task_id), event)
        case e.SessionOpened(session) if session.id in graph.sessions:
            raise ValidationError(f"there is a session {session.id} already", "repeat the command: it gets another id")
        case e.InSession():
            _check_in_session(graph, event)


def _check_in_session(graph: Graph, event: e.InSession) -> None:
    match event:
        case e.SessionMoved(session_id, state):
            _check_session(graph, session_id, state)
        case e.ThoughtRecorded():
            _check_thought(graph, event)
        case e.PermissionAnswered(session_id, number):
            _check_answer(graph, session_id, number)
        case e.FindingReported(_, finding):
            _check_finding(finding)


def _check_plan(graph: Graph, event: e.Event) -> None:
    if isinstance(event, e.OrchestrationCreated):
        return
    status = graph.root.plan.status
    if status in PLAN_MOVES.get(type(event), {status}):
        return
    if status is PlanStatus.DRAFT:
        raise StateTransitionError("the plan is not approved yet", "/approve_plan")
    raise StateTransitionError(f"the plan is {status}", "/plan" if status is PlanStatus.RESET else "/task_status")


def _check_task(task: Task, event: e.Event) -> None:
    legal = TASK_MOVES.get(type(event), frozenset(TaskStatus))
    if task.status not in legal:
        what = _WORDS.get(type(event), "changed")
        raise StateTransitionError(f"{task.id} is {task.status} and cannot be {what}", f"/task_status {task.id}")


_WORDS: dict[type[e.Event], str] = {
    e.AttemptStarted: "started",
    e.TaskClaimed: "claimed as done",
    e.VerdictGiven: "judged",
    e.TaskCancelled: "cancelled",
    e.TaskReopened: "reopened",
}


def _check_attempt(task: Task) -> None:
    if task.open_attempt:
        raise StateTransitionError(
            f"{task.id} is being worked on already (attempt {task.open_attempt.number}, {task.open_attempt.executor})",
            f"/complete_task {task.id}",
            f"/task_status {task.id}",
        )
    if task.status not in TASK_MOVES[e.AttemptStarted]:
        reopen = f"/update_task {task.id} status:pending"
        raise StateTransitionError(f"{task.id} is {task.status} and cannot be started", reopen)


def _check_session(graph: Graph, session_id: str, state: SessionState) -> None:
    session = graph.session(session_id)
    if state not in SESSION_MOVES[session.state]:
        raise StateTransitionError(f"{session.id} is {session.state} and cannot become {state}", "/sessions")


def _check_thought(graph: Graph, event: e.ThoughtRecorded) -> None:
    session, thought = graph.session(event.id), event.thought
    for name, number in (("revises", thought.revises), ("from", thought.branch_from)):
        if number is not None and not 1 <= number <= len(session.thoughts):
            known = f"1 to {len(session.thoughts)}" if session.thoughts else "none yet"
            raise ValidationError(f"--{name} {number}: there is no such thought (there is {known})", "/think")


def _check_answer(graph: Graph, session_id: str, number: int) -> None:
    asked = graph.session(session_id).activity.request(number)
    if asked is None or asked.allowed is not None:
        state = "is no question" if asked is None else f"was answered already, by {asked.by}"
        raise StateTransitionError(f"{number} of {session_id} {state}", "/permissions")


def _check_finding(finding: Finding) -> None:
    if finding.criterion < 1 or not 0 <= finding.confidence <= 1:
        raise ValidationError("a finding is of a criterion from 1 on, with a confidence from 0 to 1")


def _check_new(graph: Graph, tasks: Iterable[Task]) -> None:
    seen: set[str] = set()
    for task in tasks:
        if task.id in graph.tasks or task.id in seen:
            raise ValidationError(f"there are two tasks {task.id}")
        seen.add(task.id)


def check_dependencies(graph: Graph, tasks: Iterable[Task]) -> None:
    """Raise `DependencyError` if *tasks*, put into *graph*, point at nothing, at themselves or close a cycle."""
    new = {task.id: task for task in tasks}
    after = evolve(graph, tasks=graph.tasks.update(new))
    for task in new.values():
        _check_targets(after, task)
    if any(task.depends_on or task.parent or task.phase for task in new.values()):
        refuse_cycle(after, new)


def _place(task: Task) -> tuple[object, ...]:
    """Return what decides whom *task* waits for, and who for it."""
    return task.depends_on, task.parent, task.phase


def _check_targets(graph: Graph, task: Task) -> None:
    for target in (d.task for d in task.depends_on):
        if target == task.id:
            raise DependencyError(f"{task.id} cannot depend on itself", f"/task_status {task.id}")
        if target not in graph.tasks:
            raise DependencyError(f"{task.id} depends on {target}, which does not exist", "/list_tasks")
    if task.parent == task.id:
        raise DependencyError(f"{task.id} cannot be part of itself", f"/task_status {task.id}")
    if task.parent and task.parent not in graph.tasks:
        raise DependencyError(f"{task.id} is part of {task.parent}, which does not exist", "/list_tasks")
    if task.phase and graph.phase(task.phase) is None:
        raise DependencyError(f"{task.id} is in {task.phase}, which does not exist", "/list_tasks")


def refuse_cycle(graph: Graph, starts: Iterable[TaskId]) -> None:
    """Raise `DependencyError` naming the path if some task reachable from *starts* waits for itself."""
    path = precedence.cycle(precedence.Precedence.of(graph), starts)
    if path:
        raise DependencyError(f"the dependencies form a cycle: {' → '.join(path)}", "/graph")
