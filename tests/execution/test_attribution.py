"""Whose file is it: laws for any attempts side by side, whatever each named, and ran, and really did."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.execution.attribution import COMMANDS, Doing, credited, done_beside, done_in, together
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.activity import Action, ActionState, Activity
from qwen_orch.model.ids import OrchestrationId, SessionId, TaskId
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.model.task import Attempt, Evidence, Executor, Outcome, Task
from qwen_orch.processes.worktree import MOST_FILES

PATHS = st.sampled_from(["a.py", "b.py", "c.py", "src/a.py", "src/b.py", "srca.py"])
DOINGS = st.builds(Doing, st.frozensets(st.sampled_from(["a.py", "b.py", "src", "src/a.py"])), st.booleans())
CHANGED = st.lists(PATHS, unique=True).map(sorted)
TRUTHS = st.lists(st.tuples(st.frozensets(PATHS), st.frozensets(PATHS)), min_size=2, max_size=4)
"""What attempts changed in truth: with tools that named it, and with commands."""


@given(CHANGED, DOINGS)
def test_alone_all_that_changed_is_its_own(changed: list[str], doing: Doing) -> None:
    assert credited(changed, doing, []) == (tuple(changed), (), ())


@given(CHANGED, DOINGS, st.lists(DOINGS))
def test_each_file_is_told_once(changed: list[str], doing: Doing, beside: list[Doing]) -> None:
    found = credited(changed, doing, beside)
    assert sorted(found.own + found.shared + found.others) == changed
    assert found.any == (len(found.others) < len(changed))


@given(CHANGED, st.lists(DOINGS, min_size=1))
def test_who_did_nothing_has_changed_nothing(changed: list[str], beside: list[Doing]) -> None:
    assert credited(changed, Doing(), beside).others == tuple(changed)


@given(CHANGED, DOINGS, st.lists(DOINGS), PATHS)
def test_naming_a_file_makes_it_ones_own(changed: list[str], doing: Doing, beside: list[Doing], path: str) -> None:
    """And costs nothing of what one had."""
    before = credited(changed, doing, beside)
    after = credited(changed, doing._replace(named=doing.named | {path}), beside)
    assert (path in after.own) == (path in changed)
    assert set(before.own) <= set(after.own)


@given(CHANGED, DOINGS, st.lists(DOINGS, min_size=1), st.randoms())
def test_the_order_of_the_others_does_not_matter(
    changed: list[str], doing: Doing, beside: list[Doing], chance: Random
) -> None:
    mixed = chance.sample(beside, len(beside))
    assert credited(changed, doing, mixed) == credited(changed, doing, beside)


@given(TRUTHS)
def test_of_those_who_tell_the_truth(truths: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    """No file is nobody's, none is that of one who cannot have changed it, and what one alone changed is its own."""
    doings = [Doing(by_tool, bool(by_command)) for by_tool, by_command in truths]
    changed = sorted(frozenset().union(*(tool | command for tool, command in truths)))
    found = [credited(changed, one, doings[:n] + doings[n + 1 :]) for n, one in enumerate(doings)]
    for path in changed:
        named = {n for n, one in enumerate(doings) if path in one.named}
        ran = {n for n, one in enumerate(doings) if one.ran}
        own = {n for n, credit in enumerate(found) if path in credit.own}
        shared = {n for n, credit in enumerate(found) if path in credit.shared}
        assert own | shared == (named or ran)
        assert own == (named or (ran if len(ran) == 1 else set()))


def test_a_folder_stands_for_what_is_in_it() -> None:
    assert Doing(frozenset({"src"})).names("src/deep/a.py")
    assert not Doing(frozenset({"src"})).names("srca.py")


def test_evidence_of_very_many_files_is_cut_behind_its_own() -> None:
    many = [f"{n:04}.o" for n in range(2 * MOST_FILES)]
    seen = Evidence("work", "", True)
    found = credited([*many, "z.py"], Doing(frozenset({"z.py"}), True), [COMMANDS]).in_evidence(seen)
    assert len(found.files) == MOST_FILES
    assert found.files[-1] == "z.py"
    assert set(found.files) - set(found.shared) == {"z.py"}


def test_what_attempts_in_a_row_did_is_put_together() -> None:
    rows = [Doing(frozenset({"a"})), Doing(frozenset({"b"}), True)]
    assert together(rows) == Doing(frozenset({"a", "b"}), True)


