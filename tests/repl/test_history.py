"""The history file."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen_orch.repl import history
from qwen_orch.repl.history import ShellHistory, entries
from qwen_orch.repl.paste import Chips


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be; its folder is not there yet."""
    return tmp_path / "home" / "history"


def fresh(path: Path) -> list[str]:
    """Return what a new run finds, newest first."""
    return list(ShellHistory(path, Chips()).load_history_strings())


def test_kept_between_runs(path: Path) -> None:
    """Every entry, with its lines; the file is for its owner only."""
    path.parent.mkdir()
    here = ShellHistory(path, Chips())
    for text in ("/plan # A\n+ b\n\n# c", "/list_tasks", "größe \udcff"):
        here.append_string(text)
    assert fresh(path) == ["größe ?", "/list_tasks", "/plan # A\n+ b\n\n# c"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_makes_no_folder(path: Path) -> None:
    """It waits in memory until there is one."""
    here = ShellHistory(path, Chips())
    here.append_string("/help")
    assert not path.parent.exists()
    path.parent.mkdir()
    here.append_string("/plan x")
    assert fresh(path) == ["/plan x", "/help"]


def test_no_duplicates_in_a_row(path: Path) -> None:
    """Those of other shells neither."""
    path.parent.mkdir()
    for text in ("a", "a", "b", "a"):
        ShellHistory(path, Chips()).append_string(text)
    assert fresh(path) == ["a", "b", "a"]


def test_chips(path: Path) -> None:
    """Stand for their text in the file, and for a long text of an earlier run in the prompt."""
    path.parent.mkdir()
    chips = Chips()
    text = "\n".join("abcdefghijklmnop")
    ShellHistory(path, chips).append_string(f"/plan {chips.fold(text)}")
    later = Chips()
    (line,) = ShellHistory(path, later).load_history_strings()
    assert line == "/plan [pasted text #1: 16 lines]"
    assert later.expand(line) == f"/plan {text}"


def test_very_long_entries(path: Path) -> None:
    """Are not kept."""
    path.parent.mkdir()
    chips = Chips()
    ShellHistory(path, chips).append_string(chips.fold("x" * (history.LONGEST + 1)))
    assert fresh(path) == []


def test_file_is_cut(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it has grown too long, to whole entries."""
    monkeypatch.setattr(history, "MOST_BYTES", 2000)
    path.parent.mkdir()
    here = ShellHistory(path, Chips())
    for number in range(100):
        here.append_string(f"/note {number}")
    assert fresh(path)[0] == "/note 99"
    assert path.stat().st_size <= 1000
    assert fresh(path)[-1].startswith("/note ")


def test_file_that_cannot_be_used(path: Path) -> None:
    """Costs the memory and nothing else."""
    path.parent.mkdir()
    path.mkdir()
    ShellHistory(path, Chips()).append_string("x")
    assert fresh(path) == []


def test_any_bytes() -> None:
    """A damaged file is read as far as it goes."""
    assert entries(b"\xff\x00\n+a\n+b\nrubbish\n+c") == ["a\nb", "c"]
