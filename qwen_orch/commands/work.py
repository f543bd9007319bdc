"""Commands that do and prove: start a task, claim it, check that everything is done."""

from __future__ import annotations

from typing import Annotated

from qwen_orch.answers.core import session_answer, task_answer
from qwen_orch.answers.work import Begun, Completeness, Worked, WorkedAll
from qwen_orch.commands.context import Context, task_named
from qwen_orch.commands.registry import Arg, command
from qwen_orch.commands.shop import run_through, shop_of
from qwen_orch.commands.tasks import TASK, next_steps, task_steps
from qwen_orch.errors import DependencyError, StateTransitionError, TaskNotFound, UsageError
from qwen_orch.execution.attempt import Wanted, session_for, start
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, TaskId
from qwen_orch.model.session import Session, SessionState
from qwen_orch.model.task import Evidence, Executor, Task, TaskStatus
from qwen_orch.model.text import clean
from qwen_orch.processes.shop import Shop
from qwen_orch.project.config import EXECUTORS
from qwen_orch.project.opening import finished
from qwen_orch.project.writer import Writer, now, timestamp

EXECUTOR = Arg("who does it", choices=EXECUTORS)


@command("Work")
def new_task(
    ctx: Context,
    task: Annotated[str | None, TASK] = None,
    *,
    executor: Annotated[str | None, EXECUTOR] = None,
    force: Annotated[bool, Arg("start it although something blocks it")] = False,
    all: Annotated[bool, Arg("do everything that becomes ready and needs no person")] = False,  # noqa: A002
    jobs: Annotated[int | None, Arg("with --all: how many at a time")] = None,
    skip_verification: Annotated[bool, Arg("leave it claimed: do not run the checks")] = False,
    background: Annotated[bool, Arg("go on in the background, even when the shell is left")] = False,
    ask_later: Annotated[bool, Arg("what an agent asks waits for /allow or /deny")] = False,
) -> Worked | WorkedAll | Begun:
    """Start a task in a session of its own: the next ready one, or the one named.

    A task with commands is done by the shell, then its checks are run: only they complete it. Any other is done by the
    agent that is configured (/config agent.name qwen), whose claim is judged by evidence; without one by hand: work,
    then /complete_task. What is ready first is chosen by critical path, then priority, then order.

    What an agent wants to do beyond reading is asked at the prompt, once each; rules in /config permissions, or --yes,
    spare the question. In the background it waits for /allow or /deny.
    """
    writer, wanted = ctx.writer, executor or ctx.project.config.executor
    _refuse_ignored(task, force, all, jobs)
    if background:
        flags = {"--force": force, "--all": all, "--skip-verification": skip_verification}
        return _in_background(ctx, writer, task, wanted, jobs, [flag for flag, given in flags.items() if given])
    shop = shop_of(ctx, writer, ask_later)
    if all:
        return _everything(ctx, shop, wanted, jobs, not skip_verification)
    from qwen_orch.execution.choose import executor_for, next_task

    while True:
        chosen = writer.graph.task(task_named(writer.graph, task)) if task else next_task(writer.graph, now())
        session = session_for(shop, chosen.id, ctx.parent_session(writer))
        order = Wanted(chosen.id, executor_for(chosen, wanted, ctx.project.config.agent), force, not skip_verification)
        try:
            return _one(ctx, shop, order, session)
        except StateTransitionError:
            begun = session.id in writer.graph.sessions
            if task or begun or writer.graph.task(chosen.id).open_attempt is None:
                raise  # else another process was faster, and the next ready task is meant


def _refuse_ignored(task: str | None, force: bool, everything: bool, jobs: int | None) -> None:
    """Raise `UsageError` for words that would have no effect beside the others."""
    if everything and (task or force):
        raise UsageError(
            "--all does what is ready: it takes neither a task nor --force", "/new_task --all", "/new_task TASK"
        )
    if jobs is not None and not everything:
        raise UsageError("--jobs goes with --all", "/new_task --all --jobs 2")


