"""Opening and finding sessions: the events that every command which works in one needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from qwen_orch.errors import StateTransitionError
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, session_id
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import Task
from qwen_orch.project.config import Config, seconds
from qwen_orch.project.draw import unused
from qwen_orch.project.project import Project
from qwen_orch.project.writer import timestamp


def new_session(
    graph: Graph,
    kind: SessionKind,
    title: str,
    parent: SessionId | None = None,
    task: Task | None = None,
    taken: Callable[[str], bool] = lambda _: False,
) -> Session:
    """Return a session that is about to be opened; *taken* tells which ids other orchestrations have."""
    at = timestamp()
    name = unused(partial(session_id, title), lambda drawn: drawn in graph.sessions or taken(drawn))
    return Session(
        id=name,
        kind=kind,
        title=title,
        orchestration=graph.root.id,
        task=task.id if task else None,
        parent=parent if parent in graph.sessions else None,
        created=at,
        updated=at,
    )


def opened(graph: Graph, config: Config, session: Session) -> Iterator[e.Event]:
    """Yield the events that open *session*, making room for it under ``sessionTimeout`` and ``maxSessions``."""
    late = timed_out(graph, config, datetime.now(UTC)) if config.autoCleanup else []
    yield from late
    gone = {moved.id for moved in late}
    active = [s for s in graph.sessions.active() if s.id not in gone]
    idle = [s for s in active if not is_at_work(graph, s)]
    surplus = len(active) - config.maxSessions + 1
    if surplus > 0 and (not config.autoCleanup or len(idle) < surplus):
        message = f"{len(active)} sessions are active already (maxSessions)"
        raise StateTransitionError(message, "/sessions --cleanup", f"/config maxSessions {config.maxSessions * 2}")
    for old in idle[: max(surplus, 0)]:
        yield e.SessionMoved(old.id, SessionState.SUSPENDED, "made room for another (maxSessions)")
    yield e.SessionOpened(session)


def is_at_work(graph: Graph, session: Session) -> bool:
    """Tell whether an attempt is under way in *session*."""
    task = graph.tasks.get(session.task) if session.task else None
    return bool(task and task.open_attempt and task.open_attempt.session == session.id)


def timed_out(graph: Graph, config: Config, now: datetime) -> list[e.SessionMoved]:
    """Return the events that suspend active sessions in which nothing happened for ``sessionTimeout``."""
    limit = latest_step(config, now)
    return [
        e.SessionMoved(s.id, SessionState.SUSPENDED, f"no step for {config.sessionTimeout} (sessionTimeout)")
        for s in graph.sessions.active()
        if datetime.fromisoformat(s.updated) < limit and not is_at_work(graph, s)
    ]


def latest_step(config: Config, now: datetime) -> datetime:
    """Return since when a session must have had a step not to time out."""
    return now - timedelta(seconds=seconds(config.sessionTimeout))


def finished(graph: Graph, session: SessionId | None, state: SessionState) -> Iterator[e.Event]:
    """Yield the event that ends a session, if it is there and has not ended."""
    if session in graph.sessions and not graph.sessions[SessionId(str(session))].state.ended:
        yield e.SessionMoved(SessionId(str(session)), state)


def working(graph: Graph, project: Project, wanted: SessionId | None) -> tuple[SessionId, list[e.Event]]:
    """Return the session to write in, and the events that make it writable.

    It is *wanted*, awake again if it was suspended; a new interactive one when there is none or it has ended.
    """
    session = graph.sessions.get(wanted) if wanted else None
    if session is None or session.state.ended:
        taken = project.layout.has_session
        fresh = new_session(graph, SessionKind.INTERACTIVE, graph.root.title, parent=wanted, taken=taken)
        return fresh.id, list(opened(graph, project.config, fresh))
    if session.state is SessionState.SUSPENDED:
        return session.id, [e.SessionMoved(session.id, SessionState.ACTIVE, "worked in again")]
    return session.id, []
