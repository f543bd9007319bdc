"""What driving an agent costs on our side: the time until it asks its model, and the memory of each that runs.

``python benchmarks/agents.py``, with the Qwen Code of the tests. The time from ``/new_task`` to the first request is
compared with a bare client that starts the same agent, shakes hands, opens a session with a small report server and
prompts; both are programs of their own, measured in turns in this run. The exit code is 1 when a figure is above its
limit.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from benchmarks.startup import ROOT, Figure, in_turns, table  # noqa: E402
from tests.agents import mini_mcp, qwen_cli  # noqa: E402
from tests.agents.answers import forever, hang  # noqa: E402
from tests.agents.openai_model import Model  # noqa: E402
from tests.agents.product import COMMAND, Product, soon  # noqa: E402

ROUNDS = 5
MOST_AGENTS = 4
LINES = 5000
BARE = f"""
import asyncio, os, sys
from pathlib import Path
from uuid import uuid4
from acp import schema
from tests.agents.raw_client import running

async def main():
    words = ["-S", "-E", {mini_mcp.__file__!r}, os.path.join(os.environ["HOME"], "log")]
    server = schema.McpServerStdio(name="orch", command=sys.executable, args=words, env=[])
    flags = "--exclude-tools", "tool_search", "--allowed-tools", "mcp__orch__*"
    async with running(os.environ, Path.cwd(), *flags) as bare:
        await bare.open(session := str(uuid4()), server)
        await bare.say(session, "Do something")

asyncio.run(main())
"""


def started(command: list[str], product: Product) -> subprocess.Popen[bytes]:
    """Start *command* in the project; what it prints is of no interest."""
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=product.root, env=product.env, stdout=nowhere, stderr=nowhere)


def until_asked(command: list[str], product: Product) -> float:
    """Return the seconds from the start of *command* to the first request; end what it started."""
    before, began = len(product.model.requests), time.monotonic()
    with started(command, product) as process:
        asked = product.model.wait_for(before + 1)[before].arrived
        process.kill()
    product.nothing_is_left()
    return asked - began


def starting(folder: Path) -> Figure:
    """Compare ``/new_task`` with the bare client."""
    with Model([forever(hang())]) as model:
        env = qwen_cli.environment(qwen_cli.find(), qwen_cli.make_home(folder / "home"), model.url)
        product = Product.made(folder, env, model)
        product.plan("\n".join(f"- [ ] Task number {n}" for n in range(1, ROUNDS + 3)))
        bare = [sys.executable, "-c", BARE]
        ours, theirs = in_turns(
            ROUNDS, lambda: until_asked([*COMMAND, "new_task", "--yes"], product), lambda: until_asked(bare, product)
        )
    ratio = ours / theirs
    what = f"/new_task to the first request: {ours:.2f} s, a bare client: {theirs:.2f} s"
    return Figure(what, f"{ratio:.2f} x", "1.3 x", ratio <= 1.3)


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def said(product: Product) -> int:
    """Return how many agents have said all their lines."""
    logs = (product.kept / "logs").glob("*.log")
    return sum(log.read_text().count("\n") >= LINES for log in logs)


def with_agents(folder: Path, count: int) -> int:
    """Return the bytes of our process while so many simulated agents work, each having said its lines."""
    folder.mkdir()
    home = qwen_cli.make_home(folder / "home")
    with Model() as model:
        env = {"PATH": os.environ["PATH"], "HOME": os.fspath(home), "LANG": "C.UTF-8"}
        product = Product.made(folder, env, model, agent__name="sim", agent__mode="yolo", agent__idleTimeout="5m")
        product.plan("\n".join(f"- [ ] Talk {n}\n\n  sim: chatter {LINES}\n  sim: hang\n" for n in range(count)))
        with started([*COMMAND, "new_task", "--all", "--jobs", str(count), "--yes"], product) as work:
            assert soon(lambda: said(product) >= count, 120)
            found = resident(work.pid)
            work.kill()
        product.nothing_is_left()
    return found


def memory(folder: Path) -> Figure:
    """Compare our process with one agent and with four."""
    one, most = with_agents(folder / "one", 1), with_agents(folder / "most", MOST_AGENTS)
    each = (most - one) / (MOST_AGENTS - 1) / 1e6
    what = f"memory of ours: {one / 1e6:.0f} MB with 1 agent, {most / 1e6:.0f} MB with {MOST_AGENTS}"
    return Figure(what, f"{each:.1f} MB each", "5 MB each", each < 5)


def main() -> int:
    """Print the table; return 1 when a limit is passed."""
    compileall.compile_dir(ROOT / "qwen_orch", quiet=1)
    with tempfile.TemporaryDirectory() as name:
        return table([starting(Path(name)), memory(Path(name))])


if __name__ == "__main__":
    raise SystemExit(main())
