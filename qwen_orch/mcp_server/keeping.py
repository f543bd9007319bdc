"""How a report is kept: in the session of the caller, once, and durable before it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from qwen_orch.errors import StateTransitionError
from qwen_orch.graph.state import Graph
from qwen_orch.mcp_server.caller import Caller
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.project.opening import working
from qwen_orch.project.writer import timestamp

Added: TypeAlias = Callable[[Graph, Session, str], list[e.Event]]
"""What a report adds to the session at this time: nothing when the session holds it already."""
MOST_REPORTS = 1_000
"""Thoughts, notes and decisions of one session: an agent may report without end."""


def keep(caller: Caller, by: str, added: Added, wanted: SessionId | None = None) -> Session:
    """Commit what *added* returns, and return the session it was kept in.

    That is the session the caller is bound to, else *wanted*, else one that is opened now, as /note does.
    """
    chosen: list[SessionId] = []

    def decide(graph: Graph) -> list[e.Event]:
        target = caller.own(graph).id if caller.session else _open_below(graph, wanted)
        session, opening = working(graph, caller.ctx.project, target)
        fresh = next((v.session for v in opening if isinstance(v, e.SessionOpened)), None)
        report = added(graph, fresh or graph.session(session), timestamp())
        chosen[:] = [session]
        if report and fresh is None:
            _refuse_endless(graph.session(session))
        return [*opening, *report] if report else []

    writer = caller.writer
    writer.commit(by, decide)
    if chosen[0] != wanted:
        caller.ctx.project.make_current(writer.graph.root.id, chosen[0])
    return writer.graph.session(chosen[0])


def _refuse_endless(session: Session) -> None:
    if len(session.thoughts) + len(session.notes) + len(session.decisions) >= MOST_REPORTS:
        raise StateTransitionError(f"this session holds {MOST_REPORTS} reports already: come to an end")


def _open_below(graph: Graph, wanted: SessionId | None) -> SessionId | None:
    """Return *wanted*, or when it has ended the session that an earlier report opened below it."""
    session = graph.sessions.get(wanted) if wanted else None
    if session is None or not session.state.ended:
        return wanted
    below = (s for s in graph.sessions.values() if s.parent == wanted and s.kind is SessionKind.INTERACTIVE)
    return next((s.id for s in below if not s.state.ended), wanted)
