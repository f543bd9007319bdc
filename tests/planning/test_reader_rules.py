"""One small case for each rule of reading."""

from __future__ import annotations

import pytest

from qwen_orch.errors import DependencyError, ValidationError
from qwen_orch.model.draft import Draft, DraftTask
from qwen_orch.model.task import Criterion, DependencyKind, Estimate, Priority, TaskStatus
from qwen_orch.planning.reader import read


def one(text: str) -> DraftTask:
    """The only task of *text*."""
    (task,) = read(text).tasks
    return task


def titles(text: str) -> list[str]:
    return [task.title for task in read(text).tasks]


def edges(draft: Draft) -> list[tuple[int, int]]:
    return [(n, d.task) for n, task in enumerate(draft.tasks) for d in task.depends_on]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("- [ ] Write the parser.", "Write the parser"),
        ("- [ ] **Write** the *parser*", "Write the parser"),
        ("- [ ] Write `a.py` — it splits lines", "Write `a.py`"),
        ("- [ ] Write the first version of it. Then test it well.", "Write the first version of it"),
        ("- [ ] Ask e.g. Ann about the plan", "Ask e.g. Ann about the plan"),
        ("- [ ] Read [the paper](https://example.org/p) twice", "Read the paper twice"),
        ("- [ ] Keep `src/*.py` and count(*) as they are", "Keep `src/*.py` and count(*) as they are"),
        ("- [ ] **Login page**: with OAuth and a password", "Login page"),
        ("- [ ] Fix issue #42 in C#", "Fix issue #42 in C#"),
        ("- [ ] a\u202eb\x07c <!-- hidden -->d", "abc d"),
        ("- [ ] 重构解析器。", "重构解析器"),
        ("- [ ] Ship 🚀 it", "Ship 🚀 it"),
        ("- [ ] One\n  title over\n  three lines", "One title over three lines"),
        ("- [ ] Cache answers for 24h", "Cache answers for 24h"),
    ],
)
def test_title(text: str, title: str) -> None:
    assert one(text).title == title


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("- [ ] T001 Do it", "T001"),
        ("- [ ] **T-12**: Do it", "T-12"),
        ("- [ ] [AB-7] Do it", "AB-7"),
        ("- [ ] 1.2 Do it", "1.2"),
        ("- [ ] 3. Do it", "3"),
        ("- [ ] #12 Do it", "#12"),
        ("- [ ] `task-004` Do it", "task-004"),
        ("### Task 4: Do it", "4"),
        ("- [ ] UE5-001: Do it", "UE5-001"),
        ("- [ ] UTF-8 everywhere", ""),
        ("- [ ] P1: Do it", ""),
    ],
)
def test_label(text: str, label: str) -> None:
    task = one(text)
    assert (task.label, task.title) == (label, "UTF-8 everywhere" if "UTF" in text else "Do it")


@pytest.mark.parametrize(
    ("text", "status", "tag"),
    [
        ("- [x] Do it", TaskStatus.CLAIMED, ""),
        ("- [X] Do it", TaskStatus.CLAIMED, ""),
        ("- [ ] Do it", TaskStatus.PENDING, ""),
        ("- [~] Do it", TaskStatus.PENDING, ""),
        ("- [-] Do it", TaskStatus.CANCELLED, ""),
        ("- ☑ Do it", TaskStatus.CLAIMED, ""),
        ("- [ ] Do it ✅", TaskStatus.CLAIMED, ""),
        ("- [ ] ~~Do it~~", TaskStatus.CANCELLED, ""),
        ("- [ ] ~~Do it~~ — N/A: no need", TaskStatus.CANCELLED, ""),
        ("- [ ] ~~Do it~~ → ✅ COMPLETE", TaskStatus.CLAIMED, ""),
        ("- [ ] Do it — REMOVED", TaskStatus.CANCELLED, ""),
        ("- [ ] Do it — DEFERRED (no time)", TaskStatus.PENDING, "deferred"),
        ("- [ ] Do it (in progress)", TaskStatus.PENDING, "in-progress"),
        ("- [ ] Do it\n  - Status: done", TaskStatus.CLAIMED, ""),
        ("## Tasks\n\n- ✅ Do it", TaskStatus.CLAIMED, ""),
    ],
)
def test_status(text: str, status: TaskStatus, tag: str) -> None:
    task = one(text)
    assert (task.title, task.status) == ("Do it", status)
    assert task.tags == ((tag,) if tag else ())


