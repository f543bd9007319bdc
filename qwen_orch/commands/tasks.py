"""Commands on tasks: list, look at, add, change, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from qwen_orch.answers.core import TaskAnswer, orchestration_answer, progress_answer, task_answer
from qwen_orch.answers.tasks import TaskList
from qwen_orch.commands.context import Context, task_named
from qwen_orch.commands.registry import Arg, command
from qwen_orch.graph.state import Graph
from qwen_orch.model.task import Task, TaskStatus
from qwen_orch.project.writer import now

if TYPE_CHECKING:
    from qwen_orch.answers.status import Hours, PlanStatusAnswer, TaskStatusAnswer
    from qwen_orch.answers.work import Worked

TASK = Arg("task: its id, a prefix or number of it, or the label it has in the document", takes="task")
FILTER = Arg(
    "terms that must all hold: status:pending,blocked -tag:docs estimate:>4h words of the title", takes="filter"
)


@command("Tasks", reads=True)
def list_tasks(
    ctx: Context,
    filter: Annotated[str, FILTER] = "",  # noqa: A002 - the word people see
    *,
    tree: Annotated[bool, Arg("by phase, subtasks below their task")] = False,
    details: Annotated[bool, Arg("with description, criteria, commands and dependencies")] = False,
) -> TaskList:
    """List the tasks of the current plan.

    Keys: status (pending, ready, blocked, in_progress, interrupted, claimed, completed, failed, cancelled), priority,
    tag, assignee, phase, estimate, id, ready, blocked.
    """
    graph, moment = ctx.writer.graph, now()
    tasks = graph.ordered()
    if filter:
        from qwen_orch.graph.filters import task_filter

        lets_through = task_filter(filter, graph, moment.astimezone())
        tasks = [t for t in tasks if lets_through(t)]
    answers = tuple(task_answer(graph, t, moment) for t in tasks)
    return TaskList(answers, len(answers), len(graph.tasks), graph.root.plan.phases, tree, details)


@command("Tasks", reads=True)
def task_status(ctx: Context, task: Annotated[str | None, TASK] = None) -> PlanStatusAnswer | TaskStatusAnswer:
    """Show where the plan stands, or everything about one task.

    Without a task: progress, what is ready, in progress, blocked and by what, the critical path, and the hours that
    remain (PERT mean and spread; the finish that half, and nine in ten, of the simulated runs meet), and how past
    estimates compared to the time that work took.
    """
    graph = ctx.writer.graph
    return _plan_status(ctx, graph) if task is None else _task_status(graph, graph.task(task_named(graph, task)))


def _plan_status(ctx: Context, graph: Graph) -> PlanStatusAnswer:
    from qwen_orch.answers.status import PlanStatusAnswer
    from qwen_orch.graph import query
    from qwen_orch.graph.calibration import calibration
    from qwen_orch.graph.schedule import schedule

    moment = now()
    ready = query.ready(graph, moment)
    busy = [t for t in graph.ordered() if t.status is TaskStatus.IN_PROGRESS]
    return PlanStatusAnswer(
        orchestration=orchestration_answer(graph.root),
        progress=progress_answer(graph),
        ready=tuple(task_answer(graph, t, moment) for t in ready),
        in_progress=tuple(task_answer(graph, t, moment) for t in busy),
        blocked=tuple(task_answer(graph, t, moment) for t, _ in query.blocked(graph, moment)),
        critical_path=schedule(graph).critical_path,
        remaining_hours=_hours(graph, ctx.project.glance.jobs),
        next=next_steps(graph, ready),
        calibration=calibration(graph),
        tokens=ctx.project.tokens(graph.root.id) if _agents_work(ctx, graph) else 0,
    )


def _agents_work(ctx: Context, graph: Graph) -> bool:
    """Tell whether agents may have spent tokens: counting them is spared where none was ever there."""
    attempts = (a for t in graph.tasks.values() for a in t.attempts)
    return bool(ctx.project.glance.agent) or any(a.executor == "agent" for a in attempts)


def _hours(graph: Graph, jobs: int) -> Hours:
    from qwen_orch.answers.status import Hours
    from qwen_orch.graph.simulation import remaining

    found = remaining(graph, jobs)
    return Hours(round(found.mean, 2), round(found.spread, 2), round(found.p50, 2), round(found.p90, 2), jobs)


def next_steps(graph: Graph, ready: list[Task]) -> tuple[str, ...]:
    """Return what to type next, most useful first."""
    from qwen_orch.model.plan import PlanStatus

    status = graph.root.plan.status
    if status is PlanStatus.DRAFT:
        return ("/approve_plan",)
    if status is not PlanStatus.APPROVED:
        return ("/export_plan",) if status is PlanStatus.COMPLETED else ("/plan TEXT",)
    claimed = [t for t in graph.ordered() if t.status is TaskStatus.CLAIMED]
    busy = [t for t in graph.ordered() if t.status is TaskStatus.IN_PROGRESS]
    failed = [t for t in graph.ordered() if t.status is TaskStatus.FAILED]
    steps = [_continuing(graph, t) for t in busy[:2]] + [f"/complete_task {t.id}" for t in claimed[:1]]
    steps += [f"/new_task {t.id}" for t in failed[:1]] + (["/new_task"] if ready else [])
    return tuple(dict.fromkeys(steps)) or ("/check_completeness",)


def _continuing(graph: Graph, task: Task) -> str:
    """Return what to type about a task in progress: what its agent asks goes first."""
    from qwen_orch.graph.query import continuing
    from qwen_orch.graph.questions import waiting

    asks = task.open_attempt and any(question.session.task == task.id for question in waiting(graph))
    return "/permissions" if asks else continuing(task)


def _task_status(graph: Graph, task: Task) -> TaskStatusAnswer:
    from qwen_orch.answers.agents import agents_of
    from qwen_orch.answers.status import TaskStatusAnswer
    from qwen_orch.graph.calibration import actual_hours

    moment = now()
    return TaskStatusAnswer(
        task=task_answer(graph, task, moment),
        evidence=task.evidence,
        attempts=task.attempts,
        subtasks=tuple(task_answer(graph, t, moment) for t in graph.subtasks(task.id)),
        next=task_steps(graph, task),
        actual_hours=actual_hours(task),
        agents=agents_of(graph, task),
    )


def task_steps(graph: Graph, task: Task) -> tuple[str, ...]:
    """Return what to type next about one task."""
    from qwen_orch.graph.query import is_ready, ready
    from qwen_orch.model.plan import PlanStatus

    if graph.root.plan.status is PlanStatus.DRAFT:
        return ("/approve_plan",)
    again = f"/update_task {task.id} status:pending"
    by_status = {
        TaskStatus.IN_PROGRESS: (_continuing(graph, task), f"/cancel_task {task.id}"),
        TaskStatus.CLAIMED: (f"/complete_task {task.id}", f"/new_task {task.id}"),
        TaskStatus.FAILED: _once_more(graph, task),
        TaskStatus.COMPLETED: next_steps(graph, ready(graph, now())),
        TaskStatus.CANCELLED: (again,),
    }
    if task.status is not TaskStatus.PENDING:
        return by_status[task.status]
    return (f"/new_task {task.id}",) if is_ready(graph, task, now()) else ("/list_tasks status:ready",)


def _once_more(graph: Graph, task: Task) -> tuple[str, ...]:
    """Return what to type after a failure; where an agent asked and nobody answered, how it is let."""
    from qwen_orch.model.activity import NOBODY

    session = graph.sessions.get(task.session) if task.session else None
    if session and any(request.by == NOBODY for request in session.activity.requests):
        return (f"/new_task {task.id} --yes", "/config permissions")
    return (f"/new_task {task.id}", f"/complete_task {task.id}")


@command("Tasks")
def add_task(
    ctx: Context,
    title: Annotated[str, Arg("what is to be done", takes="text")],
    *,
    phase: Annotated[str | None, Arg("phase: id, number or part of its title")] = None,
    parent: Annotated[str | None, Arg("task it is a part of", takes="task")] = None,
    depends_on: Annotated[str | None, Arg("tasks it waits for: task-001,task-002")] = None,
    priority: Annotated[str, Arg("critical, high, medium or low")] = "medium",
    estimate: Annotated[str | None, Arg("2h, 3-5 days or 1h-2h-4h")] = None,
    run: Annotated[str | None, Arg("command that does it")] = None,
    check: Annotated[str | None, Arg("command that proves it")] = None,
    accept: Annotated[str | None, Arg("criterion no command can check")] = None,
    tags: Annotated[str | None, Arg("a,b")] = None,
    assignee: Annotated[str | None, Arg("who")] = None,
) -> Worked:
    """Add a task to the plan. Its commands are not run before /approve_plan has shown them."""
    from qwen_orch.commands.editing import added

    given = {
        "phase": phase,
        "parent": parent,
        "depends_on": depends_on,
        "priority": priority,
        "estimate": estimate,
        "run": run,
        "check": check,
        "accept": accept,
        "tags": tags,
        "assignee": assignee,
    }
    terms = {name: value for name, value in given.items() if value is not None}
    writer = ctx.writer
    writer.commit("add_task", lambda graph: added(graph, title, terms))
    return _worked(writer.graph, writer.graph.ordered()[-1])


@command("Tasks")
def update_task(
    ctx: Context,
    task: Annotated[str, TASK],
    changes: Annotated[tuple[str, ...], Arg("field:value …, for example priority:high estimate:2h", takes="words")],
) -> Worked:
    """Change fields of a task.

    Fields: title, description, priority, estimate, phase, parent, depends_on, tags, assignee, progress, run, check,
    accept, blocker, status. `none` empties a field; `run:`, `check:`, `accept:` and `blocker:` add to what is there.
    The only status to set is pending, which reopens a task: completed is a verdict, see /complete_task.
    """
    from qwen_orch.commands.editing import edited

    writer = ctx.writer
    subject = task_named(writer.graph, task)
    writer.commit("update_task", lambda graph: edited(graph, graph.task(subject), changes))
    return _worked(writer.graph, writer.graph.task(subject))


@command("Tasks")
def cancel_task(
    ctx: Context,
    task: Annotated[str, TASK],
    reason: Annotated[str, Arg("why", takes="text")] = "",
) -> Worked:
    """Cancel a task: it is no longer wanted, and nothing waits for it any more."""
    from qwen_orch.commands.editing import cancelled

    writer = ctx.writer
    subject = task_named(writer.graph, task)
    writer.commit("cancel_task", lambda graph: cancelled(graph, graph.task(subject), reason))
    return _worked(writer.graph, writer.graph.task(subject))


def _worked(graph: Graph, task: Task) -> Worked:
    from qwen_orch.answers.work import Worked

    answer: TaskAnswer = task_answer(graph, task, now())
    return Worked(answer, None, None, next=task_steps(graph, task))
