"""Hooks: real commands on real steps, and that nothing they do reaches the step."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from qwen_orch.errors import StateTransitionError, ValidationError
from qwen_orch.model import event as e
from qwen_orch.model.activity import PermissionRequest
from qwen_orch.model.ids import SessionId
from qwen_orch.processes import hooks as hooking
from qwen_orch.processes.happening import Happening
from qwen_orch.processes.notice import desktop_command
from tests.commands.desk import Desk
from tests.processes.test_command import alive, gone, pid_in

PLAN = """# Shop
- [ ] Catalogue
  - run: `echo built > catalogue.txt`
  - check: `test -f catalogue.txt`
- [ ] Cart
  - depends on: Catalogue
  - run: `echo oops; exit 3`
"""


@pytest.fixture
def shop(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A project whose consents are kept in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield desk.plan(PLAN, approve=False)
    finish(desk)


def hooked(desk: Desk, **commands: str) -> None:
    """Set hooks, by event with an underscore for the dot, as a person types it."""
    wanted = {event.replace("_", "."): line for event, line in commands.items()}
    desk.project.configure("hooks", orjson.dumps(wanted).decode())
    desk("/hooks --trust", yes=True)


def finish(desk: Desk) -> list[str]:
    """End what goes on in the background, as the end of a command does; return what went wrong."""
    return desk.project.listener.finish() if desk.project.listener else []


def environment() -> dict[str, str]:
    """Return the environment of a process of this very program."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


def heard(path: str) -> list[dict[str, object]]:
    """Return the objects that hooks wrote into a file."""
    return [orjson.loads(line) for line in Path(path).read_bytes().splitlines()]


def log() -> str:
    """Return what hooks printed."""
    return Path(".qwen/orchestration/logs/hooks.log").read_text()


def test_each_event_with_what_happened(shop: Desk) -> None:
    """One object on standard input, a line in the environment, the command in the project's folder."""
    told = 'cat >> told.json; echo "$QWEN_ORCH_HOOK: $QWEN_ORCH_TEXT in $PWD"'
    hooked(shop, plan_approved=told, task_completed=told, task_failed=told)
    shop("/approve_plan --force")
    finish(shop)
    shop("/new_task --all")
    finish(shop)
    approved, completed, failed = sorted(heard("told.json"), key=lambda one: one["step"])
    assert (approved["event"], approved["text"], approved["task"]) == ("plan.approved", "approved: Shop", None)
    assert completed["text"] == "task-001 Catalogue: completed, 1 of 1 commands succeeded"
    root = shop.graph.root
    task = shop.task(2)
    assert failed == {
        "schema": 1,
        "project": str(shop.root),
        "event": "task.failed",
        "at": task.updated,
        "text": "task-002 Cart: failed, `echo oops; exit 3` exited with 3",
        "orchestration": root.id,
        "step": failed["step"],
        "task": "task-002",
        "title": "Cart",
        "session": task.session,
        "detail": "`echo oops; exit 3` exited with 3",
        "request": None,
    }
    assert f"  task.failed: {failed['text']} in {shop.root}\n" in log()
    assert (shop.project.home / "logs" / "hooks.log").stat().st_mode & 0o077 == 0


def test_what_is_so_already_is_no_news(shop: Desk) -> None:
    """A second look at a completed task, an edit, an undo: nothing is run."""
    shop("/approve_plan --force")
    hooked(shop, task_completed="cat >> told.json", task_failed="cat >> told.json", plan_approved="cat >> told.json")
    shop("/new_task 1")
    shop("/check_completeness")
    shop("/update_task 2 priority:high")
    shop("/undo")
    finish(shop)
    assert [one["event"] for one in heard("told.json")] == ["task.completed"]


def asked(desk: Desk, *events: Callable[[SessionId], e.Event]) -> None:
    """Have an agent ask for something, in the current session."""
    writer = desk.project.writer()
    session = writer.graph.sessions_by_age()[-1].id
    writer.commit("agent", lambda _: [make(session) for make in events])


def test_a_permission_that_waits(shop: Desk) -> None:
    """Is told with the exact command; one that a policy answers in the same step is not."""
    hooked(shop, permission_waiting="cat >> told.json")
    request = PermissionRequest(1, "execute", "rm -r build", "rm -r build && ls")
    asked(shop, lambda s: e.PermissionAsked(s, request))
    second = PermissionRequest(2, "read", "a.py")
    asked(shop, lambda s: e.PermissionAsked(s, second), lambda s: e.PermissionAnswered(s, 2, True, "policy"))
    finish(shop)
    (one,) = heard("told.json")
    assert one["request"] == {"number": 1, "kind": "execute", "title": "rm -r build", "detail": "rm -r build && ls"}
    assert str(one["text"]).endswith(" asks: rm -r build")


