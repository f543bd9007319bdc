"""How fast the shell answers keys while agents work: ``python benchmarks/shell.py [FOLDER]``.

Four simulated agents talk and make tool calls in the background. Meanwhile keys are pressed on a pseudo-terminal, one
at a time, and it is measured how long each takes to appear: at a small plan and at one of 10,000 tasks, in a text and
in a word that is completed from the titles of all tasks. Beside it stands the same shell with nobody at work: what of
the time is the machine's. The exit code is 1 when a figure is above its limit.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

import pexpect  # type: ignore[import-untyped]  # noqa: E402

from benchmarks.startup import ENVIRONMENT, Figure, table  # noqa: E402
from qwen_orch.model import event as e  # noqa: E402
from qwen_orch.model.ids import OrchestrationId, SessionId, task_id  # noqa: E402
from qwen_orch.model.plan import Orchestration, Plan  # noqa: E402
from qwen_orch.model.session import Session, SessionKind  # noqa: E402
from qwen_orch.model.task import Task  # noqa: E402
from qwen_orch.project.project import Project  # noqa: E402

AT = "2024-05-06T08:00:00.000+00:00"
AGENTS, MANY = 4, 10_000
KEYS, PAUSE = 200, 0.03
"""How many keys are pressed, and how many seconds pass between one that appeared and the next."""
LETTERS = "ΓΔΘΛΞΠΣΦΨΩ"
"""What is typed: the shell writes none of these by itself."""
LIMIT_MS, GROWTH_MB = 50.0, 5.0
CLEAR = "\x15"
WORK = "\n".join([*(f"sim: chatter 40\nsim: run echo {n}\nsim: sleep 0.1" for n in range(250)), "sim: sleep 600"])
"""Talk and tool calls, for longer than the keys take."""


def made(folder: Path, tasks: int) -> Path:
    """Make a project whose first tasks keep an agent busy."""
    folder.mkdir()
    settings = {"agent.name": "sim", "agent.maxCalls": 10_000, "agent.contextTokens": 100_000}
    home = folder / ".qwen" / "orchestration"
    home.mkdir(mode=0o700, parents=True)
    (home / "config.json").write_text(json.dumps(settings))
    project = Project.at(folder)
    own, session = OrchestrationId("orch-shop-aaaa"), SessionId("session-shop-aaaa")
    busy = [Task(task_id(n), f"Agent {n}", WORK, created=AT, updated=AT) for n in range(1, AGENTS + 1)]
    rest = [Task(task_id(n), f"Task number {n}", created=AT, updated=AT) for n in range(AGENTS + 1, tasks + 1)]
    root = Orchestration(own, "Shop", Plan("sell"), created=AT, updated=AT)
    opened = Session(session, SessionKind.PLANNING, "Shop", own, created=AT, updated=AT)
    steps = [e.OrchestrationCreated(root), e.SessionOpened(opened), e.TasksAdded((*busy, *rest))]
    writer = project.new_writer(own)
    writer.commit("plan", lambda _: steps)
    project.make_current(own, session)
    project.checkpoint(last=True)
    for words in (["approve_plan"], ["config", "agent.mode", "yolo"]):
        subprocess.run([*COMMAND, *words], cwd=folder, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    return folder


COMMAND = (sys.executable, "-m", "qwen_orch")


@contextlib.contextmanager
def at_work(folder: Path) -> Iterator[None]:
    """Have the agents work while the block runs."""
    words = [*COMMAND, "new_task", "--all", "--jobs", str(AGENTS), "--ask-later", "--executor", "agent"]
    log = folder.parent / f"{folder.name}.log"
    with log.open("wb") as said:
        work = subprocess.Popen(words, cwd=folder, env=ENVIRONMENT, stdout=said, stderr=said)
        try:
            while work.poll() is None and log.read_bytes().count(b"chatter") < AGENTS * 40:
                time.sleep(0.1)
            yield
            if work.poll() is not None:
                raise SystemExit(f"the agents have ended too early:\n{log.read_text()[-2000:]}")
        finally:
            work.send_signal(signal.SIGINT)
            work.wait(60)


class Shell:
    """A shell on a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self.child = pexpect.spawn(
            COMMAND[0], list(COMMAND[1:]), cwd=str(folder), env={**ENVIRONMENT, "TERM": "xterm"}, dimensions=(30, 100)
        )
        self.child.delaybeforesend = None
        while self.child.expect([r"qwen-orch>", r"\x1b\[6n"]):
            self.child.send("\x1b[1;1R")  # what a terminal says when it is asked where the cursor is

    def key(self, letter: str) -> float:
        """Press a key and return how many milliseconds it takes to appear."""
        self._drain()
        began = time.perf_counter()
        self.child.send(letter)
        seen = b""
        while letter.encode() not in seen:
            seen += self.child.read_nonblocking(65536, timeout=30)
            self._answer(seen)
        return (time.perf_counter() - began) * 1e3

    def type(self, text: str) -> None:
        """Type what nobody measures."""
        self.child.send(text)
        time.sleep(0.5)
        self._drain()

    def _drain(self) -> None:
        with contextlib.suppress(pexpect.TIMEOUT):
            while True:
                self._answer(self.child.read_nonblocking(65536, timeout=0))

    def _answer(self, seen: bytes) -> None:
        if seen.endswith(b"\x1b[6n"):
            self.child.send("\x1b[1;1R")

    @property
    def megabytes(self) -> float:
        """What it holds in memory."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def leave(self) -> None:
        """End it."""
        self.child.close(force=True)


def pressed(shell: Shell, before: str) -> list[float]:
    """Press keys behind the text *before*; return how long each took."""
    took: list[float] = []
    for number in range(KEYS):
        if number % len(LETTERS) == 0:
            shell.type(f"{CLEAR}{before}")
        took.append(shell.key(LETTERS[number % len(LETTERS)]))
        time.sleep(PAUSE)
    return sorted(took)


def share(took: list[float], percent: int) -> float:
    """Return the time within which so many percent of the keys appeared."""
    return took[min(len(took) - 1, len(took) * percent // 100)]


def figures(folder: Path) -> list[Figure]:
    """Measure at both plans, in a text and in a word that is completed."""
    found: list[Figure] = []
    for name, tasks in (("20 tasks", 20), (f"{MANY:,} tasks", MANY)):
        project = made(folder / name.replace(" ", "-"), tasks)
        idle = Shell(project)
        alone = pressed(idle, "/note ")
        idle.leave()
        found += _figures(f"{name}, nobody at work", alone)
        with at_work(project):
            shell = Shell(project)
            pressed(shell, "/task_status ")  # what is made once is made now
            before = shell.megabytes
            found += _figures(f"{name}, {AGENTS} agents, text", pressed(shell, "/note "))
            found += _figures(f"{name}, {AGENTS} agents, completed", pressed(shell, "/task_status "))
            grown = shell.megabytes - before
            shell.leave()
        limit = f"{GROWTH_MB:.0f} MB"
        found.append(Figure(f"{name}: memory, from {before:.0f} MB on", f"{grown:.1f} MB", limit, grown <= GROWTH_MB))
    return found


def _figures(what: str, took: list[float]) -> list[Figure]:
    limit = f"{LIMIT_MS:.0f} ms"
    shares = ((f"p{percent}", share(took, percent)) for percent in (50, 99))
    return [Figure(f"{what}: {name}", f"{ms:.1f} ms", limit, ms <= LIMIT_MS) for name, ms in shares]


def main() -> int:
    """Print the table; return 1 when a limit is passed."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        return table(figures(Path(name)))


if __name__ == "__main__":
    os.environ.setdefault("LANG", "C.UTF-8")
    raise SystemExit(main())
