"""What Markdown exports promise: ``/plan`` reads the same plan back, whatever its titles hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from qwen_orch.graph.state import Graph
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import OrchestrationId, TaskId, phase_id, task_id
from qwen_orch.model.plan import Decision, Orchestration, Phase, Plan
from qwen_orch.model.task import Criterion, Dependency, DependencyKind, Estimate, Evidence, Priority, Task, TaskStatus
from qwen_orch.planning.adopt import manifest, plan_of
from qwen_orch.planning.export import render
from qwen_orch.planning.reader import read

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LAW = settings(max_examples=60, deadline=None)

ODD = [
    "`code` first",
    "ends in `code`",
    "a ` lone backtick",
    "C# and F#",
    "#1 priority",
    "mail @ann",
    "@ann: call",
    "Fix it!",
    "Fix it!!",
    "Fix !high",
    "Ship (2h)",
    "(MANUAL) step",
    "Ship [P]",
    "[US1] login",
    "[ ] box",
    "a *b* **c** __d__ _e_ ~~f~~",
    "snake_case and __init__",
    "a \\ backslash \\* two",
    "<b>bold</b> <!-- gone -->",
    "[link](http://x.y)",
    "a | b | c",
    "depends on task-002",
    "Deploy after T1 is done",
    "Follow up: requires task-001",
    "1. numbered",
    "2) numbered",
    "T001 first",
    "task-009: other",
    "P1: urgent",
    "Fix P1",
    "high priority",
    "Phase 2: more",
    "Wait - DONE",
    "Wait — blocked",
    "Size: 2h",
    "Take ~3 days",
    "# heading",
    "> quote",
    "- item",
    "+ item",
    "---",
    "ends with colon:",
    "ends with stop.",
    "One sentence. Another one",
    "漢字 かな",
    "שלום עולם",
    "👩‍💻 work",
    "Given a user when x then y",
    "run: `rm -rf`",
    "check: it",
]
SOME = ["write", "the", "parser", "and", "test", "deploy", "API", "v2", "of", "3", "to", "(x)", "db's", '"it"', "a-b"]
WORDS = st.lists(st.sampled_from(SOME), min_size=1, max_size=6).map(" ".join)
TITLES = st.one_of(WORDS, st.sampled_from(ODD), st.tuples(WORDS, st.sampled_from(ODD)).map(" ".join))
PROSE = [
    "run: `rm -rf /`",
    "- [ ] `task-001` no task",
    "# no heading",
    "```sh",
    "depends on task-001",
    "- check: `x`",
    "plain words",
    "<!-- open",
    "Acceptance:",
    "---",
    "| a |",
    "1. one",
    "    code",
    "",
    "- a\n  ```",
]


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    low, likely, high = sorted(draw(st.tuples(*[st.sampled_from([0.25, 0.5, 1.0, 1 / 3, 2.0, 8.0, 40.0, 12.5])] * 3)))
    return Estimate(low, likely, high, draw(st.sampled_from([0.0, 0.3, 0.65, 1.0])))


@st.composite
def criteria(draw: st.DrawFn) -> Criterion:
    command = draw(st.none() | st.sampled_from(["pytest -q", "echo `date`", "test -f a && ls", "``x``"]))
    text = draw(WORDS | st.sampled_from(["All tests pass", "exit code is 0", "it works — well"]))
    return Criterion(text, command)


@st.composite
def dependencies(draw: st.DrawFn, before: list[Task]) -> tuple[Dependency, ...]:
    chosen = draw(st.lists(st.sampled_from(before), unique=True, max_size=2)) if before else []
    lags = st.sampled_from([0.0, 2.0, -1.5])
    return tuple(
        Dependency(t.id, draw(st.sampled_from(DependencyKind)), draw(lags), draw(st.booleans())) for t in chosen
    )


@st.composite
def plans(draw: st.DrawFn, titles: st.SearchStrategy[str] = TITLES) -> Graph:
    """A plan with everything that Markdown is to bring back; dependencies point at earlier tasks."""
    names = draw(
        st.lists(st.sampled_from(["Data layer", "Interface", "Last mile", "Phase 1: Setup"]), unique=True, max_size=3)
    )
    phases = [
        Phase(phase_id(n), name, depends_on=(phase_id(n - 1),) if n > 1 and draw(st.booleans()) else ())
        for n, name in enumerate(names, 1)
    ]
    tasks: list[Task] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        parent = draw(st.none() | st.sampled_from(tasks)) if tasks else None
        held = draw(st.sampled_from(phases)).id if phases else None
        tasks.append(
            Task(
                task_id(number),
                draw(titles),
                "\n".join(draw(st.lists(st.sampled_from(PROSE), max_size=3))),
                phase=parent.phase if parent else held,
                parent=parent.id if parent else None,
                status=draw(st.sampled_from([TaskStatus.PENDING, TaskStatus.CANCELLED])),
                priority=draw(st.sampled_from(Priority)),
                depends_on=draw(dependencies([t for t in tasks if not is_above(t, parent, tasks)])),
                estimate=draw(st.none() | estimates()),
                acceptance=tuple(draw(st.lists(criteria(), max_size=3))),
                run=tuple(draw(st.lists(st.sampled_from(["make", "echo `date`", "a ``b``", "x  y"]), max_size=2))),
                tags=tuple(
                    draw(st.lists(st.sampled_from(["db", "front-end", "v2/x", "漢", "2fast"]), unique=True, max_size=3))
                ),
                assignee=draw(st.none() | st.sampled_from(["ann", "Bob Smith", "x.y-z", "J.", "all"])),
            )
        )
    return graph_of(tasks, phases)


def is_above(task: Task, below: Task | None, tasks: list[Task]) -> bool:
    """Tell whether *below* is *task* or a part of it, however deep."""
    if below is None or below is task:
        return below is task
    return is_above(task, next((t for t in tasks if t.id == below.parent), None), tasks)


def graph_of(tasks: list[Task], phases: list[Phase] | tuple[Phase, ...] = ()) -> Graph:
    plan = Plan(
        "Sell things to people",
        phases=tuple(phases),
        requirements=("It must sell",),
        decisions=(Decision("Use SQLite", "it is there"),),
        risks=("Nobody buys",),
        quality_gates=(Criterion("Lint is clean", "ruff check"), Criterion("It feels good")),
    )
    parts: dict[TaskId, tuple[TaskId, ...]] = {}
    for task in tasks:
        if task.parent:
            parts[task.parent] = (*parts.get(task.parent, ()), task.id)
    return Graph(
        Orchestration(OrchestrationId("orch-x-abcd"), "The shop", plan), Map({t.id: t for t in tasks}), parts=Map(parts)
    )


def facts_of(graph: Graph) -> dict[str, dict[str, object]]:
    """What is to come back, by task id."""
    return {
        t.id: {
            "title": " ".join(t.title.split()),
            "phase": p.title if (p := graph.phase(t.phase)) else None,
            "parent": t.parent,
            "depends_on": sorted((d.task, d.kind, d.lag, d.inferred) for d in t.depends_on),
            "estimate": t.estimate and rounded(t.estimate),
            "priority": t.priority,
            "tags": sorted(t.tags),
            "assignee": t.assignee,
            "run": t.run,
            "criteria": [(c.text, c.check) for c in t.acceptance],
        }
        for t in graph.ordered()
    }


def facts_in(draft: Draft) -> dict[str, dict[str, object]]:
    """The same of what was read."""
    labels = [t.label for t in draft.tasks]
    return {
        t.label: {
            "title": t.title,
            "phase": draft.phases[t.phase].title if t.phase is not None else None,
            "parent": labels[t.parent] if t.parent is not None else None,
            "depends_on": sorted((labels[d.task], d.kind, d.lag, d.inferred) for d in t.depends_on),
            "estimate": t.estimate and rounded(t.estimate),
            "priority": t.priority,
            "tags": sorted(t.tags),
            "assignee": t.assignee,
            "run": t.run,
            "criteria": [(c.text, c.check) for c in t.acceptance],
        }
        for t in draft.tasks
    }


def rounded(estimate: Estimate) -> tuple[float, ...]:
    return tuple(round(v, 3) for v in (estimate.low, estimate.likely, estimate.high, estimate.confidence))


@LAW
@given(plans())
def test_what_is_exported_is_read_back(graph: Graph) -> None:
    text = render(graph, "markdown", False, NOW)
    draft = read(text)
    assert draft.title == "The shop"
    assert draft.goal == "Sell things to people"
    wanted = facts_of(graph)
    assert facts_in(draft) == wanted


TEXTS = [*ODD, "`x` works", "it works — well, `a`", "foo - check: `rm -rf /`", "check: `rm -rf /`", "Given a b when c"]


@pytest.mark.parametrize("text", TEXTS)
def test_no_words_become_a_command(text: str) -> None:
    criteria = (Criterion(text), Criterion(text, "make check"))
    graph = graph_of([Task(task_id(1), "One", text, acceptance=criteria), Task(task_id(2), "Two")])
    graph = evolve(graph, orchestration=evolve(graph.root, plan=evolve(graph.root.plan, quality_gates=criteria)))
    draft = read(render(graph, "markdown", False, NOW))
    for found in (draft.tasks[0].acceptance, draft.quality_gates):
        assert [c.check for c in found if c.check] == ["make check"]
        assert found[0].text.replace("\\:", ":") == text
    assert draft.tasks[0].run == ()


@pytest.mark.parametrize("text", TEXTS)
def test_the_parts_of_a_plan_are_read_back(text: str) -> None:
    graph = graph_of([Task(task_id(1), "One")])
    told = evolve(graph.root.plan, goal=text, requirements=(text,), risks=(text, "two"), decisions=(Decision(text),))
    draft = read(render(evolve(graph, orchestration=evolve(graph.root, plan=told)), "markdown", False, NOW))
    assert (draft.goal, draft.requirements, draft.risks, draft.decisions) == (text, (text,), (text, "two"), (text,))


def test_a_script_of_several_lines_stays_one() -> None:
    lines = "set -e\n\nfor x in 1 2; do\n  echo ```$x\ndone"
    task = Task(task_id(1), "One", run=(lines, "make"), acceptance=(Criterion(lines, lines),))
    draft = read(render(graph_of([task]), "markdown", False, NOW))
    assert draft.tasks[0].run == (lines, "make")
    assert [c.check for c in draft.tasks[0].acceptance] == [lines]


def test_progress_is_in_the_boxes_and_changes_nothing_else() -> None:
    proof = Evidence("check", "2026-11-20T12:00:00+00:00", True, command="make --> <!--- x", output="- [ ] no task")
    states = list(TaskStatus)
    tasks = [
        Task(
            task_id(n),
            f"Task {n}",
            status=s,
            acceptance=(Criterion("It works", "make", evidence=proof),),
            summary="-->",
        )
        for n, s in enumerate(states, 1)
    ]
    text = render(graph_of(tasks), "markdown", True, NOW)
    draft = read(text)
    assert facts_in(draft) == facts_of(graph_of(tasks))
    done = {TaskStatus.COMPLETED: TaskStatus.CLAIMED, TaskStatus.CANCELLED: TaskStatus.CANCELLED}
    assert [t.status for t in draft.tasks] == [done.get(s, TaskStatus.PENDING) for s in states]
    assert "make" in text


def test_parts_nested_too_deep_for_markdown_stay_tasks() -> None:
    tasks = [Task(task_id(n), f"Task {n}", parent=task_id(n - 1) if n > 1 else None) for n in range(1, 61)]
    draft = read(render(graph_of(tasks), "markdown", False, NOW))
    assert [t.title for t in draft.tasks] == [t.title for t in tasks]


def test_what_it_looks_like() -> None:
    tasks = [
        Task(
            task_id(1),
            "Design the schema",
            "Some words.",
            phase=phase_id(1),
            priority=Priority.HIGH,
            estimate=Estimate(2, 4, 8, 0.6),
            tags=("db",),
            assignee="ann",
            depends_on=(Dependency(task_id(2)), Dependency(task_id(3), DependencyKind.START_TO_START, 2.0)),
            run=("make build",),
            acceptance=(Criterion("It is fast", "pytest -q"), Criterion("It reads well")),
        ),
        Task(task_id(2), "Other", phase=phase_id(2)),
        Task(task_id(3), "Third", phase=phase_id(2)),
        Task(task_id(4), "Draw it", parent=task_id(1)),
    ]
    phases = [Phase(phase_id(1), "Data"), Phase(phase_id(2), "Rest", depends_on=(phase_id(1),))]
    assert render(graph_of(tasks, phases), "markdown", False, NOW).split("## Requirements")[0] == SHOWN


SHOWN = """# The shop