def test_deferred_work_is_of_low_priority() -> None:
    assert one("- [ ] Do it — DEFERRED").priority is Priority.LOW


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("(2h)", (2, 2, 2)),
        ("(90 min)", (1.5, 1.5, 1.5)),
        ("(3-5 days)", (24, 32, 40)),
        ("(1w)", (40, 40, 40)),
        ("(half a day)", (4, 4, 4)),
        ("(~4 hours)", (4, 4, 4)),
        ("[1.5d]", (12, 12, 12)),
        ("— 2 days", (16, 16, 16)),
        ("~3h", (3, 3, 3)),
        ("(1h-2h-6h)", (1, 2, 6)),
        ("(2 to 4 h)", (2, 3, 4)),
        ("（2天）", (16, 16, 16)),
        ("(est. 2h, high)", (2, 2, 2)),
        ("\n  Estimate: 2 hours", (2, 2, 2)),
        ("\n  - Duration: 1 week", (40, 40, 40)),
        ("(3 pts)", (6, 12, 24)),
        ("\n  - Size: M", (8, 16, 24)),
    ],
)
def test_estimate(words: str, hours: tuple[float, float, float]) -> None:
    task = one(f"- [ ] Do it {words}")
    assert task.title == "Do it"
    assert task.estimate is not None
    assert (task.estimate.low, task.estimate.likely, task.estimate.high) == hours
    assert any(origin.field == "estimate" for origin in task.origins)


@pytest.mark.parametrize("words", ["for 24h", "(30 s timeout)", "in 3 days", "(Week 1-2)", "within 2 hours"])
def test_no_estimate(words: str) -> None:
    assert one(f"- [ ] Keep the cache {words}").estimate is None


def test_three_points_with_confidence() -> None:
    assert one("- [ ] Do it (1h-2h-4h, 60%)").estimate == Estimate(1, 2, 4, 0.6)


def test_sizes_and_points_mean_what_the_legend_says() -> None:
    draft = read("S = 2h, M = 1-2 days. 1 point = 3h.\n\n- [ ] a task (S)\n- [ ] another (M)\n- [ ] third (2 pts)")
    assert [t.estimate and t.estimate.likely for t in draft.tasks] == [2, 12, 6]


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("- [ ] Do it P0", Priority.CRITICAL),
        ("- [ ] Do it (P1)", Priority.HIGH),
        ("- [ ] [P2] Do it", Priority.MEDIUM),
        ("- [ ] P3: Do it", Priority.LOW),
        ("- [ ] **HIGH PRIORITY**: Do it", Priority.HIGH),
        ("- [ ] Do it !!", Priority.HIGH),
        ("- [ ] Do it !!!", Priority.CRITICAL),
        ("- [ ] Do it !low", Priority.LOW),
        ("- [ ] Do it [high]", Priority.HIGH),
        ("- [ ] [#A] Do it", Priority.HIGH),
        ("- [ ] Do it (must have)", Priority.CRITICAL),
        ("- [ ] Do it\n  - Priority: Could have", Priority.MEDIUM),
        ("- [ ]* Do it", Priority.LOW),
        ("## Phase 1: Login (Priority: P0)\n\n- [ ] Do it", Priority.CRITICAL),
        ("## High priority\n\n- [ ] Do it", Priority.HIGH),
    ],
)
def test_priority(text: str, priority: Priority) -> None:
    task = one(text)
    assert (task.title, task.priority) == ("Do it", priority)


def test_tags_people_story_and_parallel_marks() -> None:
    task = one("- [ ] T01 [P] [US2] Do it #ui #web @ann")
    assert (task.title, task.tags, task.assignee) == ("Do it", ("parallel", "US2", "ui", "web"), "ann")


def test_fields_below_a_task() -> None:
    task = one(
        "- [ ] Do it\n  - Owner: @bob\n  - Tags: a, b\n  - run: `make x`, `make y`\n"
        "  - accept: it is done\n  - Why: because"
    )
    assert (task.assignee, task.tags, task.run) == ("bob", ("a", "b"), ("make x", "make y"))
    assert task.acceptance == (Criterion("it is done"),)
    assert task.description == "- Why: because"


def test_a_command_needs_a_code_span() -> None:
    task = one("- [ ] Do it\n  - run: the whole thing")
    assert (task.run, task.description) == ((), "run: the whole thing")


