"""Which qwen the tests take, and what they say when there is none that they can."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents import qwen_cli


def program(place: Path, name: str, says: str) -> Path:
    """Make a program that prints *says*."""
    place.mkdir(exist_ok=True)
    made = place / name
    made.write_text(f"#!/bin/sh\necho {says}\n")
    made.chmod(0o755)
    return made


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of one folder, with a node that is new enough and nothing else; nothing is installed, nothing named."""
    place = tmp_path / "bin"
    program(place, "node", "v22.1.0")
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.setattr(qwen_cli, "INSTALLED", tmp_path / "nothing")
    monkeypatch.delenv(qwen_cli.HERE, raising=False)
    return place


def test_there_is_none(bare_path: Path) -> None:
    with pytest.raises(qwen_cli.QwenMissingError, match=r"no qwen .*sh tests/node/install\.sh"):
        qwen_cli.find()


def test_the_named_one_then_the_installed_then_that_on_the_path(
    bare_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = program(bare_path, "qwen", qwen_cli.VERSION)
    assert qwen_cli.find() == on_path
    installed = program(tmp_path / "nothing", "qwen", qwen_cli.VERSION)
    assert qwen_cli.find() == installed
    named = program(tmp_path / "named", "qwen", qwen_cli.VERSION)
    monkeypatch.setenv(qwen_cli.HERE, str(named))
    assert qwen_cli.find() == named


def test_another_version_is_none(bare_path: Path) -> None:
    program(bare_path, "qwen", "0.24.4")
    with pytest.raises(qwen_cli.QwenMissingError, match=r"qwen is 0\.24\.4.* must be 0\.15\.10"):
        qwen_cli.find()


@pytest.mark.parametrize(("says", "told"), [("v18.20.4", "node v18.20.4:"), ("; exit 1", "node is missing:")])
def test_a_node_that_cannot_run_it(bare_path: Path, says: str, told: str) -> None:
    program(bare_path, "qwen", qwen_cli.VERSION)
    program(bare_path, "node", says)
    with pytest.raises(qwen_cli.QwenMissingError, match=told):
        qwen_cli.find()


def test_a_node_beside_it_comes_first(bare_path: Path, tmp_path: Path) -> None:
    program(bare_path, "node", "v18.0.0")
    program(tmp_path / "nothing", "node", "v20.1.0")
    beside = program(tmp_path / "nothing", "qwen", qwen_cli.VERSION)
    assert qwen_cli.find() == beside
