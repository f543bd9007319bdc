"""A scripted model, and the real Qwen Code CLI that asks it: what a test that drives an agent starts from.

    def test_it_writes(model, qwen_env, folder):
        model.play([call("write_file", {...}), text("Done.")])
        subprocess.run(["qwen", ...], env=qwen_env, cwd=folder)         # a process of its own
        assert model.wait_for(2)[1].results == [...]

    def test_in_this_process(model, qwen_here): ...                     # os.environ is that environment

`model` fails the test in the end when it was asked for what no script foresaw. For a second endpoint, or one that goes
down and comes up, use `Model` itself. `tests.agents.raw_client` speaks ACP to a bare qwen, without the product.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.agents import opencode_cli, qwen_cli
from tests.agents.openai_model import Model
from tests.agents.product import Bench, Product, nothing_is_left
from tests.commands.conftest import desk

__all__ = ["desk"]


@pytest.fixture
def model() -> Iterator[Model]:
    """A model that has no script yet: `play` one."""
    with Model() as served:
        yield served
    assert not served.surprises


@pytest.fixture(scope="session")
def qwen() -> Path:
    """The executable of Qwen Code. Without one the test is skipped; with CI=true it fails."""
    try:
        return qwen_cli.find()
    except qwen_cli.QwenMissingError as error:
        _miss(error)


@pytest.fixture(scope="session")
def opencode() -> Path:
    """The executable of opencode, as `qwen` for Qwen Code."""
    try:
        return opencode_cli.find()
    except opencode_cli.OpencodeMissingError as error:
        _miss(error)


def _miss(error: Exception) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(str(error))
    pytest.skip(str(error))


@pytest.fixture
def qwen_home(tmp_path: Path) -> Path:
    """A fresh HOME in which qwen speaks to the model alone."""
    return qwen_cli.make_home(tmp_path / "home")


@pytest.fixture
def qwen_env(qwen: Path, qwen_home: Path, model: Model) -> dict[str, str]:
    """The environment of a process that starts qwen, with `model` behind it."""
    return qwen_cli.environment(qwen, qwen_home, model.url)


@pytest.fixture
def qwen_here(qwen_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """As `qwen_env`, and this process has it too: other names for model and key are gone from it."""
    for name in [n for n in os.environ if n.startswith(("OPENAI_", "QWEN_", "DASHSCOPE_", "GEMINI_"))]:
        monkeypatch.delenv(name)
    for name, value in qwen_env.items():
        monkeypatch.setenv(name, value)
    return qwen_env


@pytest.fixture
def project(tmp_path: Path, qwen_env: dict[str, str], model: Model) -> Iterator[Product]:
    """A project in which the real Qwen Code works; in the end no process may be left."""
    made = Product.made(tmp_path, qwen_env, model)
    yield made
    made.nothing_is_left()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A desk at which the simulator works: fast, for all that is no matter of Qwen Code's. No process may be left."""
    for name, value in {"HOME": qwen_cli.make_home(tmp_path / "home"), "QWEN_ORCH_SIM_HOME": tmp_path / "sim"}.items():
        monkeypatch.setenv(name, os.fspath(value))
    made = Bench.in_git(tmp_path)
    monkeypatch.chdir(made.root)
    yield made
    nothing_is_left(tmp_path / "home", but=os.getpid())


@pytest.fixture
def simulated(tmp_path: Path, model: Model) -> Iterator[Product]:
    """As `project`, with the simulator in the place of Qwen Code."""
    home = qwen_cli.make_home(tmp_path / "home")
    env = {"PATH": os.environ["PATH"], "HOME": os.fspath(home), "LANG": "C.UTF-8"}
    made = Product.made(tmp_path, env, model, agent__name="sim", agent__mode="yolo")
    yield made
    made.nothing_is_left()
