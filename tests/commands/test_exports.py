"""Handing the plan on."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from qwen_orch.errors import StorageError
from qwen_orch.planning import export
from qwen_orch.planning.export import FORMATS
from tests.commands.desk import Desk


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("progress", ["", " --include-progress"])
def test_every_format(desk: Desk, kind: str, progress: str) -> None:
    """As text, or the same into a file, which is remembered as an artifact and readable by others."""
    desk.plan()
    desk("/new_task 1")
    shown = desk(f"/export_plan {kind}{progress}")
    assert (shown.format, shown.path) == (kind, None)
    assert "Catalogue" in shown.content
    suffix = export.FORMATS[kind].suffix
    written = desk(f"/export_plan {kind}{progress} --output 'out put{suffix}'")
    assert (written.path, written.content) == (f"out put{suffix}", None)
    text = Path(f"out put{suffix}").read_bytes().decode()
    assert text == shown.content or kind in ("html", "json")  # which hold a time, or the sessions as they now are
    artifacts = [(a.path, a.kind) for s in desk.graph.sessions.values() for a in s.artifacts]
    assert artifacts == [(f"out put{suffix}", f"{kind} export")]
    assert Path(f"out put{suffix}").stat().st_mode & 0o777 == 0o644


def test_markdown_is_what_is_exported_when_nothing_is_said(desk: Desk) -> None:
    """And it comes back by /plan as the same tasks."""
    desk.plan()
    shown = desk("/export_plan")
    assert shown.format == "markdown"
    before = desk.graph.ordered()
    desk(f"/plan\n{shown.content}", yes=True)
    after = desk.graph.ordered()
    assert [(t.title, t.run, t.acceptance, t.tags, t.assignee, t.priority) for t in after] == [
        (t.title, t.run, t.acceptance, t.tags, t.assignee, t.priority) for t in before
    ]
    assert [[d.task for d in t.depends_on] for t in after] == [[d.task for d in t.depends_on] for t in before]


def test_formats_that_machines_read(desk: Desk) -> None:
    """JSON parses, CSV has one row a task."""
    desk.plan()
    page = json.loads(desk("/export_plan json").content)
    assert [t["id"] for t in page["tasks"]] == ["task-001", "task-002", "task-003"]
    rows = list(csv.DictReader(io.StringIO(desk("/export_plan csv").content)))
    assert len(rows) == 3


def test_a_file_outside_the_project_has_its_whole_name(desk: Desk, tmp_path: Path) -> None:
    """In the artifact; inside, the name from the project's folder."""
    desk.plan()
    desk(f"/export_plan csv --output {tmp_path}/away.csv")
    assert [a.path for s in desk.graph.sessions.values() for a in s.artifacts] == [f"{tmp_path}/away.csv"]


def test_a_file_that_was_there_is_replaced_whole(desk: Desk) -> None:
    """Never half."""
    desk.plan()
    Path("plan.md").write_text("x" * 100_000)
    desk("/export_plan --output plan.md")
    assert Path("plan.md").read_text() == desk("/export_plan").content


@pytest.mark.parametrize("name", ["folder", "no/such/file.md"])
def test_what_cannot_be_written(desk: Desk, name: str) -> None:
    """Is named; no artifact is recorded."""
    desk.plan()
    Path("folder").mkdir()
    before = desk.bytes_on_disk()
    assert name in desk.refused(f"/export_plan --output {name}", StorageError).message
    assert desk.bytes_on_disk() == before


def test_a_device_is_written_to_as_it_is(desk: Desk) -> None:
    """No file takes its place."""
    desk.plan()
    desk("/export_plan --output /dev/null")
    assert Path("/dev/null").is_char_device()


def test_the_graph(desk: Desk) -> None:
    """Each task once, below what it waits for."""
    desk.plan("# P\n- [ ] A\n- [ ] B\n  - depends on: A\n- [ ] C\n  - depends on: A, B\n- [ ] D\n  - [ ] E\n")
    drawing = desk("/graph")
    assert drawing.lines == ((0, "task-001"), (1, "task-002"), (2, "task-003"), (0, "task-004"), (1, "task-005"))
    assert [t.id for t in drawing.tasks] == sorted(t for _, t in drawing.lines)
    assert set(drawing.critical_path) <= {t.id for t in drawing.tasks}


def test_the_schedule_is_shown_where_hours_are_known(desk: Desk) -> None:
    """In the drawing and in the page: earliest start and finish of each task, in hours from now."""
    desk.plan("# P\n- [ ] T1 Dig (2h)\n- [ ] T2 Sow (1h)\n  - depends on: T1\n- [ ] T3 Rest (1h)\n")
    drawn = desk("/graph")
    assert {i: tuple(s) for i, s in drawn.schedule.items()} == {
        "task-001": (0.0, 2.0, 0.0),
        "task-002": (2.0, 3.0, 0.0),
        "task-003": (0.0, 1.0, 2.0),
    }
    page = desk("/export_plan html").content
    assert '<i class="late" style="margin-left:66.67%;width:33.33%"></i>' in page
    desk("/plan --yes\n# Q\n- [ ] No hours\n")
    assert desk("/graph").schedule == {}
    assert "Schedule" not in desk("/export_plan html").content
