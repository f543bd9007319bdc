"""Coming back from an export of ours: whole, or refused with nothing kept."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen_orch.errors import OrchError, ValidationError
from qwen_orch.model import event as e
from qwen_orch.planning.adopt import rehearse
from qwen_orch.planning.export import render
from qwen_orch.planning.intake import restored_events
from qwen_orch.project.writer import now
from tests.commands.desk import Desk
from tests.strategies import LAW, T0, graph_of, new_graphs, task

AT = "2026-01-02T03:04:05.000+00:00"


def free(_: str) -> bool:
    """No id is taken yet."""
    return False


@LAW
@given(new_graphs())
def test_any_plan_comes_back(graph) -> None:  # type: ignore[no-untyped-def]
    """Export and import are the identity, but for consent to commands."""
    events = restored_events(render(graph, "json", True, now()).encode(), free, AT)
    assert events is not None
    back = rehearse(events, AT)
    assert [evolve(t, approved=False) for t in graph.ordered()] == back.ordered()
    plan = graph.root.plan
    assert back.root.plan == evolve(plan, gates_approved=not plan.quality_gates)
    assert (back.root.id, back.root.title, back.root.tags) == (graph.root.id, graph.root.title, graph.root.tags)
    assert back.sessions == graph.sessions


@pytest.mark.parametrize("raw", [b"", b"# Plan\n- [ ] A\n", b"[]", b"{}", b'{"kind": "other"}', b"\xff\xfe", b"5"])
def test_what_is_no_export_of_ours(raw: bytes) -> None:
    """It is left to the plan reader."""
    assert restored_events(raw, free, AT) is None


def page() -> dict[str, Any]:
    """Return a small export."""
    one = task(1, 2, run=("make",), approved=True)
    loaded: dict[str, Any] = orjson.loads(render(graph_of(one, task(2)), "json", True, now()))
    return loaded


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("tasks",), None),
        (("tasks",), 5),
        (("tasks", 0, "id"), "../../x"),
        (("tasks", 0, "id"), "task-x"),
        (("tasks", 0, "id"), "task-002"),
        (("tasks", 0, "id"), ""),
        (("tasks", 0, "status"), "splendid"),
        (("tasks", 0, "parent"), "task-009"),
        (("tasks", 0, "phase"), "phase-9"),
        (("tasks", 0, "depends_on", 0, "task"), "task-001"),
        (("tasks", 0, "depends_on", 0, "task"), "task-009"),
        (("tasks", 1, "depends_on"), [{"task": "task-001"}]),
        (("tasks", 0, "depends_on", 0, "lag"), 1e300),
        (("tasks", 0, "created"), "yesterday"),
        (("tasks", 0, "finished"), "soon"),
        (("orchestration", "id"), "../../x"),
        (("orchestration", "id"), "task-001"),
        (("orchestration", "plan"), {}),
        (("orchestration", "plan", "status"), "maybe"),
        (("orchestration", "updated"), "2026-01-01T00:00:00"),
        (("tasks", 0, "progress"), 7),
        (("tasks", 0, "estimate"), {"low": 3, "likely": 2, "high": 1, "confidence": 1}),
        (("tasks", 0, "run"), ["echo harmless \u202e"]),
        (("tasks", 0, "run"), ["echo \x00"]),
        (("tasks", 0, "acceptance"), [{"text": "x", "check": "true\x1b[8m; rm -rf x"}]),
        (("sessions",), [{"id": "../../x"}]),
    ],
)
def test_damage_is_refused(place: tuple[Any, ...], value: Any) -> None:
    """Whatever is wrong in an export is a typed error, before anything is kept."""
    damaged = page()
    inner = damaged
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    with pytest.raises(OrchError) as caught:
        restored_events(orjson.dumps(damaged), free, AT)
    assert type(caught.value) is ValidationError
    assert caught.value.hints == ("/export_plan json",)


@pytest.mark.parametrize(
    "change",
    [{"created": "long ago"}, {"updated": ""}, {"parent": "session-a-bbbb"}, {"parent": "session-gone-cccc"}, None],
)
def test_a_session_that_would_stop_every_later_command(change: dict[str, str] | None) -> None:
    """Times that are none, a session that descends from itself or from nobody, one that is there twice."""
    loaded = page()
    session = {
        "id": "session-a-bbbb", "kind": "planning", "title": "x", "orchestration": loaded["orchestration"]["id"],
        "created": AT, "updated": AT,
    }  # fmt: skip
    loaded["sessions"] = [session]
    assert restored_events(orjson.dumps(loaded), free, AT)
    loaded["sessions"] = [session, session] if change is None else [session | change]
    with pytest.raises(ValidationError):
        restored_events(orjson.dumps(loaded), free, AT)


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [p for key, inner in inside for p in _places(inner, (*here, key))]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An export of a project in which things have happened."""
    folder = tmp_path_factory.mktemp("exported")
    desk = Desk(folder).plan("# P\n- [ ] A (2h)\n  - run: `true`\n  - check: `true`\n- [ ] B\n  - depends on: A\n")
    desk("/new_task 1")
    desk("/new_task 2")
    loaded: dict[str, Any] = orjson.loads(desk("/export_plan json --include-progress").content)
    return loaded


