"""Runs the examples as a person would, each in a copy of its own, with this very tree as ``qwen-orch``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300


@frozen
class Ran:
    """An example that was run: its *folder*, what it *printed* on both streams, and its exit *code*."""

    folder: Path
    printed: str
    code: int
    environment: dict[str, str]

    def orch(self, *words: str) -> dict[str, Any]:
        """Return the JSON that one more command answers there."""
        done = subprocess.run(
            ["qwen-orch", "--json", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def text(self, name: str) -> str:
        """Return what is in a file of the example."""
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a home of its own, in which ``qwen-orch`` is this tree."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, call in (("qwen-orch", f"{sys.executable} -m qwen_orch"), ("python3", sys.executable)):
        (programs / name).write_text(f'#!/bin/sh\nexec {call} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    found = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    return {**os.environ, **found, "LANG": "C.UTF-8", "COLUMNS": "80"}


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Callable[[str], Ran]:
    """Return what runs the example of a name and returns how that went."""

    def run(name: str) -> Ran:
        folder = tmp_path / name
        done = subprocess.run(
            ["sh", str(ROOT / "examples" / "run.sh"), name, str(folder)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        return Ran(folder, done.stdout.decode(), done.returncode, environment)

    return run
