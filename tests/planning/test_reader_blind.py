"""Three documents written blind, each with the manifest that a person made of it by hand, before the reader was run.

Where the two differed the reader was changed, but for these: the emoji that decorate headings go, a story point is four
hours when the document does not say, and ``[#A]`` of org is high.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qwen_orch.model.draft import Draft, DraftTask
from qwen_orch.planning.reader import read

HERE = Path(__file__).parent / "documents"
ALL = sorted(path.name.removesuffix(".expected.json") for path in HERE.glob("*.expected.json"))


def manifest(draft: Draft) -> dict[str, Any]:
    """Return what is compared of *draft*; what is usual is left out, as in the manifests."""
    return {
        "title": draft.title,
        "phases": [phase.title for phase in draft.phases],
        "phase_after": {str(n): list(p.depends_on) for n, p in enumerate(draft.phases) if p.depends_on},
        "tasks": [row(task) for task in draft.tasks],
        "gates": [gate.text for gate in draft.quality_gates],
    }


def row(task: DraftTask) -> dict[str, Any]:
    """Return what is compared of one task."""
    facts: dict[str, Any] = {
        "label": task.label,
        "title": task.title,
        "phase": task.phase,
        "parent": task.parent,
        "status": task.status.value if task.status != "pending" else None,
        "hours": task.estimate.likely if task.estimate else None,
        "who": task.assignee,
        "tags": list(task.tags),
        "priority": task.priority.value if task.priority != "medium" else None,
        "after": [d.task for d in task.depends_on if not d.inferred],
        "accept": [criterion.text for criterion in task.acceptance],
    }
    return {key: value for key, value in facts.items() if value not in (None, "", [])}


@pytest.mark.parametrize("name", ALL)
def test_read_as_by_hand(name: str) -> None:
    source = next(path for path in HERE.glob(f"{name}.*") if not path.name.endswith(".json"))
    expected = json.loads((HERE / f"{name}.expected.json").read_text(encoding="utf-8"))
    draft = read(source.read_text(encoding="utf-8"))
    risks = expected.pop("risks", None)
    assert manifest(draft) == expected
    assert risks is None or list(draft.risks) == risks


def test_there_are_three() -> None:
    assert len(ALL) >= 3
