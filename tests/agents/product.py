"""The product's own command line in a git project, with a real agent and a scripted model behind it.

    def test_it_writes(project: Product):
        project.model.play([project.write("hello.txt", "hi\\n"), claim("wrote it"), text("Done.")])
        project.plan("- [ ] Write hello\\n  - check: `grep hi hello.txt`")
        assert project.task("new_task", "--yes")["status"] == "completed"

Each command is a process of its own, as a person starts it. What any of them, or the agents and servers under them,
leaves behind is found by the HOME that they all inherit: `running`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import define

from qwen_orch.project.trust import LOOSENING
from tests.agents.answers import Answer, call
from tests.agents.openai_model import Model, Request
from tests.commands.desk import Desk

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 180
"""Seconds for a command: a loaded machine is slow, a broken command hangs."""
COMMAND = (sys.executable, "-m", "qwen_orch")
FAST = {"agent.idleTimeout": "60s", "agent.timeout": "170s"}
"""Limits that end a test which went wrong."""


@define
class Product:
    """A project: its folder, the environment of all that is started in it, and the model."""

    root: Path
    env: dict[str, str]
    model: Model

    @classmethod
    def made(cls, place: Path, env: Mapping[str, str], model: Model, **config: object) -> Product:
        """Return a project in git below *place*; *config* has its settings, with ``__`` for the dot in a key."""
        root = repository(place / "project")
        settings = {"agent.name": "qwen", **FAST, **{key.replace("__", "."): value for key, value in config.items()}}
        product = cls(root, {**env, "PYTHONPATH": os.fspath(REPOSITORY)}, model)
        product.configure(settings)
        return product

    @property
    def home(self) -> Path:
        """The home of all that is started."""
        return Path(self.env["HOME"])

    @property
    def kept(self) -> Path:
        """Where the product keeps its files."""
        return self.root / ".qwen" / "orchestration"

    def configure(self, settings: Mapping[str, object]) -> None:
        """Set *settings*, beside those that are set; a person types those that loosen what an agent may do."""
        path = self.kept / "config.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**before, **settings}))
        for key in LOOSENING & settings.keys():
            value = settings[key]
            self.result("config", key, value if isinstance(value, str) else json.dumps(value))

    def run(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [*COMMAND, *words]
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.env,
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command, which goes on while the test does; it is the leader of a process group."""
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def plan(self, text: str) -> None:
        """Make *text* the plan, and approve it."""
        (self.root / "plan.md").write_text(f"# Work\n\n{text}\n")
        done = self.run("--script", "/dev/stdin", given="/plan @plan.md --yes\n/approve_plan\n")
        assert done.returncode == 0, done
        (self.root / "plan.md").unlink()

    def told(self, *words: str) -> dict[str, Any]:
        """Return the whole answer of a command, as JSON has it."""
        done = self.run(*words, "--json")
        assert done.stdout.count("\n") == 1, done
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def result(self, *words: str) -> dict[str, Any]:
        """Return what a command answers; it must not be refused."""
        answer = self.told(*words)
        assert answer["ok"], answer
        found: dict[str, Any] = answer["result"]
        return found

    def refused(self, *words: str) -> dict[str, Any]:
        """Return the error of a command, which must be refused."""
        answer = self.told(*words)
        assert not answer["ok"], answer
        found: dict[str, Any] = answer["error"]
        return found

    def task(self, task: str = "task-001") -> dict[str, Any]:
        """Return what is known of a task: ``task``, ``attempts``, ``evidence``."""
        return self.result("task_status", task)

    def attempts(self, task: str = "task-001") -> list[tuple[str, str]]:
        """Return how each attempt at a task ended, and the words for it."""
        return [(one["outcome"], one["detail"]) for one in self.task(task)["attempts"]]

    def session(self, task: str = "task-001", attempt: int = -1) -> dict[str, Any]:
        """Return the file of the session of an attempt."""
        name = self.task(task)["attempts"][attempt]["session"]
        found: dict[str, Any] = json.loads((self.kept / "sessions" / f"{name}.json").read_text())["session"]
        return found

    def write(self, name: str, content: str) -> Answer:
        """Return the model's call that writes a file of the project."""
        return call("write_file", {"file_path": os.fspath(self.root / name), "content": content})

    def running(self) -> dict[int, str]:
        """Return the command lines of all processes that have our HOME."""
        return running(self.home)

    def pids(self, word: str) -> list[int]:
        """Return the processes that have *word* in their command line."""
        return [pid for pid, line in self.running().items() if word in line]

    def nothing_is_left(self) -> None:
        """Assert that every process ends."""
        nothing_is_left(self.home)


