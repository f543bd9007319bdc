"""An agent waits for the server when it starts: what that costs beside a bare interpreter, and what is not imported."""

from __future__ import annotations

import compileall
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.mcp_server.conftest import REPOSITORY, surroundings

HELLO = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}\n'
LIST = b'{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n'
MOST_TO_HELLO, MOST_TO_LIST = 8.0, 25.0
"""Times as long as a bare interpreter takes. Measured: 3 and 9; an answer through the official SDK is at 40."""
ROUNDS = 7


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the package is as an installer leaves it: with its bytecode."""
    place = tmp_path_factory.mktemp("installed")
    shutil.copytree(REPOSITORY / "qwen_orch", place / "qwen_orch", ignore=shutil.ignore_patterns("__pycache__"))
    assert compileall.compile_dir(place, quiet=1)
    return {**surroundings(), "PYTHONPATH": str(place)}


def bare(env: dict[str, str]) -> float:
    """Return how many seconds an interpreter takes that does nothing."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], env=env, check=True)
    return time.perf_counter() - began


def started(env: dict[str, str], folder: Path) -> tuple[float, float]:
    """Return after how many seconds the server has answered ``initialize``, and then listed its tools."""
    began = time.perf_counter()
    words = [sys.executable, "-m", "qwen_orch", "mcp"]
    with subprocess.Popen(words, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        times = []
        for line in (HELLO, LIST):
            server.stdin.write(line)
            server.stdin.flush()
            assert b'"result"' in server.stdout.readline()
            times.append(time.perf_counter() - began)
        server.stdin.close()
    return times[0], times[1]


def test_it_answers_at_once(installed: dict[str, str], tmp_path: Path) -> None:
    """In a small multiple of a bare interpreter, each measured in turns with it: the rounds that nothing disturbed."""
    rounds = [(bare(installed), *started(installed, tmp_path)) for _ in range(ROUNDS)]
    nothing, hello, listed = map(min, zip(*rounds, strict=True))
    assert hello / nothing <= MOST_TO_HELLO
    assert listed / nothing <= MOST_TO_LIST


IMPORTED = "import qwen_orch.cli, qwen_orch.mcp_server.server"
LISTED = f"""\
import io
from qwen_orch.mcp_server.server import Server, serve
serve(Server(None, None), io.BytesIO({HELLO + LIST!r}), io.BytesIO())"""


@pytest.mark.parametrize(
    ("act", "without"),
    [
        (IMPORTED, ("attr", "qwen_orch.project", "qwen_orch.commands")),
        (
            LISTED,
            ("qwen_orch.planning", "qwen_orch.execution", "qwen_orch.verification", "qwen_orch.processes"),
        ),
    ],
)
def test_what_is_not_needed_yet_is_not_imported(tmp_path: Path, act: str, without: tuple[str, ...]) -> None:
    """Before the first answer hardly anything; for the list of tools what reads a project, and nothing that acts."""
    code = f"import sys, json\n{act}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=surroundings(), capture_output=True, check=True
    )
    known = json.loads(done.stdout)
    never = ("asyncio", "mcp", "acp", "pydantic", "rich", "prompt_toolkit", "markdown_it")
    assert not {name for name in known for heavy in (*never, *without) if f"{name}.".startswith(f"{heavy}.")}


def test_little_memory(installed: dict[str, str], tmp_path: Path) -> None:
    """One server a running agent: it stays small."""
    words = [sys.executable, "-m", "qwen_orch", "mcp"]
    with subprocess.Popen(words, cwd=tmp_path, env=installed, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(HELLO + LIST)
        server.stdin.flush()
        server.stdout.readline()
        server.stdout.readline()
        status = Path(f"/proc/{server.pid}/status")
        if not status.exists():
            pytest.skip("there is no /proc here")
        resident = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        server.stdin.close()
    assert resident <= 45_000, "kilobytes"
