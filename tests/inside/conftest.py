"""A project whose commands are brought into Qwen Code, and the real CLI with a model that repeats its prompt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agents.answers import text
from tests.agents.conftest import model, qwen, qwen_env, qwen_home
from tests.agents.openai_model import Model
from tests.cli.conftest import REPOSITORY

__all__ = ["model", "qwen", "qwen_env", "qwen_home"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder that belongs to no git repository."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.fixture
def echo(model: Model) -> Model:
    """A model that says what it was told last."""
    model.play(lambda request: text(request.user[-1]))
    return model


@pytest.fixture
def surroundings(qwen_env: dict[str, str]) -> dict[str, str]:
    """The environment of qwen, in which hooks of ours find the package."""
    return {**qwen_env, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "error"}


@pytest.fixture
def ours(project: Path, surroundings: dict[str, str]) -> Callable[..., str]:
    """Run qwen-orch in the project; it must succeed. Returns what it printed."""

    def running(*words: str) -> str:
        command = [sys.executable, "-m", "qwen_orch", *words]
        done = subprocess.run(
            command, cwd=project, env=surroundings, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return running


@pytest.fixture
def headless(
    qwen: Path, project: Path, surroundings: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the real CLI headless in the project."""

    def running(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [qwen, "--auth-type", "openai", *words],
            cwd=project,
            env=surroundings,
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return running
