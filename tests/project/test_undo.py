"""Undo and redo: laws on any history, and what is refused."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.errors import StateTransitionError
from qwen_orch.graph.apply import apply
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, task_id
from qwen_orch.model.session import Note, Session, SessionKind
from qwen_orch.model.task import Attempt, Executor, Outcome
from qwen_orch.project.history import entries, stacks
from qwen_orch.project.project import Project
from qwen_orch.project.undo import SHOWN, question, redo, undo
from qwen_orch.project.writer import Writer
from qwen_orch.store import segments
from qwen_orch.store.files import Disk
from qwen_orch.store.fold import folded
from qwen_orch.store.journal import Record
from qwen_orch.store.restore import restore
from qwen_orch.store.snapshots import Layout
from qwen_orch.store.store import Store
from tests.faults.seams import Quick
from tests.faults.work import A, note
from tests.store.conftest import store_at
from tests.strategies import LAW, ORCH, T0, Step, drawn_events, histories, is_legal, orchestration, task


def shown(graph: Graph) -> Graph:
    """*graph* but for the number last given: numbers are not given again."""
    return evolve(graph, last_number=0)


def written(tmp_path_factory: pytest.TempPathFactory, steps: list[Step]) -> tuple[Writer, list[Graph]]:
    """A writer after *steps*, each a record, and the state after each."""
    writer = Writer.open(store_at(Layout(tmp_path_factory.mktemp("law") / ".qwen/orchestration")))
    states: list[Graph] = []
    for event, _ in steps:
        writer.commit("test", lambda _, event=event: [event])
        states.append(writer.graph)
    return writer, states


@LAW
@given(histories(), st.data())
def test_n_undos_restore_the_state_n_steps_back_and_as_many_redos_the_last(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step], data: st.DataObject
) -> None:
    """The journal only grows; what is loaded afterwards is the same; every undo takes back the step it names."""
    writer, states = written(tmp_path_factory, steps)
    count = data.draw(st.integers(0, len(states) - 1))
    for back in range(1, count + 1):
        before = writer.store.path.read_bytes()
        assert undo(writer, force=True).seq == len(states) - back + 1
        assert shown(writer.graph) == shown(states[-back - 1])
        assert writer.store.path.read_bytes().startswith(before)
    for forth in range(count, 0, -1):
        before = writer.store.path.read_bytes()
        redo(writer)
        assert shown(writer.graph) == shown(states[-forth])
        assert writer.store.path.read_bytes().startswith(before)
    assert writer.seq == len(states) + 2 * count
    assert writer.graph.last_number == states[-1].last_number
    again = restore(writer.store.disk, writer.store.layout, ORCH)
    assert again.graph == writer.graph
    standing, undone = stacks(writer.past().records())
    assert ([r.seq for r in standing], undone) == (list(range(len(states), 0, -1)), [])


@st.composite
def drawn_step(draw: st.DrawFn, graph: Graph, number: int) -> list[e.Event]:
    """Some events, each legal after those before it; ids of sessions that are gone come again."""
    events: list[e.Event] = []
    for _ in range(draw(st.integers(1, 4))):
        event = draw(drawn_events(graph, number % 3))
        if is_legal(graph, event):
            events.append(event)
            graph = apply(graph, event, T0)
    return events


@LAW
@given(st.data())
def test_after_any_step_undo_and_redo_the_state_is_the_fold_of_the_steps_that_stand(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """In any order, by processes that come and go."""
    writer, _ = written(tmp_path_factory, [(e.OrchestrationCreated(orchestration()), T0)])
    for number in range(data.draw(st.integers(1, 12))):
        standing, undone = plainly([record.by for record in writer.history()])
        moves = ["test", "test", *["undo"] * (len(standing) > 1), *["redo"] * bool(undone)]
        match data.draw(st.sampled_from(moves)):
            case "undo":
                undo(writer, force=True)
            case "redo":
                redo(writer)
            case by:
                writer.commit(by, lambda graph, number=number: data.draw(drawn_step(graph, number)))
        records = writer.history()
        in_force = set(plainly([record.by for record in records])[0])
        assert shown(writer.graph) == shown(folded(r for r in records if r.seq in in_force))
        if data.draw(st.booleans()):
            writer = Writer.open(store_at(writer.store.layout))


def test_the_first_step_cannot_be_undone(writer: Writer) -> None:
    """Nor is there anything to redo then."""
    with pytest.raises(StateTransitionError, match="no step left"):
        undo(writer, force=True)
    with pytest.raises(StateTransitionError, match="nothing to redo"):
        redo(writer)


def test_a_new_step_ends_what_could_be_redone(writer: Writer) -> None:
    """As everywhere."""
    for text in ("one", "two"):
        writer.commit("note", lambda _, text=text: [note(text)])
    undo(writer, force=False)
    writer.commit("note", lambda _: [note("three")])
    with pytest.raises(StateTransitionError):
        redo(writer)
    texts = [entry.what[0] for entry in entries(writer.history()) if not entry.undone and entry.by == "note"]
    assert texts == ["noted: one", "noted: three"]


def test_a_step_that_changed_nothing_is_undone_too(writer: Writer) -> None:
    """Or no step before it could ever be."""
    writer.commit("note", lambda _: [note("one")])
    same = writer.graph.sessions_by_age()[0]
    writer.commit("test", lambda _: [e.SessionRestored(same)])
    assert [undo(writer, force=False).by for _ in range(2)] == ["test", "note"]
    assert [redo(writer).by for _ in range(2)] == ["note", "test"]


def test_a_number_is_not_given_again_after_an_undo_and_a_restart(project: Project, writer: Writer) -> None:
    """Not to another task: ids never change their meaning."""
    writer.commit("add_task", lambda _: [e.TasksAdded((task(3),))])
    undo(writer, force=False)
    project.checkpoint(last=True)
    assert Project.at(project.root).writer(A).graph.last_number == 3


SESSION = SessionId("session-work-aaaa")


@pytest.mark.parametrize(
    "last",
    [
        ("new_task", e.AttemptStarted(task_id(1), Attempt(1, Executor.SHELL, SESSION, T0))),
        ("new_task", e.TaskClaimed(task_id(1), "shell")),
        ("check_completeness", e.VerdictGiven(task_id(1), True)),
        ("recovery", e.AttemptEnded(task_id(1), Outcome.INTERRUPTED)),
        ("recovery", e.TasksRestored((task(1),))),
    ],
    ids=["commands started", "claimed by the shell", "checked", "interrupted", "rebuilt after damage"],
)
def test_what_happened_outside_is_not_undone_unasked(last: tuple[str, e.Event], writer: Writer) -> None:
    """It says why, and what is possible; with force it is forgotten."""
    by, event = last
    opened = e.SessionOpened(Session(SESSION, SessionKind.TASK, "work", A, created=T0))
    first = [e.PlanApproved(), opened]
    if isinstance(event, e.AttemptEnded):
        first.append(e.AttemptStarted(task_id(1), Attempt(1, Executor.SHELL, SESSION, T0)))
    writer.commit("setup", lambda _: first)
    before = writer.graph
    writer.commit(by, lambda _: [event])
    with pytest.raises(StateTransitionError) as error:
        undo(writer, force=False)
    assert any("--force" in hint for hint in error.value.hints)
    undo(writer, force=True)
    assert shown(writer.graph) == shown(before)


def test_what_a_person_did_by_hand_is_undone(writer: Writer) -> None:
    """Starting, claiming: only words."""
    writer.commit("approve_plan", lambda _: [e.PlanApproved()])
    writer.commit("complete_task", lambda _: [e.TaskClaimed(task_id(1), "ann")])
    undo(writer, force=False)
    assert writer.graph.tasks[task_id(1)].status == "pending"


def test_stacks_of_a_journal_that_begins_with_an_undo() -> None:
    """What it took back is gone; it is no step itself."""
    records = [Record(1, T0, "undo", ()), Record(2, T0, "redo", ()), Record(3, T0, "note", ())]
    standing, undone = stacks(reversed(records))
    assert ([r.seq for r in standing], undone) == ([3], [])


def plainly(moves: list[str]) -> tuple[list[int], list[int]]:
    """The numbers of the steps in force and of those undone after these moves: the plain way, from the first on."""
    standing: list[int] = []
    undone: list[int] = []
    for seq, by in enumerate(moves, start=1):
        if by == "undo":
            undone.append(standing.pop())
        elif by == "redo":
            standing.append(undone.pop())
        else:
            standing.append(seq)
            undone = []
    return standing, undone


@st.composite
def moved(draw: st.DrawFn) -> list[str]:
    """Steps, undos and redos, each of which there is something for."""
    moves = ["plan"]
    for _ in range(draw(st.integers(0, 30))):
        standing, undone = plainly(moves)
        moves.append(draw(st.sampled_from(["note", *["undo"] * (len(standing) > 1), *["redo"] * bool(undone)])))
    return moves


@LAW
@given(moved())
def test_which_steps_stand_is_seen_from_the_end(moves: list[str]) -> None:
    """As from the beginning; and what is asked for first needs no more of the past than was taken back since."""
    records = [Record(seq, T0, by, ()) for seq, by in enumerate(moves, start=1)]
    wanted, gone = plainly(moves)
    standing, undone = stacks(reversed(records))
    assert ([r.seq for r in standing][::-1], [r.seq for r in undone]) == (wanted, gone)
    assert {entry.seq for entry in entries(records) if not entry.undone and entry.by in ("plan", "note")} == set(wanted)
    read = iter(reversed(records))
    assert next(stacks(read)[0]).seq == wanted[-1]
    assert len(list(read)) == wanted[-1] - 1


def test_what_somebody_else_did_since_is_not_taken_back_unseen(project: Project, writer: Writer) -> None:
    """The newest step is not the one that was the newest: it says which came since, and nothing changes."""
    writer.commit("note", lambda _: [note("mine")])
    seen = writer.seq
    other = Project.at(project.root).writer(A)
    other.commit("note", lambda _: [note("theirs")])
    for act in (lambda: undo(writer, force=False, newest=seen), lambda: redo(writer, newest=seen)):
        with pytest.raises(StateTransitionError, match=rf"step {seen + 1} \(note\) came after step {seen}"):
            act()
    assert writer.seq == seen + 1
    assert undo(writer, force=False, newest=seen + 1).events == (note("theirs"),)
    with pytest.raises(StateTransitionError, match=f"the newest step is {seen + 2}, not 99"):
        undo(writer, force=False, newest=99)


def test_many_steps_from_elsewhere_are_counted_up(project: Project, writer: Writer) -> None:
    """The first five of them."""
    seen = writer.seq
    for number in range(7):
        writer.commit("note", lambda _, number=number: [note(str(number))])
    with pytest.raises(
        StateTransitionError, match=rf"steps {seen + 1} \(note\), .*, {seen + 5} \(note\), … came after"
    ):
        undo(writer, force=False, newest=seen)


def test_the_question_shows_what_would_be_taken_back(writer: Writer) -> None:
    """Each step in words, newest first, a screenful of them; and that files stay when commands ran."""
    for number in range(SHOWN + 2):
        writer.commit("note", lambda _, number=number: [note(f"note {number}")])
    steps = writer.history()[:0:-1]
    lines = question(steps).splitlines()
    assert lines[0] == f"  {writer.seq} note: noted: note {SHOWN + 1}"
    assert lines[SHOWN] == "  … and 2 more"
    assert lines[-1] == f"Take back these {SHOWN + 2} steps?"
    assert "files" not in question(steps)
    assert question(steps[:1]).endswith("Take back this step?")
    ran = Record(1, T0, "new_task", (e.AttemptEnded(task_id(1), Outcome.FAILED),))
    assert "did to files stays as it is" in question([ran])


def test_going_back_many_steps_reads_the_journal_once(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many; the records are let go when the command ends, and read anew when others went on."""
    for number in range(9):
        writer.commit("note", lambda _, number=number: [note(str(number))])
    reads: list[int] = []
    past = Store.past
    monkeypatch.setattr(Store, "past", lambda store, seq: reads.append(seq) or past(store, seq))
    assert len(writer.history()) == 10
    for _ in range(5):
        undo(writer, force=False)
    assert reads == [10]
    assert writer.history() == list(past(writer.store, writer.seq).records())[::-1]
    writer.checkpoint(last=True)
    other = Writer.open(Store(writer.store.disk, writer.store.layout, A))
    other.commit("note", lambda _: [note("theirs")])
    assert len(writer.refresh()) == 1
    assert writer.history()[-1].events == (note("theirs"),)
    assert reads == [10, 16]


