"""What is due when an orchestration is opened: attempts that nobody is at any more become ``interrupted`` and are never
silently repeated, verifications that nobody is at any more have failed; sessions in which nothing happened for long are
suspended."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import Executor, Outcome, Task
from qwen_orch.project.config import Config
from qwen_orch.project.opening import timed_out
from qwen_orch.project.writer import Writer, now
from qwen_orch.store import lease
from qwen_orch.store.files import standing
from qwen_orch.store.snapshots import Layout


def interrupted(layout: Layout, graph: Graph) -> list[Task]:
    """Return the tasks whose attempt is open although the process that worked on it is gone.

    An attempt by hand has no process: it stays open for as long as the person likes.
    """
    return [t for t in graph.tasks.values() if _is_orphaned(layout, t)]


def _is_orphaned(layout: Layout, task: Task) -> bool:
    attempt = task.open_attempt
    if attempt is None or attempt.executor is Executor.MANUAL:
        return False
    return not lease.is_held(layout.log(attempt.session))


def abandoned(layout: Layout, graph: Graph) -> list[Session]:
    """Return the active verifications whose process is gone: their log is still there, and nobody holds it.

    An undo may make a verification active that has ended; its log went with its end.
    """
    left = (i for i in graph.sessions.awake if standing(layout.log(i)) and not lease.is_held(layout.log(i)))
    found = (graph.sessions[i] for i in left)
    return [s for s in found if s.kind is SessionKind.VERIFICATION and s.state is SessionState.ACTIVE]


def recover(layout: Layout, writer: Writer) -> tuple[str, ...]:
    """Record the interrupted attempts with what they had printed, and the abandoned verifications; a line for each.

    What their commands left running is stopped first: nothing goes on behind the person's back.
    """
    left = [t.open_attempt.session for t in interrupted(layout, writer.graph) if t.open_attempt]
    left += [s.id for s in abandoned(layout, writer.graph)]
    if not left:
        return ()
    lines: list[str] = []

    def ending(graph: Graph) -> list[e.Event]:
        lines.clear()
        events: list[e.Event] = []
        for task in interrupted(layout, graph):
            lines.append(f"{task.id} was interrupted; nothing was repeated: /task_status {task.id}")
            events += _ended(layout, graph, task)
        for session in abandoned(layout, graph):
            again = f"/complete_task {session.task}" if session.task else "/check_completeness"
            lines.append(f"{session.id} was interrupted; nothing was judged: {again}")
            events.append(e.SessionMoved(session.id, SessionState.FAILED, "the process that verified is gone"))
        return events

    for session_id in left if not writer.store.disk.rehearses else ():
        stop_leftovers(session_id)
    writer.commit("recovery", ending)
    return tuple(lines)


def suspend_timed_out(writer: Writer, config: Config) -> int:
    """Suspend the sessions of ``sessionTimeout``; return how many."""
    if not timed_out(writer.graph, config, now()):
        return 0
    return len(writer.commit("cleanup", lambda graph: timed_out(graph, config, now())))


def _ended(layout: Layout, graph: Graph, task: Task) -> list[e.Event]:
    assert task.open_attempt is not None
    session = task.open_attempt.session
    tail = lease.tail(layout.log(session))
    events: list[e.Event] = [
        e.AttemptEnded(task.id, Outcome.INTERRUPTED, "the process that worked on it is gone", tail)
    ]
    if session in graph.sessions and graph.sessions[session].state is SessionState.ACTIVE:
        events.append(e.SessionMoved(session, SessionState.SUSPENDED, "interrupted"))
    return events


def stop_leftovers(mark: str) -> None:
    """End the processes that carry our mark of this attempt; where there is no ``/proc``, none can be found."""
    wanted = f"{lease.MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue  # a command of the attempt may have started us
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
