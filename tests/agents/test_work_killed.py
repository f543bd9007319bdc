"""SIGKILL of the agent, of our report server, of ourselves: nothing is left running, nothing is lost, work goes on."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agents import qwen_cli
from tests.agents.answers import Answer, call, hang, text
from tests.agents.openai_model import Request
from tests.agents.product import PATIENCE, Product, claim, killed, soon

CHECKED = "- [ ] Write it\n  - check: `test -s a.txt`"
SHELL = "run_shell_command"


def resumed(project: Product) -> str:
    """Return the card of the interrupted session; it must cost no request to the model."""
    session, before = project.task()["attempts"][-1]["session"], len(project.model.requests)
    card = project.run("resume", session).stdout
    assert len(project.model.requests) == before
    return card


def chat(project: Product) -> Path:
    """Return the agent's own file of the session of the last attempt."""
    theirs = project.session()["metadata"]["agent_session"]
    return qwen_cli.chat_file(project.home, project.root, theirs)


def interrupted_while_it_hangs(project: Product) -> None:
    """Have the agent say a word and write a note, then kill us while its model is silent."""
    project.model.play([text("The word is plum.") + project.write("note.txt", "n"), hang()])
    project.plan(CHECKED)
    work = project.begin("new_task", "--yes")
    project.model.wait_for(2)
    assert soon(lambda: chat(project).exists() and "plum" in chat(project).read_text())
    killed(work)
    project.nothing_is_left()


def finishes(project: Product) -> bool:
    """Have the next attempt write the file, and tell whether it completes the task."""
    project.model.play([project.write("a.txt", "a"), claim("it is there"), text(".")])
    return bool(project.result("new_task", "task-001", "--yes")["task"]["status"] == "completed")


def test_we_are_killed_while_the_model_is_asked(project: Product) -> None:
    """The agent and its servers end by themselves; the next attempt goes on in the agent's own session."""
    interrupted_while_it_hangs(project)
    assert project.result("list_tasks")["tasks"][0]["state"] == "interrupted"
    card = resumed(project)
    assert "Where was I" in card
    assert "note.txt" in card
    assert "/new_task task-001" in card
    assert finishes(project)
    again = project.model.requests[2]
    assert "The word is plum." in json.dumps(again.messages)
    assert project.attempts()[0] == ("interrupted", "the process that worked on it is gone")
    first, second = (project.task()["attempts"][n]["session"] for n in (0, 1))
    assert first != second  # of ours: what each did stays told apart


@pytest.mark.parametrize("torn", ["end", "middle"])
def test_the_agents_own_file_is_torn(project: Product, torn: str) -> None:
    """At its end it is mended, and a copy kept; in the middle it is of no use, and our own brief takes its place."""
    interrupted_while_it_hangs(project)
    path = chat(project)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    damaged = whole + b'{"uuid": "torn' if torn == "end" else b"".join([*lines[:1], b'{"torn\n', *lines[1:]])
    path.write_bytes(damaged)
    assert finishes(project)
    messages = project.model.requests[2].messages
    remembered = [m for m in messages if m["role"] == "assistant" and "plum" in json.dumps(m)]
    assert bool(remembered) == (torn == "end")
    kept = [one.read_bytes() for one in (project.kept / "backups").rglob("*.jsonl*") if path.stem in one.name]
    assert kept == ([damaged] if torn == "end" else [])
    if torn == "middle":
        assert "by agent, interrupted" in json.dumps(messages)  # our hand-over
        assert path.read_bytes() == damaged


def test_the_agent_is_killed_in_a_turn(project: Product) -> None:
    project.model.play([project.write("note.txt", "n"), hang()])
    project.plan(CHECKED)
    work = project.begin("new_task", "--yes", "--json")
    project.model.wait_for(2)
    os.kill(project.pids("--acp")[0], signal.SIGKILL)
    told = json.loads(work.communicate(timeout=PATIENCE)[0])
    assert "it went away during the turn" in told["error"]["message"]
    project.nothing_is_left()
    assert [outcome for outcome, _ in project.attempts()] == ["interrupted"]
    assert finishes(project)


def test_our_server_is_killed_in_a_turn(project: Product) -> None:
    """The agent starts another, which is bound to the same attempt."""
    answers, killed = iter([project.write("a.txt", "a"), claim("it is there"), text(".")]), threading.Event()

    def claims_when_it_is_killed(request: Request) -> Answer:
        assert request.number != 2 or killed.wait(PATIENCE)
        return next(answers)

    project.model.play(claims_when_it_is_killed)
    project.plan(CHECKED)
    work = project.begin("new_task", "--yes", "--json")
    project.model.wait_for(2)
    os.kill(project.pids("qwen_orch mcp")[0], signal.SIGKILL)
    killed.set()
    told = json.loads(work.communicate(timeout=PATIENCE)[0])
    assert told["result"]["task"]["status"] == "completed"


def test_we_are_killed_while_a_tool_runs(project: Product) -> None:
    project.model.play([call(SHELL, {"command": "echo begun; sleep 987"})])
    project.plan(CHECKED)
    work = project.begin("new_task", "--yes")
    assert soon(lambda: project.pids("sleep 987"))
    killed(work)
    assert soon(lambda: not project.pids("--acp"))
    assert project.result("list_tasks")["tasks"][0]["state"] == "interrupted"
    project.nothing_is_left()  # what was left, the next command has ended
    assert "sleep 987" in resumed(project)
    assert finishes(project)


STAGES: dict[str, tuple[str, Callable[[Product], object]]] = {
    "the agent starts": ("hang", lambda p: p.pids("agent-sim")),
    "it is asked": ("hang", lambda p: p.pids("qwen_orch mcp")),
    "a tool runs": ("run sleep 987", lambda p: p.pids("sleep 987")),
    "a check runs": ("claim it is there", lambda p: p.pids("sleep 986")),
}


@pytest.mark.parametrize("stage", STAGES)
def test_we_are_killed_at_each_stage(simulated: Product, stage: str) -> None:
    line, reached = STAGES[stage]
    check = "test -s b.txt || sleep 986" if stage == "a check runs" else "true"
    simulated.plan(f"- [ ] Do something\n  - check: `{check}`\n\n  sim: write a.txt a\n  sim: {line}")
    work = simulated.begin("new_task", "--yes")
    assert soon(lambda: reached(simulated))
    killed(work)
    assert soon(lambda: not simulated.pids("agent-sim"))
    told = simulated.result("list_tasks")["tasks"][0]["state"]
    simulated.nothing_is_left()
    assert told == ("claimed" if stage == "a check runs" else "interrupted")
    if stage == "a tool runs":
        card = simulated.result("resume", "orch")["recap"]
        assert card["changed_files"] == ["a.txt"]
        assert "completed: WriteFile: a.txt" in [line for entry in card["last"] for line in entry["what"]]
    (simulated.root / "b.txt").write_text("b")
    again = "complete_task" if stage == "a check runs" else "cancel_task"
    assert simulated.run(again, "task-001").returncode == 0
