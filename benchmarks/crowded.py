"""What a crowded project costs beside a new one: ``python benchmarks/crowded.py [FOLDER]``.

The crowded one has 1,000 orchestrations of 10 sessions each; another has 10,000 sessions in one orchestration. Each is
compared with a project of one orchestration and one session, in turns, in one run; what has no such measure is told in
seconds of the processor, which other work on the machine changes little. The exit code is 1 when a figure is above its
limit.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

import pexpect  # type: ignore[import-untyped]  # noqa: E402

from benchmarks.startup import ENVIRONMENT, Figure, one_shot, table  # noqa: E402
from qwen_orch.model import event as e  # noqa: E402
from qwen_orch.model.ids import OrchestrationId, SessionId, task_id  # noqa: E402
from qwen_orch.model.plan import Orchestration, Plan  # noqa: E402
from qwen_orch.model.session import Note, Session, SessionKind, SessionState  # noqa: E402
from qwen_orch.model.task import Task  # noqa: E402
from qwen_orch.project.project import Project  # noqa: E402
from qwen_orch.store.files import Disk  # noqa: E402
from qwen_orch.store.syscalls import Syscalls  # noqa: E402

AT = "2024-05-06T08:00:00.000+00:00"
ROUNDS = 11


class Quick(Syscalls):
    """Calls that do not wait for the disk: what is made here need not outlast a power cut."""

    def fdatasync(self, fd: int) -> None:
        """Trust the kernel."""

    def fsync(self, fd: int) -> None:
        """Trust the kernel."""


def made(folder: Path, orchestrations: int, sessions: int) -> Path:
    """Make a project of so many orchestrations with so many sessions each; the last one is current."""
    folder.mkdir()
    project = Project.at(folder, Disk(Quick()))
    for number in range(orchestrations):
        own = OrchestrationId(f"orch-plan-{number:04d}")
        writer = project.new_writer(own)
        tasks = tuple(Task(task_id(n), f"Task number {n}", created=AT, updated=AT) for n in range(1, 21))
        start = [e.OrchestrationCreated(Orchestration(own, f"plan {number}", Plan("goal"), created=AT, updated=AT))]
        writer.commit("plan", lambda _, start=start, tasks=tasks: [*start, e.TasksAdded(tasks), e.PlanApproved()])
        for one in range(sessions):
            session = _session(own, number, one, ended=one < sessions - 1)
            writer.commit("new_task", lambda _, session=session: [e.SessionOpened(session)])
        writer.checkpoint(last=True)
        if number % 50 == 49:
            project = Project.at(folder, Disk(Quick()))
    project.make_current(own, session.id)
    return folder


def _session(own: OrchestrationId, orchestration: int, number: int, ended: bool) -> Session:
    name = SessionId(f"session-task-{number % 20}-{orchestration:04d}{number:05d}")
    state = SessionState.COMPLETED if ended else SessionState.ACTIVE
    notes = tuple(Note(f"note {n} of what was found on the way", AT) for n in range(3))
    task = task_id(number % 20 + 1)
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return Session(
        name, SessionKind.TASK, f"Task number {number}", own, state, task=task, notes=notes, created=at, updated=at
    )


def first_prompt(project: Path) -> float:
    """Seconds from the start of the shell, on a terminal, to its first prompt."""
    began = time.perf_counter()
    child = pexpect.spawn(
        sys.executable, ["-m", "qwen_orch"], cwd=str(project), env={**ENVIRONMENT, "TERM": "xterm"}, timeout=60
    )
    while child.expect([r"qwen-orch>", r"\x1b\[6n"]):
        child.send("\x1b[1;1R")  # what a terminal says when it is asked where the cursor is
    took = time.perf_counter() - began
    child.close(force=True)
    return took


def compared(what: str, act: Callable[[Path], float], crowded: Path, new: Path, limit: float) -> Figure:
    """Return how much longer *act* takes in the *crowded* project than in the *new* one."""
    pairs = [(act(crowded), act(new)) for _ in range(ROUNDS + 1)][1:]
    most, least = (statistics.median(side) for side in zip(*pairs, strict=True))
    told = f"{what}: {most * 1e3:.0f} ms, in a new project {least * 1e3:.0f} ms"
    return Figure(told, f"{most / least:.2f} x", f"{limit:.1f} x", most / least <= limit)


def within(what: str, project: Path, words: list[str], limit: float, rounds: int = 5) -> Figure:
    """Return how many seconds of the processor a command takes."""
    seconds = statistics.median(_spent(project, words) for _ in range(rounds))
    return Figure(what, f"{seconds:.2f} s", f"{limit:.1f} s", seconds <= limit)


def _spent(project: Path, words: list[str]) -> float:
    before = _of_children()
    one_shot(project, *words)
    return _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def figures(folder: Path) -> list[Figure]:
    """Make the projects and measure."""
    new, crowded, full = (
        made(folder / "new", 1, 1),
        made(folder / "crowded", 1_000, 10),
        made(folder / "full", 1, 10_000),
    )
    index = crowded / ".qwen/orchestration/index.json"
    found = [compared("/list_tasks, 1,000 x 10", lambda p: one_shot(p, "/list_tasks"), crowded, new, 1.2)]
    found.append(compared("first prompt, 1,000 x 10", first_prompt, crowded, new, 1.2))
    index.unlink(missing_ok=True)
    found.append(within("/sessions, no index yet", crowded, ["--json", "/sessions"], 1.0, rounds=1))
    found.append(within("/sessions", crowded, ["--json", "/sessions"], 0.5))
    found.append(within("/sessions, painted", crowded, ["/sessions"], 1.0))
    found.append(within("/resume of a prefix", crowded, ["/resume", "session-task-7-0400"], 0.5))
    found.append(within("/resume of a prefix, 1 x 10,000", full, ["/resume", "session-task-7-000000007"], 1.0))
    found.append(within("/context, 1 x 10,000", full, ["/context"], 0.6))
    found.append(compared("/note, 1 x 10,000", lambda p: one_shot(p, "/note", "x"), full, new, 1.5))
    found.append(compared("/list_tasks, 1 x 10,000", lambda p: one_shot(p, "/list_tasks"), full, new, 2.0))
    found.append(compared("/undo, 1 x 10,000", noted_and_not, full, new, 2.0))
    return found


def noted_and_not(project: Path) -> float:
    """Write a note, and return how many seconds it takes to take it back."""
    one_shot(project, "/note", "x")
    return one_shot(project, "/undo")


def main() -> int:
    """Print the table; return 1 when a limit is passed."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        return table(figures(Path(name)))


if __name__ == "__main__":
    raise SystemExit(main())
