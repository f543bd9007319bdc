"""/doctor: what is looked at, and what is said of it."""

from __future__ import annotations

import os
import stat

import pytest

from qwen_orch.project.examination import OK, PROBLEM, WARNING, examine
from qwen_orch.project.project import Project
from qwen_orch.project.undo import undo
from qwen_orch.project.writer import Writer
from tests.faults.work import A, B, create, fresh, note, planning


def findings(project: Project) -> dict[str, tuple[str, str]]:
    """State and words of what a fresh /doctor finds, by thing."""
    return {f.what: (f.state, f.detail) for f in examine(fresh(project.root))}


def test_a_sound_project_is_sound(project: Project, writer: Writer) -> None:
    """After any steps, undone ones too, with snapshots current or behind."""
    writer.commit("note", lambda _: [note("x")])
    undo(writer, force=False)
    found = findings(project)
    assert found[A] == (OK, "3 steps, 2 tasks, journal and snapshots agree")
    assert {found[w][0] for w in ("python", "settings", "folder", "permissions", A)} == {OK}


def test_a_project_without_anything_is_looked_at_and_left_alone(tmp_path: object, project: Project) -> None:
    """Nothing is made."""
    from pathlib import Path

    empty = Path(str(tmp_path)) / "empty"
    empty.mkdir()
    assert {f.state for f in examine(fresh(empty))} <= {OK, WARNING}
    assert not list(empty.iterdir())


def test_damage_is_repaired_and_told(project: Project) -> None:
    """Once; the next look finds all well."""
    create(B)(project)
    project.checkpoint(last=True)
    path = project.layout.manifest(A)
    path.write_bytes(path.read_bytes()[:-5])
    state, words = findings(project)[A]
    assert (state, "damaged" in words) == (WARNING, True)
    assert findings(project)[A][0] == OK
    assert findings(project)[B][0] == OK


def test_a_damaged_session_is_repaired_and_told(project: Project) -> None:
    """Though no command has asked for it: sessions are read late. It is whole on the disk afterwards."""
    path = project.layout.session(planning(A).id)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"plan", b"PLAN"))
    state, words = findings(project)[A]
    assert (state, path.name in words) == (WARNING, True)
    assert path.read_bytes() == whole
    assert findings(project)[A][0] == OK


def test_what_cannot_be_repaired_is_a_problem_of_that_one_only(project: Project) -> None:
    """The others are looked at."""
    create(B)(project)
    for found in project.home.rglob(f"*{A}*"):
        found.write_bytes(b"rubbish\n")
    assert findings(project)[A][0] == PROBLEM
    assert findings(project)[B][0] == OK


def test_settings_that_cannot_be_read_are_a_problem(project: Project) -> None:
    """With line and key."""
    (project.home / "config.json").write_text('{"jobs": 0}')
    state, words = findings(project)["settings"]
    assert (state, "line 1: jobs must be" in words) == (PROBLEM, True)


def test_files_open_to_others_are_closed(project: Project) -> None:
    """And it says how many; a link is not followed."""
    outside = project.root / "outside"
    outside.write_text("")
    outside.chmod(0o644)
    (project.home / "logs").mkdir(mode=0o755)
    (project.home / "logs" / "link").symlink_to(outside)
    project.layout.plan(A).chmod(0o644)
    assert findings(project)["permissions"][0] == WARNING
    assert findings(project)["permissions"][0] == OK
    assert stat.S_IMODE(project.layout.plan(A).stat().st_mode) == 0o600
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_nothing_it_finds_makes_it_fail(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions that cannot be changed."""
    project.layout.plan(A).chmod(0o644)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, os.strerror(1))

    monkeypatch.setattr(os, "chmod", refused)
    assert findings(project)["permissions"][0] == PROBLEM
