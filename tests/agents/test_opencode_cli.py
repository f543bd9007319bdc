"""Which opencode the tests take, and what they say when there is none that they can."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents import opencode_cli
from tests.agents.test_qwen_cli import program


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which none is installed yet; none is named, nor on the PATH."""
    monkeypatch.setattr(opencode_cli, "INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv(opencode_cli.HERE, raising=False)
    return tmp_path


def test_there_is_none(nothing: Path) -> None:
    with pytest.raises(opencode_cli.OpencodeMissingError, match=r"no opencode .*sh tests/node/install\.sh"):
        opencode_cli.find()


def test_the_named_one_then_the_installed_then_that_on_the_path(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = program(nothing / "bin", "opencode", opencode_cli.VERSION)
    assert opencode_cli.find() == on_path
    (nothing / "opencode-linux-x64").mkdir()
    installed = program(nothing / "opencode-linux-x64" / "bin", "opencode", opencode_cli.VERSION)
    assert opencode_cli.find() == installed
    named = program(nothing / "named", "opencode", opencode_cli.VERSION)
    monkeypatch.setenv(opencode_cli.HERE, str(named))
    assert opencode_cli.find() == named


@pytest.mark.parametrize(("says", "told"), [("1.17.0", "is 1.17.0:"), ("; exit 1", "is not to be started:")])
def test_another_is_none(nothing: Path, says: str, told: str) -> None:
    program(nothing / "bin", "opencode", says)
    with pytest.raises(opencode_cli.OpencodeMissingError, match=told):
        opencode_cli.find()
