"""The one writer: atomic, re-decided on the newest state, caught up, and with snapshots that lag but little."""

from __future__ import annotations

import errno
import time

import pytest

from qwen_orch.errors import OrchError, StateTransitionError, StorageError, ValidationError
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import task_id
from qwen_orch.model.session import Note
from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer
from tests.faults.seams import Counted, Failing
from tests.faults.work import A, fresh, note, planning, seen
from tests.project.test_long_life import Counting
from tests.strategies import task


def test_a_commit_is_all_or_nothing(writer: Writer) -> None:
    """An illegal event takes the legal ones before it down with it, on the disk and in memory."""
    before, raw = writer.graph, writer.store.path.read_bytes()
    with pytest.raises(StateTransitionError):
        writer.commit("test", lambda _: [note("x"), e.TaskClaimed(task_id(1), "ann"), e.VerdictGiven(task_id(1), True)])
    assert (writer.graph, writer.store.path.read_bytes()) == (before, raw)


def test_nothing_to_do_is_no_step(writer: Writer) -> None:
    """The journal stays as it is."""
    raw = writer.store.path.read_bytes()
    assert writer.commit("test", lambda _: []) == ()
    assert writer.store.path.read_bytes() == raw


def test_what_cannot_be_stored_is_a_typed_error(writer: Writer) -> None:
    """Text that is half a character; nothing has changed, and the next step is fine."""
    before = writer.graph
    with pytest.raises(ValidationError):
        writer.commit("note", lambda _: [note("\ud800")])
    assert writer.graph == before
    writer.commit("note", lambda _: [note("fine")])
    assert fresh_writer(writer).graph == writer.graph


def fresh_writer(writer: Writer) -> Writer:
    """The same orchestration as another process sees it."""
    return fresh(writer.store.layout.home.parents[1]).writer(A)


def test_a_stale_decision_is_decided_again(writer: Writer) -> None:
    """Two add a task at once: the second sees the first's, and takes the next number."""
    other = fresh_writer(writer)
    add = lambda graph: [e.TasksAdded((task(graph.last_number + 1),))]  # noqa: E731
    other.commit("add_task", add)
    writer.commit("add_task", add)
    assert set(fresh_writer(writer).graph.tasks) == {task_id(n) for n in (1, 2, 3, 4)}


def test_a_step_that_the_newer_state_forbids_is_refused(writer: Writer) -> None:
    """Not merged."""
    other = fresh_writer(writer)
    events = [e.PlanApproved(), e.TaskCancelled(task_id(1), "no")]
    other.commit("cancel_task", lambda _: events)
    with pytest.raises(StateTransitionError, match="cancelled"):
        writer.commit("complete_task", lambda _: [e.TaskClaimed(task_id(1), "ann")])
    assert writer.graph == other.graph


def test_refresh_takes_in_what_others_did(writer: Writer) -> None:
    """And says which steps; asking again says nothing."""
    other = fresh_writer(writer)
    other.commit("note", lambda _: [note("one")])
    other.commit("note", lambda _: [note("two")])
    assert [r.seq for r in writer.refresh()] == [2, 3]
    assert writer.graph == other.graph
    assert writer.refresh() == []


def test_a_failed_append_leaves_the_writer_usable(writer: Writer) -> None:
    """The disk is full, then it is not."""
    calls = writer.store.disk.calls
    before, told = writer.graph, list[str]()
    for n in range(1, 9):
        writer.store.disk.calls = Failing(n, errno.ENOSPC)
        try:
            writer.commit("note", lambda _, n=n: [note(f"try {n}")])
            break
        except StorageError as error:
            told.append(error.hints[0])
        assert writer.graph == before
    writer.store.disk.calls = calls
    assert told
    assert all("free some disk space" in hint for hint in told)
    writer.commit("note", lambda _: [note("now")])
    assert fresh_writer(writer).graph == writer.graph


