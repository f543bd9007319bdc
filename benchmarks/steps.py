"""What a step and a start cost, as ratios to what nobody can do without: ``python benchmarks/steps.py``.

A step against a bare append and fdatasync of the same bytes, in the same folder, at 10, 1,000 and 100,000 tasks; a
restore of 100,000 tasks against ``orjson.loads`` of the same bytes; a start and an undo after 20,000 steps against
after 1,000: what is older is sealed, and not read. Both sides are measured in turn, in one run, and
the median counts, so that the machine and its load matter little.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import orjson

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from qwen_orch.model import event as e  # noqa: E402
from qwen_orch.model.ids import OrchestrationId, SessionId, TaskId, task_id  # noqa: E402
from qwen_orch.model.plan import Orchestration, Plan  # noqa: E402
from qwen_orch.model.session import Session, SessionKind  # noqa: E402
from qwen_orch.model.task import Criterion, Dependency, Estimate, Task  # noqa: E402
from qwen_orch.project.project import Project  # noqa: E402
from qwen_orch.project.undo import undo  # noqa: E402
from qwen_orch.project.writer import Writer  # noqa: E402

AT = "2024-05-06T08:00:00.000+00:00"
SIZES = (10, 1_000, 100_000)
STEP_LIMIT, FLAT_LIMIT, RESTORE_LIMIT, LIFE_LIMIT, UNDO_LIMIT = 4.0, 1.2, 5.0, 1.5, 1.5
LIVES = (1_000, 20_000)
STEPS = 150
BATCH = 5_000
"""A plan is made in records of so many tasks."""
ORCH, SESSION = OrchestrationId("orch-bench-aaaa"), SessionId("session-bench-aaaa")


def one_task(number: int) -> Task:
    """A task as plans have them."""
    before = (Dependency(task_id(number - 1)),) if number % 10 > 1 else ()
    return Task(
        task_id(number),
        f"Task number {number}",
        "What is to be done, in a sentence or two.",
        depends_on=before,
        estimate=Estimate(1.0, 2.0, 4.0, 0.8),
        acceptance=(Criterion("it works", "true"),),
        created=AT,
        updated=AT,
    )


def made(root: Path, size: int) -> Project:
    """A project with a plan of *size* tasks, its snapshots current."""
    project = Project.at(root)
    writer = project.new_writer(ORCH)
    session = Session(SESSION, SessionKind.PLANNING, "plan", ORCH, created=AT, updated=AT)
    start = [e.OrchestrationCreated(Orchestration(ORCH, "bench", Plan("bench"))), e.SessionOpened(session)]
    writer.commit("plan", lambda _: [*start, e.PlanApproved()])
    for first in range(1, size + 1, BATCH):
        tasks = tuple(one_task(n) for n in range(first, min(first + BATCH, size + 1)))
        writer.commit("plan", lambda _, tasks=tasks: [e.TasksAdded(tasks)])
    project.checkpoint(last=True)
    return project


def timed(act: Callable[[], object]) -> float:
    """Seconds that *act* takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def step_of(writer: Writer) -> Callable[[], object]:
    """A step of the usual kind: an edit of one task."""
    names = [TaskId(i) for i in sorted(writer.graph.tasks)]
    count = iter(range(10**9))

    def step() -> object:
        name = names[next(count) % len(names)]
        return writer.commit("update_task", lambda graph: [e.TaskEdited(graph.task(name), ("title",))])

    return step