@settings(LAW, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_imported_can_be_worked_with(
    exported: dict[str, Any], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """One value anywhere in an export replaced by another: it is refused, or every command answers afterwards."""
    damaged = copy.deepcopy(exported)
    place = data.draw(st.sampled_from(_places(damaged)))
    odd = [None, "", "x", "task-001", -1, 0, 1e300, True, [], {}, ["x"], "2026-01-01", "\u202e\x1b[31m", "../../x"]
    inner = damaged
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = data.draw(st.sampled_from(odd))
    desk = Desk(tmp_path_factory.mktemp("imported"))
    (desk.root / "plan.json").write_bytes(orjson.dumps(damaged))
    outcome = desk.run(f"/import {desk.root}/plan.json", yes=True)
    if outcome.error is not None:
        assert outcome.error.hints
        return
    desk.reopen()
    for line in ("/list_tasks", "/task_status", "/sessions", "/resume", "/graph", "/context", "/export_plan csv"):
        desk.run(line)  # raises for an error of ours
    desk("/doctor")


def test_ids_that_are_taken_are_replaced(exported: dict[str, Any]) -> None:
    """Those of the orchestration and of all its sessions, wherever they are named."""
    events = restored_events(orjson.dumps(exported), [exported["orchestration"]["id"]].__contains__, AT)
    assert events is not None
    old = {s["id"] for s in exported["sessions"]} | {exported["orchestration"]["id"]}
    assert not any(name in repr([v for v in events if not isinstance(v, e.TasksAdded)]) for name in old)
    graph = rehearse(events, AT)
    for one in graph.tasks.values():
        assert one.session is None or one.session in graph.sessions
        assert all(a.session in graph.sessions for a in one.attempts)


def test_a_plan_that_comes_back_beside_itself_takes_no_id_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chance gives its sessions, and the orchestration, ends that are taken already: others are drawn."""
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    graph = desk.plan().graph
    desk("/export_plan json --include-progress --output whole.json")
    (session,) = graph.sessions
    ends = iter([session[-4:], "aaaa", graph.root.id[-4:], "bbbb"])
    monkeypatch.setattr("qwen_orch.project.draw.suffix", lambda: next(ends))
    desk("/import whole.json --yes")
    assert [i[-4:] for i in (*desk.graph.sessions, desk.graph.root.id)] == ["aaaa", "bbbb"]


def test_times_of_the_work_stay() -> None:
    """A plan that was done last year was done last year."""
    events = restored_events(orjson.dumps(page()), free, AT)
    assert events is not None
    assert {t.created for t in rehearse(events, AT).tasks.values()} == {T0}