# What the record tells

EARLY, BEGAN, LATE = (f"2026-01-01T0{hour}:00:00.000+00:00" for hour in (1, 2, 3))
OURS, THEIRS = SessionId("session-ours-aaaa"), SessionId("session-theirs-bbbb")


def attempt(session: SessionId, ended: str | None = None, by: Executor = Executor.AGENT) -> Attempt:
    """Return an attempt that began early."""
    return Attempt(1, by, session, EARLY, Outcome.RUNNING if ended is None else Outcome.CLAIMED, ended)


def side_by_side(theirs: Attempt, *calls: tuple[str, Action, ActionState]) -> Graph:
    """Return the state in which *theirs* is an attempt at the other of two tasks, and made *calls*, each at a time."""
    tasks = Task(TaskId("task-001"), "ours"), Task(TaskId("task-002"), "theirs", attempts=(theirs,))
    session = Session(THEIRS, SessionKind.TASK, "theirs", OrchestrationId("orch-x-aaaa"))
    graph = apply(apply(Graph(), e.TasksAdded(tasks), EARLY), e.SessionOpened(session), EARLY)
    for at, call, state in calls:
        graph = apply(graph, e.ActionBegan(THEIRS, call), at)
        if state is not ActionState.RUNNING:
            did = (call.files, call.may_change_any) if state is ActionState.COMPLETED else ()
            graph = apply(graph, e.ActionEnded(THEIRS, call.call, state, *did), at)
    return graph


def edit(path: str, call: str = "1") -> Action:
    """Return a call that edits *path*."""
    return Action(call, "Edit", "edit", files=(path,))


def test_only_attempts_that_were_under_way_are_beside() -> None:
    for ended, number in ((None, 1), (LATE, 1), (BEGAN, 1), (EARLY, 0)):
        graph = side_by_side(attempt(THEIRS, ended))
        assert len(done_beside(graph, TaskId("task-001"), BEGAN)) == number
        assert done_beside(graph, TaskId("task-002"), BEGAN) == []  # oneself


def test_what_was_named_before_one_began_is_anybodys_again() -> None:
    graph = side_by_side(
        attempt(THEIRS),
        (EARLY, edit("old.py", "1"), ActionState.COMPLETED),
        (LATE, edit("new.py", "2"), ActionState.COMPLETED),
    )
    assert done_beside(graph, TaskId("task-001"), BEGAN) == [Doing(frozenset({"new.py"}))]


def test_what_is_being_written_is_named_and_what_failed_is_not() -> None:
    """So who ends first is not credited with the half-written file of another."""
    graph = side_by_side(
        attempt(THEIRS),
        (EARLY, edit("half.py", "1"), ActionState.RUNNING),
        (LATE, edit("denied.py", "2"), ActionState.FAILED),
    )
    assert done_in(graph, attempt(THEIRS), BEGAN) == Doing(frozenset({"half.py"}))


def test_only_what_may_change_files_counts_as_having_run_something() -> None:
    for kind, ran in {"execute": True, "other": True, "edit": True, "read": False, "think": False}.items():
        for state in (ActionState.COMPLETED, ActionState.RUNNING):
            graph = side_by_side(attempt(THEIRS), (LATE, Action("1", "x", kind), state))
            assert done_in(graph, attempt(THEIRS), BEGAN) == Doing(ran=ran)


def test_of_a_person_or_a_shell_anything_may_be() -> None:
    for by in (Executor.MANUAL, Executor.SHELL):
        assert done_beside(side_by_side(attempt(THEIRS, by=by)), TaskId("task-001"), BEGAN) == [COMMANDS]


def test_a_session_that_an_undo_took_away() -> None:
    assert done_in(Graph(), attempt(OURS), BEGAN) == COMMANDS


def test_what_was_done_outlasts_the_actions() -> None:
    calls = [
        (LATE, Action("run", "Shell", "execute"), ActionState.COMPLETED),
        (LATE, edit("first.py"), ActionState.COMPLETED),
    ]
    reads = [(LATE, Action(f"r{n}", "Read", "read"), ActionState.COMPLETED) for n in range(60)]
    graph = side_by_side(attempt(THEIRS), *calls, *reads)
    assert graph.session(THEIRS).activity.actions[0].kind == "read"
    assert done_in(graph, attempt(THEIRS), BEGAN) == Doing(frozenset({"first.py"}), True)
    assert Activity().named() == frozenset()