def test_a_refused_sync_whose_step_cannot_be_taken_back_is_looked_at_again(writer: Writer) -> None:
    """The error says that nobody knows; the next step goes by what is on the disk."""
    calls = writer.store.disk.calls
    writer.store.disk.calls = failing = Failing(0, errno.EIO, times=99)
    real_write = failing.do

    def strike_after_write(name: str, *args: object) -> object:
        done = real_write(name, *args)
        if name == "write":
            failing.n = failing.count + 1
        return done

    failing.do = strike_after_write  # type: ignore[method-assign]
    failing.n = 10**9
    with pytest.raises(StorageError, match="is not known"):
        writer.commit("note", lambda _: [note("perhaps")])
    writer.store.disk.calls = calls
    writer.commit("note", lambda _: [note("surely")])
    texts = [n.text for n in writer.graph.sessions[planning(A).id].notes]
    assert texts == ["perhaps", "surely"]
    assert fresh_writer(writer).graph == writer.graph


def test_a_checkpoint_that_fails_is_made_up_for(project: Project, writer: Writer) -> None:
    """The step is kept; the next checkpoint, of this process or another, writes the snapshots."""
    before = project.layout.session(planning(A).id).read_bytes()
    writer.commit("note", lambda _: [note("x")])
    calls = project.disk.calls
    project.disk.calls = Failing(1, errno.ENOSPC, times=99)
    with pytest.raises(StorageError):
        project.checkpoint(last=True)
    project.disk.calls = calls
    assert project.layout.session(planning(A).id).read_bytes() == before
    other = fresh(project.root)
    assert seen(other) == seen(project)
    other.checkpoint(last=True)
    after = project.layout.session(planning(A).id).read_bytes()
    assert after != before
    project.checkpoint(last=True)
    assert fresh(project.root).writer(A)._stale == set()


def test_only_what_changed_is_written(project: Project, writer: Writer) -> None:
    """A note touches its session and the plan, not the tasks."""
    manifest = project.layout.manifest(A).stat().st_mtime_ns
    writer.commit("note", lambda _: [note("x")])
    project.checkpoint(last=True)
    assert project.layout.manifest(A).stat().st_mtime_ns == manifest
    assert fresh(project.root).writer(A).graph == writer.graph


def test_a_costly_checkpoint_is_put_off_in_a_burst_but_not_at_the_end(writer: Writer) -> None:
    """It costs at most a fifth of the time; the last one is never put off."""
    writer._spared_until = time.monotonic() + 60
    writer.commit("note", lambda _: [note("x")])
    writer.checkpoint()
    assert writer._stale
    writer.checkpoint(last=True)
    assert not writer._stale


def test_a_checkpoint_with_nothing_new_costs_nothing(project: Project) -> None:
    """Not a single call."""
    project.checkpoint(last=True)
    project.disk.calls = calls = Counted()
    project.checkpoint(last=True)
    assert calls.count == 0


def test_an_interrupt_in_the_middle_leaves_a_usable_writer(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between the write and its sync: the step may be there or not, whole; the shell goes on."""
    real = writer.store.disk.calls.fdatasync

    def interrupted(fd: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writer.store.disk.calls, "fdatasync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writer.commit("note", lambda _: [note("perhaps")])
    monkeypatch.setattr(writer.store.disk.calls, "fdatasync", real)
    writer.commit("note", lambda _: [note("surely")])
    assert writer.graph.sessions[planning(A).id].notes[-1] == Note("surely", note("").note.at)
    assert fresh_writer(writer).graph == writer.graph


def test_a_decision_that_raises_lets_the_lock_go(writer: Writer) -> None:
    """Whatever it raises."""

    def decide(graph: Graph) -> list[e.Event]:
        raise OrchError("no")

    with pytest.raises(OrchError):
        writer.commit("test", decide)
    fresh_writer(writer).commit("note", lambda _: [note("free")])


def test_two_who_write_snapshots_in_turn_leave_a_plan_that_fits_them(project: Project, writer: Writer) -> None:
    """Who opens it then reads the plan and the tasks, and no session: however many there are."""
    shell = fresh(project.root)
    other = shell.writer(A)
    writer.commit("add_task", lambda _: [e.TasksAdded((task(3),))])
    project.checkpoint(last=True)
    other.refresh()
    other.commit("note", lambda _: [note("theirs")])
    shell.checkpoint(last=True)
    writer.commit("approve_plan", lambda _: [e.PlanApproved()])
    project.checkpoint(last=True)
    disk = Counting()
    assert fresh(project.root, disk).writer(A).graph.tasks == writer.graph.tasks
    assert not [name for name in disk.reads if name.startswith("session-")]
