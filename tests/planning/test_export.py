"""Exports: nothing in a plan can break out of a format, and what is promised to be read back is."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from qwen_orch.errors import UsageError
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import OrchestrationId, SessionId, TaskId, phase_id, task_id
from qwen_orch.model.plan import Decision, Orchestration, Phase, Plan, PlanStatus
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.model.task import (
    Attempt,
    Criterion,
    CriterionStatus,
    Dependency,
    DependencyKind,
    Estimate,
    Evidence,
    Executor,
    Outcome,
    Priority,
    Task,
    TaskStatus,
)
from qwen_orch.model.text import one_line
from qwen_orch.planning.export import FORMATS, render
from qwen_orch.planning.export.mermaid import MAX_EDGES, MAX_TEXT, label
from qwen_orch.store.codec import structure

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = NOW.isoformat()
NASTY = [
    "<script>alert(1)</script>",
    'end "quoted" ]) --> x',
    "=cmd|' /C calc'!A0",
    "line\nbreak\r\nagain",
    "\x1b[2Jcleared \u202egnp.exe",
    "# hash; %%{init: {}}%% #quot; 1. `code` $$x$$",
    "1. numbered",
    "- item",
    "שלום 👩‍💻 漢字",
    "x" * 10_240,
    "```\nfence",
    "a|b|c",
    "-->",
    "' onload='x",
]


def graph_of(tasks: list[Task], phases: tuple[Phase, ...] = (), title: str = "Shop", **plan: object) -> Graph:
    root = Orchestration(OrchestrationId("orch-shop-abcd"), title, Plan("Sell things", phases=phases, **plan))  # type: ignore[arg-type]
    parts: dict[TaskId, tuple[TaskId, ...]] = {}
    for task in tasks:
        if task.parent:
            parts[task.parent] = (*parts.get(task.parent, ()), task.id)
    return Graph(root, Map({t.id: t for t in tasks}), parts=Map(parts), last_number=len(tasks))


PROOF = Evidence("check", AT, True, command="pytest -q", exit_code=0, seconds=1.5, output="2 passed\x1b[0m")
FULL = graph_of(
    [
        Task(
            task_id(1),
            "Design the schema",
            "First lines.\n\nMore of them.",
            phase=phase_id(1),
            status=TaskStatus.COMPLETED,
            priority=Priority.HIGH,
            estimate=Estimate(2, 4, 8, 0.6),
            progress=1.0,
            acceptance=(
                Criterion("All tests pass", "pytest -q", CriterionStatus.PASSED, PROOF),
                Criterion("Looks right"),
            ),
            run=("make build", "echo `date`"),
            tags=("db", "two words"),
            assignee="ann",
            attempts=(Attempt(1, Executor.SHELL, SessionId("session-a-abcd"), AT, Outcome.CLAIMED, AT),),
            finished=AT,
            summary="Built it.",
        ),
        Task(task_id(2), "Migrate", phase=phase_id(1), depends_on=(Dependency(task_id(1)),), assignee="Bob Smith"),
        Task(task_id(3), "Serve", phase=phase_id(2), status=TaskStatus.IN_PROGRESS),
        Task(
            task_id(4),
            "Route",
            parent=task_id(3),
            phase=phase_id(2),
            depends_on=(Dependency(task_id(2), DependencyKind.START_TO_START, 2.0),),
        ),
        Task(task_id(5), "Loose end", status=TaskStatus.CANCELLED),
    ],
    (Phase(phase_id(1), "Data layer"), Phase(phase_id(2), "Interface", "What people see.", (phase_id(1),))),
    status=PlanStatus.APPROVED,
    requirements=("It must sell",),
    decisions=(Decision("Use SQLite", "it is there"),),
    risks=("Nobody buys",),
    quality_gates=(Criterion("Lint is clean", "ruff check"), Criterion("It feels good")),
)
SESSION = Session(SessionId("session-a-abcd"), SessionKind.TASK, "work", FULL.root.id, created=AT)


def nasty_graph() -> Graph:
    tasks = [Task(task_id(n), text, description=text, tags=(text,), assignee=text) for n, text in enumerate(NASTY, 1)]
    return graph_of(tasks, (Phase(phase_id(1), NASTY[1]), Phase(phase_id(2), NASTY[5])), title=NASTY[0])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("include_progress", [True, False])
@pytest.mark.parametrize("graph", [graph_of([]), FULL, nasty_graph()], ids=["empty", "full", "nasty"])
def test_every_format_takes_every_plan(name: str, include_progress: bool, graph: Graph) -> None:
    text = render(graph, name, include_progress, NOW)
    assert text.endswith("\n")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert render(graph, name, include_progress, NOW) == text


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean markdown") as refused:
        render(FULL, "markdwn", False, NOW)
    assert "mermaid" in refused.value.hints[0]


@pytest.mark.parametrize("name", FORMATS)
def test_without_progress_it_is_the_plan_alone(name: str) -> None:
    text = render(FULL, name, False, NOW)
    assert "Design the schema" in text
    assert "2 passed" not in text
    assert AT not in text
    assert "[x]" not in text


# ---- json


def test_json_is_lossless() -> None:
    graph = Graph(FULL.orchestration, FULL.tasks, Map({SESSION.id: SESSION}))
    data = json.loads(render(graph, "json", True, NOW))
    assert (data["schema"], data["kind"]) == (1, "qwen-orch-plan")
    assert structure(data["orchestration"], Orchestration) == graph.root
    assert [structure(t, Task) for t in data["tasks"]] == graph.ordered()
    assert [structure(s, Session) for s in data["sessions"]] == [SESSION]


def test_json_escapes_what_it_does_not_clean() -> None:
    graph = graph_of([Task(task_id(1), "a\x9b2J\u202eb\x7f\ufeff")])
    text = render(graph, "json", True, NOW)
    assert "\\u009b" in text
    assert "\x9b" not in text
    assert json.loads(text)["tasks"][0]["title"] == "a\x9b2J\u202eb\x7f\ufeff"


# ---- csv


def rows(graph: Graph, include_progress: bool = True) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(graph, "csv", include_progress, NOW), newline="")))


def test_csv_rows() -> None:
    first, second, _, fourth, _ = rows(FULL)
    assert first["title"] == "Design the schema"
    assert (first["low_hours"], first["likely_hours"], first["high_hours"], first["confidence"]) == (
        "2",
        "4",
        "8",
        "0.6",
    )
    assert first["criteria"].split("\n") == ["All tests pass [pytest -q]", "Looks right"]
    assert first["evidence"] == f"passed check pytest -q {AT}"
    assert (second["phase"], second["depends_on"], second["low_hours"]) == ("Data layer", "task-001", "")
    assert (fourth["parent"], fourth["depends_on"]) == ("task-003", "task-002 (start-to-start +2h)")
    assert fourth["blocked_by"] == "task-002; phase-1"


def test_csv_keeps_its_first_columns_with_progress() -> None:
    plan, full = (render(FULL, "csv", p, NOW).split("\r\n")[0].split(",") for p in (False, True))
    assert full[: len(plan)] == plan
    assert "evidence" in full
    assert "evidence" not in plan


@settings(deadline=None)
@given(st.text(max_size=40) | st.sampled_from(NASTY) | st.text("=+-@\t\r\n \"',x＝", max_size=6))
def test_no_cell_is_a_formula_and_every_line_ends_in_crlf(title: str) -> None:
    graph = graph_of([Task(task_id(1), title, description=title)])
    text = render(graph, "csv", True, NOW)
    (row,) = rows(graph)
    for value in row.values():
        assert not value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    assert text.endswith("\r\n")
    assert not re.search("\r(?!\n)", text)
    assert None not in row


# ---- mermaid


def test_mermaid() -> None:
    text = render(FULL, "mermaid", True, NOW)
    assert text.splitlines()[:5] == [
        "flowchart TD",
        '  t5["task-005 Loose end"]:::cancelled',
        '  subgraph p1["Data layer"]',
        '    t1["task-001 Design the schema"]:::completed',
        '    t2["task-002 Migrate"]:::pending',
    ]
    assert "  p1 --> p2\n" in text
    assert "  t3 -.- t4\n" in text
    assert '  t2 -->|"start-to-start +2h"| t4\n' in text


@settings(deadline=None)
@given(st.text(max_size=60) | st.sampled_from(NASTY))
def test_a_label_is_one_line_without_syntax(text: str) -> None:
    shown = label(text, 60)
    assert re.fullmatch(r"(?:#\d+;|[^\n\"#<>`&|\[\]{}%\\*_])*", shown)
    assert not shown.startswith(("-", "'"))


@pytest.mark.parametrize(("tasks", "edges"), [(200, 0), (3_000, 0), (700, 699)])
def test_a_large_plan_stays_within_what_mermaid_draws(tasks: int, edges: int) -> None:
    many = [
        Task(
            task_id(n),
            '"' * 10_000,
            phase=phase_id(1 + n % 3),
            depends_on=(Dependency(task_id(n - 1)),) if 1 < n <= edges + 1 else (),
        )
        for n in range(1, tasks + 1)
    ]
    text = render(graph_of(many, tuple(Phase(phase_id(n), f"Part {n}") for n in (1, 2, 3))), "mermaid", True, NOW)
    assert len(text) <= MAX_TEXT
    assert text.count("-->") <= MAX_EDGES
    assert "Part 2" in text


# ---- html


class Outline(html.parser.HTMLParser):
    """Collects the tags and text of a page, and that tags close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("graph", [FULL, nasty_graph()], ids=["full", "nasty"])
def test_html_is_well_formed_and_needs_nothing(graph: Graph) -> None:
    page = Outline(render(graph, "html", True, NOW))
    assert not page.open
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object"}
    for _, attributes in page.tags:
        assert not [a for a in attributes if a.startswith("on") or a == "src"]
        assert (attributes.get("href") or "#").startswith("#")


def test_html_shows_the_work() -> None:
    page = render(FULL, "html", True, NOW)
    assert '<progress value="' in page
    assert "2 passed" in page
    assert '<a href="#task-001">task-001</a>' in page
    assert "prefers-color-scheme: dark" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in render(nasty_graph(), "html", False, NOW)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_html_shows_any_title_as_it_is(title: str) -> None:
    page = Outline(render(graph_of([Task(task_id(1), title)]), "html", False, NOW))
    assert one_line(title) in one_line(page.text)
