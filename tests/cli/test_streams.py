"""The command line as a process: pipes that break, files that are closed, signals, and what is imported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PLAN, environment

Call = Callable[..., Any]
ORCH = [sys.executable, "-m", "qwen_orch"]


@pytest.fixture
def shop(call: Call, process: Call) -> Call:
    """As `process`, in a project with a plan."""
    assert call("plan", "-", stdin=PLAN).code == 0
    return process


def sh(command: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of shell in which ``$ORCH`` is the command line."""
    env = environment(ORCH=" ".join(ORCH))
    return subprocess.run(["bash", "-c", command], capture_output=True, env=env, timeout=180, check=False)


def test_process(shop: Call) -> None:
    """Answers as `main` does, without a warning of Python."""
    said = shop("list_tasks", "--json")
    assert (said.code, said.err) == (0, "")
    assert len(said.json[0]["result"]["tasks"]) == 3


def test_reader_that_has_gone(shop: Call) -> None:
    """Is what a shell knows as 141: quietly."""
    for form in ("", "--json"):
        done = sh(f"$ORCH list_tasks {form} | true; exit ${{PIPESTATUS[0]}}")
        assert (done.returncode, done.stderr) == (141, b"")


def test_reader_of_a_part(shop: Call) -> None:
    """A script ends when nobody reads it any more."""
    done = sh("yes 'list_tasks' | head -500 | $ORCH --json | head -1; exit ${PIPESTATUS[2]}")
    assert done.returncode == 141
    assert done.stderr in (b"", b"yes: standard output: Broken pipe\n")
    assert json.loads(done.stdout)["ok"] is True


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk(shop: Call) -> None:
    """The answer cannot be written: storage, and said on stderr."""
    for form in ("", "--json"):
        done = sh(f"$ORCH list_tasks {form} > /dev/full")
        assert done.returncode == 3
        assert b"No space left on device" in done.stderr
        assert b"Traceback" not in done.stderr
        assert b"Exception ignored" not in done.stderr


def test_closed_files(shop: Call) -> None:
    """None of ours is ever opened in their place."""
    assert sh("$ORCH note kept >&-").returncode == 0
    assert sh("$ORCH note kept 2>&-").returncode == 0
    assert sh("$ORCH note kept <&- >&- 2>&-").returncode == 0
    assert b"standard input is closed" in sh("$ORCH plan - <&-").stderr
    assert sh("$ORCH <&-").returncode == 2
    journal = next(Path(".qwen/orchestration/journal").glob("*.jsonl")).read_text().splitlines()
    assert len(journal) == 4
    assert all(json.loads(line) for line in journal)


def test_any_locale(shop: Call) -> None:
    """What the encoding cannot carry is replaced."""
    shop("add_task", "Größe 文字 ✓")
    for more in ({"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0", "LC_ALL": "POSIX"}):
        said = shop("list_tasks", **more)
        assert (said.code, said.err) == (0, "")


def test_objects_are_flushed_one_by_one(shop: Call) -> None:
    """So that a program can drive us line by line."""
    with subprocess.Popen([*ORCH, "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for command in (b"list_tasks\n", b"note one\n", b"sessions\n"):
            child.stdin.write(command)
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["ok"] is True
        child.stdin.close()
        assert child.wait(180) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals(shop: Call, number: signal.Signals) -> None:
    """End a command as Ctrl-C does, with 130."""
    child = subprocess.Popen(
        [*ORCH, "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"list_tasks\n")
        child.stdin.flush()
        child.stdout.readline()
        child.send_signal(number)
        out, err = child.communicate(timeout=180)
    assert (child.returncode, out, err) == (130, b"", b"")


def test_imports(shop: Call) -> None:
    """A listing pays for nothing it does not need."""
    heavy = "prompt_toolkit asyncio rich markdown_it argparse logging cattrs.preconf qwen_orch.planning qwen_orch.repl"
    code = f"""if True:
        import sys
        from qwen_orch.cli import main
        assert main(["list_tasks"]) == 0
        found = [m for m in {heavy.split()!r} if m in sys.modules]
        assert not found, found
        """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment(), timeout=180, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_unwritable_log(shop: Call) -> None:
    """Nothing here depends on being able to write but what writes."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    home = Path(".qwen/orchestration")
    for folder in (home, *home.iterdir()):
        if folder.is_dir():
            folder.chmod(0o500)
    assert shop("list_tasks").code == 0
    said = shop("note", "x")
    assert said.code == 3
    assert "Traceback" not in said.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("ignored", [False, True])
def test_signals_during_work(shop: Call, number: signal.Signals, ignored: bool) -> None:
    """What runs is stopped and the attempt says so; SIGTERM does that where Ctrl-C is ignored, too."""
    if ignored and number == signal.SIGINT:
        return
    shop("add_task", "Sleep", "--run", "echo begun; sleep 600", "--priority", "critical")
    shop("approve_plan")
    trap = "trap '' INT; " if ignored else ""
    words = ["sh", "-c", f'{trap}exec "$@"', "sh", *ORCH, "new_task", "task-004"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as child:
        assert child.stderr is not None
        while b"begun\n" not in child.stderr.readline().replace(b"echo begun", b""):
            pass
        child.send_signal(number)
        out, err = child.communicate(timeout=180)
    assert child.returncode == 130, (out, err)
    assert b"Traceback" not in err
    (told,) = shop("--json", "task_status", "task-004").json
    assert [a["outcome"] for a in told["result"]["attempts"]] == ["cancelled"]
