"""What an event means: the only place where state becomes other state.

`apply` trusts its events: whether one is legal was asked of ``rules`` before it was written. It must accept every event
of every journal ever written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from attrs import evolve
from immutables import Map

from qwen_orch.graph.shelf import Shelf
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.activity import MOST_KEPT, MOST_TOUCHED, Activity
from qwen_orch.model.ids import TaskId, number_of
from qwen_orch.model.plan import Orchestration, PlanStatus
from qwen_orch.model.session import Session
from qwen_orch.model.task import MOST_ATTEMPTS, Attempt, Outcome, Task, TaskStatus

Parts = Map[TaskId, tuple[TaskId, ...]]


def apply(graph: Graph, event: e.Event, at: str) -> Graph:
    """Return *graph* after *event*, which happened at the time *at* (ISO 8601, UTC)."""
    match event:
        case e.PlanEvent():
            return evolve(graph, orchestration=_plan(graph.orchestration, event, at))
        case e.ManifestEvent():
            return _manifest(graph, event, at)
        case e.SessionEvent():
            return evolve(graph, sessions=_sessions(graph, event, at))
        case _:
            assert_never(event)


def _plan(root: Orchestration | None, event: e.PlanEvent, at: str) -> Orchestration:
    match event:
        case e.OrchestrationCreated(orchestration) | e.PlanRestored(orchestration):
            return orchestration
    assert root is not None, "the first plan event creates the orchestration"
    plan = root.plan
    match event:
        case e.PlanApproved():
            plan = evolve(plan, status=PlanStatus.APPROVED, gates_approved=True)
        case e.PlanCompleted():
            plan = evolve(plan, status=PlanStatus.COMPLETED)
        case e.PlanReopened():
            plan = evolve(plan, status=PlanStatus.APPROVED)
        case e.PlanReset(preserve):
            kept = plan.requirements if preserve else ()
            plan = evolve(plan, status=PlanStatus.RESET, phases=(), requirements=kept, quality_gates=())
        case e.PlanRevised(revised):
            plan = revised
        case e.GatesVerified(gates):
            plan = evolve(plan, quality_gates=gates)
        case e.PlanTitled(title):
            return evolve(root, title=title, updated=at)
        case e.CheckpointNamed(name, seq):
            return evolve(root, checkpoints={**root.checkpoints, name: seq}, updated=at)
        case _:
            raise TypeError(event)
    return evolve(root, plan=plan, updated=at)


def _manifest(graph: Graph, event: e.ManifestEvent, at: str) -> Graph:
    match event:
        case e.TasksAdded(tasks):
            return _with(graph, tasks)
        case e.TasksRemoved(ids):
            return _without(graph, ids)
        case e.TasksRestored(tasks, removed):
            return _with(_without(graph, removed), tasks)
        case e.CommandsApproved(ids):
            return _with(graph, [evolve(graph.task(i), approved=True) for i in ids])
        case e.TaskEdited(task, _):
            return _with(graph, [evolve(task, updated=at)])
        case e.TaskEvent(task_id):
            task = graph.task(task_id)
            return _with(graph, [evolve(_moved(task, event, at), updated=at)])
        case _:
            raise TypeError(event)


def _moved(task: Task, event: e.TaskEvent, at: str) -> Task:
    match event:
        case e.AttemptStarted(_, attempt):
            return evolve(
                task,
                status=TaskStatus.IN_PROGRESS,
                attempts=_kept((*task.attempts, attempt)),
                session=attempt.session,
                progress=0.0,
            )
        case e.ProgressReported(_, progress):
            return evolve(task, progress=progress)
        case e.AttemptEnded(_, outcome, detail, output, evidence):
            waiting = outcome in (Outcome.INTERRUPTED, Outcome.CANCELLED)
            status = TaskStatus.IN_PROGRESS if waiting else TaskStatus.FAILED
            ended = _ended(task.attempts, outcome, at, detail, output)
            return evolve(task, status=status, attempts=ended, evidence=evidence)
        case e.TaskClaimed(_, _, summary, output, evidence):
            ended = _ended(task.attempts, Outcome.CLAIMED, at, summary, output)
            return evolve(task, status=TaskStatus.CLAIMED, attempts=ended, summary=summary, evidence=evidence)
        case e.VerdictGiven(_, passed, acceptance, evidence):
            judged = evolve(task, acceptance=acceptance, evidence=evidence)
            if not passed:
                return evolve(judged, status=TaskStatus.FAILED, finished=None)
            return evolve(judged, status=TaskStatus.COMPLETED, progress=1.0, finished=task.finished or at)
        case e.CriteriaChecked(_, acceptance):
            return evolve(task, acceptance=acceptance)
        case e.TaskCancelled(_, reason):
            ended = _ended(task.attempts, Outcome.CANCELLED, at, reason, "")
            return evolve(task, status=TaskStatus.CANCELLED, summary=reason, attempts=ended, finished=at)
        case e.TaskReopened():
            ended = _ended(task.attempts, Outcome.CANCELLED, at, "reopened", "")
            return evolve(task, status=TaskStatus.PENDING, progress=0.0, summary="", attempts=ended, finished=None)
        case _:
            raise TypeError(event)


def _kept(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Return the first attempt, which tells when work began, and the newest: a task may be done again without end."""
    return attempts if len(attempts) <= MOST_ATTEMPTS else (attempts[0], *attempts[1 - MOST_ATTEMPTS :])