@pytest.mark.parametrize(
    ("words", "criterion"),
    [
        ("- check: `pytest -q` — all pass", Criterion("all pass", "pytest -q")),
        ("- check: `pytest -q`", Criterion("pytest -q", "pytest -q")),
        ("- accept: users can log in", Criterion("users can log in")),
        ("- Done when: users can log in", Criterion("users can log in")),
        ("- Acceptance criteria:\n    - users can log in", Criterion("users can log in")),
        ("**Acceptance Criteria**\n  - [x] users can log in", Criterion("users can log in")),
        (
            "- Given a user, when they log in, then they are in",
            Criterion("Given a user, when they log in, then they are in"),
        ),
        ("- _Requirements: 1.2, 3.4_", Criterion("Requirements met: 1.2, 3.4")),
        ("- 验收：可以登录", Criterion("可以登录")),
    ],
)
def test_criterion(words: str, criterion: Criterion) -> None:
    assert one(f"- [ ] Do it\n\n  {words}").acceptance == (criterion,)


def test_given_when_then_over_lines() -> None:
    task = one("### Task 1: Do it\n\nGiven a user\nWhen they log in\nThen they are in")
    assert [c.text for c in task.acceptance] == ["Given a user When they log in Then they are in"]


def test_a_run_label_over_a_shell_fence() -> None:
    task = one("### Task 1: Do it\n\nRun:\n```bash\nmake a\nmake b\n```\n\nExpected: both succeed")
    assert task.run == ("make a\nmake b",)
    assert task.acceptance == (Criterion("both succeed"),)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("depends on T1", [(2, 0)]),
        ("depends on: T1, T2", [(2, 0), (2, 1)]),
        ("(depends on T1 and T2)", [(2, 0), (2, 1)]),
        ("— after T1-T2", [(2, 0), (2, 1)]),
        ("blocked by #1", []),
        ("requires T1 & T2", [(2, 0), (2, 1)]),
        ("as in T1", []),
        ("\n  - Depends on: First task", [(2, 0)]),
        ("\n  - Depends on: first, second", [(2, 0), (2, 1)]),
        ("\n  - Dependencies: None", []),
        ("\n  - After: 1, 2", [(2, 0), (2, 1)]),
        ("\n  - Blocks: T1", [(0, 2)]),
        ("blocked by “Second task”", [(2, 1)]),
        ("依赖 T1", [(2, 0)]),
    ],
)
def test_dependency(words: str, expected: list[tuple[int, int]]) -> None:
    draft = read(f"- [ ] T1 First task\n- [ ] T2 Second task\n- [ ] T3 Third task {words}")
    assert edges(draft) == expected
    assert all(not d.inferred for t in draft.tasks for d in t.depends_on)


@pytest.mark.parametrize(
    ("words", "kind", "lag"),
    [
        ("T1 (start-to-start +2h)", DependencyKind.START_TO_START, 2),
        ("T1 (FF)", DependencyKind.FINISH_TO_FINISH, 0),
        ("T1 SS+1d", DependencyKind.START_TO_START, 8),
        ("T1 (finish-to-start -30 min)", DependencyKind.FINISH_TO_START, -0.5),
        ("First (SF)", DependencyKind.START_TO_FINISH, 0),
    ],
)
def test_kind_and_lag(words: str, kind: DependencyKind, lag: float) -> None:
    draft = read(f"- [ ] T1 First\n- [ ] T2 Second\n  - depends on: {words}")
    (dependency,) = draft.tasks[1].depends_on
    assert (dependency.kind, dependency.lag) == (kind, lag)


def test_building_on_something_is_an_inferred_dependency() -> None:
    draft = read("- [ ] T1 First\n- [ ] T2 Second, builds on T1")
    assert draft.tasks[1].depends_on[0].inferred


def test_order_is_no_dependency() -> None:
    assert edges(read("1. Build it\n2. Test it\n3. Ship it")) == []


def test_an_unknown_reference_names_the_nearest() -> None:
    draft = read("- [ ] T001 First\n- [ ] T002 Second\n  - depends on: T0011")
    (warning,) = draft.warnings
    assert warning.line == 3
    assert "T001" in warning.message


def test_a_circle_is_refused_with_its_path() -> None:
    with pytest.raises(DependencyError, match=r"T1 “First” \(line 1\) → T2 “Second” \(line 2\) → T1"):
        read("- [ ] T1 First, depends on T2\n- [ ] T2 Second, depends on T1")


def test_a_task_cannot_depend_on_itself() -> None:
    with pytest.raises(DependencyError, match="itself"):
        read("- [ ] T1 First\n  - depends on: T1")


