"""The real Qwen Code with a scripted model: it finds the tools, may call each without asking, and each call is kept."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from acp import schema

from tests.agents.answers import Answer, call, text
from tests.agents.conftest import model, qwen, qwen_env, qwen_home
from tests.agents.openai_model import Model
from tests.agents.raw_client import Bare, running
from tests.commands.desk import THREE, Desk
from tests.mcp_server.conftest import planning, reviewing, session_of, steps, surroundings, working
from tests.mcp_server.test_reports import FINDING, REPORTS

__all__ = ["model", "qwen", "qwen_env", "qwen_home"]
FLAGS = ("--exclude-tools", "tool_search")


def server(desk: Desk, token: str | None) -> schema.McpServerStdio:
    """Return the report server as an agent is told of it."""
    variables = {k: v for k, v in surroundings(token).items() if k not in ("PATH", "HOME", "LANG")}
    words = ["-m", "qwen_orch", "mcp", "--project", str(desk.root)]
    env = [schema.EnvVariable(name=k, value=v) for k, v in variables.items()]
    return schema.McpServerStdio(name="orch", command=sys.executable, args=words, env=env)


def calls(tool: str, **arguments: Any) -> Answer:
    """Call one of our tools, as qwen names them."""
    return call(f"mcp__orch__{tool}", arguments)


def turn(env: dict[str, str], desk: Desk, token: str | None, mode: str = "default") -> tuple[Bare, str]:
    """Have qwen work through the script in one turn; return the client that saw it, and the session."""
    session = str(uuid4())

    async def main() -> Bare:
        async with running(env, desk.root, *FLAGS) as bare:
            await bare.open(session, server(desk, token))
            await bare.agent.set_session_mode(session_id=session, mode_id=mode)
            await bare.say(session, "Do it.")
            return bare

    return asyncio.run(main()), session


def test_every_report_of_a_task_session(desk: Desk, model: Model, qwen_env: dict[str, str]) -> None:
    """In its default mode qwen asks for nothing: the tools change only our own record."""
    token = working(desk)
    script = [calls(tool, **said) for tool, said in REPORTS.items()]
    model.play([*script, calls("list_tasks", filter="status:in_progress"), calls("context"), text("Done.")])
    bare, session = turn(qwen_env, desk, token)
    assert bare.asked(session) == []
    ended = [u["status"] for u in bare.told(session, "tool_call_update")]
    assert ended == ["completed"] * (len(REPORTS) + 2)
    offered = {t for t in model.requests[0].tools if t.startswith("mcp__orch__")}
    assert {f"mcp__orch__{tool}" for tool in (*REPORTS, "list_tasks", "thoughts")} <= offered
    kept = session_of(desk, token)
    assert (len(kept.thoughts), len(kept.decisions), kept.activity.claim) == (1, 1, "built and tried")
    assert desk.task(1).progress == 0.5
    assert '"shown":1' in model.requests[-2].results[-1]


def test_a_plan_in_plan_mode(desk: Desk, model: Model, qwen_env: dict[str, str]) -> None:
    """Thinking and handing in work while qwen may only look; a refusal reaches the model once, in our words."""
    token = planning(desk)
    desk("/config thinkingDepth quick")
    purposes = ("requirements", "architecture", "decomposition", "risks")
    script = [
        calls(
            "sequentialthinking",
            thought=f"on {p}",
            thoughtNumber=n,
            totalThoughts=4,
            nextThoughtNeeded=n < 4,
            purpose=p,
        )
        for n, p in enumerate(purposes, 1)
    ]
    model.play([calls("submit_plan", plan=THREE), *script, calls("submit_plan", plan=THREE), text("Planned.")])
    bare, session = turn(qwen_env, desk, token, "plan")
    assert bare.asked(session) == []
    assert "think first" in model.requests[1].results[-1]
    assert len(desk.graph.tasks) == 3
    assert [t.purpose for t in session_of(desk, token).thoughts] == [*purposes]


def test_a_review(desk: Desk, model: Model, qwen_env: dict[str, str]) -> None:
    """A reviewer has two tools of ours, and no more."""
    token = reviewing(desk)
    model.play([calls("context"), calls("report_finding", **FINDING), text("Reviewed.")])
    bare, session = turn(qwen_env, desk, token, "plan")
    assert bare.asked(session) == []
    offered = {t for t in model.requests[0].tools if t.startswith("mcp__orch__")}
    assert offered == {"mcp__orch__context", "mcp__orch__report_finding"}
    assert session_of(desk, token).activity.findings[0].met


def test_on_its_own_a_person_is_asked_for_what_changes_something(
    desk: Desk, model: Model, qwen_env: dict[str, str]
) -> None:
    """And not for what only reads."""
    desk.plan()
    (desk.root / "catalogue.txt").write_text("books")
    script = [calls("list_tasks"), calls("start_task", task="1"), calls("claim_done", task="1", summary="made")]
    model.play([*script, text("Done.")])
    bare, session = turn(qwen_env, desk, None)
    assert len(bare.asked(session)) == 2
    assert desk.task(1).status == "completed"


@pytest.mark.parametrize("tool", ["claim_done", "report_progress"])
def test_a_report_that_is_too_late_is_sent_once(desk: Desk, model: Model, qwen_env: dict[str, str], tool: str) -> None:
    """An error of a tool is none of the protocol, for which qwen would start the server anew and send it again."""
    token = working(desk)
    (Path(desk.root) / "catalogue.txt").write_text("books")
    desk.reopen()("/complete_task 1")
    before = steps(desk)
    model.play([calls(tool, **REPORTS[tool]), text("Too late.")])
    turn(qwen_env, desk, token)
    assert len(model.requests) == 2
    assert "this attempt has ended" in model.requests[1].results[-1]
    assert steps(desk) == before
