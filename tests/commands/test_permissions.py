"""What agents ask while they work in the background: shown whole, answered once, and never by themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen_orch.errors import StateTransitionError
from qwen_orch.project.project import Project
from qwen_orch.store.lease import MARK
from tests.agents.product import COMMAND, soon
from tests.commands.desk import Desk
from tests.repl.agents import answers, at_work, outcomes

ONE, TWO = "run echo one > one.txt; claim it", "run echo two > two.txt; claim it"
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the current one."""
    here = tmp_path / "shop"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def elsewhere(folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that end with the test, all that they started included."""
    begun: list[subprocess.Popen[bytes]] = []
    yield begun
    for one in begun:
        if one.poll() is None:
            one.send_signal(signal.SIGTERM)
        one.wait(60)


def begun(desk: Desk, elsewhere: list[subprocess.Popen[bytes]], *words: str, questions: int = 1) -> None:
    """Have all tasks done by a process of its own whose questions wait; return when so many do."""
    command = [*COMMAND, "new_task", "--all", "--jobs", "4", "--ask-later", *words]
    env = os.environ | {"PYTHONPATH": os.fspath(REPOSITORY)}
    elsewhere.append(subprocess.Popen(command, cwd=desk.root, env=env, stderr=subprocess.DEVNULL))
    assert soon(lambda: len(desk("/permissions").waiting) == questions, 60)


def test_nothing_is_asked(desk: Desk) -> None:
    desk.plan()
    answer = desk("/permissions")
    assert (answer.waiting, answer.answered, answer.next) == ((), (), ())
    error = desk.refused("/allow", StateTransitionError)
    assert (error.message, error.hints) == ("no such question waits for an answer", ("/permissions",))


def test_the_exact_diff_is_shown_and_allowed_once(folder: Path, elsewhere: list[subprocess.Popen[bytes]]) -> None:
    desk = at_work(folder, "write a.txt one\\ntwo\\n; write b.txt three; claim both are there")
    begun(desk, elsewhere)
    answer = desk("/permissions")
    (asked,) = answer.waiting
    path = folder / "a.txt"
    assert asked.detail.splitlines() == [f"--- {path}", f"+++ {path}", "@@ -0,0 +1,2 @@", "+one", "+two"]
    assert (asked.task, asked.number, asked.kind, asked.allowed) == ("task-001", 1, "edit", None)
    assert answer.next == ("/allow task-001 1", "/deny task-001 1")
    permitted = desk("/allow task-001 1")
    assert (permitted.question.allowed, permitted.question.by, permitted.waiting) == (True, "person", 0)
    assert soon(lambda: [q.number for q in desk("/permissions").waiting] == [2])  # the next edit is asked for again
    assert path.read_text() == "one\ntwo\n"
    assert [q.number for q in desk("/permissions").answered] == [1]
    desk("/deny 1 2")
    assert elsewhere[0].wait(60) == 0
    assert not (folder / "b.txt").exists()
    desk.sound()


def test_two_questions_at_once_and_the_number_must_match(
    folder: Path, elsewhere: list[subprocess.Popen[bytes]]
) -> None:
    desk = at_work(folder, ONE, TWO)
    begun(desk, elsewhere, questions=2)
    error = desk.refused("/allow", StateTransitionError)
    assert error.message == "2 questions wait: say which is meant"
    assert sorted(error.hints) == ["/allow task-001 1", "/allow task-002 1", "/permissions"]
    for wrong in ("/allow " + "9" * 5000, "/allow task-001 2", "/deny task-003", "/allow session-x"):
        assert desk.refused(wrong, StateTransitionError).message == "no such question waits for an answer"
    assert {allowed for _, allowed, _ in answers(folder)} == {None}
    desk("/deny task-002 1")
    desk(f"/allow {desk('/permissions').waiting[0].session}")
    elsewhere[0].wait(60)
    assert [(folder / name).exists() for name in ("one.txt", "two.txt")] == [True, False]


def test_who_comes_second_is_told_the_first_answer(folder: Path, elsewhere: list[subprocess.Popen[bytes]]) -> None:
    desk = at_work(folder, "run echo one > one.txt; sleep 60")
    begun(desk, elsewhere)
    desk("/deny 1 1")
    error = desk.refused("/allow 1 1", StateTransitionError)
    assert error.message == "task-001 1 is answered: denied by person"
    assert answers(folder) == [("task-001 echo one > one.txt", False, "person")]


def test_two_processes_answer_at_once(folder: Path, elsewhere: list[subprocess.Popen[bytes]]) -> None:
    """One of them wins, the other is refused, and what happens is what the record says."""
    desk = at_work(folder, ONE)
    begun(desk, elsewhere)
    env = os.environ | {"PYTHONPATH": os.fspath(REPOSITORY)}
    both = {
        verb: subprocess.Popen([*COMMAND, verb, "task-001", "1"], cwd=folder, env=env, stderr=subprocess.DEVNULL)
        for verb in ("allow", "deny")
    }
    codes = {verb: one.wait(60) for verb, one in both.items()}
    assert sorted(codes.values()) == [0, 1]
    elsewhere[0].wait(60)
    assert answers(folder) == [("task-001 echo one > one.txt", codes["allow"] == 0, "person")]
    assert (folder / "one.txt").exists() == (codes["allow"] == 0)


def test_the_answer_that_is_kept_is_the_one_that_counts(folder: Path) -> None:
    """Somebody else denies in the moment in which the person at the prompt says yes."""
    desk = at_work(folder, ONE)

    class Agreeing(type(desk.door)):  # type: ignore[misc]
        def consent(self, question: str, moot: object = None) -> bool:
            Desk(folder)("/deny")
            return True

    desk.door = Agreeing(interactive=True)
    desk("/new_task")
    assert answers(folder) == [("task-001 echo one > one.txt", False, "person")]
    assert not (folder / "one.txt").exists()


def test_nobody_answers_in_time(folder: Path, elsewhere: list[subprocess.Popen[bytes]]) -> None:
    desk = at_work(folder, ONE, permissionTimeout="1s")
    begun(desk, elsewhere, questions=0)  # there is one for a second: it may be over before we look
    assert elsewhere[0].wait(60) == 1
    assert answers(folder) == [("task-001 echo one > one.txt", False, "nobody")]
    assert not (folder / "one.txt").exists()
    assert outcomes(folder) == {"task-001": "suspicious"}
    assert desk.refused("/allow 1 1", StateTransitionError).message == "no such question waits for an answer"


@pytest.mark.parametrize(
    "line",
    ["/allow", "/deny", "/approve_plan", "/config permissions '[]'", "/config agent.mode yolo", "/hooks --trust"],
)
def test_what_runs_in_an_attempt_cannot_say_what_it_may_do(
    desk: Desk, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.plan(approve=False)
    before = desk.bytes_on_disk()
    monkeypatch.setenv(MARK, "session-cart-k3x9")
    error = desk.refused(line, StateTransitionError)
    command = " ".join(line.split()[: 2 if "config" in line or "hooks" in line else 1])
    assert error.message == f"{command} is for a person, and this runs in session-cart-k3x9"
    assert error.hints == (f"type {command} in a terminal of your own",)
    assert desk.bytes_on_disk() == before


def test_an_agent_that_answers_itself_is_refused(folder: Path, elsewhere: list[subprocess.Popen[bytes]]) -> None:
    """While one agent asks, another runs our own commands, which a rule lets it run."""
    ours = f"PYTHONPATH={REPOSITORY} {sys.executable} -m qwen_orch"
    rule = f'["allow execute PYTHONPATH={REPOSITORY} *"]'
    desk = at_work(folder, ONE, f"sleep 2; run {ours} allow task-001; run {ours} approve_plan; claim it")
    desk(f"/config permissions '{rule}'")
    begun(desk, elsewhere)
    assert soon(lambda: outcomes(folder).get("task-002") not in (None, "running"), 60)
    assert answers(folder)[0] == ("task-001 echo one > one.txt", None, "")
    assert ("by", "policy") in {("by", by) for _, _, by in answers(folder)}
    logs = "".join(path.read_text() for path in (desk.root / ".qwen/orchestration/logs").glob("session-*.log"))
    assert "is for a person, and this runs in session-part-2" in logs


def test_a_hook_of_the_person_is_no_attempt(folder: Path, elsewhere: list[subprocess.Popen[bytes]]) -> None:
    desk = at_work(folder, ONE)
    ours = f"PYTHONPATH={REPOSITORY} {sys.executable} -m qwen_orch"
    desk(f"""/config hooks '{{"permission.waiting": "{ours} allow"}}'""")
    desk("/config hookTimeout 60s")
    begun(desk, elsewhere, questions=0)
    assert soon(lambda: (folder / "one.txt").exists(), 60)
    assert answers(folder) == [("task-001 echo one > one.txt", True, "person")]


def test_questions_of_a_task_that_was_cancelled_are_gone(
    folder: Path, elsewhere: list[subprocess.Popen[bytes]]
) -> None:
    desk = at_work(folder, ONE)
    begun(desk, elsewhere)
    desk("/cancel_task 1")
    assert soon(lambda: elsewhere[0].poll() is not None)
    assert Project.at(folder).writer().graph.task("task-001").status == "cancelled"
    assert desk("/permissions").waiting == ()
    assert not (folder / "one.txt").exists()


def test_only_who_asks_is_suggested(folder: Path, elsewhere: list[subprocess.Popen[bytes]]) -> None:
    """What is said to be next is /permissions as long as a question waits, of the task that it is about."""
    desk = at_work(folder, f"{ONE}; sleep 300", "sleep 300")
    begun(desk, elsewhere)
    assert soon(lambda: desk("/task_status").next == ("/permissions", "/task_status task-002"), 30)
    assert desk("/task_status task-001").next == ("/permissions", "/cancel_task task-001")
    desk("/allow")
    assert desk("/task_status").next == ("/task_status task-001", "/task_status task-002")
    assert desk("/task_status task-002").next[0] == "/task_status task-002"


def test_nothing_is_left_waiting(folder: Path) -> None:
    """The thread in which a person is asked ends when the work is cancelled."""
    before = set(threading.enumerate())
    desk = at_work(folder, ONE)
    desk.door.interactive = True
    desk("/new_task")
    assert not [t for t in threading.enumerate() if t not in before and t.name == "question"]