def test_circles_of_phases_are_refused() -> None:
    with pytest.raises(DependencyError, match="phases"):
        read("## Phase 1: A\nDepends on: Phase 2\n- [ ] a\n## Phase 2: B\nDepends on: Phase 1\n- [ ] b")


def test_an_inferred_dependency_never_closes_a_circle() -> None:
    draft = read("- [ ] T1 First, builds on T2\n- [ ] T2 Second, depends on T1")
    assert edges(draft) == [(1, 0)]
    assert "circle" in str(draft.warnings[0])


def test_a_duplicate_id_is_a_warning_with_both_lines() -> None:
    draft = read("- [ ] T1 First\n- [ ] T1 Other\n- [ ] T2 Second, depends on T1")
    assert edges(draft) == [(2, 0)]
    assert "lines 1 and 2" in draft.warnings[0].message


@pytest.mark.parametrize(
    "words",
    [
        "Phase 2 depends on Phase 1.",
        "Phases are sequential.",
        "## Dependencies\n\n- **B (Phase 2)**: Depends on Phase 1 (all of it)",
        "## Dependencies\n\n- Phase 1: none\n- Phase 2: after all previous phases",
        "## Dependencies\n\nPhase 1 → Phase 2",
        "## Execution order\n\nPhase 1 blocks all other phases",
    ],
)
def test_phase_dependency(words: str) -> None:
    draft = read(f"# Plan\n\n## Phase 1: A\n\n- [ ] a\n\n## Phase 2: B\n\n- [ ] b\n\n{words}")
    assert [p.depends_on for p in draft.phases] == [(), (0,)]


def test_a_barrier_in_words_holds_back_the_phases_after_it() -> None:
    draft = read(
        "## Phase 1: Base\n\nNo other work can begin until this phase is complete.\n\n- [ ] a\n\n"
        "## Phase 2: B\n\n- [ ] b"
    )
    assert [p.depends_on for p in draft.phases] == [(), (0,)]


def test_headings_are_phases_and_containers_are_not() -> None:
    draft = read("# App\n\n## Tasks\n\n### Backend\n\n- [ ] a\n\n### Frontend\n\n- [ ] b")
    assert [p.title for p in draft.phases] == ["Backend", "Frontend"]
    assert read("# App\n\n## Tasks\n\n- [ ] a").phases == ()


def test_bold_lines_and_labels_are_phases() -> None:
    assert [p.title for p in read("**Phase 1: A**\n- do a\n\n**Phase 2: B**\n- do b").phases] == [
        "Phase 1: A",
        "Phase 2: B",
    ]
    assert [p.title for p in read("Backend:\n- [ ] a\n\nFrontend:\n- [ ] b").phases] == ["Backend", "Frontend"]


def test_list_items_that_name_phases() -> None:
    draft = read(
        "# Roadmap\n\n- **Phase 1 (MVP):**\n    - store files\n    - list files\n- Phase 2:\n    - share files"
    )
    assert [p.title for p in draft.phases] == ["Phase 1 (MVP)", "Phase 2"]
    assert [t.phase for t in draft.tasks] == [0, 0, 1]


def test_a_heading_loses_its_status_and_keeps_its_words() -> None:
    assert [p.title for p in read("## Setup (Week 1) - ✅ COMPLETE\n\n- [x] a").phases] == ["Setup (Week 1)"]


def test_task_headings_with_steps() -> None:
    draft = read(
        "### Task 1: Parser\n\n**Files:**\n- Create: a.py\n\n- [ ] **Step 1: Write a test**\n"
        "- [x] **Step 2: Pass it**\n\n### Task 2: Printer\n\n**Step 1: Print**\n\nSome words."
    )
    assert [(t.label, t.title, t.parent) for t in draft.tasks] == [
        ("1", "Parser", None), ("1.1", "Write a test", 0), ("1.2", "Pass it", 0),
        ("2", "Printer", None), ("2.1", "Print", 3),
    ]  # fmt: skip
    assert "Create: a.py" in draft.tasks[0].description


def test_nested_items() -> None:
    marked = read("- [ ] a\n  - detail\n  - [ ] part\n    - [x] part of a part")
    assert [(t.title, t.parent) for t in marked.tasks] == [("a", None), ("part", 0), ("part of a part", 1)]
    assert marked.tasks[0].description == "- detail"
    plain = read("# Release checklist\n\n- update crates\n  - core\n  - cli\n- publish")
    assert [t.parent for t in plain.tasks] == [None, 0, 0, None]


