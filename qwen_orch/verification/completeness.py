"""Is it all done? Every check is run again; what is missing is named with the command that continues it."""

from __future__ import annotations

from attrs import evolve

from qwen_orch.answers.core import orchestration_answer, progress_answer
from qwen_orch.answers.work import Completeness, CriterionAnswer, Remaining
from qwen_orch.errors import StateTransitionError
from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.query import continuing, status_word
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.session import SessionKind, SessionState
from qwen_orch.model.task import Criterion, CriterionStatus, Evidence, Task, TaskStatus
from qwen_orch.processes.shop import Shop
from qwen_orch.project.opening import new_session
from qwen_orch.project.writer import now
from qwen_orch.verification.checks import check_all
from qwen_orch.verification.judge import Verdict, judge
from qwen_orch.verification.session import after, verdict_events, verifying

GATE = "quality gate"
_PASSED = CriterionStatus.PASSED
JUDGED = (TaskStatus.CLAIMED, TaskStatus.COMPLETED, TaskStatus.FAILED)
"""Tasks somebody says are done, or did; the checks of others are not due yet."""


async def completeness(shop: Shop, run_checks: bool, strict: bool) -> Completeness:
    """Check the whole plan and make what is found durable. With *run_checks* false no command is run.

    Raises `StateTransitionError` for a plan that is still a draft: nobody has consented to its commands.
    """
    graph = shop.writer.graph
    if graph.root.plan.status in (PlanStatus.DRAFT, PlanStatus.RESET):
        hint = "/approve_plan" if graph.root.plan.status is PlanStatus.DRAFT else "/plan TEXT"
        raise StateTransitionError(f"the plan is {graph.root.plan.status}: there is nothing to check yet", hint)
    title, taken = f"completeness of {graph.root.title}", shop.project.layout.has_session
    session = new_session(graph, SessionKind.VERIFICATION, title, taken=taken)
    with verifying(shop, session, "check_completeness"):
        found = await _checked(shop, session.id) if run_checks else {}
        shop.writer.commit("check_completeness", lambda g: _outcome(g, session.id, found, strict, run_checks))
    return _answer(shop.writer.graph, strict, run_checks)


async def _checked(shop: Shop, session: SessionId) -> dict[str, Evidence]:
    graph = shop.writer.graph
    lines = [g.check for g in graph.root.plan.quality_gates if g.check] if graph.root.plan.gates_approved else []
    for task in _judged(graph):
        if task.approved:
            lines += [c.check for c in task.acceptance if c.check]
    for line in dict.fromkeys(lines):
        shop.show("checking", "", line)
    return await check_all(lines, shop.surroundings(session), shop.project.config.jobs)


def _judged(graph: Graph) -> list[Task]:
    return [t for t in graph.ordered() if t.status in JUDGED]


def _outcome(graph: Graph, session: SessionId, found: dict[str, Evidence], strict: bool, ran: bool) -> list[e.Event]:
    """Return verdicts where the checks say something new, the state of the gates, and of the plan."""
    events: list[e.Event] = []
    gates = tuple(_gate(g, found) if ran or not g.check else g for g in graph.root.plan.quality_gates)
    if gates != graph.root.plan.quality_gates:
        events.append(e.GatesVerified(gates))
    state = after(graph, events)
    for judged in _judged(graph):
        task, new = state.task(judged.id), list[e.Event]()
        if task.status not in JUDGED:
            continue  # a part of it failed just now, so it is open again
        if ran and any(c.check in found for c in task.acceptance if c.check):
            judgement = judge(task, found, [v for v in task.evidence if v.kind != "check"])
            new = verdict_events(state, task, judgement) if judgement.verdict is not Verdict.UNDECIDED else []
        elif ran and any(c.check for c in task.acceptance) and not task.approved:
            new = [e.CriteriaChecked(task.id, tuple(_unseen(c) for c in task.acceptance))]
        state = after(state, new)
        events += new
    done = _is_complete(state, strict)
    if done and graph.root.plan.status is PlanStatus.APPROVED:
        events.append(e.PlanCompleted())
    if not done and graph.root.plan.status is PlanStatus.COMPLETED:
        events.append(e.PlanReopened())
    return [*events, e.SessionMoved(session, SessionState.COMPLETED if done else SessionState.FAILED)]


def _unseen(criterion: Criterion) -> Criterion:
    """Return a criterion whose check may not be run: what was once found by it is not trusted."""
    return evolve(criterion, status=CriterionStatus.UNVERIFIED) if criterion.check else criterion


