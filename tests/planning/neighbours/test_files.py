"""Files as other tools write them, whole and broken: what is read, what is told, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen_orch.errors import DependencyError, UsageError, ValidationError
from qwen_orch.model.draft import Draft
from qwen_orch.model.task import Priority, TaskStatus
from qwen_orch.planning.neighbours import NEIGHBOURS, cannot_say, parse, recognise, render
from tests.planning.neighbours.plans import graph_in, graph_of

TASKMASTER = {
    "master": {
        "tasks": [
            {"id": 1, "title": "Lay the floor", "status": "done", "dependencies": [], "priority": "high"},
            {
                "id": 2,
                "title": "Raise the walls",
                "description": "All four.",
                "details": "In brick.",
                "testStrategy": "Push them.",
                "status": "in-progress",
                "dependencies": [1],
                "subtasks": [
                    {"id": 1, "title": "North", "status": "pending", "dependencies": []},
                    {"id": 2, "title": "South", "status": "pending", "dependencies": [1]},
                ],
            },
            {"id": 3, "title": "Roof", "status": "deferred", "dependencies": ["2.2"]},
        ],
        "metadata": {"created": "2026-01-01T00:00:00.000Z", "projectName": "A house"},
    }
}
BEADS = (
    '{"id":"hs-1","title":"House","status":"open","priority":0,"issue_type":"epic","created_at":"2026-01-01T00:00:00Z"}\n'
    '{"id":"hs-1.1","title":"Lay the floor","description":"Level.","acceptance_criteria":"- It is flat\\n- It is dry",'
    '"status":"closed","close_reason":"done","priority":1,"issue_type":"task","assignee":"ann","labels":["stone"],'
    '"estimated_minutes":90,"created_at":"2026-01-01T00:00:00Z","dependencies":[{"issue_id":"hs-1.1",'
    '"depends_on_id":"hs-1","type":"parent-child"}]}\n'
    '{"id":"hs-1.2","title":"Walls","status":"in_progress","priority":2,"issue_type":"feature","created_at":"x",'
    '"dependencies":[{"issue_id":"hs-1.2","depends_on_id":"hs-1.1","type":"blocks"},'
    '{"issue_id":"hs-1.2","depends_on_id":"hs-1","type":"parent-child"},'
    '{"issue_id":"hs-1.2","depends_on_id":"hs-9","type":"blocks"},'
    '{"issue_id":"hs-1.2","depends_on_id":"hs-4","type":"related"}]}\n'
    '{"id":"hs-3","title":"Gone","status":"tombstone","priority":2,"issue_type":"task","created_at":"x"}\n'
    '{"id":"hs-4","title":"Moat","status":"closed","close_reason":"wontfix: no","priority":4,"issue_type":"task",'
    '"created_at":"x","comments":[{"text":"why?"}]}\n'
    '{"_type":"memory","key":"k","value":"v"}\n'
)
FLOOR, WALLS = "11111111-aaaa-4bbb-8ccc-000000000001", "22222222-aaaa-4bbb-8ccc-000000000002"
TASKWARRIOR = f"""[
{{"id":0,"uuid":"{FLOOR}","description":"Lay the floor","status":"completed","entry":"20260101T080000Z",
"end":"20260102T080000Z","project":"House","priority":"H","tags":["stone"],"urgency":9.1}},
{{"id":2,"uuid":"{WALLS}","description":"Walls","status":"waiting","entry":"20260101T080000Z",
"wait":"20270101T080000Z","project":"House","depends":["{FLOOR}"],"due":"20270201T080000Z",
"annotations":[{{"entry":"20260103T080000Z","description":"second"}},{{"entry":"20260102T080000Z","description":"first"}}]}}
]
"""
SPECKIT = """# Tasks: A house

## Phase 1: Setup

- [x] T001 Lay the floor
- [ ] T002 [P] [US1] Raise the walls in `walls.md` (depends on T001)

## Phase 2: Roof

- [ ] T003 [US1] Put the roof on

## Dependencies & Execution Order

### Phase Dependencies

- **Phase 2: Roof**: Depends on Phase 1 completion
"""
KIRO = """# Implementation Plan

- [x] 1. Lay the floor
  - Level it
  - _Requirements: 1.1, 1.2_

- [ ] 2. Raise the walls
  - [ ] 2.1 North
    - _Requirements: 2.1_
  - [ ]* 2.2 South
    - _Depends: 2.1_
"""
CHECKLIST = "## House\n\n- [x] Lay the floor\n- [ ] Walls\n  - [ ] North\n- [ ] ~~Moat~~\n"
BACKLOG = {
    "task-1 - floor.md": """---
id: TASK-1
title: 'Lay the floor: level'
status: Done
assignee:
  - '@ann'
