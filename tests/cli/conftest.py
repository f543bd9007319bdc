"""A project in a temporary folder, and two ways to call the command line: in this process, or in one of its own."""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import qwen_orch
from qwen_orch.cli import main

REPOSITORY = Path(qwen_orch.__file__).parent.parent
PLAN = "# Shop\n- [ ] Catalogue (2h)\n- [ ] Cart (3h)\n- [ ] Checkout (1h)\n"


class Said(NamedTuple):
    """What a call said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, Any]]:
        """Every line of stdout, each of which must be JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the current one, and belongs to no git repository."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in ("NO_COLOR", "COLUMNS", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def call(
    project: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Said]]:
    """Call `main` in this process, with *stdin*; what it does to the process is put right afterwards."""
    before = gc.get_threshold()
    handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)

    def calling(*arguments: str, stdin: str | bytes = b"") -> Said:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = main(list(arguments))
        out, err = capfdbinary.readouterr()
        return Said(code, out.decode(), err.decode())

    yield calling
    gc.set_threshold(*before)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which the package is found, and nothing depends on whose machine this is."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "XDG_STATE_HOME", "TMPDIR", "LANG")}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "error", **more}


@pytest.fixture
def process(project: Path) -> Callable[..., Said]:
    """Run the command line as a process of its own."""

    def running(*arguments: str, stdin: str = "", **more: Any) -> Said:
        words = [sys.executable, "-m", "qwen_orch", *arguments]
        done = subprocess.run(
            words, input=stdin.encode(), capture_output=True, env=environment(**more), timeout=180, check=False
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    return running


@pytest.fixture
def planned(call: Callable[..., Said]) -> Callable[..., Said]:
    """As `call`, in a project that has an approved plan of three tasks."""
    assert call("plan", "-", stdin=PLAN).code == 0
    assert call("approve_plan").code == 0
    return call
