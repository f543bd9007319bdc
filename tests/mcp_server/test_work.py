"""An agent on its own does tasks of the plan: by hand, and proven by the checks that a person approved."""

from __future__ import annotations

from collections.abc import Callable

from qwen_orch.model import event as e
from qwen_orch.model.session import SessionKind
from tests.commands.desk import THREE, Desk
from tests.mcp_server.conftest import Client, steps

Connect = Callable[..., Client]
WORDED = "# Shop\n- [ ] Catalogue\n  - Acceptance: it looks good\n- [ ] Cart\n  - depends on: Catalogue\n"


def test_a_task_is_started_worked_on_claimed_and_proven(desk: Desk, connect: Connect) -> None:
    """By its label, number or id; what it said is kept with the session."""
    desk.plan()
    client = connect()
    started = client.call("start_task", task=1)
    assert (started["task"]["status"], started["attempt"]["executor"]) == ("in_progress", "manual")
    assert client.call("report_progress", task="001", progress=0.5, note="tables")["kept"] == "50%"
    (desk.root / "catalogue.txt").write_text("books")
    done = client.call("claim_done", task="task-001", summary="made the catalogue")
    assert done["task"]["status"] == "completed"
    assert done["task"]["acceptance"][0]["evidence"]["exit_code"] == 0
    task = desk.task(1)
    assert [v.kind for v in task.evidence] == ["check"], "the word of an agent is no evidence"
    assert [n.text for n in desk.graph.session(task.session or "").notes] == ["tables"]
    desk.sound()


def test_a_claim_without_the_work_fails(desk: Desk, connect: Connect) -> None:
    """The check decides; the agent is told what it showed, and can begin again."""
    desk.plan()
    client = connect()
    client.call("start_task", task=1)
    lied = client.call("claim_done", task=1, summary="all done")
    assert (lied["task"]["status"], lied["task"]["acceptance"][0]["status"]) == ("failed", "failed")
    assert "start_task begins it" in client.refused("claim_done", task=1, summary="really")
    client.call("start_task", task=1)
    (desk.root / "catalogue.txt").write_text("books")
    assert client.call("claim_done", task=1, summary="all done")["task"]["status"] == "completed"


def test_what_follows_is_said_in_words_of_the_agent(desk: Desk, connect: Connect) -> None:
    """It has tools; what only a person can do is said to be a person's."""
    desk.plan(f"{THREE}- [ ] Poster\n  - Acceptance: it looks good\n")
    client = connect()
    assert "claim_done" in client.call("start_task", task=1)["next"][0]
    assert "start_task task-001 again" in client.call("claim_done", task=1, summary="all done")["next"][0]
    client.call("start_task", task=1)
    (desk.root / "catalogue.txt").write_text("books")
    assert "status:ready" in client.call("claim_done", task=1, summary="made")["next"][0]
    client.call("start_task", task=4)
    assert "a person" in client.call("claim_done", task=4, summary="hung up")["next"][0]
    desk.reopen()("/update_task 4 status:pending")
    assert client.call("claim_done", task=4, summary="hung up")["next"] == ["start_task task-004 begins it"]


def test_what_no_command_can_check_stays_claimed(desk: Desk, connect: Connect) -> None:
    """Until a person accepts it; sending the claim again changes nothing."""
    desk.plan(WORDED)
    client = connect()
    client.call("start_task", task=1)
    claimed = client.call("claim_done", task=1, summary="it looks good to me")
    assert claimed["task"]["status"] == "claimed"
    before = steps(desk)
    assert client.call("claim_done", task=1, summary="it looks good to me")["task"] == claimed["task"]
    assert steps(desk) == before
    assert desk("/complete_task 1 I looked").task.status == "completed"


def test_calls_that_are_sent_again_add_nothing(desk: Desk, connect: Connect) -> None:
    """Starting, reporting, claiming."""
    desk.plan()
    client = connect()
    (desk.root / "catalogue.txt").write_text("books")
    for tool, more in (
        ("start_task", {}),
        ("report_progress", {"progress": "0.5", "note": "tables"}),
        ("claim_done", {"summary": "made"}),
    ):
        first = client.call(tool, task="1", **more)
        before = steps(desk)
        assert client.call(tool, task="1", **more) == first
        assert steps(desk) == before


def test_a_claim_whose_check_was_cut_short_is_checked_when_it_comes_again(desk: Desk, connect: Connect) -> None:
    """The claim is there, a verdict is not."""
    desk.plan()
    client = connect()
    client.call("start_task", task=1)
    (desk.root / "catalogue.txt").write_text("books")
    writer = desk.reopen().project.writer()
    writer.commit("claim_done", lambda graph: [e.TaskClaimed(graph.task("task-001").id, "agent", "made")])
    assert client.call("claim_done", task=1, summary="made")["task"]["status"] == "completed"
    reviews = [s for s in desk.graph.sessions.values() if s.kind is SessionKind.VERIFICATION]
    assert len(reviews) == 1


def test_nothing_starts_before_a_person_has_approved(desk: Desk, connect: Connect) -> None:
    """Neither work nor a command of the plan; and there is no tool to approve with."""
    desk.plan(approve=False)
    client = connect()
    assert "not approved yet" in client.refused("start_task", task=1)
    assert "A person can type in qwen-orch: /approve_plan" in client.refused("start_task", task=1)
    assert "there is no tool" in client.refused("approve_plan")


def test_commands_that_were_changed_since_are_not_run(desk: Desk, connect: Connect) -> None:
    """The claim is refused until a person has seen them."""
    desk.plan()
    client = connect()
    client.call("start_task", task=1)
    desk.reopen()('/update_task 1 check:"touch evil"')
    assert "not approved" in client.refused("claim_done", task=1, summary="made")
    assert not (desk.root / "evil").exists()


def test_what_is_blocked_stays_so(desk: Desk, connect: Connect) -> None:
    """There is no force."""
    desk.plan()
    client = connect()
    assert "blocked by task-001" in client.refused("start_task", task=2)
    assert "there is no argument 'force'" in client.refused("start_task", task=2, force=True)


def test_what_is_not_under_way_takes_no_report(desk: Desk, connect: Connect) -> None:
    """It says what would begin it."""
    desk.plan()
    client = connect()
    for tool, more in (("report_progress", {"progress": 1}), ("claim_done", {"summary": "made"})):
        assert "nobody is at work on task-001, which is pending: start_task" in client.refused(tool, task=1, **more)
    assert "nothing here has the id '9'" in client.refused("start_task", task=9)
