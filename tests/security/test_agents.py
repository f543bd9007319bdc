"""What an agent says and writes: it may say anything, and is shown and kept as text without the secrets in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from qwen_orch.errors import AgentError
from tests.commands.desk import Desk
from tests.security.hostile import replied, shown, unsafe
from tests.security.test_secrets import BODY, KEY

AGENT = """#!/bin/sh
while read -r line; do echo "$line" >&2; sleep 0.01; done < key.pem
printf 'after the key \\033]0;owned\\007\\033[2J\\n' >&2
exec {python} -m qwen_orch agent-sim
"""


@pytest.fixture
def worked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A project in which an agent said a key line by line, and wrote one and a control sequence to standard error."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    Path("key.pem").write_text(KEY + "\n")
    Path("agent.sh").write_text(AGENT.format(python=sys.executable))
    for setting in ("agent.name sim", "agent.command 'sh agent.sh'", "agent.environment PYTHONPATH"):
        desk(f"/config {setting}")
    lines = "\n".join(f"  - sim: say {line}" for line in [*KEY.splitlines()[:20], KEY.splitlines()[-1], "said all"])
    desk.plan(f"# P\n- [ ] Work\n{lines}\n  - sim: claim done\n")
    desk.run("/new_task 1", yes=True)
    return desk


def test_a_key_that_an_agent_says_is_neither_shown_nor_logged(worked: Desk) -> None:
    """Though each line of it comes by itself, on standard error too."""
    logs = "".join(p.read_text() for p in (worked.project.home / "logs").glob("*.log"))
    assert "after the key" in logs
    assert "said all" in logs
    assert "said all" in worked.door.lines("task-001")
    assert not [line for line in BODY if line in logs + "\n".join(worked.door.lines("task-001"))]


def test_what_an_agent_writes_is_text(worked: Desk) -> None:
    """In its log, on the screen, and in what is told of it."""
    for log in (worked.project.home / "logs").glob("*.log"):
        assert not unsafe(log.read_text()), log
    for line in ("/task_status 1", "/session_history --timeline", "/context", "/sessions"):
        outcome = worked.run(line)
        assert not unsafe(shown(outcome) + replied(outcome)), line


FOREIGN = {
    "agent.command": f"{sys.executable} -c \"open('ran', 'w')\"",
    "agent.environment": "MY_DATABASE_PASSWORD",
    "agent.mode": "yolo",
    "permissions": ["allow execute *"],
}


@pytest.mark.parametrize("key", FOREIGN)
def test_what_came_with_a_project_neither_is_the_agent_nor_loosens_it(desk: Desk, key: str) -> None:
    """A clone, or an agent, may have written config.json; what to type shows it whole, and typing it is the consent."""
    desk.plan("# P\n- [ ] Work\n  - sim: run touch ran\n  - sim: claim done\n")
    desk("/config agent.name sim")
    path = desk.project.home / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: FOREIGN[key]}))
    for line in ("/new_task", "/new_task --all", "/plan --agent Something else"):
        error = Desk(desk.root).refused(line, AgentError)
        assert error.message.startswith(f"{key} in config.json: nobody agreed to that in this folder")
    assert not Path("ran").exists()
    assert not desk.task(1).attempts
    desk(error.hints[0])
    assert desk.project.config == Desk(desk.root).project.config
    Desk(desk.root).run("/new_task")
    assert Desk(desk.root).task(1).attempts


def test_a_rule_that_an_agent_writes_for_itself_does_not_count(desk: Desk) -> None:
    """Not in the attempt that writes it, either."""
    desk("/config agent.name sim")
    desk("/config maxAttempts 1")
    desk("""/config permissions '["allow execute cp*"]'""")
    Path("rules.json").write_text(json.dumps({"agent.name": "sim", "permissions": ["allow execute *"]}))
    desk.plan("# P\n- [ ] Work\n\n  sim: run cp rules.json .qwen/orchestration/config.json\n  sim: run touch ran\n")
    desk.run("/new_task", yes=True)
    assert desk.reopen().project.config.permissions == ("allow execute *",)
    assert not Path("ran").exists()
    asked = desk.graph.session(desk.task(1).attempts[0].session).activity.requests
    assert [(one.allowed, one.by) for one in asked if one.detail == "touch ran"] == [(False, "policy")]


def test_an_agent_gets_no_secret_of_ours_but_those_it_is_given(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is a list of what is allowed."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("MY_DATABASE_PASSWORD", "correct horse battery")
    monkeypatch.setenv("ITS_API_KEY", "given to it")
    Path("agent.sh").write_text(f"#!/bin/sh\nprintenv > seen\nexec {sys.executable} -m qwen_orch agent-sim\n")
    for setting in ("agent.name sim", "agent.command 'sh agent.sh'", "agent.environment 'PYTHONPATH ITS_API_KEY'"):
        desk(f"/config {setting}")
    desk.plan("# P\n- [ ] Work\n  - sim: claim done\n")
    desk.run("/new_task 1", yes=True)
    seen = Path("seen").read_text()
    assert "ITS_API_KEY=given to it" in seen
    assert "MY_DATABASE_PASSWORD" not in seen
    assert "correct horse" not in seen
