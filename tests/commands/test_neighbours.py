"""Other tools' files, playbooks and broken circles, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen_orch.commands.exports import NEIGHBOURS, OURS
from qwen_orch.errors import DependencyError, UsageError, ValidationError
from qwen_orch.planning import neighbours
from qwen_orch.planning.export import FORMATS
from tests.commands.desk import Desk
from tests.planning.neighbours.test_files import BACKLOG, FILES

CIRCLE = "# P\n- [ ] T1 One (depends on T3)\n- [ ] T2 Two (depends on T1)\n- [ ] T3 Three (depends on T2)\n"


def test_the_choices_are_the_formats_there_are() -> None:
    assert tuple(FORMATS) == OURS
    assert tuple(neighbours.NEIGHBOURS) == NEIGHBOURS


@pytest.mark.parametrize("name", FILES)
def test_what_another_tool_wrote_comes_in_and_goes_out(name: str, desk: Desk) -> None:
    path = desk.root / "theirs"
    path.write_text(FILES[name], encoding="utf-8")
    assert desk("/import theirs").format == name
    written = desk(f"/export_plan {name}").content
    (desk.root / "ours").write_text(written, encoding="utf-8")
    before = [(t.title, t.label, t.parent) for t in desk.graph.ordered()]
    assert desk("/import @ours", yes=True).format == name
    assert [(t.title, t.label, t.parent) for t in desk.graph.ordered()] == before
    desk.sound()


def test_a_folder_of_backlog_comes_in_and_goes_out(desk: Desk) -> None:
    tasks = desk.root / "backlog" / "tasks"
    tasks.mkdir(parents=True)
    for name, text in BACKLOG.items():
        (tasks / name).write_text(text, encoding="utf-8")
    assert desk("/import . --title Ours").format == "backlog"
    assert desk.graph.root.title == "Ours"
    exported = desk("/export_plan backlog --output out")
    assert sorted(p.name for p in Path(exported.path).iterdir())[0] == "task-1 - Lay-the-floor-level.md"
    assert "not empty" in desk.refused("/export_plan backlog --output out", ValidationError).message
    desk("/export_plan backlog --output out", yes=True)
    desk.refused("/export_plan backlog", UsageError)
    (desk.root / "file").write_text("x", encoding="utf-8")
    desk.refused("/export_plan backlog --output file", ValidationError)


def test_what_a_format_cannot_say_is_a_warning(desk: Desk) -> None:
    desk.plan()
    told = desk.run("/export_plan checklist").warnings
    assert any("cannot say dependencies: task-002, task-003" in line for line in told)
    assert any("estimates" in line for line in told)
    assert not desk.run("/export_plan json").warnings


def test_what_is_nothing_we_know_is_refused(desk: Desk) -> None:
    (desk.root / "x.json").write_text('{"foo": 1}', encoding="utf-8")
    assert any("taskwarrior" in hint for hint in desk.refused("/import x.json", ValidationError).hints)
    (desk.root / "empty").mkdir()
    desk.refused("/import empty", ValidationError)
    desk.refused("/import nowhere", ValidationError)
    (desk.root / "none.json").write_text('{"tasks": []}', encoding="utf-8")
    desk.refused("/import none.json", ValidationError)


def test_json_that_breaks_off_comes_in_with_a_warning(desk: Desk) -> None:
    whole = json.dumps({"tasks": [{"id": n, "title": f"Do {n}"} for n in range(1, 9)]})
    (desk.root / "t.json").write_text(whole[:150], encoding="utf-8")
    assert any("repaired" in line for line in desk.run("/import t.json").warnings)


def test_circles_are_broken_when_asked(desk: Desk) -> None:
    error = desk.refused(f"/plan\n{CIRCLE}", DependencyError)
    assert any("--break-cycles" in hint for hint in error.hints)
    outcome = desk.run(f"/plan --break-cycles\n{CIRCLE}")
    assert any("line 2: dropped the stated dependency of T1" in line for line in outcome.warnings)
    assert [[d.task for d in t.depends_on] for t in desk.graph.ordered()] == [[], ["task-001"], ["task-002"]]


def test_playbooks_are_listed_and_shown(desk: Desk) -> None:
    shelf = desk.project.home / "playbooks"
    shelf.mkdir(parents=True, exist_ok=True)
    (shelf / "ours.md").write_text("---\ndescription: Our way\ntriggers: [boat]\n---\n# {{title}}\n- [ ] {{each}}\n")
    listed = desk("/playbooks")
    assert listed.outline is None
    assert [(p.name, p.triggers) for p in listed.playbooks if p.own] == [("ours", ("boat",))]
    assert "generic" in [p.name for p in listed.playbooks]
    shown = desk('/playbooks ours --goal "a boat for ann and bob"')
    assert [p.name for p in shown.playbooks] == ["ours"]
    assert shown.outline.startswith("# A boat for ann and bob\n- [ ] ")
    assert desk('/playbooks --goal "a boat"').playbooks[0].name == "ours"
    desk.refused("/playbooks nothing", UsageError)