class Bench(Desk):
    """A desk in git, at which the simulator does tasks as their lines say: commands run in this process."""

    @classmethod
    def in_git(cls, place: Path) -> Bench:
        """Return an empty project below *place*."""
        root = repository(place / "project")
        settings = {"agent.name": "sim", **FAST}
        (root / ".qwen" / "orchestration").mkdir(mode=0o700, parents=True)
        (root / ".qwen" / "orchestration" / "config.json").write_text(json.dumps(settings))
        bench = cls(root)
        bench.configure(agent__mode="yolo")
        return bench

    def configure(self, **settings: object) -> None:
        """Set *settings*, with ``__`` for the dot in a key."""
        for key, value in settings.items():
            self(f"/config {key.replace('__', '.')} {value}")

    def planned(self, *lines: str, criterion: str = "") -> None:
        """Plan one task, which the simulator does as *lines* say; approve it."""
        below = [f"  - {criterion}"] if criterion else []
        self.plan(
            "\n".join(["# Work", "", "- [ ] Do something", *below, "", *(f"  sim: {line}" for line in lines), ""])
        )

    def attempts(self) -> list[tuple[str, str]]:
        """Return how each attempt at the task ended, and the words for it."""
        return [(str(one.outcome), one.detail) for one in self.task(1).attempts]

    def brief(self, attempt: int = -1) -> str:
        """Return what the agent was given in an attempt."""
        session = self.task(1).attempts[attempt].session
        return "\n\n".join(part.text for part in self(f"/context {session}").parts if part.kept)


def repository(root: Path) -> Path:
    """Make the folder *root*, a git repository with one commit."""
    commit = ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "begin"]
    root.mkdir()
    for words in (["init", "-q"], commit):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


def running(home: Path) -> dict[int, str]:
    """Return the command lines of all processes that have this HOME."""
    mark = f"HOME={home}".encode()
    found: dict[int, str] = {}
    for one in Path("/proc").iterdir():
        try:
            ours = one.name.isdigit() and mark in (one / "environ").read_bytes().split(b"\0")
            line = (one / "cmdline").read_bytes().replace(b"\0", b" ").decode() if ours else ""
        except OSError:  # it ended, or it is not ours to look at
            continue
        if line:
            found[int(one.name)] = line
    return found


def nothing_is_left(home: Path, but: int = 0, seconds: float = 60) -> None:
    """Assert that every process with this HOME ends, *but* one."""
    assert soon(lambda: not running(home).keys() - {but}, seconds), running(home)


def soon(true: Callable[[], object], seconds: float = 60) -> bool:
    """Tell whether *true* becomes so within *seconds*."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.03)
    return True


def killed(process: subprocess.Popen[str]) -> None:
    """Kill a process as a crash does, it alone."""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)


def claim(summary: str) -> Answer:
    """Return the model's call that claims the task."""
    return call("mcp__orch__claim_done", {"summary": summary})


def finding(criterion: int, met: bool, confidence: float, reason: str) -> Answer:
    """Return the model's call that tells what a reviewer found."""
    told = {"criterion": criterion, "met": met, "confidence": confidence, "reason": reason}
    return call("mcp__orch__report_finding", told)


def reviews(request: Request) -> bool:
    """Tell whether the one who asks is a reviewer: it is offered other tools than a worker."""
    return "mcp__orch__report_finding" in request.tools


def by_role(worker: list[Answer], reviewer: list[Answer]) -> Callable[[Request], Answer]:
    """Return a script: the *worker* and the *reviewer* each get their own answers, in order."""
    ours: Iterator[Answer] = iter(worker)
    theirs: Iterator[Answer] = iter(reviewer)
    return lambda request: next(theirs if reviews(request) else ours)
