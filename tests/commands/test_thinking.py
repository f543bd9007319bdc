"""Thoughts, notes and decisions."""

from __future__ import annotations

from qwen_orch.errors import ValidationError
from qwen_orch.model.session import SessionKind
from tests.commands.desk import Desk


def test_thoughts_are_numbered_on(desk: Desk) -> None:
    """After those of the planning, in its session; all are listed."""
    desk.plan(approve=False)
    before = desk("/think").thoughts
    found = desk("/think we should begin with the data")
    last = found.thoughts[-1]
    assert (last.number, last.text) == (len(before) + 1, "we should begin with the data")
    assert [t.number for t in found.thoughts] == list(range(1, len(before) + 2))
    assert desk.graph.session(found.session.id).thoughts == found.thoughts
    assert found.session.kind is SessionKind.PLANNING


def test_revisions_and_branches(desk: Desk) -> None:
    """Nothing is overwritten: a revision points back, a branch has a name and a place it starts at."""
    desk.plan(approve=False)
    count = len(desk("/think").thoughts)
    desk("/think no: with the pages --revises 1")
    found = desk("/think or side by side --branch 'two  teams\x07' --from 2")
    revision, branched = found.thoughts[count:]
    assert (revision.number, revision.revises, revision.branch) == (count + 1, 1, "")
    assert (branched.number, branched.branch, branched.branch_from) == (count + 2, "two teams", 2)
    assert found.thoughts[0].text == desk("/think").thoughts[0].text


def test_a_reference_to_what_is_not_there(desk: Desk) -> None:
    """It names what there is."""
    desk.plan(approve=False)
    count = len(desk("/think").thoughts)
    assert f"1 to {count}" in desk.refused(f"/think x --revises {count + 1}", ValidationError).message
    desk(f"/think x --revises {count}")


def test_done(desk: Desk) -> None:
    """The chain is complete, with or without a last thought."""
    desk.plan("# P\n- [ ] A\n")
    desk("/new_task 1")
    desk("/note x")
    session = desk.graph.sessions[desk.project.current.session]  # type: ignore[index]
    assert not session.thinking_done
    found = desk("/think that is all --done")
    assert (found.done, found.thoughts[-1].text) == (True, "that is all")
    assert desk("/think --done").thoughts == found.thoughts


def test_notes_and_decisions_are_kept_in_the_current_session(desk: Desk) -> None:
    """As they were typed, over several lines, without what a terminal would obey."""
    desk.plan("# P\n- [ ] A\n- [ ] B\n")
    desk("/new_task 1")
    desk("/note it's  \x1b[31mred\nand  blue")
    desk("/decide 'use sqlite' --why \"it's there\"")
    session = desk.graph.session(str(desk.project.current.session))
    assert session.task == "task-001"
    assert [n.text for n in session.notes] == ["it's  red\nand  blue"]
    assert [(d.text, d.why) for d in session.decisions] == [("use sqlite", "it's there")]


def test_a_note_after_the_session_ended(desk: Desk) -> None:
    """A session that has ended is not written in: an interactive one is opened below it, and is current then."""
    desk.plan("# P\n- [ ] A\n")
    desk("/new_task 1")
    ended = desk.project.current.session
    desk("/complete_task 1")
    kept = desk("/note and another thing")
    session = desk.graph.session(kept.session.id)
    assert (session.kind, session.parent) == (SessionKind.INTERACTIVE, ended)
    assert desk.project.current.session == session.id
    desk("/note once more")
    assert len(desk.graph.session(session.id).notes) == 2
