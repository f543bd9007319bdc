"""What becomes of a process that lives for a million steps: ``python benchmarks/long_life.py [STEPS]``.

It works as a shell does that is never closed: plan after plan, each of 20 tasks that are started in sessions of their
own, report progress, are noted upon, claimed, judged in a verification session, completed and reopened. After each plan
memory (resident), open files and the processor time of a step are looked at. The exit code is 1 when one of them grows.

``--plan-steps`` is how many steps a plan takes, 10,000 unless said. What grows by design is the number of sessions of
one plan, of which a process keeps the names: give it as many as STEPS to see that.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from benchmarks.crowded import Quick  # noqa: E402
from benchmarks.startup import Figure, table  # noqa: E402
from qwen_orch.model import event as e  # noqa: E402
from qwen_orch.model.ids import SessionId, TaskId, orchestration_id, task_id  # noqa: E402
from qwen_orch.model.plan import Orchestration, Plan  # noqa: E402
from qwen_orch.model.session import Note, Session, SessionKind, SessionState, Thought  # noqa: E402
from qwen_orch.model.task import Attempt, Evidence, Executor, Task, TaskStatus  # noqa: E402
from qwen_orch.project.draw import suffix  # noqa: E402
from qwen_orch.project.opening import finished, new_session, opened  # noqa: E402
from qwen_orch.project.project import KEPT_OPEN, Project  # noqa: E402
from qwen_orch.project.writer import Writer, timestamp  # noqa: E402
from qwen_orch.store.files import Disk  # noqa: E402

TASKS, REPORTS = 20, 12
GROWTH = 1.05
"""What memory may be after all, beside what it was after the warm-up; a step may cost a quarter more."""


class Look(NamedTuple):
    """The process after a plan: resident bytes, open files, and the processor's seconds that a step of it took."""

    steps: int
    memory: int
    files: int
    step: float


def planned(project: Project) -> Writer:
    """Take up a goal, with its tasks, and make it current."""
    at, own = timestamp(), orchestration_id("long life", suffix())
    root = Orchestration(own, "long life", Plan("live long"), created=at, updated=at)
    tasks = tuple(Task(task_id(n), f"Task number {n}", created=at, updated=at) for n in range(1, TASKS + 1))
    writer = project.new_writer(own)
    session = new_session_of(root)
    events = [e.OrchestrationCreated(root), e.SessionOpened(session), e.TasksAdded(tasks), e.PlanApproved()]
    writer.commit("plan", lambda _: events)
    project.make_current(own, session.id)
    return writer


def new_session_of(root: Orchestration) -> Session:
    """The session in which a plan is made."""
    name = SessionId(f"session-planning-{root.id[-4:]}")
    return Session(name, SessionKind.PLANNING, "plan", root.id, created=root.created, updated=root.created)


def work(project: Project, writer: Writer) -> Iterator[None]:
    """Do the tasks over and over, a step at a time, the snapshots brought up to date as commands do it."""
    for task in cycle(task_id(n) for n in range(1, TASKS + 1)):
        if writer.graph.task(task).status is TaskStatus.COMPLETED:
            writer.commit("update_task", lambda _, task=task: [e.TaskReopened(task)])
            yield
        yield from _attempt(project, writer, task)
        yield from _verification(project, writer, task)
        project.checkpoint()


def _attempt(project: Project, writer: Writer, task: TaskId) -> Iterator[None]:
    record = writer.graph.task(task)
    own = new_session(writer.graph, SessionKind.TASK, record.title, None, record, project.layout.has_session)
    started = Attempt(record.tried + 1, Executor.SHELL, own.id, timestamp())
    writer.commit("new_task", lambda g: [*opened(g, project.config, own), e.AttemptStarted(task, started)])
    yield
    for n in range(REPORTS):
        writer.commit("new_task", lambda _, n=n: [e.ProgressReported(task, n / REPORTS)])
        yield
    writer.commit("note", lambda _: [e.NoteAdded(own.id, Note("what was found on the way", timestamp()))])
    yield
    writer.commit("think", lambda _: [e.ThoughtRecorded(own.id, Thought(1, "what to do next", at=timestamp()))])
    yield
    seen = Evidence("run", timestamp(), True, command="make", exit_code=0, seconds=1.0, output="built\n" * 50)
    claim = e.TaskClaimed(task, "shell", "1 of 1 commands succeeded", "built\n" * 50, (seen,))
    writer.commit("new_task", lambda g: [claim, *finished(g, own.id, SessionState.COMPLETED)])
    yield


def _verification(project: Project, writer: Writer, task: TaskId) -> Iterator[None]:
    record = writer.graph.task(task)
    title, taken = f"verify {record.title}", project.layout.has_session
    own = new_session(writer.graph, SessionKind.VERIFICATION, title, record.session, record, taken)
    writer.commit("new_task", lambda g: opened(g, project.config, own))
    yield
    verdict = e.VerdictGiven(task, True, (), record.evidence)
    writer.commit("new_task", lambda _: [verdict, e.SessionMoved(own.id, SessionState.COMPLETED)])
    yield


def live(folder: Path, steps: int, plan_steps: int) -> Iterator[Look]:
    """Do so many *steps*, and look at the process after every *plan_steps*, when the next plan begins."""
    project = Project.at(folder, Disk(Quick()))
    for done in range(plan_steps, steps + 1, plan_steps):
        writer, began = planned(project), time.process_time()
        for _ in islice(work(project, writer), plan_steps):
            pass
        project.checkpoint(last=True)
        del writer
        yield look(done, (time.process_time() - began) / plan_steps)


def look(steps: int, step: float) -> Look:
    """Look at this process."""
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return Look(steps, resident, len(list(Path("/proc/self/fd").iterdir())), step)


def figures(looks: list[Look]) -> list[Figure]:
    """Compare the last tenth with the first after the warm-up.

    That is the first fifth, and until a process holds as many plans as it ever will.
    """
    held, tenth = min(KEPT_OPEN + 1, len(looks) // 2), max(1, len(looks) // 10)
    warm = looks[max(held, len(looks) // 5) :]
    first, last = warm[0], looks[-1]
    early, late = median(x.step for x in warm[:tenth]), median(x.step for x in warm[-tenth:])
    memory, step = last.memory / first.memory, late / early
    what = f"MB after {last.steps:,} steps: {last.memory / 1e6:.1f}, after {first.steps:,}: {first.memory / 1e6:.1f}"
    return [
        Figure(what, f"{memory:.3f} x", f"{GROWTH:.2f} x", memory <= GROWTH),
        Figure("open files more than after the warm-up", str(last.files - first.files), "0", last.files <= first.files),
        Figure(
            f"a step: {late * 1e6:.0f} µs of the processor, at first {early * 1e6:.0f}",
            f"{step:.2f} x",
            "1.25 x",
            step <= 1.25,
        ),
    ]


def main() -> int:
    """Print the table; return 1 when a limit is passed."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    asked.add_argument("steps", nargs="?", type=int, default=1_000_000)
    asked.add_argument("--plan-steps", type=int, default=10_000)
    asked.add_argument("--folder", help="where to make the project; a temporary folder unless said")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        looks = []
        for one in live(Path(name), given.steps, given.plan_steps):
            looks.append(one)
            print(
                f"{one.steps:>9,} steps  {one.memory / 1e6:6.1f} MB  {one.files} files  {one.step * 1e6:.0f} µs",
                flush=True,
            )
    return table(figures(looks))


if __name__ == "__main__":
    raise SystemExit(main())
