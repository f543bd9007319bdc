"""The journal in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.model import event as e
from qwen_orch.model.activity import Action, ActionState
from qwen_orch.model.session import AGENT, TOKEN
from qwen_orch.project import history
from qwen_orch.project.history import entries, words
from qwen_orch.project.project import Project
from qwen_orch.project.undo import undo
from qwen_orch.project.writer import Writer
from qwen_orch.store.journal import Record
from tests.faults.work import A, note, planning
from tests.strategies import LAW, SESSION, T0, task


@LAW
@pytest.mark.parametrize("name", sorted(e.EVENTS))
@given(data=st.data())
def test_every_event_has_words(name: str, data: st.DataObject) -> None:
    """Of its own, not the name of its class."""
    text = words(data.draw(st.from_type(e.EVENTS[name])))
    assert text.strip()
    assert name not in text


def test_no_plain_words_are_left_over() -> None:
    """Each is of an event there is."""
    assert history._PLAIN.keys() <= e.EVENTS.keys()


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (e.TasksAdded((task(1),)), "added task-001 task 1"),
        (e.TasksAdded((task(1), task(2))), "added 2 tasks"),
        (e.CommandsApproved((task(1).id,)), "approved the commands of task-001"),
        (e.TasksRestored((task(1),), (task(2).id,)), "restored 1 task, removed 1"),
        (e.ProgressReported(task(1).id, 0.5), "task-001: 50% done, says its worker"),
        (e.VerdictGiven(task(1).id, False), "task-001: failed by verdict"),
    ],
)
def test_words_for_people(event: e.Event, text: str) -> None:
    """With what matters in them."""
    assert words(event) == text


def test_entries_say_what_stands_and_which_sessions_it_was(project: Project, writer: Writer) -> None:
    """A step that was undone is marked; the undo itself is not."""
    writer.commit("note", lambda _: [note("one")])
    undo(writer, force=False)
    found = entries(writer.history())
    assert [(x.by, x.undone) for x in found] == [("plan", False), ("note", True), ("undo", False)]
    assert found[1].sessions == (planning(A).id,)
    assert [x.seq for x in found] == [1, 2, 3]


def test_the_end_of_a_tool_call_is_told_by_its_title() -> None:
    """And what is recorded for programs alone is not told; an entry always says something."""
    call = Action("call-1-1", "WriteFile: a.txt", "edit", at=T0)
    began = Record(1, T0, "agent", (e.ActionBegan(SESSION, call), e.MetadataRecorded(SESSION, AGENT, "qwen")))
    ended = Record(2, T0, "agent", (e.ActionEnded(SESSION, call.call, ActionState.FAILED),))
    silent = Record(3, T0, "agent", (e.MetadataRecorded(SESSION, TOKEN, "f00"),))
    told = [entry.what for entry in entries([began, ended, silent])]
    assert told == [
        ("began: WriteFile: a.txt", "qwen is at work"),
        ("failed: WriteFile: a.txt",),
        ("something for programs",),
    ]


def test_sessions_of_an_entry() -> None:
    """Those opened, changed and removed; not plan and tasks."""
    record = Record(1, T0, "x", (e.PlanApproved(), e.SessionsRemoved((SESSION,)), e.TasksAdded((task(1),))))
    assert entries([record])[0].sessions == (SESSION,)