def test_flat_numbering_nests() -> None:
    draft = read("- [x] 1. Build\n- [ ]* 1.1 Test it\n- [ ] 2. Ship")
    assert [t.parent for t in draft.tasks] == [None, 0, None]
    assert draft.tasks[1].tags == ("optional",)


def test_a_flat_item_with_a_colon_introduces_those_after_it() -> None:
    draft = read("- [x] done\n- [ ] Merge files:\n- [ ] by hour\n- [ ] by day\n- [x] other")
    assert [t.parent for t in draft.tasks] == [None, None, 1, 1, None]


@pytest.mark.parametrize(
    "heading", ["Overview", "Architecture", "Tech Stack", "Legend", "Non-goals", "References", "Notes", "Assumptions"]
)
def test_prose_sections_hold_no_tasks(heading: str) -> None:
    draft = read(f"# Plan\n\n## {heading}\n\n- use words\n- write more\n\n## Tasks\n\n- build it\n- ship it")
    assert [t.title for t in draft.tasks] == ["build it", "ship it"]
    assert "use words" in draft.description


@pytest.mark.parametrize(
    ("heading", "attribute"),
    [
        ("Requirements", "requirements"),
        ("Risks", "risks"),
        ("Key decisions", "decisions"),
        ("Definition of Done", "quality_gates"),
        ("Success criteria", "quality_gates"),
    ],
)
def test_plan_parts(heading: str, attribute: str) -> None:
    draft = read(f"# Plan\n\n## Tasks\n\n- [ ] build it\n\n## {heading}\n\n- [x] keep the old format")
    assert [t.title for t in draft.tasks] == ["build it"]
    assert [getattr(p, "text", p) for p in getattr(draft, attribute)] == ["keep the old format"]


def test_quality_gates_with_checks() -> None:
    draft = read(
        "## Tasks\n\n- [ ] a\n\n## Quality gates\n\n- check: `pytest -q` — tests pass\n"
        "- Docs build: check: `make docs`\n- Ann agrees"
    )
    assert draft.quality_gates == (
        Criterion("tests pass", "pytest -q"),
        Criterion("Docs build", "make docs"),
        Criterion("Ann agrees"),
    )


def test_criteria_of_a_phase_are_gates_that_name_it() -> None:
    draft = read("## Phase 1: A\n\n- [ ] a\n\n验收：\n\n- [ ] 能用")
    assert [c.text for c in draft.quality_gates] == ["Phase 1: A: 能用"]
    assert len(draft.tasks) == 1


def test_boxes_rule_out_plain_lists_elsewhere() -> None:
    draft = read(
        "# Plan\n\n## Ideas for later\n\n- add dark mode\n\n## Phase 1\n\n- [ ] build it\n\n## Phase 2\n\n- ship it"
    )
    assert [t.title for t in draft.tasks] == ["build it", "ship it"]


def test_fences_are_never_tasks() -> None:
    draft = read(
        "- [ ] a\n\n```\n- [ ] b\n## Phase 9\n```\n\n```markdown\n# Doc\n\n```sh\nls\n```\n\n- [ ] c\n```\n\n- [ ] d"
    )
    assert [t.title for t in draft.tasks] == ["a", "d"]
    assert "- [ ] b" in draft.description


def test_a_table_of_phases_or_risks_is_no_plan() -> None:
    assert (
        read("| Phase | Duration |\n|-|-|\n| One | 2 weeks |\n\n| Risk | Impact |\n|-|-|\n| Fire | High |").tasks == ()
    )


def test_table_columns() -> None:
    (task,) = read(
        "| ID | Task | Estimate (days) | Owner | Status | Done when |\n|-|-|-|-|-|-|\n"
        "| A-1 | Build | 1-2 | @ann | done | it runs |"
    ).tasks
    assert (task.label, task.title, task.assignee, task.status) == ("A-1", "Build", "ann", TaskStatus.CLAIMED)
    assert task.estimate == Estimate(8, 12, 16, 0.6)
    assert task.acceptance == (Criterion("it runs"),)


def test_a_plan_told_twice_is_read_once() -> None:
    roadmap = "# Roadmap\n\n- Phase 1:\n    - build it well\n    - test it well\n"
    draft = read(f"{roadmap}\n# Details\n\nwords\n\n{roadmap}")
    assert len(draft.tasks) == 2
    assert "written twice" in draft.warnings[0].message


def test_stated_totals_are_compared() -> None:
    draft = read("## Tasks\n\n- [ ] a\n- [ ] b\n\n## Notes\n\n- Total tasks: 5")
    assert any("5 tasks; 2 were read" in w.message for w in draft.warnings)


