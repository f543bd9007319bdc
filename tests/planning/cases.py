"""What the reader makes of small texts, rule by rule: read by the tests, and by ``docs/generate.py`` for people.

A case is a text and what was understood of it, in the notation of `told`.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from qwen_orch.model.draft import Draft, DraftTask
from qwen_orch.model.task import DependencyKind, Estimate, Priority, TaskStatus


@frozen
class Rule:
    """A rule in *words*, under a *name*, with *cases*: texts and what each is understood as."""

    name: str
    words: str
    cases: tuple[tuple[str, str], ...]


RULES = (
    Rule(
        "Tasks, parts and phases",
        "Items with boxes are tasks, and so are the items of lists under a heading of work or of a phase. A heading is "
        "a phase when tasks stand under it; an item below another is a part of it.",
        (
            ("- [ ] Write it\n  - [ ] Write the lexer\n- [ ] Test it", "Write it\n  Write the lexer\nTest it"),
            (
                "# Parser\n\n## Phase 1: Build\n\n- Write it\n\n## Phase 2: Ship\n\n_After: Phase 1_\n\n- Ship it",
                "# Phase 1: Build\n  Write it\n# Phase 2: Ship · after Phase 1: Build\n  Ship it",
            ),
            ("## Tasks\n\n1. Write it\n2. Test it", "Write it\nTest it"),
            (
                "- [ ] Write the parser — it splits lines\n- [ ] Ask e.g. Ann about it.",
                "Write the parser\nAsk e.g. Ann about it",
            ),
            (
                "- [ ] Write the parser of plans. It splits lines.\n- [ ] **Login page**: with a password",
                "Write the parser of plans\nLogin page",
            ),
        ),
    ),
    Rule(
        "Labels",
        "An id before the title is its label. Letters that mean other things as often (`P1`, `Q3`, `V2`, `R1`, `H1`) "
        "are an id when items beside it go on in sequence, or when a dependency names it.",
        (
            (
                "- [ ] T001 Write it\n- [ ] **AB-7**: Test it\n- [ ] 1.2 Ship it",
                "T001 Write it\nAB-7 Test it\n1.2 Ship it",
            ),
            ("- [ ] R1 a\n- [ ] R2 b\n  - depends on: R1", "R1 a\nR2 b · after R1"),
            ("- [ ] A1 Write it\n- [ ] B2 Test it\n  - after: A1", "A1 Write it\nB2 Test it · after A1"),
            ("- [ ] Q3 Ship it\n- [ ] Tell all, after Q3", "Q3 Ship it\nTell all · after Q3"),
            ("- [ ] UC1 Log in\n- [ ] UC2 Log out", "UC1 Log in\nUC2 Log out"),
            ("- [ ] V2 of the page\n- [ ] Write it", "V2 of the page\nWrite it"),
            ("- [ ] H1 style\n- [ ] H2 style", "H1 style\nH2 style"),
            ("- [ ] UTF-8 everywhere\n- [ ] UTF-16 nowhere", "UTF-8 everywhere\nUTF-16 nowhere"),
            ("- [ ] P1: Fix it\n- [ ] P2: Paint it", "Fix it · high\nPaint it"),
            ("- [ ] P0 Fix it\n- [ ] P1 Paint it", "P0 Fix it\nP1 Paint it"),
            ("- [ ] P1 Fix it\n- [ ] P2 Paint it\n  - depends on: P1", "P1 Fix it\nP2 Paint it · after P1"),
            ("- [ ] P1: Fix it\n- [ ] P2: Paint it\n  - depends on: P1", "P1 Fix it\nP2 Paint it · after P1"),
            ("## Tasks\n\n| ID | Task |\n|---|---|\n| R1 | Write it |\n| R2 | Test it |", "R1 Write it\nR2 Test it"),
        ),
    ),
    Rule(
        "Status",
        "A tick, a sign or a word in capitals behind the title. What is said to be done is a claim; what is struck out "
        "is cancelled.",
        (
            ("- [x] Write it\n- [-] Test it\n- [~] Ship it", "Write it · claimed\nTest it · cancelled\nShip it"),
            ("- [ ] Write it ✅\n- [ ] Test it — DONE", "Write it · claimed\nTest it · claimed"),
            ("- [ ] ~~Write it~~\n- [ ] Test it — DEFERRED", "Write it · cancelled\nTest it · low · #deferred"),
            ("- [ ] Write it\n  - Status: done", "Write it · claimed"),
        ),
    ),
    Rule(
        "Estimates",
        "In brackets, behind a dash, as a field, or bare right before another mark; `m` is minutes. A day has 8 hours, "
        "a week 5 days. Other numbers are part of the title.",
        (
            ("- [ ] Write it (2h)\n- [ ] Test it (3-5 days)", "Write it · 2h\nTest it · 24h-32h-40h"),
            ("- [ ] Write it (30m)\n- [ ] Test it (10m-20m-1h)", "Write it · 0.5h\nTest it · 0.167h-0.333h-1h"),
            ("- [ ] Write it (1h 30m)\n- [ ] Test it — 1d 4h", "Write it · 1.5h\nTest it · 12h"),
            ("- [ ] Write it — 2 days\n- [ ] Test it\n  - Estimate: 90 min", "Write it · 16h\nTest it · 1.5h"),
            ("- [ ] Write it — Jonas, 2h\n- [ ] Test it, 3h", "Write it · 2h · @Jonas\nTest it · 3h"),
            ("- [ ] Write it 2h @ann\n- [ ] Test it 3-5d #core", "Write it · 2h · @ann\nTest it · 24h-32h-40h · #core"),
            ("- [ ] Sleep for 2h @ann\n- [ ] Wait 2h", "Sleep for 2h · @ann\nWait 2h"),
            ("- [ ] Write it (1,500h)", "Write it · 1500h"),
            ("S = 1 day\n\n- [ ] Write it (S)", "Write it · 8h"),
            ("- [ ] Keep the cache for 24h\n- [ ] Lay 30 m of cable", "Keep the cache for 24h\nLay 30 m of cable"),
        ),
    ),
    Rule(
        "Priority, tags and people",
        "Behind the title, in brackets, or as fields of their own.",
        (
            ("- [ ] Write it !high #core @ada", "Write it · high · #core · @ada"),
            ("- [ ] Write it (P0, @ada)\n- [ ] [P] Test it", "Write it · critical · @ada\nTest it · #parallel"),
            ("- [ ] Write it\n  - Priority: low\n  - Owner: Ada Byron", "Write it · low · @Ada Byron"),
            ("- [ ] 設計\n  - 担当: 佐藤\n  - 見積: 2日\n  - 優先度: 高", "設計 · high · 16h · @佐藤"),
        ),
    ),
    Rule(
        "What comes first",
        "Labels, numbers, ranges, quoted titles; and titles word for word, when they are all that stands behind "
        "“, after” or “, depends on” at the end of an item. Whatever else stands there stays in the title.",
        (
            (
                "- [ ] T1 Write it\n- [ ] T2 Test it (1h), depends on T1\n- [ ] T3 Ship it\n  - after: T1-T2",
                "T1 Write it\nT2 Test it · 1h · after T1\nT3 Ship it · after T1, T2",
            ),
            ("- [ ] Test it\n- [ ] Ship it (2h), after Test it", "Test it\nShip it · 2h · after Test it"),
            ("- [ ] Catalogue\n- [ ] Cart, after catalogue", "Catalogue\nCart · after Catalogue"),
            ("- [ ] Test it\n- [ ] Ship it (after Test it)", "Test it\nShip it · after Test it"),
            ("- [ ] Test it\n- [ ] Ship it (2h, after Test it)", "Test it\nShip it · 2h · after Test it"),
            (
                "- [ ] Write it\n- [ ] Test it\n- [ ] Ship it; depends on Write it and Test it @ada",
                "Write it\nTest it\nShip it · @ada · after Write it, Test it",
            ),
            ("- [ ] Eat lunch (1h), after work\n- [ ] Sleep", "Eat lunch, after work · 1h\nSleep"),
            (
                "- [ ] Write it\n- [ ] Ship, depends on luck",
                "Write it\nShip, depends on luck\n! line 2: “luck” is named as a dependency and is not in this plan",
            ),
            (
                "1. Write it\n2. Test it\n3. Ship it, after 1 and 2",
                "Write it\nTest it\nShip it · after Write it, Test it",
            ),
            (
                "- [ ] T1 Write it\n- [ ] T2 Test it\n  - depends on: T1 (start-to-start +30m)",
                "T1 Write it\nT2 Test it · after T1 (start-to-start +0.5h)",
            ),
            (
                "A stage starts after the one before it.\n\n## Stage 1\n\n- [ ] Write\n\n## Stage 2\n\n- [ ] Test",
                "# Stage 1\n  Write\n# Stage 2 · after Stage 1\n  Test",
            ),
        ),
    ),
    Rule(
        "Criteria and commands",
        "Only a command in backticks is ever run. A criterion without one is for people.",
        (
            (
                "- [ ] Write it\n  - run: `make build`\n  - check: `make test` — all is well",
                "Write it · run `make build` · check `make test` all is well",
            ),
            (
                "- [ ] Write it\n  - run: make build",
                "Write it\n! line 2: run: without backticks is text, not a command",
            ),
            (
                "- [ ] Write it\n  - check: make test",
                "Write it · accept make test\n! line 2: check: without backticks is text, not a command",
            ),
            ("- [ ] Write it\n  - accept: Ada has read it", "Write it · accept Ada has read it"),
            (
                "- [ ] Write it\n  - Done when:\n    - it is fast\n    - it is small",
                "Write it · accept it is fast · accept it is small",
            ),
            (
                "- [ ] Write it\n  - Given a plan when it is read then nothing is lost",
                "Write it · accept Given a plan when it is read then nothing is lost",
            ),
        ),
    ),
    Rule(
        "What is no task",
        "Lists under headings such as Requirements, Decisions, Risks and Definition of done; code; and, in a text "
        "with boxes, lists without.",
        (
            (
                "## Tasks\n\n- [ ] Write it\n\n## Risks\n\n- It rains\n\n## Definition of done\n\n- It is read",
                "Write it\nrisk: It rains\ngate: It is read",
            ),
            ("- [ ] Write it\n\n```md\n- [ ] no task\n```", "Write it"),
        ),
    ),
    Rule(
        "Our own exports",
        "Where the items begin with `` `task-001` ``, titles are taken word for word, whatever they look like.",
        (
            (
                "# T001 first\n\n## Wait - DONE\n\n- [ ] `task-001`: **Ship ✅ DONE** (1h-2h-4h, 60%) #core\n",
                "# Wait - DONE\n  task-001 Ship ✅ DONE · 1h-2h-4h · #core",
            ),
        ),
    ),
)


def told(draft: Draft) -> str:
    """Return what was understood: a line a task, its facts behind it, phases before, parts of the plan at the end."""
    return "\n".join(_lines(draft))


def _lines(draft: Draft) -> Iterator[str]:
    depths: list[int] = []
    phase: int | None = None
    for task in draft.tasks:
        depths.append(0 if task.parent is None else depths[task.parent] + 1)
        if task.phase is not None and task.phase != phase:
            yield _phase(draft, task.phase)
        phase = task.phase
        yield "  " * (depths[-1] + (phase is not None)) + " · ".join(_facts(task, draft))
    yield from (f"risk: {risk}" for risk in draft.risks)
    yield from (f"gate: {gate.text}" for gate in draft.quality_gates)
    yield from (f"! {warning}" for warning in draft.warnings)


def _phase(draft: Draft, at: int) -> str:
    before = ", ".join(draft.phases[n].title for n in draft.phases[at].depends_on)
    return f"# {draft.phases[at].title}" + (f" · after {before}" if before else "")


def _facts(task: DraftTask, draft: Draft) -> Iterator[str]:
    yield f"{task.label} {task.title}".strip()
    if task.status is not TaskStatus.PENDING:
        yield task.status.value
    if task.priority is not Priority.MEDIUM:
        yield task.priority.value
    if task.estimate:
        yield _hours(task.estimate)
    yield from (f"#{tag}" for tag in task.tags)
    if task.assignee:
        yield f"@{task.assignee}"
    if task.depends_on:
        yield "after " + ", ".join(_name(draft.tasks[d.task]) + _kind(d.kind, d.lag) for d in task.depends_on)
    yield from (f"run `{command}`" for command in task.run)
    yield from (f"check `{c.check}` {c.text}" if c.check else f"accept {c.text}" for c in task.acceptance)


def _hours(estimate: Estimate) -> str:
    points = (estimate.low, estimate.likely, estimate.high)
    return "-".join(f"{round(hours, 3):g}h" for hours in (points if len(set(points)) > 1 else points[:1]))


def _name(task: DraftTask) -> str:
    return task.label or task.title


def _kind(kind: DependencyKind, lag: float) -> str:
    if kind is DependencyKind.FINISH_TO_START and not lag:
        return ""
    return f" ({kind.value} {lag:+g}h)"