created_date: '2026-01-01 08:00'
labels:
  - stone
milestone: House
dependencies: []
priority: high
---

## Description

<!-- SECTION:DESCRIPTION:BEGIN -->
All of it.
<!-- SECTION:DESCRIPTION:END -->

## Acceptance Criteria
<!-- AC:BEGIN -->
- [x] #1 It is flat
- [ ] #2 It is dry
<!-- AC:END -->
""",
    "task-10 - roof.md": "---\nid: TASK-10\ntitle: Roof\nstatus: To Do\nlabels: []\ndependencies: [TASK-2]\n---\n",
    "task-2 - walls.md": "---\nid: task-2\ntitle: Walls\nstatus: In Progress\ndependencies:\n  - task-1\n---\n",
    "task-2.1 - north.md": "---\nid: TASK-2.1\ntitle: North\nstatus: To Do\nparent_task_id: TASK-2\n---\n",
}
FILES = {
    "taskmaster": json.dumps(TASKMASTER),
    "beads": BEADS,
    "taskwarrior": TASKWARRIOR,
    "speckit": SPECKIT,
    "kiro": KIRO,
    "checklist": CHECKLIST,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as Backlog.md keeps it, with a file that is no task."""
    tasks = tmp_path / "backlog" / "tasks"
    tasks.mkdir(parents=True)
    for name, text in BACKLOG.items():
        (tasks / name).write_text(text, encoding="utf-8")
    (tasks / "readme.md").write_text("# Tasks\n", encoding="utf-8")
    return tmp_path


def facts(draft: Draft) -> list[tuple[object, ...]]:
    """The tasks in brief."""
    return [
        (t.label, t.title, t.status, t.priority, [draft.tasks[d.task].label for d in t.depends_on], t.tags)
        for t in draft.tasks
    ]


def test_task_master() -> None:
    draft = parse("taskmaster", FILES["taskmaster"].encode())
    assert draft.title == "A house"
    assert facts(draft) == [
        ("1", "Lay the floor", TaskStatus.CLAIMED, Priority.HIGH, [], ()),
        ("2", "Raise the walls", TaskStatus.PENDING, Priority.MEDIUM, ["1"], ("in-progress",)),
        ("2.1", "North", TaskStatus.PENDING, Priority.MEDIUM, [], ()),
        ("2.2", "South", TaskStatus.PENDING, Priority.MEDIUM, ["2.1"], ()),
        ("3", "Roof", TaskStatus.PENDING, Priority.LOW, ["2.2"], ("deferred",)),
    ]
    written = json.loads(render(graph_in(draft), "taskmaster"))["master"]["tasks"]
    assert [t["dependencies"] for t in written] == [[], [1], ["2.2"]]
    assert [t["status"] for t in written] == ["done", "in-progress", "deferred"]
    assert (written[1]["description"], written[1]["details"]) == ("All four.", "In brick.")
    assert [s["dependencies"] for s in written[1]["subtasks"]] == [[], [1]]


def test_tags_of_task_master_come_back_as_tags() -> None:
    tags = {
        name: {"tasks": [{"id": 1, "title": f"Do {name}"}, {"id": 2, "title": "x", "dependencies": [1]}]}
        for name in "ab"
    }
    draft = parse("taskmaster", json.dumps(tags).encode())
    assert [p.title for p in draft.phases] == ["a", "b"]
    written = json.loads(render(graph_in(draft), "taskmaster"))
    assert {name: [t["id"] for t in tag["tasks"]] for name, tag in written.items()} == {"a": [1, 2], "b": [1, 2]}
    assert not [line for line in cannot_say(graph_in(draft), "taskmaster") if "phases" in line]


def test_beads() -> None:
    draft = parse("beads", BEADS.encode())
    assert facts(draft) == [
        ("hs-1", "House", TaskStatus.PENDING, Priority.CRITICAL, [], ("epic",)),
        ("hs-1.1", "Lay the floor", TaskStatus.CLAIMED, Priority.HIGH, [], ("stone",)),
        ("hs-1.2", "Walls", TaskStatus.PENDING, Priority.MEDIUM, ["hs-1.1"], ("feature", "in-progress")),
        ("hs-4", "Moat", TaskStatus.CANCELLED, Priority.LOW, [], ()),
    ]
    floor = draft.tasks[1]
    assert (floor.parent, floor.assignee, floor.line) == (0, "ann", 2)
    assert floor.estimate is not None
    assert floor.estimate.likely == 1.5
    assert [c.text for c in floor.acceptance] == ["It is flat", "It is dry"]
    told = "\n".join(map(str, draft.warnings))
    assert "“hs-9” is named as a dependency of hs-1.2 and is not here" in told
    assert "comments (1)" in told
    assert "2 records were left out" in told


