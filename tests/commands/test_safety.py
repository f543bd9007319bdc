"""Going back, setting up, and finding out what is wrong."""

from __future__ import annotations

import json

import pytest
from attrs import evolve

from qwen_orch.errors import StateTransitionError
from qwen_orch.graph.state import Graph
from qwen_orch.store import segments
from tests.commands.desk import Desk


def same(one: Graph, other: Graph) -> bool:
    """Tell whether two states are the same, but for numbers of tasks that are never given out again."""
    return evolve(one, last_number=0) == evolve(other, last_number=0)


def test_undo_and_redo(desk: Desk) -> None:
    """Each step is taken back and put back exactly; what was undone is gone once something new is done."""
    desk.plan()
    states = [desk.graph]
    for line in ("/add_task A", "/update_task 4 priority:high", "/note remember"):
        desk(line)
        states.append(desk.graph)
    for back in (2, 1, 0):
        assert len(desk("/undo").steps) == 1
        assert same(desk.graph, states[back])
    for forth in (1, 2, 3):
        assert desk("/undo --redo").redone
        assert same(desk.graph, states[forth])
    desk("/undo 2")
    assert same(desk.graph, states[1])
    desk("/undo 2 --redo")
    assert same(desk.graph, states[3])
    desk("/undo")
    desk("/add_task B")
    desk.refused("/undo --redo", StateTransitionError)
    desk.sound()


def test_undo_is_whole_or_nothing(desk: Desk) -> None:
    """Of three steps two can be taken back: none is, and no backup is made."""
    desk.plan("# P\n- [ ] A\n  - run: `true`\n")
    desk("/new_task 1")
    desk("/add_task B")
    desk("/add_task C")
    before = desk.bytes_on_disk()
    error = desk.refused("/undo 3", StateTransitionError)
    assert error.hints[0] == "/undo --force"
    assert desk.bytes_on_disk() == before
    desk("/undo 2")
    assert list(desk.statuses()) == [1]
    assert len(desk("/undo --redo 2").steps) == 2
    desk.refused("/undo --redo 1", StateTransitionError)