@LAW
@given(histories(), st.data())
def test_going_back_and_forth_over_sealed_parts(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step], data: st.DataObject
) -> None:
    """As over one file: sealed after any step, by processes that come and go."""
    layout = Layout(tmp_path_factory.mktemp("law") / ".qwen/orchestration")
    with pytest.MonkeyPatch.context() as early:
        early.setattr(segments, "SEAL_BYTES", 400)
        states: list[Graph] = []
        for event, _ in steps:
            writer = Writer.open(store_at(layout))
            writer.commit("test", lambda _, event=event: [event])
            states.append(writer.graph)
            if data.draw(st.booleans()):
                writer.checkpoint(last=True)
        count = data.draw(st.integers(0, len(states) - 1))
        for back in range(1, count + 1):
            writer = Writer.open(store_at(layout))
            assert undo(writer, force=True).seq == len(states) - back + 1
            assert shown(writer.graph) == shown(states[-back - 1])
            writer.checkpoint(last=True)
        for forth in range(count, 0, -1):
            writer = Writer.open(store_at(layout))
            redo(writer)
            assert shown(writer.graph) == shown(states[-forth])
            writer.checkpoint(last=True)
        again = restore(Disk(Quick()), layout, ORCH, thorough=True)
        assert (again.repairs, again.seq) == ((), len(states) + 2 * count)
        assert [r.seq for r in writer.history()] == list(range(1, again.seq + 1))


def test_a_session_whose_opening_was_undone_in_another_shell_stays_away(project: Project, writer: Writer) -> None:
    """Two shells wrote the snapshots in turn, so that of the tasks is older than the plan, and newer than it says."""
    shell = Project.at(project.root)
    other = shell.writer(A)
    writer.commit("add_task", lambda _: [e.TasksAdded((task(3),))])
    project.checkpoint(last=True)
    other.refresh()
    opened = e.SessionOpened(Session(SESSION, SessionKind.INTERACTIVE, "work", A, created=T0))
    other.commit("note", lambda _: [opened])
    shell.checkpoint(last=True)
    writer.refresh()
    writer.commit("note", lambda _: [e.NoteAdded(SESSION, Note("mind the gap"))])
    assert [undo(writer, force=False).by for _ in range(2)] == ["note", "note"]
    project.checkpoint(last=True)
    again = Project.at(project.root)
    assert again.writer(A).graph == writer.graph
    assert again.take_reports() == []
