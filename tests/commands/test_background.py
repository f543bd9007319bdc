"""Work in the background: begun, shown, refused with its own error, stopped; it outlives whoever began it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen_orch.answers.work import Begun
from qwen_orch.commands import background
from qwen_orch.errors import AgentError, StateTransitionError, UsageError
from tests.agents.product import soon
from tests.commands.desk import Desk
from tests.repl.agents import answers, at_work, outcomes

LONG = "- [ ] Long\n  - run: `echo begun; sleep 300`\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is the current one; what works in it when the test is over is ended."""
    here = tmp_path / "shop"
    here.mkdir()
    monkeypatch.chdir(here)
    yield here
    for pid in running(here):
        os.kill(pid, signal.SIGTERM)
    assert soon(lambda: not running(here)), running(here)


def running(folder: Path) -> list[int]:
    """Return the processes of ours that work in the background on *folder*."""
    found = []
    for one in Path("/proc").iterdir():
        try:
            words = (one / "cmdline").read_bytes().split(b"\0") if one.name.isdigit() else []
        except OSError:  # it has ended
            continue
        if b"--ask-later" in words and os.fsencode(folder) in words:
            found.append(int(one.name))
    return found


def ended(desk: Desk, number: int = 1) -> Callable[[], bool]:
    """Return what tells whether no attempt at a task is under way."""
    return lambda: desk.task(number).open_attempt is None


class Patience:
    """In the place of `time`: each sleep lasts until what is waited for has come, one attempt and then all *tasks*."""

    def __init__(self, folder: Path, tasks: int) -> None:
        self.folder, self.tasks, self.slept = folder, tasks, 0.0

    def monotonic(self) -> float:
        """Return the seconds that were asked for."""
        return self.slept

    def sleep(self, seconds: float) -> None:
        """Wait until so many have begun."""
        wanted = self.tasks if self.slept else 1
        assert soon(lambda: len(outcomes(self.folder)) >= wanted)
        self.slept += seconds


def test_all_that_begin_at_once_are_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is waited for, and then its company."""
    monkeypatch.setattr(background, "time", Patience(folder, 3))
    desk = at_work(folder, *["sleep 300"] * 3)
    answer = desk("/new_task --all --jobs 3 --background")
    assert isinstance(answer, Begun)
    assert [t.id for t in answer.tasks] == ["task-001", "task-002", "task-003"]
    assert {t.status for t in answer.tasks} == {"in_progress"}
    assert len(running(folder)) == 1


def test_what_it_says_in_the_end_is_kept(folder: Path) -> None:
    desk = Desk(folder).plan("# Work\n- [ ] One\n  - run: `echo one > one.txt`\n  - check: `test -s one.txt`\n")
    answer = desk("/new_task --background")
    assert soon(lambda: not running(folder))
    assert (desk.task(1).status, (folder / "one.txt").read_text()) == ("completed", "one\n")
    log = Path(answer.log)
    assert json.loads(log.read_bytes().splitlines()[-1])["result"]["task"]["status"] == "completed"
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_question_waits_for_its_answer(folder: Path) -> None:
    desk = at_work(folder, "run echo one > one.txt; claim it")
    desk("/new_task --background")
    assert soon(lambda: desk("/permissions").waiting)
    desk("/allow")
    assert soon(ended(desk))
    assert answers(folder) == [("task-001 echo one > one.txt", True, "person")]


def test_yes_is_passed_on(folder: Path) -> None:
    desk = at_work(folder, "run echo one > one.txt; claim it")
    desk("/new_task --background", yes=True)
    assert soon(ended(desk))
    assert answers(folder) == [("task-001 echo one > one.txt", True, "--yes")]


def test_a_failure_at_once_is_raised_with_its_own_error(folder: Path) -> None:
    desk = at_work(folder, "sleep 1", agent__name="nobody")
    error = desk.refused("/new_task --background", AgentError)
    assert error.message == "how is the agent nobody started?"
    assert error.hints == ("/config agent.command 'COMMAND'", "/config agent.name qwen")
    assert outcomes(folder) == {}


def test_nothing_to_do(folder: Path) -> None:
    desk = Desk(folder).plan(LONG)
    desk("/cancel_task 1")
    error = desk.refused("/new_task --background", StateTransitionError)
    assert error.message == desk.refused("/new_task", StateTransitionError).message
    assert desk("/new_task --all --background").tasks == ()


def test_a_plan_that_is_not_approved(folder: Path) -> None:
    desk = Desk(folder).plan(LONG, approve=False)
    assert "/approve_plan" in desk.refused("/new_task --background", StateTransitionError).hints
    assert not list(folder.rglob("background-*"))


def test_work_by_hand_has_no_background(folder: Path) -> None:
    desk = Desk(folder).plan(LONG)
    desk.refused("/new_task --background --executor manual", UsageError)
    desk.refused("/new_task --background --jobs 2", UsageError)


@pytest.mark.parametrize("by", ["shell", "agent"])
def test_cancelling_stops_it(folder: Path, by: str) -> None:
    desk = Desk(folder).plan(LONG) if by == "shell" else at_work(folder, "chatter 3; run sleep 300", agent__mode="yolo")
    desk("/new_task --background")
    assert soon(lambda: running(folder) and desk.task(1).open_attempt)
    desk("/cancel_task 1")
    assert soon(lambda: not running(folder))  # it would go on for 300 seconds
    assert desk.task(1).status == "cancelled"


def test_killed_it_is_interrupted(folder: Path) -> None:
    desk = Desk(folder).plan(LONG)
    desk("/new_task --background")
    assert soon(lambda: outcomes(folder))
    for pid in running(folder):
        os.kill(pid, signal.SIGKILL)
    assert soon(lambda: not running(folder))
    again = desk.reopen()
    again("/task_status")
    assert outcomes(folder) == {"task-001": "interrupted"}