def bare_of(folder: Path, size: int) -> Callable[[], object]:
    """An append and fdatasync of *size* bytes."""
    fd = os.open(folder / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    line = b"x" * (size - 1) + b"\n"

    def bare() -> None:
        os.write(fd, line)
        os.fdatasync(fd)

    return bare


def measured(folder: Path) -> dict[int, tuple[float, float]]:
    """Seconds of a step, and of a bare append of its bytes, by number of tasks: all in turn, so that load is shared."""
    acts: dict[int, tuple[Callable[[], object], Callable[[], object]]] = {}
    for size in SIZES:
        root = folder / str(size)
        root.mkdir()
        writer = made(root, size).writer(ORCH)
        step, before = step_of(writer), writer.store.path.stat().st_size
        step()
        acts[size] = step, bare_of(root, writer.store.path.stat().st_size - before)
    gc.collect()
    times: dict[int, list[tuple[float, float]]] = {size: [] for size in SIZES}
    for _ in range(STEPS):
        for size, (step, bare) in acts.items():
            times[size].append((timed(step), timed(bare)))
    return {size: (median(s for s, _ in pairs), median(b for _, b in pairs)) for size, pairs in times.items()}


def restore_ratio(root: Path) -> float:
    """What a start costs against reading the same bytes as JSON."""
    home = root / ".qwen/orchestration"
    files = [home / "journal" / f"{ORCH}.jsonl", *home.glob("*/*.json")]
    raws = [line for p in files for line in ([p.read_bytes()] if p.suffix == ".json" else p.read_bytes().splitlines())]
    plain, restored = [], []
    for _ in range(3):
        gc.collect()
        plain.append(timed(lambda: [orjson.loads(raw) for raw in raws]))
        gc.collect()
        restored.append(timed(lambda: Project.at(root).writer(ORCH)))
    return min(restored) / min(plain)


def life_ratios(folder: Path) -> tuple[float, float]:
    """What a start, and an undo, cost after many steps against after few, in a project of 100 tasks."""
    best: list[tuple[float, float]] = []
    for life in LIVES:
        root = folder / f"life-{life}"
        root.mkdir()
        made(root, 100)
        project = Project.at(root)
        step = step_of(project.writer(ORCH))
        for number in range(life):
            step()
            if number % 50 == 0:
                project.checkpoint()
        project.checkpoint(last=True)
        start = min(timed(lambda root=root: Project.at(root).writer(ORCH)) for _ in range(9))
        best.append((start, min(timed(lambda root=root: taken_back(root)) for _ in range(9))))
    few, many = best
    return many[0] / few[0], many[1] / few[1]


def taken_back(root: Path) -> None:
    """Take back the newest step, in a process that has just started."""
    writer = Project.at(root).writer(ORCH)
    undo(writer, force=False)
    writer.checkpoint(last=True)


def main() -> int:
    """Measure, print the table, and return 1 when a limit is passed."""
    gc.set_threshold(200_000, 20, 20)  # as the command line does
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        found = measured(Path(name))
        largest = Path(name) / str(SIZES[-1])
        project = Project.at(largest)
        project.writer(ORCH)
        project.checkpoint(last=True)
        restored = restore_ratio(largest)
        lived, undone = life_ratios(Path(name))
    rows = [(f"step at {n:,} tasks / bare append+fdatasync", s / b, STEP_LIMIT) for n, (s, b) in found.items()]
    steps = [step for step, _ in found.values()]
    rows.append(("step at the dearest size / at the cheapest", max(steps) / min(steps), FLAT_LIMIT))
    rows.append((f"restore of {SIZES[-1]:,} tasks / orjson.loads", restored, RESTORE_LIMIT))
    rows.append((f"start after {LIVES[1]:,} steps / after {LIVES[0]:,}", lived, LIFE_LIMIT))
    rows.append((f"undo after {LIVES[1]:,} steps / after {LIVES[0]:,}", undone, UNDO_LIMIT))
    print(f"{'what':50} | {'measured':>8} | {'limit':>5} | ok")
    for what, ratio, limit in rows:
        print(f"{what:50} | {ratio:7.2f}x | {limit:4.1f}x | {'yes' if ratio <= limit else 'NO'}")
    print("a step takes " + ", ".join(f"{1000 * s:.2f} ms at {n:,}" for n, (s, _) in found.items()))
    return 0 if all(ratio <= limit for _, ratio, limit in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
