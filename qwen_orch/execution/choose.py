"""Who does a task, and whether it may be done now."""

from __future__ import annotations

from datetime import datetime

from qwen_orch.errors import AgentError, DependencyError, StateTransitionError
from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.query import continuing, ready
from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.task import Executor, Task, TaskStatus


def executor_for(task: Task, wanted: str, agent: str) -> Executor:
    """Return who does *task*: as *wanted*, or for ``auto`` the shell if it has commands, else the *agent* that is
    configured, else a person.

    Raises `AgentError` for a shell task without commands, and for an agent's without an agent.
    """
    if wanted == Executor.AUTO and task.run:
        return Executor.SHELL
    if wanted == Executor.AUTO:
        return Executor.AGENT if agent else Executor.MANUAL
    if wanted == Executor.AGENT and not agent:
        raise AgentError("no agent is configured", "/config agent.name qwen", "/config agent.name sim")
    if wanted == Executor.SHELL and not task.run:
        raise AgentError(
            f"{task.id} has no command to run",
            f"/new_task {task.id} --executor manual",
            f'/update_task {task.id} run:"…"',
        )
    return Executor(wanted)


def next_task(graph: Graph, now: datetime) -> Task:
    """Return the ready task to do next; raise `StateTransitionError` saying why there is none."""
    refuse_unapproved(graph)
    found = ready(graph, now)
    if found:
        return found[0]
    busy = [t.id for t in graph.ordered() if not t.status.settled]
    if not busy:
        raise StateTransitionError("every task is settled", "/check_completeness", "/add_task TITLE")
    begun = (TaskStatus.IN_PROGRESS, TaskStatus.CLAIMED, TaskStatus.FAILED)
    going = [continuing(t) for t in graph.ordered() if t.status in begun]
    raise StateTransitionError("no task is ready", *going[:2], "/list_tasks status:blocked")


def refuse_unapproved(graph: Graph) -> None:
    """Raise `StateTransitionError` unless the plan is approved."""
    status = graph.root.plan.status
    if status is PlanStatus.DRAFT:
        raise StateTransitionError("the plan is not approved yet", "/approve_plan")
    if status is PlanStatus.RESET:
        raise StateTransitionError("the plan was reset", "/plan TEXT")
    if status is PlanStatus.COMPLETED:
        raise StateTransitionError("the plan is completed", "/add_task TITLE", "/export_plan")


def refuse_start(graph: Graph, task: Task, executor: Executor, now: datetime, force: bool) -> None:
    """Raise the typed error that says why *task* may not be started now; *force* overrides what blocks it."""
    refuse_unapproved(graph)
    held = blocked_by(graph, task, now)
    if held and not force:
        hints = unblocking(graph, task, held)
        raise DependencyError(f"{task.id} is blocked by {', '.join(held)}", *hints, f"/new_task {task.id} --force")
    if executor is Executor.SHELL:
        refuse_unseen(task)


def unblocking(graph: Graph, task: Task, held: tuple[str, ...]) -> list[str]:
    """Return what to type about the tasks, phases and blockers that hold *task* up."""
    steps: dict[str, None] = {}
    for one in held:
        if one in graph.tasks:
            steps[f"/task_status {one}"] = None
        else:
            phase = graph.phase(one)
            steps[f"/list_tasks phase:{one}" if phase else f"/update_task {task.id} blocker:none"] = None
    return list(steps)[:3]


def refuse_unseen(task: Task) -> None:
    """Raise `StateTransitionError` if *task* has commands that nobody has consented to."""
    if task.commands and not task.approved:
        raise StateTransitionError(f"the commands of {task.id} were not approved", "/approve_plan")
