"""The pages that promise something name a test for each line, and each of these tests exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("docs/security.md", "docs/durability.md", "docs/TRACK_RECORD.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PROVEN = {"Proof", "Replay"}
"""Headers of the last column of tables in which each line names a test."""


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(name for name in found if name.startswith("test_"))


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    """Under this name, in this file."""
    named = NAMED.findall((ROOT / page).read_text(encoding="utf-8"))
    assert len(named) > 20
    assert [f"{path}::{name}" for path, name in named if name not in names_in(ROOT / path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_line_names_what_proves_it(page: str) -> None:
    """A promise, a threat or a fault without a test would be words."""
    rows = [line for line in (ROOT / page).read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    header, lines = "", 0
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if cells[-1] in PROVEN:
            header = cells[-1]
        elif header and len(cells) > 2 - (page == "docs/durability.md"):
            lines += 1
            assert NAMED.findall(cells[-1]) or _is_measured(page, row), row
    assert lines > 20


def _is_measured(page: str, row: str) -> bool:
    """Tell whether a row is of the table of figures, which ends the page of durability."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return "## Measured" in text and text.index(row) > text.index("## Measured")


def test_every_attack_is_in_the_threat_model() -> None:
    """A test that attacks and is not on the page would be found by nobody who asks what is protected."""
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    named = {name for _, name in NAMED.findall(page)}
    ours = {name for path in (ROOT / "tests/security").glob("test_*.py") for name in names_in(path)}
    controls = {name for name in ours if "attack_works" in name or name in NO_ATTACK}
    assert ours - named - controls == set()


NO_ATTACK = {
    "test_other_languages_are_no_disguise",
    "test_a_plan_without_commands_is_worked_on_wherever_it_is",
    "test_an_approval_that_cannot_be_remembered_is_told",
    "test_what_is_longer_than_any_key_was_none",
}
"""Tests that show what is not hindered."""