def _gate(gate: Criterion, found: dict[str, Evidence]) -> Criterion:
    evidence = found.get(gate.check) if gate.check else None
    if evidence is None:
        return evolve(gate, status=CriterionStatus.UNVERIFIED)
    return evolve(gate, status=CriterionStatus.PASSED if evidence.passed else CriterionStatus.FAILED, evidence=evidence)


def _is_complete(graph: Graph, strict: bool) -> bool:
    """Tell whether every task is settled and every criterion holds that a command can check (*strict*: or none)."""
    asked = (c for c in _criteria(graph) if c.check or strict)
    return all(t.status.settled for t in graph.tasks.values()) and all(c.status == _PASSED for c in asked)


def _criteria(graph: Graph) -> list[CriterionAnswer]:
    gates = [CriterionAnswer(GATE, g.text, g.check, g.status, g.evidence) for g in graph.root.plan.quality_gates]
    tasks = (t for t in graph.ordered() if t.status is not TaskStatus.CANCELLED)
    return gates + [CriterionAnswer(t.id, c.text, c.check, c.status, c.evidence) for t in tasks for c in t.acceptance]


def _answer(graph: Graph, strict: bool, ran: bool) -> Completeness:
    criteria = _criteria(graph)
    unverified = sum(c.status == CriterionStatus.UNVERIFIED and not c.check for c in criteria)
    open_tasks = tuple(_remaining(graph, t) for t in graph.ordered() if not t.status.settled)
    return Completeness(
        complete=_is_complete(graph, strict),
        orchestration=orchestration_answer(graph.root),
        progress=progress_answer(graph),
        criteria=tuple(criteria),
        unverified=unverified,
        remaining=open_tasks,
        recommendations=_recommendations(criteria, open_tasks, unverified, ran),
    )


def _remaining(graph: Graph, task: Task) -> Remaining:
    moment = now()
    state = status_word(graph, task, moment)
    held = blocked_by(graph, task, moment)
    parts = tuple(p.id for p in graph.subtasks(task.id) if not p.status.settled)
    failed = next((c.text for c in task.acceptance if c.status is CriterionStatus.FAILED), None)
    why = {
        TaskStatus.FAILED: f"check failed: {failed}" if failed else "its attempt failed",
        TaskStatus.CLAIMED: "claimed, and nothing proves it",
        TaskStatus.IN_PROGRESS: "an attempt was interrupted" if state == "interrupted" else "somebody is at it",
    }.get(task.status, f"blocked by {', '.join(held)}" if held else f"its parts are open: {', '.join(parts)}")
    why = "not started" if task.status is TaskStatus.PENDING and not held and not parts else why
    return Remaining(task.id, task.title, state, why, _command(graph, task, (*held, *parts)))


def _command(graph: Graph, task: Task, held: tuple[str, ...]) -> str:
    """Return what to type to go on with *task*, which *held* keep from being done."""
    first = next((i for i in held if i in graph.tasks), None)
    return continuing(task) if first is None else f"/task_status {first}"


def _first_to_do(remaining: tuple[Remaining, ...]) -> Remaining:
    """Return the first that somebody can go on with: not one that waits for another."""
    return next((r for r in remaining if r.command.startswith(("/new_task", "/complete_task"))), remaining[0])


def _recommendations(
    criteria: list[CriterionAnswer], remaining: tuple[Remaining, ...], unverified: int, ran: bool
) -> tuple[str, ...]:
    said = []
    failed_gates = [c.text for c in criteria if c.task == GATE and c.status == CriterionStatus.FAILED]
    if failed_gates:
        said.append(f"mend the quality gate: {failed_gates[0]}")
    unseen = [c for c in criteria if c.check and c.status in (CriterionStatus.UNVERIFIED, CriterionStatus.OPEN)]
    settled = {c.task for c in unseen} - {r.task for r in remaining}
    if settled and ran:
        said.append("some checks are not approved, so they were not run: /approve_plan")
    if remaining:
        said.append(f"continue with {_first_to_do(remaining).command}")
    if unverified and ran:
        several = "criteria that no command can check" if unverified > 1 else "criterion that no command can check"
        said.append(f"look at the {unverified} {several}")
    if not ran:
        said.append("no check was run: /check_completeness runs them")
    return tuple(said) or ("/export_plan --include-progress",)
