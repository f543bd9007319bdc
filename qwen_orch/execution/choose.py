"""Who does a task, and whether it may be done now."""

from __future__ import annotations

from datetime import datetime

from qwen_orch.errors import AgentError, DependencyError, StateTransitionError
from qwen_orch.graph.precedence import blocked_by
from qwen_orch.graph.query import ready
from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.task import Executor, Task


def executor_for(task: Task, wanted: str) -> Executor:
    """Return who does *task*: as *wanted*, or for ``auto`` the shell if it has commands, else a person.

    Raises `AgentError` for a shell task without commands.
    """
    if wanted == Executor.AUTO:
        return Executor.SHELL if task.run else Executor.MANUAL
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
    raise StateTransitionError("no task is ready", "/list_tasks status:blocked", "/task_status")


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
        first = next((i for i in held if i in graph.tasks), None)
        hint = f"/new_task {first}" if first else f"/update_task {task.id} blocker:none"
        raise DependencyError(f"{task.id} is blocked by {', '.join(held)}", hint, f"/new_task {task.id} --force")
    if executor is Executor.SHELL:
        refuse_unseen(task)


def refuse_unseen(task: Task) -> None:
    """Raise `StateTransitionError` if *task* has commands that nobody has consented to."""
    if task.commands and not task.approved:
        raise StateTransitionError(f"the commands of {task.id} were not approved", "/approve_plan shows them first")