> Sell things to people

## Data

- [ ] `task-001` Design the schema (2h-4h-8h, 60%) !high #db @ann
  Some words.
  - depends on: task-002, task-003 (start-to-start +2h)
  - run: `make build`
  - check: `pytest -q` — It is fast
  - accept: It reads well
  - [ ] `task-004` Draw it

## Rest

_After: Data_

- [ ] `task-002` Other
- [ ] `task-003` Third

"""


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_title_is_read_back(odd: str) -> None:
    graph = graph_of([Task(task_id(1), odd, estimate=Estimate(1, 2, 3, 0.5), tags=("db",)), Task(task_id(2), "Other")])
    assert facts_in(read(render(graph, "markdown", False, NOW))) == facts_of(graph)


@pytest.mark.parametrize(
    "name", ["Risks", "Requirements", "Acceptance criteria", "Tasks", "Done", "T001 first", "[ ] x"]
)
def test_a_phase_named_like_something_else_keeps_its_tasks(name: str) -> None:
    phases = [Phase(phase_id(1), name), Phase(phase_id(2), "Last", depends_on=(phase_id(1),))]
    tasks = [Task(task_id(n), f"Task {n}", phase=phase_id(n)) for n in (1, 2)]
    draft = read(render(graph_of(tasks, phases), "markdown", False, NOW))
    assert [p.title for p in draft.phases] == [f"Phase 1: {name}", "Last"]
    assert [(t.title, t.phase) for t in draft.tasks] == [("Task 1", 0), ("Task 2", 1)]
    assert draft.phases[1].depends_on == (0,)


CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.mark.parametrize("path", sorted(CORPUS.glob("[!g]*/*.md")), ids=lambda p: p.name)
def test_real_plans_are_read_back(path: Path) -> None:
    first = read(path.read_text(encoding="utf-8"))
    plan = Orchestration(OrchestrationId("orch-x-abcd"), first.title, plan_of(first, ""))
    graph = evolve(graph_of(list(manifest(first, "")), plan.plan.phases), orchestration=plan)
    again = read(render(graph, "markdown", False, NOW))
    assert facts_in(again) == facts_of(graph)
    assert (again.title, again.goal) == (first.title, " ".join(first.goal.split()))
    for part in ("requirements", "risks", "decisions", "quality_gates"):
        assert getattr(again, part) == getattr(first, part)
