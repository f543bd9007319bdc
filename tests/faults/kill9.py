"""Kill writers at random: ``python tests/faults/kill9.py --kills 1000 --seed 7``.

Two processes work on one project. One after the other is killed (SIGKILL) at a random moment and replaced. After every
kill a fresh process loads the project: it must be loadable at once, hold every acknowledged note once, and need no lock
to be waited for. Exit code 1 when anything was lost.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY)]

from attrs import define, field  # noqa: E402

from qwen_orch.project.project import HOME, Project  # noqa: E402
from tests.faults.work import A, B, create, planning  # noqa: E402


@define
class Tally:
    """What was found."""

    kills: int = 0
    acknowledged: set[str] = field(factory=set)
    wrong: list[str] = field(factory=list)
    repairs: int = 0
    slowest: float = 0.0


def start(root: Path, name: str, count: int = 0) -> subprocess.Popen[str]:
    """Start a worker."""
    words = [sys.executable, "-m", "tests.faults.worker", str(root), name, str(count)]
    return subprocess.Popen(words, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, env={**os.environ})


def reap(worker: subprocess.Popen[str], tally: Tally) -> None:
    """Kill a worker and take down what it had acknowledged."""
    worker.kill()
    said, _ = worker.communicate()
    for line in said.splitlines(keepends=True):
        if line.startswith("ok ") and line.endswith("\n"):
            tally.acknowledged.add(line.split()[1])
    if worker.returncode != -9:
        tally.wrong.append(f"a worker ended by itself: {worker.returncode}")


def look(root: Path, tally: Tally) -> None:
    """Load the project as a fresh process does, and hold it against what was acknowledged."""
    began = time.monotonic()
    try:
        project = Project.at(root)
        writer = project.writer(A)
        graph, history = writer.graph, writer.history()
        if [record.seq for record in history] != list(range(1, writer.seq + 1)):
            tally.wrong.append(f"after kill {tally.kills}: the history has gaps")
        project.writer(B)
        project.checkpoint(last=True)
    except Exception as error:
        tally.wrong.append(f"after kill {tally.kills}: not loadable: {error!r}")
        return
    tally.slowest = max(tally.slowest, time.monotonic() - began)
    notes = [note.text for note in graph.sessions[planning(A).id].notes]
    lost = tally.acknowledged - set(notes)
    if lost:
        tally.wrong.append(f"after kill {tally.kills}: lost {sorted(lost)[:5]}")
    if len(notes) != len(set(notes)):
        tally.wrong.append(f"after kill {tally.kills}: done twice")
    tally.repairs += len(project.take_reports())


def kill(root: Path, kills: int, seed: int) -> Tally:
    """Kill *kills* times."""
    rng, tally = random.Random(seed), Tally()
    for name in (A, B):
        create(name)(Project.at(root))
    workers = [start(root, f"w{i}") for i in range(2)]
    try:
        for number in range(kills):
            victim = workers.pop(0)
            if rng.random() < 0.8:  # the others die while they start
                first = victim.stdout.readline() if victim.stdout else ""
                tally.acknowledged.update(first.split()[1:2])
            time.sleep(rng.uniform(0.0, 0.4))
            reap(victim, tally)
            tally.kills += 1
            look(root, tally)
            workers.append(start(root, f"k{number}"))
            if tally.wrong:
                break
    finally:
        for worker in workers:
            reap(worker, tally)
    look(root, tally)
    left = list((root / HOME).rglob("*.tmp"))
    if left:
        tally.wrong.append(f"left behind: {left}")
    return tally


def main() -> int:
    """Kill as often as asked, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill9-") as folder:
        tally = kill(Path(folder), asked.kills, asked.seed)
    print(f"kills {tally.kills}, acknowledged {len(tally.acknowledged)}, repairs reported {tally.repairs}")
    print(f"slowest start after a kill {tally.slowest:.3f} s")
    print("\n".join(tally.wrong) or "nothing lost, nothing twice, always loadable")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
