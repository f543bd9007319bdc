"""The three pictures: what is written is read, and where they lie."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given

from qwen_orch.errors import StorageError, ValidationError
from qwen_orch.graph.apply import apply
from qwen_orch.graph.shelf import Shelf
from qwen_orch.graph.state import Graph
from qwen_orch.store import snapshots
from qwen_orch.store.seal import Damaged
from qwen_orch.store.snapshots import Layout, Point
from tests.store.conftest import store_at
from tests.store.samples import RECORDS, state
from tests.strategies import LAW, ORCH, SESSION, Step, histories

POINT = Point(7, "0123abcd")


@LAW
@given(histories())
def test_the_pictures_together_are_the_state(steps: list[Step]) -> None:
    """Whatever happened, nothing of the state is missing from them: not even the number of a task that is gone."""
    graph = Graph()
    for event, at in steps:
        graph = apply(graph, event, at)
    reaches = {"manifest": 7, **dict.fromkeys(graph.sessions, 5)}
    plan = snapshots.read_plan(snapshots.plan_bytes(graph, POINT, reaches), ORCH)
    manifest = snapshots.read_manifest(snapshots.manifest_bytes(graph, POINT), ORCH)
    sessions = [
        snapshots.read_session(snapshots.session_bytes(graph.sessions[s], POINT), ORCH)  # type: ignore[index]
        for s in plan.sessions
    ]
    assert plan.reaches == reaches
    assert {p[:2] for p in (plan, manifest, *sessions)} == {POINT}
    found = snapshots.graph_of(
        plan.orchestration, manifest.tasks, Shelf.of(p.session for p in sessions), manifest.last_number
    )
    assert found == graph


def test_a_picture_of_another_orchestration_is_not_ours() -> None:
    """Though it is whole."""
    raw = snapshots.manifest_bytes(state(5), POINT)
    with pytest.raises(Damaged, match=ORCH):
        snapshots.read_manifest(raw, "orch-other-zzzz")


def test_they_are_json_for_people(layout: Layout) -> None:
    """Indented, with whose they are and which record they reach first."""
    store = store_at(layout)
    with store.locked():
        store.append(RECORDS[0])
        store.checkpoint(state(1), 1, {"manifest", "plan", SESSION})
    for path in (layout.plan(ORCH), layout.manifest(ORCH), layout.session(SESSION)):
        text = path.read_text()
        assert list(json.loads(text))[:4] == ["format", "belongs_to", "seq", "record"]
        assert text.count("\n") > 5


def test_files_and_folders_are_private(layout: Layout) -> None:
    """0600 and 0700, whatever is in them."""
    store = store_at(layout)
    with store.locked():
        store.append(RECORDS[0])
        store.checkpoint(state(1), 1, {"manifest", "plan", SESSION})
        store.backup("undo")
    found = [layout.home, *layout.home.rglob("*")]
    assert len(found) > 12
    for path in found:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("name", ["../../x", "a/b", "", "A", "a\0b", "x" * 200, "-a", "..", "/etc/passwd"])
def test_what_is_no_id_becomes_no_path(name: str, layout: Layout) -> None:
    """Checked before any path is built of it."""
    for place in (layout.journal, layout.lock, layout.plan, layout.manifest, layout.session, layout.log):
        with pytest.raises(ValidationError):
            place(name)


def test_only_what_holds_something_is_an_orchestration(layout: Layout) -> None:
    """A journal that is empty was never begun, and a file of another name is none of ours."""
    for name, text in {
        "journal/orch-a-aaaa.jsonl": "x",
        "journal/orch-b-bbbb.jsonl": "",
        "journal/orch-BAD NAME.jsonl": "x",
        "plans/orch-c-cccc.json": "x",
        "manifests/orch-d-dddd.json": "x",
        "plans/other.json": "x",
        "journal/.orch-e-eeee.lock": "",
    }.items():
        path = layout.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert layout.orchestrations() == ["orch-a-aaaa", "orch-c-cccc", "orch-d-dddd"]
    assert layout.has("orch-a-aaaa")
    assert not layout.has("orch-b-bbbb")


@pytest.mark.parametrize("name", [".qwen", ".qwen/orchestration", ".qwen/orchestration/journal"])
def test_a_folder_that_leads_out_of_the_project_is_refused(name: str, tmp_path: Path) -> None:
    """Nothing is read or written there; a link that stays inside is fine."""
    project, outside = tmp_path / "project", tmp_path / "outside"
    for place in (outside, project / "inside", (project / name).parent):
        place.mkdir(parents=True, exist_ok=True)
    layout = Layout(project / ".qwen/orchestration")
    (project / name).symlink_to(outside)
    with pytest.raises(StorageError, match="leads out of the project"):
        store_at(layout)
    assert not list(outside.rglob("*"))
    (project / name).unlink()
    (project / name).symlink_to(project / "inside")
    store_at(layout)
