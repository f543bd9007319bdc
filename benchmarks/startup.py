"""What a one-shot command costs beside a bare interpreter, and what ``/plan`` costs as a document grows.

``python benchmarks/startup.py``. Each figure is a ratio of two measurements made in turns in this run, so a machine
that is slow or busy slows both; the exit code is 1 when one is above its limit.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
ROUNDS = 15
TASKS = 100
FORBIDDEN = ("prompt_toolkit", "asyncio", "markdown_it", "rich", "acp", "mcp")
"""What the path of ``/list_tasks`` into a pipe has no use for."""


class Figure(NamedTuple):
    """One line of the table; *limit* is what *measured* may be at most."""

    what: str
    measured: str
    limit: str
    ok: bool


def one_shot(project: Path, *words: str, given: bytes | None = None) -> float:
    """Run one command in *project* and return the seconds it took."""
    return timed([sys.executable, "-m", "qwen_orch", *words], project, given)


def timed(command: list[str], cwd: Path, given: bytes | None = None) -> float:
    """Run *command* and return the seconds it took."""
    began = time.perf_counter()
    subprocess.run(command, cwd=cwd, env=ENVIRONMENT, input=given or b"", stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def in_turns(rounds: int, first: Callable[[], float], second: Callable[[], float]) -> tuple[float, float]:
    """Return the median of each, measured in turns after a round that does not count."""
    pairs = [(first(), second()) for _ in range(rounds + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def new_project(folder: Path, name: str) -> Path:
    """Return an empty project."""
    project = folder / name
    (project / ".qwen" / "orchestration").mkdir(mode=0o700, parents=True)
    return project


def document(lines: int) -> bytes:
    """Return a plan of so many lines: phases of tasks with dependencies, criteria and prose, as people write them."""
    text = ["# A long plan", "", "> Everything at once.", ""]
    number = 0
    while len(text) < lines:
        if number % 40 == 0:
            text += ["", f"## Phase {number // 40 + 1}: part {number // 40 + 1}", ""]
        number += 1
        after = f", depends on T{number - 1}" if number % 40 > 1 else ""
        text += [
            f"- [ ] T{number} Do the thing number {number}{after} (2h) #part{number % 7}",
            f"  Some words about why thing {number} is wanted.",
            f"  - check: `test -e thing-{number}` — thing {number} is there",
        ]
    return "\n".join(text[:lines]).encode() + b"\n"


def startup(folder: Path) -> Figure:
    """Compare ``/list_tasks`` of a plan of 100 tasks with an interpreter that does nothing."""
    project = new_project(folder, "startup")
    plan = "\n".join(["# Plan", *(f"- [ ] T{n} Task number {n}" for n in range(1, TASKS + 1))])
    one_shot(project, "/plan", "-", given=plan.encode())
    bare = [sys.executable, "-c", "pass"]
    ours, theirs = in_turns(ROUNDS, lambda: one_shot(project, "/list_tasks"), lambda: timed(bare, project))
    ratio = ours / theirs
    what = f"/list_tasks, {TASKS} tasks: {ours * 1e3:.0f} ms, python -c pass: {theirs * 1e3:.0f} ms"
    return Figure(what, f"{ratio:.1f} x", "9 x", ratio <= 9)


def imports(folder: Path) -> Figure:
    """Look at what ``/list_tasks`` imports."""
    code = (
        "import sys; from qwen_orch.cli import main; main(['/list_tasks']);"
        f"print(*sorted({{m.partition('.')[0] for m in sys.modules}} & set({FORBIDDEN!r})), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=folder / "startup", env=ENVIRONMENT, capture_output=True, check=True
    )
    found = ran.stderr.decode().split()
    return Figure("modules on that path it has no use for", ", ".join(found) or "none", "none", not found)


def planning(folder: Path) -> Figure:
    """Compare the planning of 20,000 lines with that of 10,000."""
    documents = {lines: document(lines) for lines in (20_000, 10_000)}

    def plan(lines: int) -> Callable[[], float]:
        def once() -> float:
            with tempfile.TemporaryDirectory(dir=folder) as fresh:
                return one_shot(new_project(Path(fresh), "plan"), "/plan", "-", given=documents[lines])

        return once

    long, short = in_turns(3, plan(20_000), plan(10_000))
    ratio = long / short
    return Figure(f"/plan, 20,000 lines: {long:.1f} s, 10,000: {short:.1f} s", f"{ratio:.2f} x", "2.3 x", ratio < 2.3)


def main() -> int:
    """Print the table; return 1 when a limit is passed."""
    compileall.compile_dir(ROOT / "qwen_orch", quiet=1)  # as an installer does; some environments forbid it at run time
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return table([startup(folder), imports(folder), planning(folder)])


def table(figures: list[Figure]) -> int:
    """Print *figures*; return 1 when one is not ok."""
    rows = [Figure("what", "measured", "limit", ok=True), *figures]
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        verdict = "ok" if row is rows[0] else "yes" if row.ok else "NO"
        print(f"{row.what:<{wide[0]}}  {row.measured:>{wide[1]}}  {row.limit:>{wide[2]}}  {verdict}")
    return int(not all(f.ok for f in figures))


if __name__ == "__main__":
    raise SystemExit(main())