def _in_background(
    ctx: Context, writer: Writer, task: str | None, wanted: str, jobs: int | None, flags: list[str]
) -> Begun:
    from qwen_orch.commands.background import in_background
    from qwen_orch.execution.choose import refuse_unapproved

    refuse_unapproved(writer.graph)
    if wanted == Executor.MANUAL:
        raise UsageError("work by hand has no background", "/new_task --executor manual", "/new_task --background")
    named = [task_named(writer.graph, task)] if task else []
    more = [] if jobs is None else ["--jobs", str(jobs)]
    return in_background(ctx, writer, [*named, "--executor", wanted, *more, *flags])


def _one(ctx: Context, shop: Shop, order: Wanted, session: Session) -> Worked:
    from qwen_orch.execution.everything import do

    if order.executor is Executor.MANUAL:
        start(shop, order, session)
    else:
        run_through(shop, do(shop, order, session))
    graph = shop.writer.graph
    task = graph.task(order.task)
    ctx.project.make_current(graph.root.id, task.session or session.id)
    return worked(graph, task)


def _everything(ctx: Context, shop: Shop, wanted: str, jobs: int | None, verified: bool) -> WorkedAll:
    from qwen_orch.execution.everything import do_everything

    at_a_time = ctx.project.config.jobs if jobs is None else jobs
    if not 1 <= at_a_time <= 64:
        raise UsageError(f"--jobs is a number from 1 to 64, not {at_a_time}", "/new_task --all --jobs 2")
    done = run_through(shop, do_everything(shop, wanted, at_a_time, verified, ctx.parent_session(shop.writer)))
    graph, moment = shop.writer.graph, now()
    tasks = tuple(task_answer(graph, graph.task(i), moment) for i in done)
    counted = [t.status for t in tasks]
    from qwen_orch.graph.query import ready

    return WorkedAll(
        tasks=tasks,
        completed=counted.count(TaskStatus.COMPLETED),
        failed=counted.count(TaskStatus.FAILED),
        claimed=counted.count(TaskStatus.CLAIMED),
        remaining=sum(not t.status.settled for t in graph.tasks.values()),
        next=next_steps(graph, ready(graph, moment)),
    )


def worked(graph: Graph, task: Task) -> Worked:
    """Return the answer on a task that was worked on."""
    from qwen_orch.answers.agents import agent_answer

    session = graph.sessions.get(task.session) if task.session else None
    return Worked(
        task=task_answer(graph, task, now()),
        session=session_answer(session) if session else None,
        attempt=task.attempts[-1] if task.attempts else None,
        evidence=task.evidence,
        next=task_steps(graph, task) if task.status is not TaskStatus.COMPLETED else _after(graph),
        agent=agent_answer(session) if session else None,
    )


def _after(graph: Graph) -> tuple[str, ...]:
    from qwen_orch.graph.query import ready

    return next_steps(graph, ready(graph, now()))


@command("Work")
def complete_task(
    ctx: Context,
    task: Annotated[str | None, TASK] = None,
    summary: Annotated[str, Arg("what was done", takes="text")] = "",
) -> Worked:
    """Claim that a task is done, then verify it.

    Its checks are run in a session of their own, and they decide. A criterion that no command can check is taken on
    your word, which is kept as such. Without a task: the one you are working on; then quote what was done.
    """
    from qwen_orch.verification.session import verify

    writer = ctx.writer
    if task and len(task.split()) > 1:  # no id has a space in it
        task, summary = None, f"{task} {summary}".strip()
    summary = clean(summary, multiline=True)
    subject = _named(writer.graph, task, summary) if task else _mine(ctx, writer.graph)
    word: list[Evidence] = []

    def claiming(graph: Graph) -> list[e.Event]:
        one = graph.task(subject)
        refuse_claim(graph, one)
        word[:] = [Evidence("attested", timestamp(), True, by="person", output=summary or "said to be done")]
        if one.status is TaskStatus.CLAIMED:
            word[:0] = [v for v in one.evidence if v.kind in ("run", "subtasks")]
            return []
        return [
            e.TaskClaimed(one.id, "person", summary, evidence=tuple(word)),
            *finished(graph, one.session, SessionState.COMPLETED),
        ]

    writer.commit("complete_task", claiming)
    shop = shop_of(ctx, writer)
    run_through(shop, verify(shop, subject, tuple(word), "complete_task"))
    return worked(writer.graph, writer.graph.task(subject))


