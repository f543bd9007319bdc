"""Work by an agent that runs on its own: it starts a task by hand and claims it, and verification decides.

What runs processes is imported late: most agents that are served here run nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qwen_orch.commands.context import task_named
from qwen_orch.graph.state import Graph
from qwen_orch.mcp_server.caller import Caller
from qwen_orch.mcp_server.reports import SUMMARY, TASK, by_hand
from qwen_orch.mcp_server.tools import Tool
from qwen_orch.model import event as e
from qwen_orch.model.ids import TaskId
from qwen_orch.model.session import SessionKind, SessionState
from qwen_orch.model.task import Executor, Outcome, Task, TaskStatus
from qwen_orch.project.opening import finished

if TYPE_CHECKING:
    from qwen_orch.answers.work import Worked

_NEXT = {
    TaskStatus.PENDING: "start_task {} begins it",
    TaskStatus.IN_PROGRESS: "do the work, report_progress on the way, and claim_done once it is done",
    TaskStatus.CLAIMED: "a person has to accept it; list_tasks with filter status:ready tells what else to do",
    TaskStatus.FAILED: "read what the checks printed, then start_task {} again and mend it",
    TaskStatus.CANCELLED: "list_tasks with filter status:ready tells what to do instead",
    TaskStatus.COMPLETED: "list_tasks with filter status:ready tells what to do next",
}


def start_task(caller: Caller, said: dict[str, Any]) -> Worked:
    """Begin an attempt by hand; one that is under way is answered as it stands."""
    from qwen_orch.execution.attempt import Wanted, session_for, start
    from qwen_orch.processes.shop import Shop

    writer = caller.writer
    task = writer.graph.task(task_named(writer.graph, said["task"]))
    if task.open_attempt:
        by_hand(task)
    else:
        shop = Shop(caller.ctx.project, writer)
        session = session_for(shop, task.id, caller.ctx.parent_session(writer))
        start(shop, Wanted(task.id, Executor.MANUAL), session)
        caller.ctx.project.make_current(writer.graph.root.id, session.id)
    return _as_it_stands(writer.graph, task.id)


def claim_done(caller: Caller, said: dict[str, Any]) -> Worked:
    """Claim a task as an agent, and verify it: its approved checks decide. The agent's word is no evidence."""
    from qwen_orch.commands.work import refuse_claim

    writer, summary = caller.writer, said["summary"].strip()
    subject = task_named(writer.graph, said["task"])

    def claiming(graph: Graph) -> list[e.Event]:
        task = graph.task(subject)
        if _claimed_so(task, summary):
            return []
        attempt = by_hand(task)
        refuse_claim(graph, task)
        claim = e.TaskClaimed(task.id, "agent", summary)
        return [claim, *finished(graph, attempt.session, SessionState.COMPLETED)]

    writer.commit("claim_done", claiming)
    if writer.graph.task(subject).status is TaskStatus.CLAIMED and not _verified(writer.graph, subject):
        _verify(caller, subject)
    return _as_it_stands(writer.graph, subject)


def _as_it_stands(graph: Graph, subject: TaskId) -> Worked:
    """Return the answer on a task; what follows is told in words of the agent, which types no command of ours."""
    from qwen_orch.commands.work import worked

    task = graph.task(subject)
    return worked(graph, task)._replace(next=(_NEXT[task.status].format(task.id),))


def _verify(caller: Caller, task: TaskId) -> None:
    import asyncio

    from qwen_orch.processes.shop import Shop
    from qwen_orch.verification.session import verify

    asyncio.run(verify(Shop(caller.ctx.project, caller.writer), task, (), "claim_done"))


def _claimed_so(task: Task, summary: str) -> bool:
    """Tell whether the last attempt at *task* ended in this very claim: an answer that was lost is asked for again."""
    last = task.attempts[-1] if task.attempts else None
    return last is not None and last.outcome is Outcome.CLAIMED and last.detail == summary


def _verified(graph: Graph, task_id: TaskId) -> bool:
    """Tell whether a verification has come to its end since the task was claimed."""
    ended = graph.task(task_id).attempts[-1].ended or ""
    since = (s for s in graph.sessions.values() if s.task == task_id and s.created >= ended)
    return any(s.kind is SessionKind.VERIFICATION and s.state is SessionState.COMPLETED for s in since)


START_TASK = Tool(
    "start_task",
    "Begin to work on a task: an attempt by hand, in a session of its own. Do the work, then claim_done.",
    (TASK,),
    start_task,
)
CLAIM_DONE_OF = Tool(
    "claim_done",
    "Say that a task is done, once it is. The claim is verified at once: the checks that a person approved are run, and"
    " only they complete the task; without any it stays claimed until a person accepts it.",
    (TASK, SUMMARY),
    claim_done,
)
