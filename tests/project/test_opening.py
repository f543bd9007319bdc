"""Sessions: opening under maxSessions, timing out, working on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from pathlib import Path

import pytest

from qwen_orch.errors import StateTransitionError, StorageError
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, task_id
from qwen_orch.model.session import Session, SessionKind, SessionState
from qwen_orch.model.task import Attempt, Executor
from qwen_orch.project.config import Config
from qwen_orch.project.opening import finished, is_at_work, new_session, opened, timed_out, working
from qwen_orch.project.project import Project
from tests.faults.work import A, B, create, planning
from tests.strategies import ORCH, T0, graph_of, task

NOW = datetime(2024, 5, 8, tzinfo=UTC)


def session(number: int, state: SessionState = SessionState.ACTIVE, hours: float = 1.0) -> Session:
    """Session *number*, in which the last thing happened so many *hours* ago."""
    at = (NOW - timedelta(hours=hours)).isoformat()
    made = SessionId(f"session-{number}")
    return Session(made, SessionKind.TASK, "work", ORCH, state, task=task_id(number), created=at, updated=at)


def graph_with(*sessions: Session, at_work: int = 0) -> Graph:
    """A graph with these sessions; an attempt is under way in session *at_work*."""
    graph = graph_of(*(task(n) for n in range(1, 6)))
    for one in sessions:
        graph = apply(graph, e.SessionOpened(one), T0)
    if at_work:
        attempt = Attempt(1, Executor.MANUAL, SessionId(f"session-{at_work}"), T0)
        graph = apply(graph, e.AttemptStarted(task_id(at_work), attempt), T0)
    return graph


def moved(events: object) -> list[tuple[str, str]]:
    """What becomes of which session."""
    return [(x.id, x.state) for x in events if isinstance(x, e.SessionMoved)]  # type: ignore[attr-defined]


def test_room_is_made_by_suspending_the_oldest_idle_session() -> None:
    """Never one in which an attempt is under way."""
    graph = graph_with(session(1, hours=3), session(2, hours=2), session(3), at_work=1)
    long, two = "5200w", [("session-2", "suspended"), ("session-3", "suspended")]
    new = new_session(graph, SessionKind.TASK, "new")
    assert moved(opened(graph, Config(maxSessions=3, sessionTimeout=long), new)) == [("session-2", "suspended")]
    assert moved(opened(graph, Config(maxSessions=2, sessionTimeout=long), new)) == two
    assert moved(opened(graph, Config(maxSessions=4, sessionTimeout=long), new)) == []


@pytest.mark.parametrize("config", [Config(maxSessions=1), Config(maxSessions=2, autoCleanup=False)])
def test_without_room_it_is_refused_with_what_to_do(config: Config) -> None:
    """All are at work, or nothing may be suspended unasked."""
    graph = graph_with(session(1), session(2), at_work=1)
    with pytest.raises(StateTransitionError, match="maxSessions") as error:
        list(opened(graph, config, new_session(graph, SessionKind.TASK, "new")))
    assert "/sessions --cleanup" in error.value.hints


@pytest.mark.parametrize(("cleans", "moves"), [(True, [("session-1", "suspended")]), (False, [])])
def test_sessions_that_timed_out_are_suspended_first(cleans: bool, moves: list[tuple[str, str]]) -> None:
    """Where that is done by itself."""
    graph = graph_with(session(1))
    config = Config(sessionTimeout="24h", autoCleanup=cleans)
    assert moved(opened(graph, config, new_session(graph, SessionKind.TASK, "new"))) == moves


def test_sessions_that_are_not_active_take_no_room() -> None:
    """Suspended, completed, failed."""
    others = [s for s in SessionState if s is not SessionState.ACTIVE]
    graph = graph_with(*(session(n, state) for n, state in enumerate(others, 1)))
    assert moved(opened(graph, Config(maxSessions=1), new_session(graph, SessionKind.TASK, "new"))) == []


def test_idle_sessions_time_out() -> None:
    """After sessionTimeout, unless an attempt is under way in them."""
    graph = graph_with(session(1, hours=25), session(2, hours=23), session(3, hours=99), at_work=3)
    assert moved(timed_out(graph, Config(), NOW)) == [("session-1", "suspended")]
    both = [("session-1", "suspended"), ("session-2", "suspended")]
    assert sorted(moved(timed_out(graph, Config(sessionTimeout="22h"), NOW))) == both
    assert moved(timed_out(graph, Config(sessionTimeout="5200w"), NOW)) == []


def test_a_new_session_has_an_id_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance may give the same end twice; then another is drawn."""
    graph = graph_with()
    ends = iter(["aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr("qwen_orch.project.draw.suffix", lambda: next(ends))
    first = new_session(graph, SessionKind.TASK, "work")
    graph = apply(graph, e.SessionOpened(first), T0)
    assert (first.id, new_session(graph, SessionKind.TASK, "work").id) == ("session-work-aaaa", "session-work-bbbb")


def test_an_id_that_another_orchestration_has_is_not_drawn(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its snapshot is there; when nothing else can be drawn it is said, and not tried for ever."""
    ends = chain(["aaaa", "bbbb", "cccc"], repeat("aaaa"))
    monkeypatch.setattr("qwen_orch.project.draw.suffix", lambda: next(ends))
    taken = project.layout.has_session
    for wanted in ("session-work-aaaa", "session-work-bbbb"):
        mine = new_session(project.writer(A).graph, SessionKind.TASK, "work", taken=taken)
        assert mine.id == wanted
        project.writer(A).commit("new_task", lambda _, mine=mine: [e.SessionOpened(mine)])
        project.checkpoint(last=True)
    create(B)(project)
    other = project.writer(B)
    assert new_session(other.graph, SessionKind.TASK, "work", taken=taken).id == "session-work-cccc"
    with pytest.raises(StorageError, match="session-work-aaaa is taken, and so are"):
        new_session(other.graph, SessionKind.TASK, "work", taken=taken)
    assert working(other.graph, project, planning(B).id)[0] == planning(B).id


def test_a_parent_that_is_not_here_is_none() -> None:
    """A session of another orchestration is no parent."""
    graph = graph_with(session(1))
    assert new_session(graph, SessionKind.TASK, "x", SessionId("session-1")).parent == "session-1"
    assert new_session(graph, SessionKind.TASK, "x", SessionId("session-9")).parent is None


@pytest.mark.parametrize(
    ("state", "becomes"),
    [("active", "same"), ("suspended", "awake"), ("completed", "new"), ("failed", "new"), (None, "new")],
)
def test_working_in_a_session(state: str | None, becomes: str, tmp_path: Path) -> None:
    """It is taken as it is, woken, or another opened from it."""
    graph = graph_with(*([session(1, SessionState(state))] if state else []))
    wanted = SessionId("session-1") if state else None
    name, events = working(graph, Project.at(tmp_path), wanted)
    if becomes == "new":
        (made,) = [x for x in events if isinstance(x, e.SessionOpened)]
        assert made.session.id == name != "session-1"
        assert made.session.parent == wanted
    else:
        assert name == "session-1"
        assert moved(events) == ([("session-1", "active")] if becomes == "awake" else [])


def test_a_session_is_finished_once() -> None:
    """One that has ended, or is not there, stays as it is."""
    graph = graph_with(session(1), session(2, SessionState.FAILED), at_work=1)
    assert moved(finished(graph, SessionId("session-1"), SessionState.COMPLETED)) == [("session-1", "completed")]
    assert moved(finished(graph, SessionId("session-2"), SessionState.COMPLETED)) == []
    assert moved(finished(graph, None, SessionState.COMPLETED)) == []
    assert is_at_work(graph, graph.sessions[SessionId("session-1")])
    assert not is_at_work(graph, graph.sessions[SessionId("session-2")])