def _named(graph: Graph, name: str, summary: str) -> TaskId:
    """Return the task called *name*. Where there is none it may begin a *summary* that nobody quoted."""
    try:
        return task_named(graph, name)
    except TaskNotFound as error:
        quoted = [f'/complete_task "{name} {summary}"'] if summary else []
        raise TaskNotFound(error.message, *quoted, *error.hints) from None


def _mine(ctx: Context, graph: Graph) -> TaskId:
    """Return the task of the current session if it is in progress or claimed, else the only such task.

    Work that was cut short, such as an agent's, is nobody's: whoever knows that it is done names it.
    """
    current: SessionId | None = ctx.session(ctx.writer)
    here = graph.sessions[current].task if current else None
    busy = [t for t in graph.ordered() if t.status in (TaskStatus.IN_PROGRESS, TaskStatus.CLAIMED)]
    mine = [t.id for t in busy if t.status is TaskStatus.CLAIMED or t.open_attempt]
    if here and here in mine:
        return here
    if len(mine) == 1:
        return mine[0]
    hints = [f"/complete_task {t.id}" for t in busy[:4]] or ["/new_task"]
    if busy and not mine:
        raise StateTransitionError(f"{busy[0].id} was interrupted: name what is done all the same", *hints)
    raise StateTransitionError(f"{len(mine) or 'no'} tasks are in progress: say which is done", *hints)


def refuse_claim(graph: Graph, task: Task) -> None:
    """Raise the typed error that says why nobody can claim *task* now."""
    from qwen_orch.execution.choose import refuse_unapproved, refuse_unseen, unblocking
    from qwen_orch.graph.precedence import blocked_by, held_open_by

    refuse_unapproved(graph)
    if any(c.check for c in task.acceptance):
        refuse_unseen(task)
    if task.open_attempt and task.open_attempt.executor is not Executor.MANUAL:
        raise StateTransitionError(
            f"{task.id} is being done by the {task.open_attempt.executor} just now", f"/task_status {task.id}"
        )
    held = blocked_by(graph, task, now()) if task.status is TaskStatus.PENDING else ()
    forced = [f"/new_task {task.id} --force"] if held else []  # which starts it, and completes nothing
    held = held or held_open_by(graph, task, now())
    if held:
        hints = unblocking(graph, task, held)
        raise DependencyError(f"{task.id} is blocked by {', '.join(held)}", *hints, *forced)


@command("Work")
def check_completeness(
    ctx: Context,
    orchestration: Annotated[
        str | None, Arg("orchestration; the current one if left out", takes="orchestration")
    ] = None,
    *,
    skip_tests: Annotated[bool, Arg("run no command: report what is known")] = False,
    strict: Annotated[bool, Arg("a criterion that no command can check is incomplete, too")] = False,
    report: Annotated[str | None, Arg("write what was found to this file (.json or Markdown)", takes="file")] = None,
) -> Completeness:
    """Prove that the plan is done: run every check again, in a fresh session, and trust no earlier verdict.

    Ends with exit code 4 when something is missing, so that it can gate a CI job. What no command can check is
    reported as unverified.
    """
    from qwen_orch.verification.completeness import completeness

    writer = ctx.writer_of(orchestration)
    shop = shop_of(ctx, writer)
    found = run_through(shop, completeness(shop, not skip_tests, strict))
    if report is None:
        return found
    from qwen_orch.commands.exports import write_report

    return write_report(ctx, writer, found, report)