def test_empty_text_is_refused_with_a_hint() -> None:
    with pytest.raises(ValidationError) as caught:
        read(" \n\t\n")
    assert caught.value.hints


def test_a_text_without_a_plan_says_why() -> None:
    draft = read("# Thoughts\n\nPlans are nice. I like them.")
    assert draft.tasks == ()
    assert "no tasks were found" in draft.warnings[0].message


def test_lines_without_lists() -> None:
    assert titles("Set up the repository\nWrite the parser\nTest it") == [
        "Set up the repository",
        "Write the parser",
        "Test it",
    ]
    assert titles("• build\n• ship") == ["build", "ship"]
    assert titles("I came home late. It rained.\nThe plan was good.") == []


def test_indented_lists_are_lists() -> None:
    assert titles("Phase 1\n\n    - [ ] a\n    - [ ] b") == ["a", "b"]


def test_a_very_long_title_is_cut_and_kept() -> None:
    task = one("- [ ] " + "word " * 300)
    assert len(task.title) <= 500
    assert len(task.description) > 1400


def test_the_goal() -> None:
    assert read("# T\n\n**Goal:** Win.\n\n- [ ] a").goal == "Win."
    assert read("# T\n\n> Win it all\n\n- [ ] a").goal == "Win it all"
    assert read("# T\n\nWe want to win.\n\n- [ ] a").goal == "We want to win."
    assert read("# T\n\n- [ ] a").goal == "T"
    assert read("# T\n\n- [ ] a", title="Mine").title == "Mine"


def test_every_field_has_an_origin_with_its_line() -> None:
    task = read("# T\n\n- [x] A1: Do it (2h, high) #x @ann\n  - depends on: B2\n- [ ] B2: Other").tasks[0]
    assert {o.field for o in task.origins} >= {
        "label",
        "status",
        "estimate",
        "priority",
        "tags",
        "assignee",
        "depends_on",
    }
    assert {o.line for o in task.origins} == {3, 4}


def test_the_reasoning_is_told() -> None:
    draft = read("# T\n\n## Phase 1\n\n- [x] A1: Do it (2h)\n- [ ] B2: Other, depends on A1")
    assert {i.purpose for i in draft.inferences} == {
        "requirements",
        "decomposition",
        "architecture",
        "estimates",
        "risks",
        "review",
    }
    assert any("1 dependency is stated" in i.text for i in draft.inferences)


def test_our_own_export_form() -> None:
    text = """# Plan: the title
> The goal

## First
- [x] `task-001` A title — with a dash (2h-4h-8h, 60%) !high #tag @ann
  Description line one.
  Line two.
  - depends on: task-002, task-003 (start-to-start +2h)
  - run: `make build`
  - check: `pytest -q` — tests pass
  - accept: looks good
  - [-] `task-004` A part

## Second
_After: First_
- [ ] `task-002` Two
- [~] `task-003` Three

## Quality gates
- check: `make all`
"""
    draft = read(text)
    first, part, two, three = draft.tasks
    assert (draft.title, draft.goal) == ("Plan: the title", "The goal")
    assert (first.title, first.label, first.description) == (
        "A title — with a dash",
        "task-001",
        "Description line one.\n\nLine two.",
    )
    assert first.estimate == Estimate(2, 4, 8, 0.6)
    assert [(d.task, d.kind, d.lag) for d in first.depends_on] == [
        (2, DependencyKind.FINISH_TO_START, 0),
        (3, DependencyKind.START_TO_START, 2),
    ]
    assert (first.run, first.acceptance) == (
        ("make build",),
        (Criterion("tests pass", "pytest -q"), Criterion("looks good")),
    )
    assert (part.parent, part.status, two.phase, three.status) == (0, TaskStatus.CANCELLED, 1, TaskStatus.PENDING)
    assert draft.phases[1].depends_on == (0,)
    assert draft.quality_gates == (Criterion("make all", "make all"),)


def test_a_section_about_dependencies() -> None:
    tasks = "## Tasks\n\n- [ ] T1 Schema\n- [ ] T2 API\n- [ ] T3 UI\n- [ ] T4 Deploy\n\n## Dependencies\n\n"
    assert edges(read(tasks + "- T2 depends on T1\n- T4: requires T2, T3")) == [(1, 0), (3, 1), (3, 2)]
    assert edges(read(tasks + "T1 → T2 → T4, T3 → T4")) == [(1, 0), (3, 1), (3, 2)]
    assert edges(read(tasks + "- T1-T2 block T3")) == [(2, 0), (2, 1)]
    assert edges(read(tasks + "```\nT1 -> T2\n```")) == [(1, 0)]
    assert edges(read(tasks + "```mermaid\ngraph TD\n  A[Schema] --> B[API] & C[UI]\n  C --> T4\n```")) == [
        (1, 0),
        (2, 0),
        (3, 2),
    ]


