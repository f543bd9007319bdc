"""Another vendor's agent, opencode: the same promises, with other names of tools, other ids, another order of events.

It is configured as any agent is, by its command and the names of the variables that it needs. Whatever it would fetch
from elsewhere than the model goes through a proxy that notes it: `outside`.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest

from tests.agents import opencode_cli
from tests.agents.answers import Answer, call, hang, text
from tests.agents.openai_model import Model
from tests.agents.product import PATIENCE, Product
from tests.agents.test_plan_agent import PURPOSES

PLAN = """\
- [ ] Alpha lays the ground
  - check: `grep -q one alpha.txt`
  - Done when: it reads well
- [ ] Beta builds on it (depends on: Alpha lays the ground)
  - check: `test "$(sort -n beta.txt | tail -n 1)" = 12`
"""
CHECKED = "- [ ] Write it\n  - check: `test -s a.txt`"


class Outside(ThreadingTCPServer):
    """A proxy that lets nobody through, and notes what each wanted."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Turned)
        self.wanted: list[str] = []


class _Turned(StreamRequestHandler):
    server: Outside

    def handle(self) -> None:
        self.server.wanted.append(self.rfile.readline(1000).decode("latin-1").strip())


@pytest.fixture
def outside() -> Iterator[str]:
    """The address of a proxy; in the end nobody may have asked it for anything."""
    with Outside() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
    assert not server.wanted


@pytest.fixture
def project(tmp_path: Path, opencode: Path, model: Model, outside: str) -> Iterator[Product]:
    """A project in which opencode works; in the end no process may be left."""
    home = opencode_cli.make_home(tmp_path / "home")
    env = opencode_cli.environment(opencode, home, model.url, outside)
    passed = " ".join(opencode_cli.PASSED)
    named = {"agent.name": "opencode", "agent.command": "opencode acp", "agent.environment": passed}
    made = Product.made(tmp_path, env, model, **named)
    yield made
    made.nothing_is_left()


def write(project: Product, name: str, content: str) -> Answer:
    """Return the model's call that writes a file of the project."""
    return call("write", {"filePath": os.fspath(project.root / name), "content": content})


def shell(command: str) -> Answer:
    """Return the model's call that runs a command."""
    return call("bash", {"command": command, "description": "a command"})


def report(tool: str, **told: object) -> Answer:
    """Return the model's call of a tool of our report server."""
    return call(f"orch_{tool}", told)


def claim(summary: str) -> Answer:
    """Return the model's call that claims the task."""
    return report("claim_done", summary=summary)


def thought(number: int, purpose: str) -> Answer:
    """Return the model's call that records a thought."""
    told = {"thought": f"I think of {purpose}", "purpose": purpose, "thoughtNumber": number, "totalThoughts": 4}
    return report("sequentialthinking", **told, nextThoughtNeeded=number < 4)


def test_a_plan_is_done_in_order_reviewed_proven_and_reported(project: Product) -> None:
    """The reviewer is in a mode in which opencode changes nothing. A dozen commands that differ are no loop, though
    each is announced before it is known which one it will be.
    """
    project.configure({"permissions": ["deny execute git push*"]})
    decided = report("record_decision", decision="one line is enough", why="the check wants no more")
    halfway = report("report_progress", progress=0.5)
    worker = [write(project, "alpha.txt", "one\n") + decided, claim("alpha is there"), text("Done.")]
    found = report("report_finding", criterion=2, met=True, confidence=0.95, reason="alpha.txt:1 reads well")
    dozen = [shell(f"echo {number} >> beta.txt") for number in range(1, 13)]
    beta = [sum(dozen, halfway), shell("git push"), claim("beta is there"), text("Done.")]
    project.model.play({"Alpha ": [*worker, found, text("I looked.")], "Beta ": beta})
    project.plan(PLAN)
    done = [project.result("new_task", "--yes")["task"] for _ in "12"]
    assert [(task["id"], task["status"]) for task in done] == [("task-001", "completed"), ("task-002", "completed")]
    first, second = (project.session(task)["activity"] for task in ("task-001", "task-002"))
    assert [(one["title"].split("/")[-1], one["state"]) for one in first["actions"]] == [("alpha.txt", "completed")]
    assert first["usage"]["input"] > 0
    assert "one line is enough" in project.model.of("Beta ")[0].user[-1]
    assert ["Plan mode ACTIVE" in one.user[-1] for one in project.model.of("Alpha ")] == [*[False] * 3, *[True] * 2]
    review = next(one for one in project.task("task-001")["evidence"] if one["kind"] == "review")
    assert (review["passed"], review["by"], review["output"]) == (True, "opencode", "alpha.txt:1 reads well")
    assert "50% done" in project.run("session_history").stdout
    told = [(one["detail"], one["allowed"], one["by"]) for one in second["requests"]]
    assert told[:-1] == [(f"echo {number} >> beta.txt", True, "--yes") for number in range(1, 13)]
    assert told[-1] == ("git push", False, "policy")
    assert [(one["title"], one["state"]) for one in second["actions"]][-1] == ("git push", "failed")


