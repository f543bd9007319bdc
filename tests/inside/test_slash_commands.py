"""What was typed comes back out of the prompt that Qwen Code makes of it, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_orch.inside.slash_commands import ANY, NAMES, text, typed


def prompt(name: str, words: str = "") -> str:
    """Return the prompt that Qwen Code makes of a command file and what was typed (see tests of the real CLI)."""
    body = text(name, "A: summary", "[X]").split("---\n", 2)[2].strip()
    return f"{body}\n\n/{name}{words}" if words.strip() else body


@given(st.sampled_from(NAMES), st.from_regex(r"[ \n]\S(.|\n)*\S", fullmatch=True))
def test_every_character_comes_back(name: str, words: str) -> None:
    """Quotes, line feeds, dollars and what looks like the file itself."""
    assert typed(prompt(name, words)) == f"/{name}{words}"
    assert typed(prompt(ANY, words)) == words.lstrip()
    assert typed(f"/{name}{words}") == f"/{name}{words}", "as it comes over the Agent Client Protocol"


@pytest.mark.parametrize("name", NAMES)
def test_a_command_may_stand_alone(name: str) -> None:
    """Without arguments Qwen Code sends the text of the file alone."""
    assert typed(prompt(name)) == f"/{name}"
    assert typed(prompt(ANY)) == "/orchestration_help"


OTHERS = ("", "hello", "/planner x", "/context", " /plan x", "qwen-orch /plan", " qwen-orch /plan\nx", "qwen-orch /")


@pytest.mark.parametrize("other", [*OTHERS, "Type\nqwen-orch /plan\nx", "Type\n/plan x"])
def test_other_prompts_are_none_of_ours(other: str) -> None:
    """Even when they speak of a command."""
    assert typed(other) is None
