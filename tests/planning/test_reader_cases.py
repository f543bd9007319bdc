"""Every rule of `cases`, which the page about plan text shows to people."""

from __future__ import annotations

import pytest

from qwen_orch.planning.reader import read
from tests.planning.cases import RULES, told

CASES = [
    pytest.param(text, expected, id=f"{rule.name}-{n}")
    for rule in RULES
    for n, (text, expected) in enumerate(rule.cases, 1)
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_rule(text: str, expected: str) -> None:
    assert told(read(text)) == expected