def test_beads_are_written_as_beads_reads_them() -> None:
    lines = [json.loads(line) for line in str(render(graph_in(parse("beads", BEADS.encode())), "beads")).splitlines()]
    assert [i["id"] for i in lines] == ["hs-1", "hs-1.1", "hs-1.2", "hs-4"]
    assert [i["issue_type"] for i in lines] == ["epic", "task", "feature", "task"]
    assert [i["status"] for i in lines] == ["open", "closed", "in_progress", "closed"]
    assert all(("closed_at" in i) == (i["status"] == "closed") for i in lines)
    assert {(d["depends_on_id"], d["type"]) for d in lines[2]["dependencies"]} == {
        ("hs-1", "parent-child"),
        ("hs-1.1", "blocks"),
    }
    assert lines[1]["estimated_minutes"] == 90


def test_taskwarrior() -> None:
    draft = parse("taskwarrior", TASKWARRIOR.encode())
    assert facts(draft) == [
        (FLOOR, "Lay the floor", TaskStatus.CLAIMED, Priority.HIGH, [], ("stone",)),
        (WALLS, "Walls", TaskStatus.PENDING, Priority.MEDIUM, [FLOOR], ("deferred",)),
    ]
    assert [p.title for p in draft.phases] == ["House"]
    assert draft.tasks[1].description == "first\nsecond"
    assert [t.line for t in draft.tasks] == [2, 4]
    assert "due (1)" in str(draft.warnings[0])


@pytest.mark.parametrize("depends", [f"{FLOOR}", [FLOOR]])
def test_taskwarrior_of_any_age_and_a_task_a_line(depends: object) -> None:
    floor = {"uuid": FLOOR, "description": "Floor", "status": "pending"}
    walls = {"uuid": WALLS, "description": "Walls", "status": "pending", "depends": depends}
    raw = f"{json.dumps(floor)}\n{json.dumps(walls)}\n".encode()
    assert [[d.task for d in t.depends_on] for t in parse("taskwarrior", raw).tasks] == [[], [0]]


def test_taskwarrior_is_written_with_times_of_its_own() -> None:
    written = json.loads(str(render(graph_in(parse("taskwarrior", TASKWARRIOR.encode())), "taskwarrior")))
    assert [t["uuid"] for t in written] == [FLOOR, WALLS]
    assert written[1]["depends"] == [FLOOR]
    assert len({a["entry"] for a in written[1]["annotations"]}) == 2
    assert all(t["entry"].endswith("Z") and len(t["entry"]) == 16 for t in written)


def test_backlog(folder: Path) -> None:
    draft = parse("backlog", folder)
    assert facts(draft) == [
        ("TASK-1", "Lay the floor: level", TaskStatus.CLAIMED, Priority.HIGH, [], ("stone",)),
        ("task-2", "Walls", TaskStatus.PENDING, Priority.MEDIUM, ["TASK-1"], ("in-progress",)),
        ("TASK-2.1", "North", TaskStatus.PENDING, Priority.MEDIUM, [], ()),
        ("TASK-10", "Roof", TaskStatus.PENDING, Priority.MEDIUM, ["task-2"], ()),
    ]
    assert [t.parent for t in draft.tasks] == [None, None, 1, None]
    assert draft.phases[0].title == "House"
    assert [c.text for c in draft.tasks[0].acceptance] == ["It is flat", "It is dry"]
    assert (draft.tasks[0].description, draft.tasks[0].assignee) == ("All of it.", "ann")
    assert "readme.md was left out" in str(draft.warnings[0])


def test_backlog_is_written_a_file_a_task(folder: Path) -> None:
    files = render(graph_in(parse("backlog", folder)), "backlog")
    assert isinstance(files, dict)
    assert sorted(files) == [
        "task-1 - Lay-the-floor-level.md",
        "task-10 - Roof.md",
        "task-2 - Walls.md",
        "task-2.1 - North.md",
    ]
    floor = files["task-1 - Lay-the-floor-level.md"]
    assert 'title: "Lay the floor: level"\nstatus: Done\nassignee:\n  - "@ann"\n' in floor
    assert "- [ ] #1 It is flat" in floor
    assert "parent_task_id: task-2" in files["task-2.1 - North.md"]


@pytest.mark.parametrize("name", ["speckit", "kiro", "checklist"])
def test_markdown_comes_back_as_it_was(name: str) -> None:
    draft = parse(name, FILES[name].encode())
    again = parse(name, str(render(graph_in(draft), name)).encode())
    assert facts(again) == facts(draft)
    assert [p.title for p in again.phases] == [p.title for p in draft.phases]
    assert [p.depends_on for p in again.phases] == [p.depends_on for p in draft.phases]
    assert [t.description for t in again.tasks] == [t.description for t in draft.tasks]
    assert [[c.text for c in t.acceptance] for t in again.tasks] == [
        [c.text for c in t.acceptance] for t in draft.tasks
    ]