def _ended(attempts: tuple[Attempt, ...], outcome: Outcome, at: str, detail: str, output: str) -> tuple[Attempt, ...]:
    """Close the attempt under way, if one is."""
    if not attempts or attempts[-1].outcome is not Outcome.RUNNING:
        return attempts
    return (*attempts[:-1], evolve(attempts[-1], outcome=outcome, ended=at, detail=detail, output=output))


def _with(graph: Graph, tasks: Iterable[Task]) -> Graph:
    """Return *graph* with these task records put in."""
    changed, families = graph.tasks.mutate(), _Families(graph.parts)
    last = graph.last_number
    for task in tasks:
        before = changed.get(task.id)
        changed[task.id] = task
        last = max(last, number_of(task.id))
        if task.parent != (before.parent if before else None):
            families.leave(before)
            families.join(task)
    return evolve(graph, tasks=changed.finish(), parts=families.parts(), last_number=last)


def _without(graph: Graph, ids: Iterable[TaskId]) -> Graph:
    changed, families = graph.tasks.mutate(), _Families(graph.parts)
    for task_id in ids:
        families.leave(changed.pop(task_id, None))
    return evolve(graph, tasks=changed.finish(), parts=families.parts())


class _Families:
    """The parts of tasks while some change: each tuple is made once, however many of its parts come and go."""

    def __init__(self, before: Parts) -> None:
        self._before = before
        self._touched: dict[TaskId, set[TaskId]] = {}

    def _of(self, parent: TaskId) -> set[TaskId]:
        if parent not in self._touched:
            self._touched[parent] = set(self._before.get(parent, ()))
        return self._touched[parent]

    def join(self, task: Task) -> None:
        if task.parent is not None:
            self._of(task.parent).add(task.id)

    def leave(self, task: Task | None) -> None:
        if task is not None and task.parent is not None:
            self._of(task.parent).discard(task.id)

    def parts(self) -> Parts:
        """Return the parts now, in order of number; a task that has none has no entry."""
        after = self._before.mutate()
        for parent, ids in self._touched.items():
            after.pop(parent, None)
            if ids:
                after[parent] = tuple(sorted(ids, key=number_of))
        return after.finish()


def _sessions(graph: Graph, event: e.SessionEvent, at: str) -> Shelf:
    match event:
        case e.SessionOpened(session) | e.SessionRestored(session):
            return graph.sessions.set(session)
        case e.SessionsRemoved(ids):
            return graph.sessions.without(ids)
        case e.InSession(session_id):
            return graph.sessions.set(evolve(_session(graph.session(session_id), event, at), updated=at))
        case _:
            raise TypeError(event)


def _session(session: Session, event: e.InSession, at: str) -> Session:
    match event:
        case e.SessionMoved(_, state, _):
            return evolve(session, state=state)
        case e.ThoughtRecorded(_, thought):
            return evolve(session, thoughts=(*session.thoughts, thought))
        case e.ThinkingFinished():
            return evolve(session, thinking_done=True)
        case e.NoteAdded(_, note):
            return evolve(session, notes=(*session.notes, note))
        case e.DecisionMade(_, decision):
            return evolve(session, decisions=(*session.decisions, decision))
        case e.ArtifactRecorded(_, artifact):
            return evolve(session, artifacts=(*session.artifacts, artifact))
        case e.MetadataRecorded(_, key, value):
            return evolve(session, metadata={**session.metadata, key: value})
        case _:
            return evolve(session, activity=_activity(session.activity, event, at))


def _activity(seen: Activity, event: e.InSession, at: str) -> Activity:
    match event:
        case e.ActionBegan(_, action):
            return evolve(seen, actions=(*seen.actions, action)[-MOST_KEPT:])
        case e.ActionEnded():
            return _acted(seen, event, at)
        case e.UsageReported(_, usage):
            return evolve(seen, usage=seen.usage.plus(usage))
        case e.PermissionAsked(_, request):
            return evolve(seen, requests=(*seen.requests, request)[-MOST_KEPT:])
        case e.PermissionAnswered(_, number, allowed, by):
            answered = (evolve(r, allowed=allowed, by=by) if r.number == number else r for r in seen.requests)
            return evolve(seen, requests=tuple(answered))
        case e.DoneClaimed(_, summary):
            return evolve(seen, claim=summary)
        case e.FindingReported(_, finding):
            others = (f for f in seen.findings if f.criterion != finding.criterion)
            return evolve(seen, findings=(*others, finding)[-MOST_KEPT:])
        case _:
            raise TypeError(event)


def _acted(seen: Activity, ended: e.ActionEnded, at: str) -> Activity:
    """Return *seen* after a tool call, with what it changed as the newest."""
    actions = tuple(evolve(a, state=ended.state) if a.call == ended.call else a for a in seen.actions)
    before = {path: when for path, when in seen.files.items() if path not in ended.files}
    files = [*before.items(), *((path, at) for path in ended.files)]
    return evolve(seen, actions=actions, files=dict(files[-MOST_TOUCHED:]), ran=seen.ran or ended.ran)
