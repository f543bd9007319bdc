"""Sessions: found, come back to, looked into."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from qwen_orch.commands.sessions import recap
from qwen_orch.errors import UsageError
from qwen_orch.model.session import SessionState
from tests.commands.desk import Desk

PLAN = "# Shop\n- [ ] Build it\n  - run: `echo built`\n- [ ] Talk to Ada\n- [ ] Sell it\n  - depends on: Build it\n"


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk at which one task is done and one is under way, with a note and a decision."""
    desk.plan(PLAN)
    desk("/new_task 1")
    desk("/new_task 2")
    desk("/note Ada likes tea")
    desk("/decide meet at four --why she is free")
    return desk


@pytest.mark.parametrize(
    ("terms", "kinds"),
    [
        ("", ["planning", "task", "task", "verification"]),
        ("type:task", ["task", "task"]),
        ("state:completed", ["task", "verification"]),
        ("-state:completed", ["planning", "task"]),
        ("task:task-001", ["task", "verification"]),
        ("task:2", ["task"]),
        ("created:<1d updated:<1d", ["planning", "task", "task", "verification"]),
        ("created:>1d", []),
        ("talk", ["task"]),
        ("parent:none", ["planning"]),
    ],
)
def test_filters(busy: Desk, terms: str, kinds: list[str]) -> None:
    """All terms must hold."""
    found = busy(f"/sessions {terms}")
    assert sorted(s.kind for s in found.sessions) == kinds
    assert (found.shown, found.total) == (len(kinds), 4)


def test_today_is_the_day_of_whoever_asks(busy: Desk) -> None:
    """Where they are; asked again when it ended meanwhile."""
    asked, found = None, ()
    while asked != day(datetime.now(UTC)):
        asked, found = day(datetime.now(UTC)), busy("/sessions created:today").sessions
    made = {s.id: day(datetime.fromisoformat(s.created)) for s in busy.graph.sessions.values()}
    assert {s.id for s in found} == {one for one, on in made.items() if on == asked}


def day(at: datetime) -> date:
    """Return the day of a moment, here."""
    return at.astimezone().date()


def test_the_tree_hangs_together(busy: Desk) -> None:
    """Work was opened from the planning, a verification from the work; the current one is marked."""
    found = busy("/sessions --tree")
    of = {s.id: s for s in found.sessions}
    planning = next(s for s in of.values() if s.kind == "planning")
    assert found.tree
    assert {s.parent for s in of.values() if s.kind == "task"} == {planning.id}
    assert {of[str(s.parent)].kind for s in of.values() if s.kind == "verification"} == {"task"}
    assert [s.task for s in of.values() if s.current] == ["task-002"]


def test_sessions_of_all_orchestrations(busy: Desk) -> None:
    """Each can be come back to, from any plan, by its id or a prefix of it."""
    first = busy.project.current
    busy("/plan Build a tool", yes=True)
    assert busy("/sessions").total == 5
    resumed = busy(f"/resume {str(first.session)[:-2]}")
    assert (resumed.session.id, busy.project.current) == (first.session, first)
    assert busy.reopen()("/list_tasks").total == 3


def test_resuming(busy: Desk) -> None:
    """An ended session is awake again; nothing is run; without a name it is the current one."""
    ended = next(s for s in busy.graph.sessions.values() if s.kind == "task" and s.state.ended)
    busy(f"/resume {ended.id}")
    assert busy.graph.session(ended.id).state is SessionState.ACTIVE
    assert busy.task(1).attempts[-1].number == 1
    before = busy.bytes_on_disk()
    assert busy("/resume").session.id == ended.id
    assert busy.bytes_on_disk() == before
    busy.refused("/resume session", UsageError)


def test_asking_where_one_was_awakens_nothing_that_is_finished(busy: Desk) -> None:
    """The session that was worked in last has ended; only by its name it is opened again."""
    busy("/complete_task task-002 talked")
    before = busy.bytes_on_disk()
    assert busy("/resume").session.state == "completed"
    assert busy.bytes_on_disk() == before


def test_the_card(busy: Desk) -> None:
    """Where was I, from the record alone: the last steps, what is open, what was noted, what to type."""
    card = busy("/resume").recap
    again = busy.reopen().project
    assert card == recap(again.writer(), again.sessions())
    assert [t.id for t in card.in_progress] == ["task-002"]
    assert (card.progress.done, card.progress.total, card.blocked, card.claimed) == (1, 3, 0, ())
    assert (card.notes, card.decisions) == (("Ada likes tea",), ("meet at four",))
    assert [line for entry in card.last for line in entry.what][-1] == "decided: meet at four"
    assert card.next[0] == "/complete_task task-002"


