"""Attempts that are stopped: by Ctrl-C, by the death of the program. In real processes, with real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen_orch.model.task import Outcome, TaskStatus
from tests.cli.conftest import environment
from tests.commands.desk import Desk

SOON = 90.0
"""Seconds after which a test that waits gives up, however slow the machine."""
WAITS = "sleep 300 & echo $! > child; echo begun; echo $$ > leader; wait"


def until(holds: Callable[[], bool]) -> bool:
    """Wait for something to become true; tell whether it did."""
    end = time.monotonic() + SOON
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def runs(path: str) -> bool:
    """Tell whether the process whose number is in a file runs."""
    try:
        return Path(f"/proc/{int(Path(path).read_text())}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, ValueError):
        return False


@pytest.fixture
def started(desk: Desk) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the program as a process of its own, and return when its task has begun."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        one = subprocess.Popen(
            [sys.executable, "-m", "qwen_orch", *words],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        begun.append(one)
        assert until(lambda: runs("leader") or one.poll() is not None)
        assert one.poll() is None, one.stdout and one.stdout.read()
        return one

    yield start
    for one in begun:
        one.kill()
        one.communicate()
    for name in ("child", "leader"):
        if runs(name):
            os.kill(int(Path(name).read_text()), signal.SIGKILL)


def plan(command: str, *more: str) -> str:
    """Return a plan of one task that runs *command*, and *more* lines."""
    return "\n".join(["# P", "- [ ] Long", f"  - run: `{command}`", *more, ""])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_the_whole_group_and_records_it(
    desk: Desk, started: Callable[..., subprocess.Popen[bytes]], number: int
) -> None:
    """The attempt is `cancelled` with what it had printed and what was done before; it can be tried again."""
    desk.plan("# P\n- [ ] Long\n  - run: `echo first`\n" + f"  - run: `{WAITS}`\n")
    process = started("/new_task")
    process.send_signal(number)
    assert process.wait(SOON) == 130
    assert until(lambda: not runs("leader") and not runs("child"))
    task = desk.task(1)
    attempt = task.attempts[0]
    assert (attempt.outcome, attempt.detail) == (Outcome.CANCELLED, "stopped before it was done")
    assert attempt.output == "first\nbegun"
    assert [(v.kind, v.command, v.passed) for v in task.evidence] == [("run", "echo first", True)]
    assert task.status is TaskStatus.IN_PROGRESS
    assert desk.graph.session(attempt.session).state == "suspended"
    desk.reopen()
    assert desk("/task_status 1").task.state == "interrupted"
    assert desk("/task_status").next[0] == "/new_task task-001"
    desk.sound()


def test_ctrl_c_stops_everything_that_runs(desk: Desk, started: Callable[..., subprocess.Popen[bytes]]) -> None:
    """Each of the tasks side by side is recorded; none is begun after it."""
    more = (
        "- [ ] Beside",
        "  - run: `touch beside; sleep 300`",
        "- [ ] After",
        "  - depends on: Long",
        "  - run: `true`",
    )
    desk.plan(plan(WAITS, *more))
    process = started("/new_task", "--all", "--jobs", "2")
    assert until(Path("beside").exists)
    process.send_signal(signal.SIGINT)
    assert process.wait(SOON) == 130
    assert until(lambda: not runs("leader") and not runs("child"))
    outcomes = {t.id: [a.outcome for a in t.attempts] for t in desk.graph.ordered()}
    assert outcomes == {"task-001": ["cancelled"], "task-002": ["cancelled"], "task-003": []}


def test_ctrl_c_while_a_check_runs(desk: Desk, started: Callable[..., subprocess.Popen[bytes]]) -> None:
    """What is claimed stays claimed with its evidence, and no verification stays open."""
    desk.plan(f"# P\n- [ ] Long\n  - run: `echo made`\n  - check: `{WAITS}`\n")
    process = started("/new_task")
    process.send_signal(signal.SIGINT)
    assert process.wait(SOON) == 130
    assert until(lambda: not runs("leader") and not runs("child"))
    task = desk.task(1)
    assert task.status is TaskStatus.CLAIMED
    assert [(v.kind, v.output) for v in task.evidence] == [("run", "made")]
    assert {s.kind: s.state for s in desk.graph.sessions.values()}["verification"] == "failed"
    assert desk("/task_status 1").next[0] == "/complete_task task-001"


@pytest.mark.parametrize("how", ["/cancel_task 1", "/update_task 1 status:pending"])
def test_a_check_stops_when_its_task_is_ended_elsewhere(
    desk: Desk, started: Callable[..., subprocess.Popen[bytes]], how: str
) -> None:
    """Nobody waits for it any more: its processes are gone, its session has ended, and what it found does not count."""
    desk.plan(f"# P\n- [ ] Long\n  - run: `echo made`\n  - check: `{WAITS}`\n")
    process = started("/new_task")
    desk(how)
    before = desk.task(1)
    assert process.wait(SOON) == 1
    assert until(lambda: not runs("leader") and not runs("child"))
    assert desk.reopen().task(1) == before
    assert {s.kind: s.state for s in desk.graph.sessions.values()}["verification"] == "failed"


def test_ctrl_c_while_completeness_is_checked(desk: Desk, started: Callable[..., subprocess.Popen[bytes]]) -> None:
    """Its session ends, no verdict is touched."""
    desk.plan(f"# P\n- [ ] Long\n  - check: `test ! -f slow && exit 0; {WAITS}`\n")
    desk("/complete_task 1")
    Path("slow").touch()
    before = desk.task(1)
    process = started("/check_completeness")
    process.send_signal(signal.SIGINT)
    assert process.wait(SOON) == 130
    assert desk.task(1) == before
    assert all(s.state.ended for s in desk.graph.sessions.values() if s.kind == "verification")


def test_kill_9(desk: Desk, started: Callable[..., subprocess.Popen[bytes]]) -> None:
    """The next start says what was interrupted, ends what was left running, keeps its output, and repeats nothing."""
    desk.plan(plan(f"echo x >> times; {WAITS}"))
    process = started("/new_task")
    assert until(lambda: "begun" in "".join(p.read_text() for p in desk.project.home.glob("logs/session-*.log")))
    process.kill()
    assert process.wait(SOON) == -signal.SIGKILL
    assert runs("leader")
    assert desk.task(1).open_attempt is not None
    outcome = desk.reopen().run("/list_tasks")
    assert outcome.warnings == ("task-001 was interrupted; nothing was repeated: /task_status task-001",)
    assert outcome.answer.tasks[0].state == "interrupted"
    assert until(lambda: not runs("leader") and not runs("child"))
    attempt = desk.task(1).attempts[0]
    assert (attempt.outcome, attempt.output.strip()) == (Outcome.INTERRUPTED, "begun")
    assert Path("times").read_text() == "x\n"
    assert desk.run("/list_tasks").warnings == ()
    assert desk("/new_task --all").tasks == ()
    assert Path("times").read_text() == "x\n"
    desk.sound()


def test_another_shell_does_not_take_running_work_for_interrupted(
    desk: Desk, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """While its process lives the attempt is under way, whoever looks, and cannot be claimed or started by others."""
    from qwen_orch.errors import StateTransitionError

    desk.plan(plan(WAITS))
    started("/new_task")
    outcome = desk.reopen().run("/task_status 1")
    assert (outcome.answer.task.state, outcome.warnings) == ("in_progress", ())
    assert desk.refused("/new_task 1", StateTransitionError).hints
    assert desk.refused("/complete_task 1", StateTransitionError).hints == ("/task_status task-001",)
    assert desk.refused("/new_task", StateTransitionError).hints[0] == "/task_status task-001"
    desk.refused("/reset_plan", StateTransitionError, yes=True)
    assert runs("leader")
