"""Whatever a plan, an agent or a file says: nothing but text reaches the stream, and no line is too wide."""

from __future__ import annotations

import enum
import re
import unicodedata
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_orch.errors import OrchError
from qwen_orch.model.text import cells
from qwen_orch.views.paint import error_blocks, warnings_blocks
from tests.views.reading import painted
from tests.views.samples import SAMPLES

HOSTILE = [
    *("\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b2J", "\x00\x7f\x85\u2028", "line\nline\r\nline\ttab"),
    *("a\u202eb\u2066c", "\u200b\ufeff", "\U000e0041", "\ud800", "[bold]x[/bold]", "", " ", "w" * 300),
    *("計画" * 30, "😀👩\u200d👩\u200d👧 🇩🇪", "e\u0301" * 90, "\u0301" * 500, "שלום עולם", "ﷺ" * 20, "ก็" * 40),
]
HARMLESS = "\n "
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=40) | st.lists(st.sampled_from(HOSTILE), max_size=5).map("".join)


def poisoned(value: Any, text: str) -> Any:
    """Return *value* with every text in it, however deep, followed by *text*."""
    if isinstance(value, enum.Enum) or value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return value + text
    if isinstance(value, dict):
        return {k + text: poisoned(v, text) for k, v in value.items()}
    if attrs.has(type(value)):
        return attrs.evolve(
            value, **{f.name: poisoned(getattr(value, f.name), text) for f in attrs.fields(type(value))}
        )
    parts = [poisoned(v, text) for v in value]
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)


def check(output: str, width: int) -> None:
    """Fail if *output* holds what a terminal obeys or an eye misses, or a line wider than *width*."""
    for painted_line in output.split("\n"):
        assert cells(painted_line) <= width
        assert painted_line == painted_line.rstrip(" ")
        assert len(painted_line) < 50 * (width + 2)
    kinds = {c: unicodedata.category(c) for c in set(output) - set(HARMLESS)}
    assert [c for c, kind in kinds.items() if kind in ("Cc", "Cs", "Zl", "Zp")] == []
    assert not re.search("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]", output)


@pytest.mark.parametrize("name", SAMPLES)
@given(text=TEXTS, width=st.integers(1, 130))
@settings(max_examples=15, deadline=None)
def test_hostile_text_in_every_field_of_every_answer(name: str, text: str, width: int) -> None:
    check(painted(poisoned(SAMPLES[name], text), width), width)


@given(text=TEXTS, width=st.integers(1, 130))
@settings(deadline=None)
def test_hostile_errors_and_warnings(text: str, width: int) -> None:
    check(painted([*error_blocks(OrchError(text, text)), *warnings_blocks([text])], width), width)


@pytest.mark.parametrize(
    "name", ["list", "tree", "details", "planned", "one", "status", "sessions", "resumed", "thoughts", "help"]
)
@pytest.mark.parametrize("text", ["計\x1b[1m" * 30_000, "\u202e" * 100_000, "long " * 20_000])
def test_a_title_of_100_kb_breaks_nothing(name: str, text: str) -> None:
    check(painted(poisoned(SAMPLES[name], text), 80), 80)
