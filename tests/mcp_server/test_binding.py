"""Whose reports are taken: a token proves the session, anew at every call; without its secret nothing is said."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from qwen_orch.model import event as e
from qwen_orch.model.session import SessionKind
from tests.commands.desk import Desk
from tests.mcp_server.conftest import SECRET, Client, bind, planning, reviewing, session_of, working

Connect = Callable[..., Client]
OPENERS = {"task": working, "planning": planning, "verification": reviewing}


@pytest.mark.parametrize("kind", OPENERS)
def test_the_kind_of_the_session_decides_the_tools(desk: Desk, connect: Connect, kind: str) -> None:
    """And that a client need not ask a person before it calls one: only our own record changes."""
    tools = connect(OPENERS[kind](desk)).tools()
    assert ("claim_done" in tools) == (kind == "task")
    assert ("submit_plan" in tools) == (kind == "planning")
    assert ("report_finding" in tools) == (kind == "verification")
    assert "start_task" not in tools
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools.values())


def test_on_its_own_what_changes_something_says_so(connect: Connect) -> None:
    """A person is asked by the client, if it asks."""
    tools = connect().tools()
    hints = {name: tool["annotations"]["readOnlyHint"] for name, tool in tools.items()}
    assert [n for n, reads in hints.items() if not reads] == [
        "sequentialthinking",
        "submit_plan",
        "start_task",
        "report_progress",
        "record_decision",
        "claim_done",
    ]


@pytest.mark.parametrize(
    "wrong",
    ["", ":", "nonsense", "{id}", "{id}:", "{id}:wrong", "{id}:" + SECRET + "x", "{prefix}:" + SECRET,
     "session-no-abcd:x", "../../etc/passwd:x", "{id}:{digest}"],
)  # fmt: skip
def test_a_wrong_token_is_refused_by_every_tool(desk: Desk, connect: Connect, wrong: str) -> None:
    """In the same words whatever is wrong with it; the handshake and the list work."""
    name = working(desk).partition(":")[0]
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    client = connect(wrong.format(id=name, prefix=name[:-1], digest=digest))
    assert "result" in client.ask("initialize", protocolVersion="2025-06-18")
    tools = client.tools()
    said = {client.refused(tool) for tool in tools}
    assert said == {"the token in QWEN_ORCH_TOKEN is not that of a session in this project"}


def test_a_token_that_is_taken_back_proves_nothing_any_more(desk: Desk, connect: Connect) -> None:
    """The server that runs notices at its next call; a new token of the session proves it again."""
    token = working(desk)
    session = session_of(desk, token).id
    client = connect(token)
    client.call("report_progress", progress=0.5)
    desk.project.writer().commit("test", lambda _: [e.MetadataRecorded(session, "token", "")])
    assert "is not that of a session" in client.refused("report_progress", progress=0.6)
    bind(desk, session)
    client.call("report_progress", progress=0.7)


def test_a_session_without_a_token_cannot_be_claimed(desk: Desk, connect: Connect) -> None:
    """Not even with an empty secret."""
    session = desk.plan()("/new_task 1 --executor manual").session.id
    assert "is not that of a session" in connect(f"{session}:").refused("report_progress", progress=0.5)


def test_the_session_is_found_whatever_plan_is_current(desk: Desk, connect: Connect) -> None:
    """Even when no snapshot names its orchestration yet."""
    token = working(desk)
    desk.reopen()("/plan Something else entirely", yes=True)
    for path in (desk.project.home / "sessions").iterdir():
        path.unlink()
    connect(token).call("report_progress", progress=0.5)


def test_a_reviewer_is_told_nothing_that_the_worker_said(desk: Desk, connect: Connect) -> None:
    """Of all queries it has its own context, and that leaves the worker's words out."""
    token = working(desk)
    worker = connect(token)
    worker.call("report_progress", progress=0.9, note="TRUSTME it works")
    worker.call("record_decision", decision="TRUSTME decided")
    worker.call("sequentialthinking", thought="TRUSTME", thoughtNumber=1, totalThoughts=1, nextThoughtNeeded=False)
    worker.call("claim_done", summary="TRUSTME done")
    (desk.root / "catalogue.txt").write_text("x")
    from qwen_orch.project.opening import new_session, opened

    writer = desk.reopen().project.writer()
    writer.commit("test", lambda graph: [e.TaskClaimed(graph.task("task-001").id, "agent", "TRUSTME done")])
    fresh = new_session(writer.graph, SessionKind.VERIFICATION, "review", None, writer.graph.task("task-001"))
    writer.commit("test", lambda graph: opened(graph, desk.project.config, fresh))
    reviewer = connect(bind(desk, fresh.id))
    assert list(reviewer.tools()) == ["report_finding", "context"]
    assert "Catalogue" in str(reviewer.call("context"))
    assert "TRUSTME" not in str(reviewer.result("context"))
    worker_session = token.partition(":")[0]
    assert "there is no argument 'session'" in reviewer.refused("context", session=worker_session)
    for tool in ("session_history", "list_tasks", "task_status", "thoughts", "sessions", "export_plan"):
        assert "there is no tool" in reviewer.refused(tool)


def test_a_bound_agent_cannot_do_what_its_session_is_not_for(desk: Desk, connect: Connect) -> None:
    """A worker neither plans nor starts another task."""
    client = connect(working(desk))
    for tool in ("submit_plan", "start_task", "report_finding"):
        assert "there is no tool" in client.refused(tool, plan="- [ ] x", task=2)
    assert "there is no argument 'task'" in client.refused("report_progress", progress=1, task=2)