def test_how_spec_kit_and_kiro_are_written() -> None:
    speckit = str(render(graph_in(parse("speckit", SPECKIT.encode())), "speckit"))
    assert "- [ ] T002 [P] [US1] Raise the walls in `walls.md` (depends on T001)\n" in speckit
    kiro = str(render(graph_in(parse("kiro", KIRO.encode())), "kiro"))
    assert "- [ ]* 2.2 South\n" in kiro.replace("  ", "")
    assert "- _Requirements: 1.1, 1.2_" in kiro


@pytest.mark.parametrize("name", FILES)
def test_files_are_recognised_by_what_they_hold(name: str, tmp_path: Path) -> None:
    path = tmp_path / "anything.txt"
    path.write_text(FILES[name], encoding="utf-8")
    assert recognise(path) == name
    path.write_text(FILES[name], encoding="utf-16")
    assert recognise(path) == name


def test_folders_are_recognised(folder: Path, tmp_path: Path) -> None:
    assert [recognise(f) for f in (folder, folder / "backlog", folder / "backlog" / "tasks")] == ["backlog"] * 3
    (tmp_path / "empty").mkdir()
    assert recognise(tmp_path / "empty") is None
    with pytest.raises(ValidationError, match="front matter"):
        parse("backlog", tmp_path / "empty")


def test_prose_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "plan.md"
    path.write_text("# A plan\n\nWe should do it.\n", encoding="utf-8")
    assert recognise(path) is None


@pytest.mark.parametrize("text", ['{"foo": 1}', "[{}]", '[{"uuid": 3}]', '{"id": "x", "title": "y"}'])
def test_json_of_another_shape_is_refused_and_told_what_was_expected(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValidationError) as caught:
        recognise(path)
    assert any("beads" in hint for hint in caught.value.hints)


@pytest.mark.parametrize("name", ["taskmaster", "beads", "taskwarrior"])
def test_json_that_breaks_off_is_repaired_and_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text(FILES[name][: int(len(FILES[name]) * 0.6)], encoding="utf-8")
    assert recognise(path) == name
    draft = parse(name, path.read_bytes())
    assert draft.tasks[0].title == {"beads": "House"}.get(name, "Lay the floor")
    assert "repaired" in "\n".join(map(str, draft.warnings))


def test_a_line_that_is_no_json_is_left_out_and_told() -> None:
    raw = BEADS.replace("\n", "\nnot json\n", 1).encode()
    draft = parse("beads", raw)
    assert len(draft.tasks) == 4
    assert "line 2: left out: this line is not JSON" in map(str, draft.warnings)


def test_circles_are_refused_with_the_path() -> None:
    lines = [
        {"id": f"a-{n}", "title": f"T{n}", "status": "open", "issue_type": "task", "dependencies": [
            {"depends_on_id": f"a-{n % 3 + 1}", "type": "blocks"}]} for n in (1, 2, 3)
    ]  # fmt: skip
    with pytest.raises(DependencyError, match=r"a-1 “T1” \(line 1\) → a-2 “T2” \(line 2\)"):
        parse("beads", "\n".join(map(json.dumps, lines)).encode())


def test_parents_in_a_circle_and_edges_to_the_whole_are_told() -> None:
    lines = [
        {"id": "a-1", "title": "One", "status": "open", "issue_type": "task", "dependencies": [
            {"depends_on_id": "a-2", "type": "parent-child"}, {"depends_on_id": "a-1", "type": "blocks"}]},
        {"id": "a-2", "title": "Two", "status": "open", "issue_type": "task", "dependencies": [
            {"depends_on_id": "a-1", "type": "parent-child"}, {"depends_on_id": "a-1", "type": "blocks"}]},
        {"id": "a-2", "title": "Two again", "status": "open", "issue_type": "task"},
    ]  # fmt: skip
    draft = parse("beads", "\n".join(map(json.dumps, lines)).encode())
    told = "\n".join(map(str, draft.warnings))
    assert "part of its own part" in told
    assert "part and whole" in told
    assert "a-2 is used twice" in told
    assert sorted(t.title for t in draft.tasks) == ["One", "Two", "Two again"]


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_plan_without_tasks_can_be_written(name: str) -> None:
    assert render(graph_of([]), name) is not None
    cannot_say(graph_of([]), name)


def test_there_is_no_such_format() -> None:
    with pytest.raises(UsageError, match="did you mean beads"):
        render(graph_of([]), "bead")