def test_a_failing_hook_is_one_warning(shop: Desk) -> None:
    """The step is as it would be; what the hook printed is in the log, without secrets."""
    hooked(shop, plan_approved="echo API_KEY=abcdefghijkl; exit 7")
    warnings = [*shop.run("/approve_plan --force").warnings, *finish(shop)]
    assert warnings.count("the hook of plan.approved exited with 7; logs/hooks.log has what it printed") == 1
    assert shop.graph.root.plan.status == "approved"
    assert "hook of plan.approved exited with 7" in log()
    assert "  API_KEY=[hidden]\n" in log()


def test_the_step_does_not_wait_for_a_hook(shop: Desk) -> None:
    """The command has its answer while the hook runs; whoever will not wait ends it, with all it started."""
    hooked(shop, plan_approved="sleep 600 & echo $! > pid; sleep 600")
    shop.project.configure("hookTimeout", "500s")
    shop("/approve_plan --force")
    child = pid_in(Path("pid"))
    assert alive(child), "the answer is there, and the hook still runs"
    assert shop.project.listener is not None
    assert shop.project.listener.finish(patient=False) == [hooking.STOPPED]
    assert gone(child)


def test_a_hook_has_its_time(shop: Desk) -> None:
    """Then it is ended, with all it started, and that is said once."""
    hooked(shop, plan_approved="sleep 600 & echo $! > pid; sleep 600")
    shop.project.configure("hookTimeout", "3s")
    shop("/approve_plan --force")
    (warning,) = finish(shop)
    assert warning.startswith("the hook of plan.approved ran out of time (hookTimeout); ")
    assert gone(pid_in(Path("pid")))