def test_it_thinks_and_plans_and_touches_nothing(project: Product) -> None:
    project.configure({"thinkingDepth": "quick"})
    thoughts = [thought(number, purpose) for number, purpose in enumerate(PURPOSES, 1)]
    plan = report("submit_plan", plan="# Letter\n- [ ] Write it\n- [ ] Send it, depends on: Write it")
    project.model.play([thoughts[0], plan, sum(thoughts[2:], thoughts[1]), plan, text("There it is.")])
    done = project.run("plan", "Send a letter", "--agent", "--yes")
    assert (done.returncode, "[risks] I think of risks" in done.stderr) == (0, True)
    assert "3 more thoughts (1 of 4)" in project.model.requests[2].results[1]
    assert "Plan mode ACTIVE" in project.model.requests[0].user[-1]
    tasks = project.result("list_tasks")["tasks"]
    assert [(task["title"], task["depends_on"]) for task in tasks] == [("Write it", []), ("Send it", ["task-001"])]
    assert sorted(one.name for one in project.root.iterdir()) == [".git", ".qwen"]


def test_what_nobody_allows_is_denied_and_a_claim_without_work_is_not_believed(project: Product) -> None:
    project.model.play([write(project, "a.txt", "a"), claim("a.txt is there"), text("All is done.")])
    project.plan("- [ ] Write a poem\n  - Done when: it rhymes")
    assert project.run("new_task").returncode == 1
    (request,) = project.session()["activity"]["requests"]
    assert (request["kind"], request["allowed"], request["by"]) == ("edit", False, "nobody")
    assert request["detail"].endswith("+a")
    assert project.attempts() == [("suspicious", "claimed, but nothing changed")]
    assert sorted(one.name for one in project.root.iterdir()) == [".git", ".qwen"]


def test_it_is_killed_and_goes_on_in_its_own_session(project: Product) -> None:
    project.model.play([text("The word is plum.") + write(project, "note.txt", "n"), hang()])
    project.plan(CHECKED)
    work = project.begin("new_task", "--yes", "--json")
    project.model.wait_for(2, seconds=PATIENCE)
    os.kill(project.pids("opencode acp")[0], signal.SIGKILL)
    told = json.loads(work.communicate(timeout=PATIENCE)[0])
    assert told["error"]["message"].startswith("opencode stopped: it went away during the turn")
    project.nothing_is_left()
    assert [outcome for outcome, _ in project.attempts()] == ["interrupted"]
    assert "note.txt" in project.run("resume", project.task()["attempts"][0]["session"]).stdout
    project.model.play([write(project, "a.txt", "a"), claim("it is there"), text(".")])
    assert project.result("new_task", "task-001", "--yes")["task"]["status"] == "completed"
    assert "The word is plum." in json.dumps(project.model.requests[2].messages)
    first, second = (project.session(attempt=number)["metadata"]["agent_session"] for number in (0, 1))
    assert (first[:4], first) == ("ses_", second)


def test_the_endpoint_is_down(project: Product) -> None:
    """It tries for ever and tells nobody: the attempt is interrupted, which is no fault of the task's."""
    project.configure({"agent.idleTimeout": "8s"})
    with Model() as down:
        pass
    project.env["OPENCODE_CONFIG_CONTENT"] = json.dumps(opencode_cli.settings(down.url))
    project.plan(CHECKED)
    error = project.refused("new_task", "--yes")
    assert (error["type"], error["hints"][0]) == ("AgentError", "/new_task task-001")
    assert project.attempts() == [("interrupted", "no sign of life for 8 seconds (agent.idleTimeout)")]
    assert project.result("list_tasks")["tasks"][0]["state"] == "interrupted"
