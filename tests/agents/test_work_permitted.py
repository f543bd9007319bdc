"""What an agent may do: asked once with the exact command, by policy, by ``--yes``, or denied where nobody is there."""

from __future__ import annotations

import json
import os
import signal
import sys

import pexpect  # type: ignore[import-untyped]
import pytest

from tests.agents.answers import call, hang, text
from tests.agents.product import COMMAND, PATIENCE, Bench, Product, claim, soon

SHELL = "run_shell_command"
WRITE = "- [ ] Write it\n  - check: `test -s a.txt`"


def in_a_terminal(project: Product, *words: str) -> pexpect.spawn:
    """Begin a command in a terminal of its own."""
    env = {**project.env, "TERM": "xterm"}
    child = pexpect.spawn(COMMAND[0], [*COMMAND[1:], *words], cwd=os.fspath(project.root), env=env, timeout=PATIENCE)
    child.logfile_read = sys.stdout.buffer
    return child


@pytest.fixture
def asking(bench: Bench) -> Bench:
    """A desk at which the simulator asks for each edit and each command."""
    bench.configure(agent__mode="default", maxAttempts=1)
    return bench


def answered(bench: Bench) -> list[tuple[str, bool | None, str]]:
    """Return what was asked in the last attempt, whether it was allowed, and by whom."""
    session = bench.graph.session(bench.task(1).attempts[-1].session)
    return [(r.detail.splitlines()[-1], r.allowed, r.by) for r in session.activity.requests]


def test_what_nobody_can_be_asked_is_denied_and_said(asking: Bench) -> None:
    asking.planned("run echo hi > a.txt", "claim it is there")
    ended = asking("/new_task")
    assert ended.exit_code == 1
    assert ended.next == ("/new_task task-001 --yes", "/config permissions")
    assert answered(asking) == [("echo hi > a.txt", False, "nobody")]
    began, denied, *_ = asking.door.lines("task-001")
    assert (began[:2], denied) == ("→ ", f"✗ denied, nobody answered: {began[2:]}")
    assert [action.state for action in asking.graph.session(ended.session.id).activity.actions] == ["failed"]
    assert not (asking.root / "a.txt").exists()
    assert asking.attempts() == [("suspicious", "claimed, but nothing changed")]


def test_rules_decide_before_anybody_is_asked(asking: Bench) -> None:
    """A rule for one command lets no other through behind it, and a denied one nowhere."""
    rules = ["allow edit src/*", "deny execute git push*", "allow execute echo *"]
    asking(f"/config permissions '{json.dumps(rules)}'")
    lines = ("write src/a.txt a", "write b.txt b", "run echo hi", "run echo hi && touch c", "run true; git push x")
    asking.planned(*lines, "claim all of it")
    asking("/new_task")
    decided = [(allowed, by) for _, allowed, by in answered(asking)]
    assert decided == [(True, "policy"), (False, "nobody"), (True, "policy"), (False, "nobody"), (False, "policy")]
    assert [(asking.root / name).exists() for name in ("src/a.txt", "b.txt", "c")] == [True, False, False]


def test_yes_allows_all_but_what_a_rule_denies(asking: Bench) -> None:
    asking(f"/config permissions '{json.dumps(['deny execute rm *'])}'")
    asking.planned("write a.txt a", "run rm a.txt", "claim it is there")
    assert asking("/new_task --yes", yes=True).task.status == "claimed"
    assert [(allowed, by) for _, allowed, by in answered(asking)] == [(True, "--yes"), (False, "policy")]


def test_a_command_of_the_task_that_was_approved_is_not_asked_for_again(asking: Bench) -> None:
    asking.planned("run echo hi > a.txt", "run test -s a.txt", "claim it is there", criterion="check: `test -s a.txt`")
    asking(f"/config permissions '{json.dumps(['deny execute echo*'])}'")
    asking("/new_task")
    assert answered(asking)[0][1:] == (False, "policy")
    assert answered(asking)[-1] == ("test -s a.txt", True, "policy")


def test_asked_in_a_terminal_with_the_exact_command_and_answered_once(project: Product) -> None:
    """Yes to one, no to the next; nothing is allowed for longer: no settings of the agent appear in the project."""
    no, yes = call(SHELL, {"command": "echo no > b.txt"}), call(SHELL, {"command": "echo 'hi there' > a.txt"})
    project.model.play([yes, no, claim("it is there"), text(".")])
    project.plan(WRITE)
    child = in_a_terminal(project, "new_task")
    child.expect_exact("echo 'hi there' > a.txt")
    child.expect_exact("May the agent do this, once? [y/N]")
    child.sendline("y")
    child.expect_exact("echo no > b.txt")
    child.expect_exact("May the agent do this, once? [y/N]")
    child.sendline("n")
    child.expect_exact("denied by person")
    child.expect(pexpect.EOF)
    assert project.task()["task"]["status"] == "completed"
    assert [(project.root / name).exists() for name in ("a.txt", "b.txt")] == [True, False]
    requests = project.session()["activity"]["requests"]
    assert [(r["detail"], r["allowed"], r["by"]) for r in requests] == [
        ("echo 'hi there' > a.txt", True, "person"),
        ("echo no > b.txt", False, "person"),
    ]
    assert [one.name for one in (project.root / ".qwen").iterdir()] == ["orchestration"]


def test_ctrl_c_at_a_question_ends_it_at_once(simulated: Product) -> None:
    simulated.configure({"agent.mode": "default"})
    simulated.plan("- [ ] Do something\n\n  sim: run echo hi > a.txt\n")
    child = in_a_terminal(simulated, "new_task")
    child.expect_exact("May the agent do this, once? [y/N]")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130
    assert [outcome for outcome, _ in simulated.attempts()] == ["cancelled"]


def test_ctrl_c_cancels_the_turn_and_records_it_and_the_next_goes_on(project: Product) -> None:
    project.model.play([text("The word is plum.") + project.write("note.txt", "n"), hang()])
    project.plan(WRITE)
    work = project.begin("new_task", "--yes")
    project.model.wait_for(2)
    work.send_signal(signal.SIGINT)
    work.communicate(timeout=PATIENCE)
    assert work.returncode == 130
    assert soon(lambda: not project.running())
    assert project.attempts() == [("cancelled", "stopped before it was done")]
    project.model.play([project.write("a.txt", "a"), claim("it is there"), text(".")])
    assert project.result("new_task", "task-001", "--yes")["task"]["status"] == "completed"
    remembered = [m for m in project.model.requests[2].messages if m["role"] == "assistant"]
    assert "The word is plum." in json.dumps(remembered)