def test_a_drawing_that_contradicts_the_tasks_gives_way() -> None:
    draft = read("## Tasks\n\n- [ ] T1 A\n- [ ] T2 B, depends on T1\n\n## Dependencies\n\nT2 → T1")
    assert edges(draft) == [(1, 0)]
    assert "circle" in str(draft.warnings[0])


def test_numbers_in_numbered_lists() -> None:
    text = "1) Demolish\n   a) remove tiles\n   b) remove pipes\n2) Plumb (2 days), after 1\n"
    text += "3) Tile - 3 days - requires 1 and 2"
    draft = read(text)
    assert [(t.title, t.parent) for t in draft.tasks] == [
        ("Demolish", None), ("remove tiles", 0), ("remove pipes", 0), ("Plumb", None), ("Tile", None),
    ]  # fmt: skip
    assert edges(draft) == [(3, 0), (4, 0), (4, 3)]
    nested = read("# Plan\n\n1. Prepare\n   1. Back up\n2. Move\n   1. Export (depends on 1.1)")
    assert edges(nested) == [(3, 1)]


def test_words_that_were_not_understood_stay() -> None:
    assert one("- [ ] Remove the server, after 1 week").title == "Remove the server, after 1 week"
    assert "requires Playwright" in one("- [ ] T1 Test it — DEFERRED (requires Playwright)").description


def test_prose_told_in_order() -> None:
    draft = read("First, set up the database. Then write the API. Finally deploy it.")
    assert [t.title for t in draft.tasks] == ["Set up the database", "Write the API", "Deploy it"]
    assert edges(draft) == [(1, 0), (2, 1)]
    assert all(d.inferred for t in draft.tasks for d in t.depends_on)


def test_numbered_headings_with_verbs() -> None:
    draft = read(
        "# Plan\n\n## Approach\n\nWords.\n\n### 1. Add the bucket\n\nDetails.\n\n### 2. Wire it\n\n- import it"
    )
    assert [t.title for t in draft.tasks] == ["Add the bucket", "Wire it"]
    assert draft.tasks[1].description == "- import it"


def test_issue_numbers_and_people() -> None:
    draft = read(
        "## Action items\n\n- [ ] Cache pages (#12)\n- [ ] @ann: write it, depends on #12\n- Bob to profile the API"
    )
    assert [(t.label, t.title, t.assignee) for t in draft.tasks] == [
        ("#12", "Cache pages", None), ("", "write it", "ann"), ("", "profile the API", "Bob"),
    ]  # fmt: skip
    assert edges(draft) == [(1, 0)]


@pytest.mark.parametrize(
    ("text", "title", "who"),
    [
        ("Write the docs @ann", "Write the docs", "ann"),
        ("Write the docs, @ann-lee.", "Write the docs", "ann-lee"),
        ("Write the docs (2h, @ann)", "Write the docs", "ann"),
        ("Write the docs, assigned to @ann", "Write the docs", "ann"),
        ("Write the docs — owner: @ann", "Write the docs", "ann"),
        ("Deploy @ann", "Deploy", "ann"),
        ("@ann write the docs", "write the docs", "ann"),
        ("@ann: docs", "docs", "ann"),
        ("@王伟 实现登录", "实现登录", "王伟"),
        ("Mark to write the docs", "write the docs", "Mark"),
        ("Pretend to document it", "Pretend to document it", None),
        ("Try to fix the build", "Try to fix the build", None),
        ("Convert Point to a @dataclass", "Convert Point to a @dataclass", None),
        ("Convert Point (@dataclass)", "Convert Point (@dataclass)", None),
        ("@dataclass support for Point", "@dataclass support for Point", None),
        ("@media queries for print", "@media queries for print", None),
        ("Use @click.command", "Use @click.command", None),
        ("Decorate it with @functools.cache", "Decorate it with @functools.cache", None),
        ("Mark slow tests as @pytest.mark.slow", "Mark slow tests as @pytest.mark.slow", None),
        ("Remove @deprecated", "Remove @deprecated", None),
        ("Document @param and @returns", "Document @param and @returns", None),
        ("Upgrade to @angular/core", "Upgrade to @angular/core", None),
        ("@types/node upgrade", "@types/node upgrade", None),
        ("Pin react@18", "Pin react@18", None),
        ("Send the report to bob@example.org", "Send the report to bob@example.org", None),
        ("Reply to @here", "Reply to @here", None),
        ("Talk to @ann about the schema", "Talk to @ann about the schema", None),
        ("Discuss it with @bob.", "Discuss it with @bob", None),
        ("Run the backup @daily", "Run the backup @daily", None),
    ],
)
def test_who_is_named_and_who_is_spoken_of(text: str, title: str, who: str | None) -> None:
    """A title keeps what it would not do without, and a word of a language is nobody."""
    task = one(f"# Plan\n\n## Work\n\n- [ ] {text}\n")
    assert (task.title, task.assignee) == (title, who)