def test_the_context_is_exact(busy: Desk) -> None:
    """What is shown is what is exported, byte for byte, and each size is that of its text."""
    shown = busy("/context --export given.txt --debug")
    given = [p for p in shown.parts if p.kept]
    assert Path("given.txt").read_text() == "\n\n".join(p.text for p in given) + "\n"
    assert shown.tokens == sum(p.tokens for p in given)
    assert shown.budget == 8_000
    by_name = {p.name: p.text for p in given}
    assert by_name["Task"] == "# Task\ntask-002: Talk to Ada"
    assert by_name["Decisions"] == "# Decisions\n- meet at four (because she is free)"
    assert by_name["Notes"] == "# Notes\n- Ada likes tea"
    assert shown.debug["id"] == shown.session.id


def test_the_context_within_a_budget(busy: Desk) -> None:
    """What does not fit is shown with the reason, and not given; rules of the project are."""
    Path(".qwen/orchestration/rules.md").write_text("Be brief.\n" + "Really. " * 2_000)
    assert "Be brief." in {p.name: p.text for p in busy("/context").parts if p.kept}["Rules"]
    busy("/config agent.contextTokens 500")
    shown = busy("/context --export given.txt")
    rules = next(p for p in shown.parts if p.name == "Rules")
    assert not rules.kept
    assert rules.reason.startswith("left out: ")
    assert "Be brief." not in Path("given.txt").read_text()
    assert shown.tokens <= shown.budget == 500


def test_a_verifier_is_not_told_what_the_worker_said(busy: Desk) -> None:
    """Nor of its attempts, its notes and decisions: it judges what is there."""
    busy("/complete_task 2 she said yes, I swear")
    verification = [s.id for s in busy.graph.sessions_by_age() if s.kind == "verification"][-1]
    said = "".join(p.text for p in busy(f"/context {verification}").parts)
    assert "Talk to Ada" in said
    assert not any(word in said for word in ("I swear", "tea", "meet at four", "Attempt"))


def test_histories(busy: Desk) -> None:
    """Of everything, a session, a task: the same steps, fewer of them; what was undone is marked."""
    whole = busy("/session_history").entries
    assert [e.seq for e in whole] == list(range(1, len(whole) + 1))
    assert whole[0].what[0] == "planned: Shop"
    session = str(busy.project.current.session)
    of_session = busy(f"/session_history {session}").entries
    assert of_session == tuple(e for e in whole if session in e.sessions)
    assert [e.by for e in of_session] == ["new_task", "note", "decide"]
    of_task = busy("/session_history task-002").entries
    assert of_task == busy("/session_history 2").entries
    assert [e.by for e in of_task] == ["new_task"]
    assert busy(f"/history {busy.project.current.orchestration}").entries == whole
    busy("/undo")
    assert [e.undone for e in busy("/session_history --timeline").entries][-2:] == [True, False]


def test_cleanup(busy: Desk) -> None:
    """Sessions without a step for sessionTimeout are suspended, but never one that is worked in by hand just now."""
    busy("/config autoCleanup false")
    busy("/sessions --cleanup")
    assert [s.state for s in busy.graph.sessions.values()].count(SessionState.SUSPENDED) == 0
    active = {s.id for s in busy.graph.sessions.values() if s.state is SessionState.ACTIVE}
    busy("/config sessionTimeout 1s")
    import time

    time.sleep(1.1)
    busy("/sessions --cleanup")
    suspended = {s.id for s in busy.graph.sessions.values() if s.state is SessionState.SUSPENDED}
    assert suspended == {i for i in active if busy.graph.sessions[i].kind == "planning"}


def test_room_is_made_for_a_new_session(desk: Desk) -> None:
    """maxSessions are active at once: the oldest idle one is suspended, or with autoCleanup off it is refused."""
    from qwen_orch.errors import StateTransitionError

    desk.plan("# P\n- [ ] A\n- [ ] B\n- [ ] C\n")
    desk("/config maxSessions 2")
    desk("/new_task 1")
    desk("/new_task 2")
    assert [s.state for s in desk.graph.sessions_by_age()] == ["suspended", "active", "active"]
    before = desk.bytes_on_disk()
    error = desk.refused("/new_task 3", StateTransitionError)
    assert desk.bytes_on_disk() == before
    desk(next(h for h in error.hints if h.startswith("/config")))
    desk("/new_task 3")


def test_recover(busy: Desk) -> None:
    """With nothing to mend it changes nothing."""
    before = busy.bytes_on_disk()
    busy("/sessions --recover")
    assert busy.bytes_on_disk() == before


def test_a_verification_is_looked_at_but_not_awakened(busy: Desk) -> None:
    """It is over with its verdict: awake it would be taken for one whose process is gone."""
    ended = next(s.id for s in busy("/sessions type:verification").sessions)
    assert busy(f"/resume {ended}").session.state == "completed"
    busy("/note seen")
    assert busy.graph.sessions[ended].state == "completed"
    assert [n.text for s in busy.graph.sessions.values() if s.parent == ended for n in s.notes] == ["seen"]
