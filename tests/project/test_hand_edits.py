"""What people change in our JSON with an editor."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_orch.errors import ValidationError
from qwen_orch.project import hand_edits
from qwen_orch.project.examination import PROBLEM, WARNING, examine
from qwen_orch.project.project import Project
from qwen_orch.project.writer import Writer
from tests.faults.work import A, B, create, fresh, note, planning

BROKEN = {
    "a comma too many": '{"jobs": 3, "executor": "manual",}',
    "a comma too few": '{"jobs": 3\n "executor": "manual"}',
    "comments": '{ // how many\n "jobs": 3, /* who */ "executor": "manual"\n# the end\n}',
    "single quotes": "{'jobs': 3, 'executor': 'manual'}",
    "no quotes": "{jobs: 3, executor: manual}",
    "no closing bracket": '{"jobs": 3, "executor": "manual"',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_settings_that_an_editor_broke_are_mended_once_accepted(text: str, project: Project) -> None:
    """The difference is shown before; what was written is kept, byte for byte; nothing but the JSON is mended."""
    path = project.home / "config.json"
    path.write_text(text)
    asked: list[str] = []
    refused = _settings(project, lambda question: bool(asked.append(question)))
    assert refused[0] == PROBLEM
    assert path.read_text() == text
    assert "+" in asked[0]
    assert all(line in asked[0] for line in refused[2].splitlines())
    assert _settings(project, lambda question: True)[0] == WARNING
    assert json.loads(path.read_bytes()) == {"jobs": 3, "executor": "manual"}
    assert (fresh(project.root).config.jobs, fresh(project.root).config.executor) == (3, "manual")
    assert text.encode() in [p.read_bytes() for p in (project.home / "backups").iterdir()]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def _settings(project: Project, agreed: Callable[[str], bool]) -> tuple[str, str, str]:
    found = next(f for f in examine(fresh(project.root), agreed) if f.what == "settings")
    return found.state, found.detail, found.diff


@pytest.mark.parametrize("text", ['{"jobs": 0,}', '{"jbos": 3,}', "not JSON at all", "[1, 2", "{" * 5000, "\ud800"])
def test_what_cannot_be_meant_is_never_written(text: str, project: Project) -> None:
    """JSON that is mended must be settings, too; deep nesting and what is not text are told, not raised."""
    path = project.home / "config.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    before = path.read_bytes()
    assert _settings(project, lambda question: True)[0] == PROBLEM
    assert path.read_bytes() == before


def test_settings_that_change_while_a_person_thinks_are_left_alone(project: Project) -> None:
    """What is put in the place of a file is what was shown of it."""
    path = project.home / "config.json"
    path.write_text("{'jobs': 3}")
    mended = hand_edits.settings(project)
    assert mended is not None
    path.write_text("{'jobs': 4}")
    with pytest.raises(ValidationError, match="just now"):
        hand_edits.accept(project, mended)
    assert path.read_text() == "{'jobs': 4}"


def test_a_difference_holds_nothing_that_a_terminal_obeys(project: Project) -> None:
    """Nor is it longer than anybody reads."""
    (project.home / "config.json").write_text("{'jobs': 3} // \x1b[2J\u202e\n" + "// x\n" * 5000)
    mended = hand_edits.settings(project)
    assert mended is not None
    assert "\x1b" not in mended.diff
    assert "\u202e" not in mended.diff
    assert len(mended.diff.splitlines()) <= hand_edits.MOST_LINES + 1


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _edits(root: Path) -> list[hand_edits.Edit]:
    list(examine(fresh(root)))  # which reads, and so puts aside, every file
    project = fresh(root)
    return list(hand_edits.edits(project, project.writer(A)))


@pytest.mark.parametrize("broken", [False, True], ids=["JSON", "with a comma too many and a comment"])
def test_an_edited_task_is_told_with_the_command_that_changes_it(broken: bool, project: Project) -> None:
    """Until it is so, or until somebody has changed the same otherwise; nothing of it is taken over."""
    path = project.layout.manifest(A)
    _edit(path, '"priority": "medium"', '"priority": "high"')
    if broken:
        _edit(path, '"priority": "high",', '"priority": "high", // now!\n')
        _edit(path, "\n  ],", ",\n  ],")
    edit = _edits(project.root)[0]
    assert (edit.file, edit.steps) == (f"manifests/{A}.json", ("/update_task task-001 priority:high",))
    assert edit.diff == '- task-001 priority: "medium"\n+ task-001 priority: "high"'
    assert '"high"' in (project.home / "backups" / edit.kept).read_text()
    assert fresh(project.root).writer(A).graph.ordered()[0].priority == "medium"
    _type(project.root, "/update_task task-001 title:other")
    assert len(_edits(project.root)) == 1
    _type(project.root, *edit.steps)
    assert not _edits(project.root)


def _type(root: Path, *lines: str) -> None:
    from tests.commands.desk import Desk

    for line in lines:
        Desk(root)(line)


EDITS = {
    "title": ('"title": "t1"', '"title": "say \\"hi\\" \\\\"'),
    "description": ('"description": ""', '"description": "long words"'),
    "tags": ('"tags": []', '"tags": ["a", "b"]'),
    "run": ('"run": []', '"run": ["echo \\"a\\" b", "true"]'),
    "estimate": ('"estimate": null', '"estimate": {"low": 1.0, "likely": 2.0, "high": 4.5, "confidence": 0.7}'),
    "assignee": ('"assignee": null', '"assignee": "ada"'),
}


@pytest.mark.parametrize("field", EDITS)
def test_the_command_that_is_told_does_what_the_edit_said(field: str, project: Project) -> None:
    """It is typed as it stands; then there is nothing left to tell."""
    path = project.layout.manifest(A)
    old, new = EDITS[field]
    if old not in path.read_text():
        old = f'"title": {json.dumps(project.writer(A).graph.ordered()[0].title)}'
    _edit(path, old, new)
    found = _edits(project.root)
    assert len(found) == 1
    _type(project.root, *found[0].steps)
    left = _edits(project.root)
    assert not left or "confidence" in left[0].diff, left


def test_an_edited_session_is_told(project: Project, writer: Writer) -> None:
    """With the command that says the same."""
    writer.commit("note", lambda _: [note("mind the gap")])
    project.checkpoint(last=True)
    _edit(project.layout.session(planning(A).id), "mind the gap", "mind the step")
    assert [e.steps for e in _edits(project.root)] == [("/note TEXT",)]


def test_an_edited_plan_is_told(project: Project) -> None:
    """What no command changes is changed outside and taken in."""
    _edit(project.layout.plan(A), '"goal": "goal"', '"goal": "more"')
    assert [e.steps for e in _edits(project.root)] == [("/export_plan json, edit it, /import FILE",)]


def test_bytes_that_are_damaged_are_no_edit(project: Project) -> None:
    """Zeros, half a file, a file of another orchestration."""
    create(B)(project)
    project.checkpoint(last=True)
    path = project.layout.manifest(A)
    whole = path.read_bytes()
    for bad in (bytes(100), whole[: len(whole) // 3], project.layout.manifest(B).read_bytes()):
        path.write_bytes(bad)
        assert not _edits(project.root)


def test_an_edited_state_file_is_told(project: Project) -> None:
    """Whoever edits what is current wants to resume it: until it is, or something else is made current."""
    create(B)(project)
    project.checkpoint(last=True)
    path = project.home / "state.json"
    project.make_current(B, planning(B).id)
    _edit(path, planning(B).id, planning(A).id)
    _edit(path, B, A)
    assert _told(project) == [f"/resume {planning(A).id}"]
    assert _told(project) == [f"/resume {planning(A).id}"]
    fresh(project.root).make_current(B, planning(B).id)
    assert not _told(project)


def _told(project: Project) -> list[str]:
    return [f.hint for f in examine(fresh(project.root)) if f.what == "edit"]
