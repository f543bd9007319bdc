"""What an agent reports of its work: kept once, in its own session, for as long as its attempt is the one under way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from qwen_orch.mcp_server import keeping
from qwen_orch.mcp_server.caller import Reception
from qwen_orch.mcp_server.catalogue import Catalogue
from qwen_orch.model import event as e
from qwen_orch.model.activity import Finding
from qwen_orch.model.session import SessionState
from tests.commands.desk import Desk
from tests.mcp_server.conftest import Client, reviewing, session_of, steps, working

Connect = Callable[..., Client]
FINDING = {"criterion": 1, "met": True, "confidence": 0.8, "reason": "catalogue.txt is there"}
REPORTS: dict[str, dict[str, Any]] = {
    "sequentialthinking": {"thought": "so", "thoughtNumber": 1, "totalThoughts": 1, "nextThoughtNeeded": False},
    "report_progress": {"progress": 0.5, "note": "half of it"},
    "record_decision": {"decision": "sqlite", "why": "one file"},
    "claim_done": {"summary": "built and tried"},
}


@pytest.mark.parametrize("tool", REPORTS)
def test_the_same_report_again_adds_nothing_and_is_answered_the_same(desk: Desk, connect: Connect, tool: str) -> None:
    """By the same process, and by one that was started since."""
    token = working(desk)
    client = connect(token)
    first = client.call(tool, **REPORTS[tool])
    before = steps(desk)
    assert client.call(tool, **REPORTS[tool]) == first
    assert connect(token).call(tool, **REPORTS[tool]) == first
    assert steps(desk) == before


@pytest.mark.parametrize("tool", REPORTS)
def test_a_report_counts_only_while_the_attempt_is_under_way(desk: Desk, connect: Connect, tool: str) -> None:
    """After it has ended, or when another has begun, it is refused, and nothing is kept."""
    token = working(desk)
    client = connect(token)
    client.call("report_progress", progress=0.1)
    desk.reopen()("/complete_task 1")
    said = client.refused(tool, **REPORTS[tool])
    assert "this attempt has ended: task-001 is failed" in said
    desk("/new_task 1 --executor manual")
    before = steps(desk)
    assert "this attempt has ended: task-001 is in_progress" in client.refused(tool, **REPORTS[tool])
    assert steps(desk) == before


def test_progress_is_of_the_task_and_the_note_of_the_session(desk: Desk, connect: Connect) -> None:
    """A note is kept once, however often it is sent along."""
    token = working(desk)
    client = connect(token)
    for progress in (0.25, 0.5, 1):
        assert client.call("report_progress", progress=progress, note="tables made")["task"] == "task-001"
    assert desk.task(1).progress == 1.0
    assert [n.text for n in session_of(desk, token).notes] == ["tables made"]


def test_a_claim_is_recorded_and_decides_nothing(desk: Desk, connect: Connect) -> None:
    """The attempt goes on until the turn ends; whoever runs the agent verifies. A later claim replaces it."""
    token = working(desk)
    client = connect(token)
    client.call("claim_done", summary="almost")
    assert "end your turn" in client.call("claim_done", summary="all of it")["next"]
    assert session_of(desk, token).activity.claim == "all of it"
    assert desk.task(1).status == "in_progress"
    assert desk.task(1).open_attempt


def test_a_decision_goes_with_its_reason(desk: Desk, connect: Connect) -> None:
    """The same with another reason is another one."""
    token = working(desk)
    client = connect(token)
    client.call("record_decision", decision="sqlite", why="one file")
    client.call("record_decision", decision="sqlite")
    assert [(d.text, d.why) for d in session_of(desk, token).decisions] == [("sqlite", "one file"), ("sqlite", "")]


def test_findings_of_a_reviewer(desk: Desk, connect: Connect) -> None:
    """Each is of a criterion that is there; a later one of the same replaces it; the same again is none."""
    token = reviewing(desk)
    client = connect(token)
    first = client.call("report_finding", **FINDING)
    before = steps(desk)
    assert client.call("report_finding", **FINDING) == first
    assert steps(desk) == before
    client.call("report_finding", **{**FINDING, "met": False, "confidence": "1"})
    assert session_of(desk, token).activity.findings == (Finding(1, False, 1.0, "catalogue.txt is there"),)
    assert "there is no criterion 2 (there are 1)" in client.refused("report_finding", **{**FINDING, "criterion": 2})
    assert desk.task(1).status == "pending", "a finding is evidence, and no verdict"


def test_a_review_that_has_ended_takes_no_finding(desk: Desk, connect: Connect) -> None:
    """Its session is over."""
    token = reviewing(desk)
    session = session_of(desk, token).id
    desk.project.writer().commit("test", lambda _: [e.SessionMoved(session, SessionState.COMPLETED)])
    assert "this session has ended: it is completed" in connect(token).refused("report_finding", **FINDING)


def test_a_suspended_session_is_awake_again(desk: Desk, connect: Connect) -> None:
    """Its attempt is still under way: the report counts."""
    token = working(desk)
    session = session_of(desk, token).id
    desk.project.writer().commit("test", lambda _: [e.SessionMoved(session, SessionState.SUSPENDED)])
    connect(token).call("report_progress", progress=0.5)
    assert session_of(desk, token).state == "active"


def test_an_agent_that_reports_without_end_is_stopped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a session keeps is bounded; what it holds already is still answered."""
    token = working(desk)
    monkeypatch.setattr(keeping, "MOST_REPORTS", 3)
    catalogue = Catalogue(Reception(str(desk.root), token))
    results = [catalogue.call("record_decision", {"decision": f"number {n}"}) for n in range(4)]
    assert [r["isError"] for r in results] == [False, False, False, True]
    assert "come to an end" in results[3]["content"][0]["text"]
    assert not catalogue.call("record_decision", {"decision": "number 1"})["isError"]


def test_the_snapshots_are_current_when_the_server_has_ended(desk: Desk, connect: Connect) -> None:
    """Whoever reads the files sees every report."""
    token = working(desk)
    client = connect(token)
    for n in range(10):
        client.call("record_decision", decision=f"number {n}")
    client.leave()
    page = json.loads((desk.project.home / "sessions" / f"{token.partition(':')[0]}.json").read_bytes())
    assert "number 9" in str(page)


def test_without_criteria_a_finding_is_of_the_task_itself(desk: Desk, connect: Connect) -> None:
    """It has the number 1."""
    token = reviewing(desk, "- [ ] Do something\n- [ ] And more\n")
    connect(token).call("report_finding", **FINDING)
    assert session_of(desk, token).activity.findings[0].criterion == 1