def test_damage_far_back_is_met_before_anything_is_taken_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last of three steps needs a part of the journal in which a bit flipped: that is mended, then all are done."""
    monkeypatch.setattr(segments, "SEAL_BYTES", 2_000)
    desk.plan()
    whole = desk.graph
    for line in ("/update_task 1 priority:high", "/add_task B", "/add_task C"):
        desk(line)
    first = min(desk.project.home.glob("journal/*.0*.jsonl"))
    raw = bytearray(first.read_bytes())
    raw[len(raw) // 2] ^= 1
    first.write_bytes(raw)
    done = desk.reopen().run("/undo 3")
    assert any(first.name in line for line in done.warnings)
    assert same(desk.graph, whole)
    desk.sound()


def test_what_commands_did_is_not_undone_unless_forced(desk: Desk) -> None:
    """Forced, the record forgets it: the files are as the command left them."""
    desk.plan("# P\n- [ ] A\n  - run: `touch made`\n")
    whole = desk.graph
    desk("/new_task 1")
    steps = len(desk.project.writer().history()) - 2
    desk.refused("/undo", StateTransitionError)
    desk(f"/undo {steps} --force")
    assert desk.graph == whole
    assert (desk.root / "made").exists()
    desk.sound()


def test_checkpoints(desk: Desk) -> None:
    """A name for now; back to it whatever was done since; a backup is kept if the settings say so."""
    desk.plan()
    made = desk("/checkpoint before-lunch")
    at_lunch = desk.graph
    assert (desk.project.home / str(made.backup)).is_file()
    desk("/add_task A")
    desk("/note b")
    assert desk("/checkpoint").checkpoints == {"before-lunch": made.seq}
    assert len(desk("/undo --to before-lunch").steps) == 2
    assert same(desk.graph, at_lunch)
    assert desk("/undo --to before-lunch").steps == ()
    desk("/config enableBackups false")
    assert desk("/checkpoint two").backup is None


def test_the_plan_itself_is_never_undone(desk: Desk) -> None:
    """The first step stays."""
    desk.plan(approve=False)
    assert desk.refused("/undo", StateTransitionError).hints == ("/session_history",)


def test_another_shell_undoes(desk: Desk) -> None:
    """Both see the same after it."""
    desk.plan()
    other = desk.another()
    desk("/add_task A")
    other("/undo")
    assert desk("/list_tasks").total == 3
    assert desk.graph == other.graph


def test_the_shell_asks_first(desk: Desk) -> None:
    """It shows what would be taken back; a no leaves all as it is; a redo is not asked about, nor is --yes."""
    desk.plan()
    desk("/note remember")
    desk.door.interactive = True
    before = desk.bytes_on_disk()
    error = desk.refused("/undo 2", StateTransitionError)
    assert error.hints[0] == "/undo --yes"
    assert "note: noted: remember" in desk.door.asked[-1]
    assert desk.door.asked[-1].endswith("Take back these 2 steps?")
    assert desk.bytes_on_disk() == before
    desk.door.agrees = True
    assert len(desk("/undo").steps) == 1
    asked = len(desk.door.asked)
    desk("/undo --redo")
    desk("/undo", yes=True)
    assert len(desk.door.asked) == asked


def test_a_script_may_say_what_it_expects(desk: Desk) -> None:
    """And is refused when the newest step is another; nothing is asked of a script."""
    desk.plan()
    seen = desk.project.writer().seq
    desk.another()("/note from elsewhere")
    error = desk.refused(f"/undo --expect {seen}", StateTransitionError)
    assert f"step {seen + 1} (note) came after step {seen}" in error.message
    assert len(desk(f"/undo --expect {seen + 1}").steps) == 1
    assert desk.door.asked == []


def test_a_long_history_is_one_history(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed in parts: timeline, checkpoints and going back do not notice, nor does the doctor."""
    monkeypatch.setattr(segments, "SEAL_BYTES", 1_000)
    desk.plan()
    for number in range(8):
        desk(f"/note before {number}")
    desk("/checkpoint half-way")
    half = desk.graph
    for number in range(8):
        desk(f"/note after {number}")
    assert len(list(desk.project.home.glob("journal/*.0*.jsonl"))) > 2
    entries = desk.reopen()("/session_history --timeline").entries
    assert [entry.seq for entry in entries] == list(range(1, 20))
    assert len(desk.reopen()("/undo --to half-way").steps) == 8
    assert same(desk.graph, half)
    assert len(desk.reopen()("/undo 8 --redo").steps) == 8
    assert desk.reopen()("/doctor").healthy
    desk.sound()


def test_settings(desk: Desk) -> None:
    """All with meaning and default, one alone, and one set, which is on the disk and stays in force."""
    shown = desk("/config").settings
    assert all(s.meaning and s.value == s.default for s in shown)
    assert not desk.project.home.exists()
    assert [(s.key, s.value, s.default) for s in desk("/config jobs 3").settings] == [("jobs", 3, 2)]
    assert json.loads((desk.project.home / "config.json").read_text())["jobs"] == 3
    assert desk.reopen()("/config jobs").settings[0].value == 3
    assert desk("/config executor manual").settings[0].value == "manual"
    assert desk("/config jobs").settings[0].value == 3


def test_a_healthy_project(desk: Desk) -> None:
    """Every orchestration is read afresh, journal against snapshots."""
    desk.plan()
    desk("/new_task 1")
    found = desk("/doctor")
    assert found.healthy, found
    assert any("journal and snapshots agree" in f.detail for f in found.findings)


def test_a_project_without_a_plan_is_healthy(desk: Desk) -> None:
    """And nothing is made by looking."""
    assert desk("/doctor").healthy
    assert not desk.project.home.exists()


def test_leaving(desk: Desk) -> None:
    """Nothing needs to be saved."""
    assert desk("/exit") == desk("/quit")
