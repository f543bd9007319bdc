"""What the reader concluded is told apart from what the document states, in every export that can say it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from qwen_orch.model.ids import task_id
from qwen_orch.model.task import Dependency, Task
from qwen_orch.planning.export import render
from tests.planning.neighbours.plans import graph_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WAITS = (Dependency(task_id(1)), Dependency(task_id(2), inferred=True))
GRAPH = graph_of([Task(task_id(1), "One"), Task(task_id(2), "Two"), Task(task_id(3), "Three", depends_on=WAITS)])


def test_mermaid_dashes_the_arrow() -> None:
    text = render(GRAPH, "mermaid", False, NOW)
    assert "  t1 --> t3\n" in text
    assert "  t2 -.-> t3\n" in text


def test_csv_has_a_column_for_it() -> None:
    rows = list(csv.DictReader(io.StringIO(render(GRAPH, "csv", False, NOW))))
    assert (rows[2]["depends_on"], rows[2]["inferred_depends_on"]) == ("task-001; task-002", "task-002")


def test_html_says_so() -> None:
    text = render(GRAPH, "html", False, NOW)
    assert ">task-002</a> (inferred)" in text
    assert ">task-001</a> (inferred)" not in text