def test_ctrl_c_ends_the_wait_and_the_hooks(shop: Desk) -> None:
    """Whoever wants to leave leaves, and what ran is not left behind."""
    hooked(shop, plan_approved="echo $$ > pid; exec sleep 600")
    shop.project.configure("hookTimeout", "60s")
    orch = [sys.executable, "-P", "-m", "qwen_orch", "/approve_plan", "--force"]
    with subprocess.Popen(orch, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as command:
        hook = pid_in(Path("pid"))
        assert command.stdout is not None
        assert command.stdout.readline()  # the answer is out: what is waited for is the hook
        command.send_signal(signal.SIGINT)
        _, errors = command.communicate(timeout=20)
    assert command.returncode in (0, 130), "the step is done; the answer may not have been out wholly"
    assert b"were stopped" in errors
    assert shop.graph.root.plan.status == "approved"
    assert gone(hook)


def test_a_hook_that_reads_nothing_and_one_that_prints_without_end(shop: Desk) -> None:
    """Neither holds anything up, nor fills the disk."""
    hooked(shop, plan_approved="exec <&-; yes | head -c 3000000")
    shop("/approve_plan --force")
    finish(shop)
    assert len(log()) < 20_000
    assert "exited with 0" in log()


def test_the_log_is_begun_anew_when_it_is_long(shop: Desk) -> None:
    """A megabyte is enough of a past."""
    path = shop.project.home / "logs" / "hooks.log"
    path.parent.mkdir(exist_ok=True)
    path.write_text("x" * 1_000_001)
    hooked(shop, plan_approved="echo new")
    shop("/approve_plan --force")
    finish(shop)
    assert log().endswith("  new\n")
    assert len(log()) < 200


def test_more_than_can_wait_are_left_out_and_that_is_said(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of a thousand tasks starts no thousand processes."""
    monkeypatch.setattr(hooking, "MOST", 2)
    hooked(shop, permission_waiting="until [ -e go ]; do sleep 0.1; done")
    for number in range(5):
        request = PermissionRequest(number + 1, "execute", "ls")
        asked(shop, lambda s, request=request: e.PermissionAsked(s, request))
    Path("go").touch()
    assert finish(shop) == ["a hook of permission.waiting was left out: 2 are waiting already"]
    assert log().count("exited with 0") == 2


def test_a_hook_cannot_run_hooks(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a hook does with this program is a step like any other, and starts nothing."""
    orch = f"{sys.executable} -P -m qwen_orch"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    hooked(shop, plan_approved=f"cat >> told.json; {orch} /new_task 1", task_completed="cat >> told.json")
    shop.project.configure("hookTimeout", "60s")
    shop("/approve_plan --force")
    assert finish(shop) == []
    assert shop.statuses()[1] == "completed"
    assert [one["event"] for one in heard("told.json")] == ["plan.approved"]


def test_nobody_agreed(shop: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A hook that came with the project, or was changed in its file, does not run before a person agrees to it."""
    shop.project.configure("hooks", '{"plan.approved": "touch ran"}')
    shop("/approve_plan --force")
    assert finish(shop) == []  # the warning was with the answer
    assert not Path("ran").exists()
    assert not shop("/hooks").hooks[0].agreed
    shop.refused("/hooks --trust", StateTransitionError)
    assert "plan.approved: touch ran" in shop.door.asked[-1]
    assert shop("/hooks --trust", yes=True).hooks[0].agreed
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    assert not shop("/hooks").hooks[0].agreed


def test_an_untrusted_hook_is_said_once(shop: Desk) -> None:
    """With the command that lists it."""
    shop.project.configure("hooks", '{"plan.approved": "touch ran"}')
    outcome = shop.run("/approve_plan --force")
    assert outcome.warnings[-1] == "the hook of plan.approved was not run: nobody agreed to it here, see /hooks"


def test_consent_is_to_this_command_here(shop: Desk) -> None:
    """Typed with /config it is agreed to; another text of it is not, nor another event."""
    shop("""/config hooks '{"plan.approved": "touch ran", "task.failed": "true"}'""")
    assert [h.agreed for h in shop("/hooks").hooks] == [True, True]
    shop.project.configure("hooks", '{"plan.approved": "touch ran ", "task.completed": "true"}')
    assert [h.agreed for h in shop("/hooks").hooks] == [False, False]
    shop.refused("""/config hooks '{"task.faild": "true"}'""", ValidationError)


def test_settings_that_are_broken_cost_the_hooks_only(shop: Desk) -> None:
    """The step is kept; that no hook was run is said."""
    writer = shop.project.writer()
    hooked(shop, plan_approved="touch ran")
    (shop.project.home / "config.json").write_text("{")
    writer.commit("approve_plan", lambda _: [e.PlanApproved()])
    assert shop.graph.root.plan.status == "approved"
    assert [line for line in shop.project.take_reports() if line.startswith("hooks were not run: config.json")]


def test_a_log_that_cannot_be_written_costs_the_log_only(shop: Desk) -> None:
    """The hook has run; the failure is a warning."""
    (shop.project.home / "logs").mkdir(exist_ok=True)
    (shop.project.home / "logs" / "hooks.log").mkdir()
    hooked(shop, plan_approved="touch ran")
    warnings = [*shop.run("/approve_plan --force").warnings, *finish(shop)]
    assert [w for w in warnings if w.startswith("the hook of plan.approved failed: IsADirectoryError")]
    assert Path("ran").exists()


def at_a_terminal(*words: str) -> bytes:
    """Run a command with a terminal as its standard error; return what arrived there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-P", "-m", "qwen_orch", *words]
    done = subprocess.run(command, stderr=theirs, stdout=subprocess.PIPE, env=environment(), check=True)
    os.close(theirs)
    said = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # the other end is closed, and all is read
            break
        said += chunk
    os.close(ours)
    assert b"\a" not in done.stdout
    return said


def test_the_bell_rings_on_a_terminal_alone(shop: Desk) -> None:
    """Once for each task that ended, into the terminal; never into a file."""
    shop("/approve_plan --force")
    shop("/config notify bell")
    assert at_a_terminal("/new_task", "1").count(b"\a") == 1
    with Path("errors").open("wb") as errors:
        command = [sys.executable, "-P", "-m", "qwen_orch", "/new_task", "2"]
        subprocess.run(command, stderr=errors, stdout=errors, env=environment(), check=False)
    assert b"\a" not in Path("errors").read_bytes()
    assert shop.statuses()[2] == "failed"


def test_a_notice_on_the_desktop(shop: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of the desktop is given the text as one word, whatever the title holds; it needs no consent."""
    folder = tmp_path / "bin"
    folder.mkdir()
    name = "osascript" if sys.platform == "darwin" else "notify-send"
    (folder / name).write_text(f'#!/bin/sh\nfor word; do echo "[$word]"; done >> {tmp_path}/shown\n')
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    shop("/approve_plan --force")
    shop("/update_task 1 title:\"a $(touch evil) 'b'\"")
    shop("/config notify desktop")
    shop("/new_task 1")
    assert finish(shop) == []
    shown = (tmp_path / "shown").read_text().splitlines()
    assert shown[-1].startswith("[task-001 a $(touch evil) 'b': completed")
    assert not Path("evil").exists()


def test_a_notice_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """A title cannot draw into the notice, where the desktop takes markup."""
    monkeypatch.setattr(sys, "platform", "linux")
    told = desktop_command(Happening("task.failed", "<img src=x> & co", {}))
    assert told.endswith("-- qwen-orch '&lt;img src=x&gt; &amp; co'")


def test_without_hooks_nothing_is_begun(shop: Desk) -> None:
    """No thread, no process, no log."""
    shop("/approve_plan --force")
    assert shop.project.listener is not None
    assert shop.project.listener._background is None
    assert not (shop.project.home / "logs" / "hooks.log").exists()
