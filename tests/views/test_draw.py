"""Every answer is drawn, and only answers are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import qwen_orch.views
from qwen_orch.commands.registry import all_commands
from qwen_orch.views.blocks import Bar, Line, Span, Table
from qwen_orch.views.draw import draw
from qwen_orch.views.theme import STYLES
from tests.views.samples import SAMPLES


def test_every_answer_of_a_command_is_among_the_samples() -> None:
    said = [c.run.__annotations__["return"] for c in all_commands()]
    returned = {name.strip() for names in said for name in names.split("|")}
    assert returned - {type(a).__name__ for a in SAMPLES.values()} == set()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_drawn_as_blocks(name: str) -> None:
    assert all(isinstance(block, Bar | Line | Table) for block in draw(SAMPLES[name]))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_style_has_a_look(name: str) -> None:
    assert {span.style for block in draw(SAMPLES[name]) for span in spans(block)} <= STYLES.keys()


def spans(block: Any) -> list[Span]:
    """Return all spans of a block."""
    if isinstance(block, Line):
        return list(block.spans)
    if isinstance(block, Bar):
        return [block.says]
    return [s for row in block.rows for cell in row.cells for s in ((cell,) if isinstance(cell, Span) else cell)]


@pytest.mark.parametrize("value", [None, 7, "text", Path()])
def test_what_is_no_answer_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        draw(value)


def test_plain_pictures_never_import_rich() -> None:
    program = (
        "import io, sys\n"
        "from qwen_orch.views.paint import paint\n"
        "from tests.views.samples import SAMPLES\n"
        "[paint(s, io.StringIO()) for s in SAMPLES.values()]\n"
        "sys.exit(any(m.partition('.')[0] in ('rich', 'prompt_toolkit', 'asyncio') for m in sys.modules))"
    )
    root = Path(qwen_orch.views.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0
