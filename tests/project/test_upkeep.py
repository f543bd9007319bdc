"""What is due at a start: attempts whose process was killed, and sessions nobody came back to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen_orch.model import event as e
from qwen_orch.model.ids import SessionId, task_id
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.model.task import Attempt, Executor, Outcome
from qwen_orch.project.project import Project
from qwen_orch.project.upkeep import recover, suspend_timed_out
from qwen_orch.project.writer import Writer
from qwen_orch.store import lease
from tests.faults.work import A, fresh, planning
from tests.strategies import T0

AT_WORK = SessionId(f"session-work-{os.getpid()}")
"""Another for each process of the tests: what carries its mark is stopped, whoever started it."""

SOON = 60.0
"""Seconds after which a test that waits gives up, however slow the machine."""
WORKER = """
import os, subprocess, sys, time
from pathlib import Path
from typing import Any
from qwen_orch.store import lease
log = lease.take(Path(sys.argv[1]))
environment = {**os.environ, lease.MARK: sys.argv[2]}
child = subprocess.Popen(["sleep", "600"], env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
log.write(b"half of it is done\\n")
print(child.pid, flush=True)
time.sleep(600)
"""


def begin(writer: Writer, executor: Executor) -> None:
    """Make the start of an attempt durable."""
    opened = e.SessionOpened(Session(AT_WORK, SessionKind.TASK, "work", A, task=task_id(1), created=T0))
    started = e.AttemptStarted(task_id(1), Attempt(1, executor, AT_WORK, T0))
    writer.commit("new_task", lambda _: [e.PlanApproved(), opened, started])


@pytest.fixture
def at_work(project: Project, writer: Writer) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process that does a task, and the number of the command it has started."""
    words = [sys.executable, "-c", WORKER, str(project.layout.log(AT_WORK)), AT_WORK]
    worker = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    child = int(worker.stdout.readline())
    begin(writer, Executor.SHELL)
    yield worker, child
    worker.kill()
    worker.communicate()
    if is_alive(child):
        os.kill(child, 9)


def is_alive(number: int) -> bool:
    """Whether a process is there, and not only waiting to be forgotten."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(number: int) -> bool:
    """Wait until a process is not there; tell whether that came."""
    deadline = time.monotonic() + SOON
    while is_alive(number) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_alive(number)


def test_an_attempt_whose_process_was_killed_is_interrupted(
    project: Project, at_work: tuple[subprocess.Popen[bytes], int]
) -> None:
    """With what it had printed; what it left running is stopped; nothing is repeated; once."""
    worker, child = at_work
    worker.kill()
    worker.wait()
    assert is_alive(child)
    again = fresh(project.root)
    again.upkeep()
    now = again.writer(A).graph
    attempt = now.tasks[task_id(1)].attempts[-1]
    assert (attempt.outcome, attempt.output) == (Outcome.INTERRUPTED, "half of it is done\n")
    assert (now.tasks[task_id(1)].status, now.sessions[AT_WORK].state) == ("in_progress", "suspended")
    (report,) = again.take_reports()
    assert "task-001 was interrupted; nothing was repeated" in report
    assert ends(child)
    seq = again.writer(A).seq
    again.upkeep()
    fresh(project.root).upkeep()
    assert fresh(project.root).writer(A).seq == seq


def test_an_attempt_whose_process_lives_is_left_alone(
    project: Project, at_work: tuple[subprocess.Popen[bytes], int]
) -> None:
    """Another terminal may look at any time, and two may look at once."""
    for _ in range(3):
        again = fresh(project.root)
        again.upkeep()
        assert again.writer(A).graph.tasks[task_id(1)].open_attempt
    assert is_alive(at_work[1])


def test_an_attempt_by_hand_stays_open(project: Project, writer: Writer) -> None:
    """It has no process; the person may take days."""
    begin(writer, Executor.MANUAL)
    again = fresh(project.root)
    again.configure("sessionTimeout", "1s")
    again.upkeep()
    assert again.writer(A).graph.tasks[task_id(1)].open_attempt
    assert again.writer(A).graph.sessions[AT_WORK].state == "active"


def test_asking_whether_a_lease_is_held_does_not_hold_it(project: Project, tmp_path: Path) -> None:
    """Two that ask at once do not take each other for the worker."""
    import fcntl

    path = tmp_path / "x.log"
    lease.take(path).close()
    with path.open("rb") as another:
        fcntl.flock(another, fcntl.LOCK_SH)
        assert not lease.is_held(path)
    with lease.take(tmp_path / "y.log"):
        assert lease.is_held(tmp_path / "y.log")
    assert not lease.is_held(tmp_path / "nothing.log")


def test_a_command_of_ours_does_not_end_itself(project: Project, writer: Writer) -> None:
    """A task may run qwen-orch, which then carries the mark of the attempt that is over."""
    begin(writer, Executor.SHELL)
    code = (
        "import sys; from pathlib import Path; from qwen_orch.project.project import Project\n"
        "project = Project.at(Path(sys.argv[1])); project.upkeep(); print(*project.take_reports())"
    )
    environment = {**os.environ, lease.MARK: AT_WORK}
    ran = subprocess.run(
        [sys.executable, "-c", code, str(project.root)], env=environment, capture_output=True, text=True, check=True
    )
    assert "was interrupted" in ran.stdout


def test_recovery_without_anything_to_recover_is_no_step(project: Project, writer: Writer) -> None:
    """And costs nothing."""
    seq = writer.seq
    assert recover(project.layout, writer) == ()
    assert writer.seq == seq


def test_sessions_that_timed_out_are_suspended(project: Project) -> None:
    """Those of sessionTimeout, and then there is nothing more to do."""
    config = project.configure("sessionTimeout", "24h")
    writer = project.writer(A)
    assert suspend_timed_out(writer, config) == 1
    assert writer.graph.sessions[planning(A).id].state == "suspended"
    seq = writer.seq
    assert suspend_timed_out(writer, config) == 0
    assert writer.seq == seq


def ours(root: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start one command in the project at *root*."""
    line = [sys.executable, "-m", "qwen_orch", "--json", "--yes", "--project", os.fspath(root), *words]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def answer(root: Path, *words: str) -> dict[str, Any]:
    """Run one command, and return all that it says."""
    found: dict[str, Any] = json.loads(ours(root, *words).communicate()[0])
    return found


CHECKED = "# Shop\n\n- [x] Cart\n  - check: `echo $$ > pid; exec sleep 600` it sleeps\n"


@pytest.mark.parametrize("command", [("/complete_task", "1"), ("/check_completeness",)])
def test_a_verification_whose_process_was_killed_has_failed(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Its check is stopped; nothing is judged; it is said once, with what to type."""
    (tmp_path / "plan.md").write_text(CHECKED)
    answer(tmp_path, "/plan", f"@{tmp_path / 'plan.md'}")
    answer(tmp_path, "/approve_plan")
    at_it = ours(tmp_path, *command)
    deadline = time.monotonic() + SOON
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    check = int((tmp_path / "pid").read_text())
    (active,) = answer(tmp_path, "/sessions", "type:verification")["result"]["sessions"]
    assert active["state"] == "active", "somebody is at it: asking changes nothing"
    at_it.kill()
    at_it.communicate()
    assert is_alive(check)
    told = answer(tmp_path, "/sessions", "type:verification")
    assert [s["state"] for s in told["result"]["sessions"]] == ["failed"]
    (line,) = told["warnings"]
    assert f"{active['id']} was interrupted; nothing was judged: {command[0]}" in line
    assert ends(check)
    assert answer(tmp_path, "/task_status", "1")["result"]["task"]["status"] == "claimed"
    assert answer(tmp_path, "/sessions")["warnings"] == []


def test_a_verification_that_an_undo_made_active_again_is_left_alone(project: Project, writer: Writer) -> None:
    """Its process has ended as it should; ending it once more would make the undo one that cannot be redone."""
    name = SessionId("session-verify-aaaa")
    at = e.SessionOpened(Session(name, SessionKind.VERIFICATION, "verify", A, task=task_id(1), created=T0, updated=T0))
    writer.commit("complete_task", lambda _: [at])
    again = fresh(project.root)
    again.upkeep()
    assert again.writer(A).graph.sessions[name].state == "active"
    lease.take(project.layout.log(name)).close()
    again.upkeep()
    assert again.writer(A).graph.sessions[name].state == "failed"