@pytest.mark.parametrize("text", ["Do it (3h, high) #x @ann depends on T1", "Do it #x @ann (3h, high), depends on T1"])
def test_marks_may_stand_before_what_it_depends_on(text: str) -> None:
    task = read(f"# P\n\n- [ ] T1 Other\n- [ ] T2 {text}\n").tasks[1]
    assert (task.title, task.assignee, task.priority, task.tags) == ("Do it", "ann", Priority.HIGH, ("x",))
    assert task.estimate is not None
    assert task.estimate.likely == 3
    assert [d.task for d in task.depends_on] == [0]


def test_whom_we_have_written_ourselves_is_a_person() -> None:
    """In our own export, whatever the title says and however they are called."""
    draft = read("# P\n\n- [ ] `task-001` Use !high @all\n- [ ] `task-002` A a @b.\n")
    told = [(t.title, t.assignee) for t in draft.tasks]
    assert told == [("Use", "all"), ("A a", "b")]


def test_a_legend_of_boxes_is_no_work() -> None:
    assert titles("## Legend\n\n- [x] done\n- [ ] open\n\n## Work\n\n- [ ] build it") == ["build it"]


def test_todo_txt() -> None:
    draft = read("(A) 2026-01-03 Call the plumber +house @phone\nx 2026-01-02 Pay the rent\n")
    assert [(t.title, t.status.value, t.tags) for t in draft.tasks] == [
        ("Call the plumber", "pending", ("house", "phone")), ("Pay the rent", "claimed", ()),
    ]  # fmt: skip


def test_totals_of_effort_are_compared() -> None:
    assert "10 hours" in str(read("## Tasks\n\n- [ ] a (4h)\n- [ ] b (6h)\n\n## Notes\n\nTotal: 20h").warnings[0])
    assert read("## Tasks\n\n- [ ] a (4h)\n- [ ] b (6h)\n\n## Notes\n\nTotal: 8-12h").warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "# Changelog\n\n## [1.2.0]\n\n### Added\n\n- Add search\n\n## [1.1.0]\n\n- Improve speed",
        "# ADR 7\n\n## Context\n\nWords.\n\n## Decision\n\nUse it.\n\n## Consequences\n\n- Add a backup",
        (
            "# tool\n\n## Quick start\n\n1. Install it\n2. Run it\n\n## Development\n\n"
            "- Create an environment\n- Run the tests"
        ),
        "# Feature\n\n## Requirements\n\n- **FR-001**: System MUST log in\n\n## Success Criteria\n\n- **SC-001**: fast",
    ],
)
def test_documents_that_hold_no_plan(text: str) -> None:
    assert read(text).tasks == ()


def test_headings_between_phase_and_task_are_remembered() -> None:
    draft = read("## Phase 1: A\n\n### Tests first\n\n- [ ] a\n\n### Empty\n\n## Phase 2: B\n\n- [ ] b")
    assert [p.title for p in draft.phases] == ["Phase 1: A", "Phase 2: B"]
    assert any(o.field == "phase" and "Tests first" in o.reason for o in draft.tasks[0].origins)
    assert "Empty" in draft.phases[0].description


def test_tables_and_numbers_that_are_no_tasks() -> None:
    assert read("# Peers\n\n| Feature | A | B |\n|-|-|-|\n| Plan | yes | no |\n| Export | no | yes |").tasks == ()
    assert read("# Versions\n\n* *2.7.18* : runs on macOS\n* others do not").tasks == ()
    assert read("# Report\n\n### T1 concurrent writers\n\nWords.\n\n### T2 crashes\n\nWords.").tasks == ()
    assert len(read("# Board\n\n| Task | Note |\n|-|-|\n| Plan | soon |\n| Export | later |").tasks) == 2
