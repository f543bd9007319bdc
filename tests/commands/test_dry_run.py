"""--dry-run: says exactly what would be done, and changes nothing on the disk."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_orch.errors import UsageError
from qwen_orch.project.project import HOME
from tests.commands.desk import Desk, tree

Harm = Callable[[Desk], object]


def _one(desk: Desk, pattern: str) -> Path:
    return next(iter(sorted(desk.project.home.glob(pattern))))


def _edit(desk: Desk, pattern: str, old: bytes, new: bytes) -> None:
    path = _one(desk, pattern)
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))


def _cut(desk: Desk, pattern: str) -> None:
    path = _one(desk, pattern)
    path.write_bytes(path.read_bytes()[:-20])


def _swap_bytes(desk: Desk) -> None:
    path = _one(desk, "journal/*.jsonl")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 4
    path.write_bytes(bytes(raw))


def _leftover(desk: Desk) -> None:
    (desk.project.home / "tmp").mkdir(exist_ok=True)
    (desk.project.home / "tmp" / ".orch.json.abc.tmp").write_bytes(b"half")


HARMS: dict[str, Harm] = {
    "nothing": lambda desk: None,
    "an edited manifest": lambda d: _edit(d, "manifests/*.json", b"Catalogue", b"Catalog"),
    "a cut plan": lambda d: _cut(d, "plans/*.json"),
    "a lost session": lambda d: _one(d, "sessions/*.json").unlink(),
    "a damaged session": lambda d: _cut(d, "sessions/*.json"),
    "a torn record": lambda d: _cut(d, "journal/*.jsonl"),
    "a damaged journal": _swap_bytes,
    "a lost journal": lambda d: _one(d, "journal/*.jsonl").unlink(),
    "a damaged state": lambda d: _cut(d, "state.json"),
    "what a writer left behind": _leftover,
    "files that others may read": lambda d: _one(d, "plans/*.json").chmod(0o644),
    "broken settings": lambda d: (d.project.home / "config.json").write_text("{'jobs': 3,}"),
}


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A project in which work was done."""
    desk.plan()
    desk("/new_task 1")
    desk("/note mind the gap")
    return desk.reopen()


def _plain(name: str) -> str:
    """A name without what time and chance put into it."""
    return re.sub(r"\.\d{8}T\d{12}\.", ".TIME.", name)


def _became(before: dict[str, tuple[object, ...]], after: dict[str, tuple[object, ...]]) -> dict[str, str]:
    """What became of each file, in the words of a dry run; locks and folders apart."""
    told = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if (new or old or ("",))[0] == "" or name.endswith(".lock"):
            continue
        if old is None or new is None:
            told[_plain(name)] = "create" if old is None else "remove"
        elif old[0] != new[0]:
            told[_plain(name)] = "write"
    return told


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("line", ["/doctor", "/sessions --recover"])
def test_nothing_is_changed_and_exactly_what_is_told_is_done(line: str, harm: str, busy: Desk) -> None:
    """Not a byte, not a permission, not a time; then the same without --dry-run does just that."""
    HARMS[harm](busy)
    if harm == "broken settings" and line != "/doctor":
        return  # every other command refuses to go on with them
    before = tree(busy.root)
    outcome = busy.reopen().run(f"{line} --dry-run")
    assert outcome.error is None, outcome
    assert tree(busy.root) == before
    told = {_plain(c.path): c.action for c in outcome.answer.would_change if c.action != "make private"}
    words = {"rewrite": "write", "append": "write"}
    busy.reopen()(line)
    home = f"{HOME}/"
    done = {name.removeprefix(home): what for name, what in _became(before, tree(busy.root)).items()}
    done.pop("index.json", None)  # a cache, which nobody misses
    assert {name: words.get(what, what) for name, what in told.items()} == done
    if harm == "files that others may read" and line == "/doctor":
        assert [c.path[:6] for c in outcome.answer.would_change if c.action == "make private"] == ["plans/"]
    if harm not in ("nothing", "files that others may read", "broken settings") and told:
        again = busy.reopen()(f"{line} --dry-run")
        assert again.would_change == ()


def test_work_that_was_interrupted_is_told_and_its_processes_live_on(busy: Desk) -> None:
    """What is recorded, in the words of the recovery, and nobody is killed for it."""
    busy("/add_task Long")
    busy("/update_task 4 run:'sleep 610'")
    busy("/approve_plan")
    code = (
        "import sys; from pathlib import Path; from tests.commands.desk import Desk\n"
        "Desk(Path(sys.argv[1]))('/new_task 4 --force')\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", code, str(busy.root)], cwd=Path(__file__).parents[2], start_new_session=True
    )
    children = _wait_for_child(worker.pid)
    worker.kill()
    worker.wait()
    try:
        before = tree(busy.root)
        outcome = busy.reopen().run("/sessions --recover --dry-run")
        assert any("task-004 was interrupted" in w and w.startswith("dry run: ") for w in outcome.warnings)
        assert {c.action for c in outcome.answer.would_change if c.path.startswith("journal/")} == {"append"}
        assert tree(busy.root) == before
        assert all(map(_lives, children))
        assert busy.task(4).open_attempt is not None
        busy.reopen()("/sessions --recover")
        assert busy.task(4).open_attempt is None
        deadline = time.monotonic() + 60
        while any(map(_lives, children)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(_lives, children))
    finally:
        for child in filter(_lives, children):
            os.kill(child, signal.SIGKILL)


def _wait_for_child(parent: int) -> list[int]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = subprocess.run(
            ["pgrep", "-f", "-P", str(parent), "sleep 610"], capture_output=True, text=True, check=False
        ).stdout.split()
        if found:
            return list(map(int, found))
        time.sleep(0.05)
    raise AssertionError("the command never started")


def _lives(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


@pytest.mark.parametrize("line", ["/note x --dry-run", "/new_task --dry-run", "/doctor --dry-run=no"])
def test_other_commands_know_no_dry_run(line: str, busy: Desk) -> None:
    """They refuse, and do nothing."""
    before = busy.bytes_on_disk()
    busy.refused(line, UsageError)
    assert busy.bytes_on_disk() == before


def test_a_shell_that_has_rehearsed_goes_on_for_real(busy: Desk) -> None:
    """The next command of the same process writes."""
    busy("/doctor --dry-run")
    busy("/note after")
    assert any(n.text == "after" for s in busy.graph.sessions.values() for n in s.notes)
    busy.sound()


def test_a_project_without_anything_is_left_so(desk: Desk) -> None:
    """Nothing is made."""
    assert desk("/doctor --dry-run").would_change == ()
    assert desk("/sessions --recover --dry-run").would_change == ()
    assert not list(desk.root.iterdir())
