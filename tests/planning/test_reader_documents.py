"""Whole documents in different conventions, each read as a careful person would; and the corpus, where it is there."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from qwen_orch.model.draft import Draft
from qwen_orch.model.task import TaskStatus
from qwen_orch.planning.reader import decode, read

HERE = Path(__file__).parent / "documents"
ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"


def document(name: str) -> Draft:
    return read((HERE / name).read_text(encoding="utf-8"))


def hours(draft: Draft) -> list[float | None]:
    return [task.estimate.likely if task.estimate else None for task in draft.tasks]


def after(draft: Draft) -> dict[int, list[int]]:
    return {n: [d.task for d in task.depends_on] for n, task in enumerate(draft.tasks) if task.depends_on}


def test_a_table_with_sizes_and_a_wrong_total() -> None:
    draft = document("estimates_table.md")
    assert [t.label for t in draft.tasks] == ["1", "2", "3", "4", "5"]
    assert hours(draft) == [4, 8, 24, 8, 4]
    assert after(draft) == {1: [0], 2: [1], 3: [2], 4: [2, 3]}
    assert draft.tasks[0].status is TaskStatus.CLAIMED
    assert len(draft.risks) == 2
    assert "56 h in total" in draft.warnings[0].message


def test_an_answer_of_a_chat_assistant() -> None:
    draft = document("chat_answer.md")
    assert draft.title == "Adding search to your notes app"
    assert [p.title for p in draft.phases] == ["Phase 1: Indexing (2-3 days)", "Phase 2: Searching"]
    assert draft.phases[1].depends_on == (0,)
    assert [t.title for t in draft.tasks if t.parent is None] == [
        "Choose an index library",
        "Build the indexer",
        "Add the query box",
        "Highlight matches",
    ]
    assert [c.text for c in draft.tasks[4].acceptance] == [
        "typing shows results within 100 ms",
        "Escape closes the list",
    ]
    assert "Keep the index out of backups" in draft.description


def test_an_org_outline() -> None:
    draft = document("roadmap.org")
    assert [p.title for p in draft.phases] == ["Hardware", "Firmware"]
    assert [t.title for t in draft.tasks if t.parent is None] == [
        "Solder the sensor board",
        "Print the case",
        "Add a rain gauge",
        "Read the sensors",
        "Drive the valves",
    ]
    assert [t.status.value for t in draft.tasks] == [
        "claimed",
        "pending",
        "claimed",
        "pending",
        "cancelled",
        "pending",
        "pending",
    ]
    assert hours(draft)[1] == 2.5
    assert after(draft) == {6: [5]}
    assert draft.tasks[5].tags == ("driver", "i2c")


def test_a_restructured_text() -> None:
    draft = document("release.rst")
    assert (draft.title, [p.title for p in draft.phases]) == ("Release 3 roadmap", ["Parser", "Documentation"])
    assert hours(draft) == [40, None, 16, None]


def test_lines_that_begin_with_todo() -> None:
    draft = document("tasks_prose.txt")
    assert (draft.title, len(draft.tasks), draft.tasks[0].assignee) == ("Move the office network", 3, "sam")


def test_a_gantt_chart() -> None:
    draft = document("gantt.md")
    assert [p.title for p in draft.phases] == ["Design", "Build"]
    assert hours(draft) == [24, 40, 40, 32, 0]
    assert after(draft) == {1: [0], 2: [1], 4: [2, 3]}
    assert draft.tasks[0].status is TaskStatus.CLAIMED


def test_a_board() -> None:
    draft = document("kanban.md")
    assert draft.phases == ()
    assert [t.status.value for t in draft.tasks] == ["pending"] * 4 + ["claimed", "cancelled"]
    assert draft.tasks[0].tags == ("ci", "in-progress")
    assert after(draft) == {3: [0]}


def test_tickets_as_headings() -> None:
    draft = document("tickets.md")
    assert [(t.label, t.title) for t in draft.tasks] == [
        ("BILL-101", "Record usage events"),
        ("BILL-102", "Aggregate usage by day"),
        ("BILL-103", "Send the invoice"),
    ]
    assert draft.goal == "Invoice customers by usage instead of by seat."
    assert draft.tasks[2].depends_on[0].lag == 8
    assert [c.check for c in draft.tasks[0].acceptance] == [None, "pytest tests/usage -q"]
    assert [g.check for g in draft.quality_gates] == ["pytest -q", None]
    assert draft.tags == ("billing", "q3")
    assert "BILL-103" in draft.warnings[0].message


def test_a_chinese_plan() -> None:
    draft = document("chinese.md")
    assert [t.title for t in draft.tasks] == ["梳理接口", "补齐测试", "拆出库存服务", "灰度发布"]
    assert hours(draft) == [16, 32, None, None]
    assert (draft.tasks[0].assignee, draft.phases[1].depends_on, after(draft)) == ("小王", (0,), {2: [1]})
    assert len(draft.quality_gates) == 1


def test_a_readme_is_no_plan() -> None:
    draft = document("no_plan.md")
    assert draft.tasks == ()
    assert draft.warnings


@pytest.mark.parametrize("path", sorted(p for p in HERE.iterdir() if p.suffix != ".json"), ids=lambda p: p.name)
def test_same_bytes_same_draft_and_no_word_lost(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    draft = read(text)
    assert draft == read(text.replace("\n", "\r\n"))
    told = " ".join(str(draft).casefold().split())
    words = [word.strip('#*_`[](){}|:：.,;!?-–—~@（）"“”') for word in text.casefold().split()]
    lost = [word for word in words if word.isalpha() and word not in told]
    assert len(lost) <= 0.15 * len(words), lost


def corpus() -> list[Any]:
    if not (CORPUS / "index.jsonl").is_file():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"no corpus at {CORPUS}"))]
    rows = map(json.loads, (CORPUS / "index.jsonl").read_text(encoding="utf-8").splitlines())
    return [pytest.param(row, id=row["file"]) for row in rows]


def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plan_reader_benchmark", ROOT / "benchmarks" / "plan_reader.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("row", corpus())
def test_corpus_counts(row: dict[str, Any]) -> None:
    draft = read(decode((CORPUS / row["file"]).read_bytes())[0])
    gold = row["gold"]
    assert abs(benchmark().leaves(draft) - gold["tasks"]["leaf"]) <= 0.1 * gold["tasks"]["leaf"]
    assert len(draft.phases) == gold["phases"]
    assert abs(sum(t.status is TaskStatus.CLAIMED for t in draft.tasks) - gold["done"]) <= 1


@pytest.mark.parametrize("row", corpus())
def test_corpus_gold(row: dict[str, Any]) -> None:
    if not row["full_gold"]:
        pytest.skip("no full gold for this document")
    scores = benchmark().score(
        json.loads((CORPUS / row["full_gold"]).read_text(encoding="utf-8")),
        read(decode((CORPUS / row["file"]).read_bytes())[0]),
    )
    assert scores["titles"].f1 >= 0.9
    assert scores["phases"].f1 == 1


GOLD: dict[str, Any] = {
    "phases": ["One"],
    "tasks": [
        {"id": "T1", "title": "Write the parser", "done": True, "depends_on": [], "estimate_hours": 2},
        {"id": "T2", "title": "Test the printer", "done": False, "depends_on": ["T1"], "estimate_hours": None},
    ],
}


def test_the_scorer_gives_full_marks_for_the_same() -> None:
    scores = benchmark().score(
        GOLD, read("## One\n\n- [x] T1 Write the parser (2h)\n- [ ] T2 Test the printer, depends on T1")
    )
    assert {name: score.f1 for name, score in scores.items()} == dict.fromkeys(scores, 1)


@pytest.mark.parametrize(
    ("text", "measure", "most"),
    [
        ("no plan at all", "titles", 0),
        ("## One\n\n- [x] T1 Eat lunch\n- [ ] T2 Sleep", "titles", 0),
        ("## One\n\n- [x] T1 Write the parser (2h)", "titles", 0.7),
        (
            "## One\n\n- [x] Write the parser\n- [x] Write the parser\n- [x] Write the parser\n- [ ] Test the printer",
            "titles",
            0.7,
        ),
        ("## Two\n\n- [x] T1 Write the parser (2h)", "phases", 0),
        ("## One\n\n- [ ] T1 Write the parser\n- [x] T2 Test the printer", "done", 0),
        ("## One\n\n- [x] T1 Write the parser, depends on T2\n- [ ] T2 Test the printer", "dependencies", 0),
        ("## One\n\n- [x] T1 Write the parser (3h)\n- [ ] T2 Test the printer (2h)", "estimates", 0),
    ],
)
def test_the_scorer_punishes(text: str, measure: str, most: float) -> None:
    assert benchmark().score(GOLD, read(text))[measure].f1 <= most
