"""What the chart of the schedule promises: bars where the schedule has them, in a form that Mermaid parses."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given, settings

from qwen_orch.model.ids import phase_id, task_id
from qwen_orch.model.plan import Phase
from qwen_orch.model.task import Dependency, Estimate, Task, TaskStatus
from qwen_orch.planning.export import render
from qwen_orch.planning.export.mermaid import MAX_TEXT
from qwen_orch.planning.reader import read
from tests.planning.neighbours.plans import graph_of, graphs

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BAR = re.compile(r"  [^:;#\n]+ :(?:(?:crit|done|active), )*[tp]\d+, \d{4}-\d\d-\d\d \d\d:\d\d, [1-9]\d*[hm]")
PHASES = (Phase(phase_id(1), "Data: the base"), Phase(phase_id(2), "Rest"))
TWO, FOUR = Estimate(2, 2, 2, 1), Estimate(4, 4, 4, 1)


def chart(*tasks: Task, progress: bool = True) -> str:
    """The chart of these tasks."""
    return render(graph_of(list(tasks), PHASES), "gantt", progress, NOW)


def test_bars_start_when_the_work_may() -> None:
    first = Task(task_id(1), "First", phase=phase_id(1), estimate=TWO)
    second = Task(task_id(2), "Then: more", phase=phase_id(2), estimate=FOUR, depends_on=(Dependency(task_id(1)),))
    aside = Task(task_id(3), "Aside", phase=phase_id(2), estimate=Estimate(0.5, 0.5, 0.5, 1))
    assert chart(first, second, aside).split("dates\n")[1] == (
        "  section Data the base\n"
        "  task-001 First :crit, t1, 2026-11-20 12:00, 2h\n"
        "  section Rest\n"
        "  task-002 Then more :crit, t2, 2026-11-20 14:00, 4h\n"
        "  task-003 Aside :t3, 2026-11-20 12:00, 30m\n"
    )


def test_what_is_done_ends_where_the_chart_begins() -> None:
    done = Task(task_id(1), "Done", estimate=TWO, status=TaskStatus.COMPLETED, phase=phase_id(1))
    busy = Task(task_id(2), "Busy", estimate=FOUR, status=TaskStatus.IN_PROGRESS, progress=0.5, phase=phase_id(1))
    gone = Task(task_id(3), "Gone", estimate=FOUR, status=TaskStatus.CANCELLED, phase=phase_id(1))
    text = chart(done, busy, gone)
    assert ":done, t1, 2026-11-20 10:00, 2h" in text
    assert ":crit, active, t2, 2026-11-20 12:00, 2h" in text
    assert "Gone" not in text
    assert "done" not in chart(done, progress=False)


def test_a_task_with_parts_has_no_bar_of_its_own() -> None:
    whole = Task(task_id(1), "Whole", phase=phase_id(1))
    part = Task(task_id(2), "Part", parent=task_id(1), phase=phase_id(1))
    assert "Whole" not in chart(whole, part)


@settings(max_examples=40, deadline=None)
@given(graphs(nested=2))
def test_every_line_is_one_that_mermaid_knows(graph: object) -> None:
    text = render(graph, "gantt", True, NOW)  # type: ignore[arg-type]
    head, _, rows = text.partition("dates\n")
    assert head.startswith("gantt\n  title The shop\n  dateFormat YYYY-MM-DD HH:mm\n")
    assert all(BAR.fullmatch(row) or re.fullmatch(r"  section [^:;#]+", row) for row in rows.splitlines())


def test_a_large_plan_is_drawn_by_its_phases() -> None:
    tasks = [Task(task_id(n), "word " * 20, phase=phase_id(1 + n % 2)) for n in range(1, 2001)]
    text = chart(*tasks)
    assert len(text) <= MAX_TEXT
    assert "Rest (1000 tasks) :p1" in text


def test_the_chart_reads_back_as_a_plan() -> None:
    text = chart(Task(task_id(1), "First", phase=phase_id(1), estimate=TWO), Task(task_id(2), "Other", estimate=FOUR))
    draft = read(f"# The shop\n\n```mermaid\n{text}```\n")
    assert [t.estimate and t.estimate.likely for t in draft.tasks] == [4, 2]
