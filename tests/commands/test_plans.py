"""Plans: made, approved, emptied, brought in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import evolve

from qwen_orch.errors import DependencyError, StateTransitionError, ValidationError
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.task import CriterionStatus, TaskStatus
from tests.commands.desk import THREE, Desk

TICKED = """# Shop
- [x] Name it
- [x] Build it
  - run: `touch built`
  - check: `test -f built`
- [x] Whole
  - [x] Part one
  - [x] Part two
- [x] Half
  - [x] Done part
  - [ ] Open part
- [ ] Sell it
"""


# /plan


def test_a_goal(desk: Desk) -> None:
    """One line is planned from a playbook; the goal stays as it was said; it is a draft with recorded thoughts."""
    planned = desk("/plan Build a REST API for users --tags api,#web")
    root = desk.graph.root
    assert (root.plan.goal, root.tags, root.plan.status) == ("Build a REST API for users", ("api", "web"), "draft")
    assert len(planned.tasks) > 3
    assert len(planned.thoughts) >= 8
    assert [t.id for t in planned.tasks] == [t.id for t in desk.graph.ordered()]
    assert planned.session.id == desk.project.current.session
    desk.sound()


def test_a_template_and_a_title(desk: Desk) -> None:
    """The playbook named is taken, whatever the words of the goal; the title goes before the text's own."""
    planned = desk('/plan --template bug-fix --title "Hunt" Build a REST API')
    assert planned.orchestration.title == "Hunt"
    assert planned.orchestration.id.startswith("orch-hunt-")
    other = Desk(desk.root)("/plan --template research --title Look Build a REST API", yes=True)
    assert [t.title for t in other.tasks] != [t.title for t in planned.tasks]


def test_a_document_wherever_it_comes_from(desk: Desk) -> None:
    """Typed below the command, from a file, from standard input: the same tasks; where from is kept."""
    Path("my plan.md").write_text(THREE)
    desk.door.input = THREE.encode()
    desk.door.interactive, desk.door.written = True, THREE
    titles, sources = [], []
    for line in (f"/plan\n{THREE}", "/plan @my plan.md", "/plan -", "/plan"):
        planned = desk(line, yes=True)
        titles.append([t.title for t in planned.tasks])
        sources.append(desk.graph.session(planned.session.id).metadata.get("source"))
    assert titles == [["Catalogue", "Cart", "Checkout"]] * 4
    assert sources == ["typed", "my plan.md", "standard input", "typed"]


def test_what_a_document_says(desk: Desk) -> None:
    """Every field reaches the record."""
    desk.plan(approve=False)
    first, second, _ = desk.graph.ordered()
    assert (first.run, first.tags, first.estimate.likely) == (("echo built > catalogue.txt",), ("data",), 2.0)  # type: ignore[union-attr]
    assert [(c.check, c.status) for c in first.acceptance] == [("test -f catalogue.txt", CriterionStatus.OPEN)]
    assert (second.assignee, second.priority, [d.task for d in second.depends_on]) == ("ada", "high", ["task-001"])
    assert not first.approved


def test_another_plan_while_one_is_open(desk: Desk) -> None:
    """It is asked, once; a no, or nobody to ask, plans nothing; the old one stays and can be come back to."""
    desk.plan(approve=False)
    old, before = desk.project.current, desk.bytes_on_disk()
    assert "still a draft" in desk.refused("/plan Build a tool", StateTransitionError).message
    desk.door.interactive = True
    desk.refused("/plan Build a tool", StateTransitionError)
    assert (len(desk.door.asked), desk.bytes_on_disk()) == (2, before)
    desk.door.agrees = True
    desk("/plan Build a tool")
    assert len(desk.door.asked) == 3
    assert desk.project.current.orchestration != old.orchestration
    desk(f"/resume {old.orchestration}")
    assert desk.project.current == old
    assert desk.statuses() == {1: "pending", 2: "pending", 3: "pending"}


def test_a_child(desk: Desk) -> None:
    """It knows its parent and the session it was made from, and nobody is asked."""
    desk.plan()
    above = desk.project.current
    desk("/plan --parent current Build a tool")
    graph = desk.graph
    assert graph.root.parent == above.orchestration
    assert next(iter(graph.sessions.values())).parent == above.session
    assert desk.door.asked == []


def test_a_plan_is_whole_or_not_there(desk: Desk) -> None:
    """One step makes it, thoughts and all."""
    desk.plan(approve=False)
    assert len(desk.project.writer().history()) == 1


def test_thinking_depth(desk: Desk) -> None:
    """The setting says how many thoughts there are at least."""
    counts = []
    for depth in ("quick", "standard", "deep"):
        desk(f"/config thinkingDepth {depth}")
        counts.append(len(desk("/plan Build a REST API for users", yes=True).thoughts))
    assert counts == sorted(counts)
    assert (counts[0] >= 4, counts[1] >= 8, counts[2] >= 12) == (True, True, True)


def test_merging_an_edited_text(desk: Desk) -> None:
    """Ids and what was done stay; a changed command is a command to approve again; merging again changes nothing."""
    desk.plan()
    desk("/new_task 1")
    done = desk.task(1)
    edited = THREE.replace("Checkout (1h)", "Checkout (2h)") + "- [ ] Delivery\n  - run: `true`\n"
    merged = desk(f"/plan --merge\n{edited}", yes=True).merged
    assert (merged.added, merged.removed, [*merged.changed]) == (("task-004",), (), ["task-003"])
    assert evolve(desk.task(1), updated="") == evolve(done, updated="")
    assert desk.refused("/new_task 4", StateTransitionError).hints == ("/approve_plan",)
    desk("/approve_plan")
    seq = desk.project.writer().seq
    desk(f"/plan --merge\n{edited}", yes=True)
    assert desk.project.writer().seq == seq
    desk.sound()


def test_merging_a_text_with_another_title(desk: Desk) -> None:
    """It is shown before it is agreed to; then the plan is called so, and its id stays. An undo takes it back."""
    desk.plan(THREE.replace("# Shop", "# Shop\n\nGoal: Sell things"))
    edited = THREE.replace("# Shop", "# Store")
    refused = desk.refused(f"/plan --merge\n{edited}", StateTransitionError)
    assert "~ the plan is called Store" in refused.message.splitlines()
    assert desk.graph.root.title == "Shop"
    planned = desk(f"/plan --merge\n{edited}", yes=True)
    assert (planned.orchestration.title, planned.orchestration.goal) == ("Store", "Sell things")
    assert planned.merged.plan == ("title",)
    assert planned.orchestration.id.startswith("orch-shop-")
    desk("/undo", yes=True)
    assert desk.graph.root.title == "Shop"
    desk.sound()


# /approve_plan


def test_approval_shows_every_command(desk: Desk) -> None:
    """Of tasks and gates, in order: it is the consent to run them."""
    text = "# P\n\n## Quality gates\n- check: `make lint`\n\n## Tasks\n- [ ] A\n  - run: `a`\n  - run: `b`\n"
    desk.plan(text + "  - check: `c`\n- [ ] B\n", approve=False)
    approved = desk("/approve_plan")
    assert [(c.task, c.role, c.command) for c in approved.commands] == [
        ("quality gate", "check", "make lint"),
        ("task-001", "run", "a"),
        ("task-001", "run", "b"),
        ("task-001", "check", "c"),
    ]
    assert [t.id for t in approved.ready] == ["task-001", "task-002"]
    graph = desk.graph
    assert (graph.root.plan.status, graph.root.plan.gates_approved, graph.task("task-001").approved) == (
        PlanStatus.APPROVED,
        True,
        True,
    )


def test_approving_twice(desk: Desk) -> None:
    """It is refused, until there is something new to approve."""
    desk.plan()
    before = desk.bytes_on_disk()
    desk.refused("/approve_plan", StateTransitionError)
    assert desk.bytes_on_disk() == before
    desk("/add_task X --run true")
    assert [c.task for c in desk("/approve_plan").commands] == ["task-001", "task-001", "task-004"]


def test_commands_that_look_destructive(desk: Desk) -> None:
    """They are named, and need --force; the hint approves the plan that was meant, not the current one."""
    desk.plan("# Danger\n- [ ] Clean\n  - run: `rm -rf ~/`\n", approve=False)
    danger = str(desk.project.current.orchestration)
    desk("/plan Build a tool", yes=True)
    before = desk.bytes_on_disk()
    error = desk.refused(f"/approve_plan {danger}", ValidationError)
    assert "`rm -rf ~/` removes files outside the project" in error.message
    assert error.hints == (f"/approve_plan {danger} --force",)
    assert desk.bytes_on_disk() == before
    assert desk(error.hints[0]).orchestration.id == danger


def test_ticks_are_accepted_with_the_approval(desk: Desk) -> None:
    """On the person's word, kept as such; but no check is bypassed, and no whole is done before its parts."""
    desk.plan(TICKED, approve=False)
    assert {t.status for t in desk.graph.ordered() if t.title == "Name it"} == {TaskStatus.CLAIMED}
    approved = desk("/approve_plan")
    by_title = {t.title: t for t in desk.graph.ordered()}
    done = {name for name, t in by_title.items() if t.status is TaskStatus.COMPLETED}
    assert done == {"Name it", "Whole", "Part one", "Part two", "Done part"}
    assert by_title["Build it"].status is TaskStatus.CLAIMED
    assert by_title["Half"].status is TaskStatus.CLAIMED
    assert [by_title[t].id for t in ("Name it", "Whole", "Part one", "Part two", "Done part")] == sorted(
        approved.accepted
    )
    assert [(v.kind, v.by) for v in by_title["Name it"].evidence] == [("attested", "plan")]
    assert desk(f"/complete_task {by_title['Build it'].id}").task.status == "failed"


def test_accepted_are_those_of_this_approval(desk: Desk) -> None:
    """Not what a person completed by hand, nor what an earlier approval accepted."""
    desk.plan("# P\n- [x] A\n- [ ] B\n")
    desk("/complete_task 2")
    desk("/add_task C --run true")
    assert desk("/approve_plan").accepted == ()


def test_struck_out_parts_prove_nothing(desk: Desk) -> None:
    """A whole whose parts were all struck out was done by nobody."""
    desk.plan("# P\n- [ ] Whole\n  - [ ] ~~One~~\n  - [ ] ~~Two~~\n- [ ] Other\n")
    assert desk.statuses() == {1: "pending", 2: "cancelled", 3: "cancelled", 4: "pending"}
    assert "task-001" in [t.id for t in desk("/task_status").ready]


# /reset_plan


def test_reset(desk: Desk) -> None:
    """Asked first; the plan is emptied, its sessions end, a backup is kept, and /undo brings all of it back."""
    desk.plan()
    desk("/new_task 1")
    whole = desk.graph
    desk.refused("/reset_plan", StateTransitionError)
    reset = desk("/reset_plan", yes=True)
    assert (desk.project.home / reset.backup).is_file()
    graph = desk.graph
    assert (graph.root.plan.status, len(graph.tasks), graph.root.plan.phases) == (PlanStatus.RESET, 0, ())
    assert all(s.state.ended for s in graph.sessions.values())
    before = desk.bytes_on_disk()
    for line in ("/reset_plan", "/add_task x", "/approve_plan", "/new_task"):
        assert "/plan TEXT" in desk.refused(line, StateTransitionError, yes=True).hints
    assert desk.bytes_on_disk() == before
    desk("/undo")
    assert desk.graph == whole


def test_requirements_that_are_preserved(desk: Desk) -> None:
    """They are there for the next plan, before its own."""
    desk.plan("# P\n## Requirements\n- It is fast\n\n## Tasks\n- [ ] A\n", approve=False)
    assert desk.graph.root.plan.requirements == ("It is fast",)
    desk("/reset_plan --preserve-requirements", yes=True)
    desk("/plan\n# Q\n## Requirements\n- It is small\n\n## Tasks\n- [ ] B\n")
    assert desk.graph.root.plan.requirements == ("It is fast", "It is small")


# /import


def test_import_is_the_identity(desk: Desk) -> None:
    """Tasks, sessions and plan come back as they were; consent to commands never does."""
    desk.plan("# P\n\n## Quality gates\n- check: `true`\n\n## Tasks\n" + THREE.partition("\n")[2])
    desk("/new_task 1")
    desk("/think a thought")
    desk("/decide this --why because")
    desk("/new_task 2")
    desk("/export_plan json --include-progress --output plan.json")
    Path("elsewhere").mkdir()
    Path("elsewhere/plan.json").write_bytes(Path("plan.json").read_bytes())
    page, whole = json.loads(Path("plan.json").read_text()), desk.graph
    other = Desk(desk.root / "elsewhere")
    imported = other("/import elsewhere/plan.json")
    graph = other.graph
    assert (imported.tasks, imported.sessions) == (3, len(page["sessions"]))
    assert graph.root.id == whole.root.id
    assert graph.root.plan == evolve(whole.root.plan, gates_approved=False)
    assert [evolve(t, approved=False) for t in whole.ordered()] == graph.ordered()
    kept = {i: evolve(s, artifacts=(), updated="") for i, s in whole.sessions.items()}
    assert {i: evolve(s, artifacts=(), updated="") for i, s in graph.sessions.items()} == kept
    assert not any(t.approved for t in graph.ordered())
    other("/update_task 1 status:pending")
    assert other.refused("/new_task 1", StateTransitionError).hints == ("/approve_plan",)
    other.sound()


def test_import_beside_the_original(desk: Desk) -> None:
    """New ids for orchestration and sessions, and every reference follows."""
    desk.plan()
    desk("/new_task 1")
    desk("/export_plan json --include-progress --output plan.json")
    before = desk.graph
    desk("/import plan.json", yes=True)
    after = desk.graph
    assert after.root.id != before.root.id
    assert not set(after.sessions) & set(before.sessions)
    assert {s.orchestration for s in after.sessions.values()} == {after.root.id}
    assert all(s.parent is None or s.parent in after.sessions for s in after.sessions.values())
    assert after.task("task-001").session in after.sessions
    assert desk.project.writer(before.root.id).graph == before


def test_import_of_work_that_was_under_way(desk: Desk) -> None:
    """An attempt of another machine's shell is nobody's here; one by hand goes on."""
    desk.plan()
    desk("/export_plan json --include-progress --output plan.json")
    page = json.loads(Path("plan.json").read_text())
    attempt = {"number": 1, "executor": "shell", "session": "session-x-aaaa", "started": "2026-01-01T00:00:00+00:00"}
    page["tasks"][0] |= {"status": "in_progress", "attempts": [attempt | {"outcome": "running"}]}
    page["tasks"][1] |= {"status": "in_progress", "attempts": [attempt | {"executor": "manual", "outcome": "running"}]}
    Path("plan.json").write_text(json.dumps(page))
    desk("/import plan.json", yes=True)
    assert [t.state for t in desk("/list_tasks").tasks] == ["interrupted", "in_progress", "blocked"]
    assert desk("/complete_task 2 --help").commands


def test_import_of_any_other_document(desk: Desk) -> None:
    """It is read as /plan reads it."""
    Path("plan.md").write_text(THREE)
    assert desk("/import plan.md").tasks == 3
    assert desk("/import @plan.md", yes=True).tasks == 3


def test_a_circle_is_named(desk: Desk) -> None:
    """With the path, and nothing is kept."""
    text = "# P\n- [ ] A\n  - depends on: C\n- [ ] B\n  - depends on: A\n- [ ] C\n  - depends on: B\n"
    assert "→" in desk.refused(f"/plan\n{text}", DependencyError).message
    assert not desk.project.home.exists()


def test_two_shells_approve_at_once(desk: Desk) -> None:
    """One approves; the other is told that it is approved already, or that commands changed."""
    from concurrent.futures import ThreadPoolExecutor

    desk.plan(approve=False)
    shells = [desk.another() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda s: s.run("/approve_plan"), shells))
    assert sorted(type(o.error).__name__ for o in outcomes) == ["NoneType"] + ["StateTransitionError"] * 3
    desk.sound()


@pytest.mark.parametrize("between", ["/add_task Evil --run 'touch evil'", "/update_task 1 run:'touch evil'"])
def test_only_what_was_shown_is_approved(desk: Desk, between: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that another shell adds between showing and approving has no consent."""
    from qwen_orch.project.writer import Writer

    desk.plan(approve=False)
    other, commit = desk.another(), Writer.commit

    def slow(writer: Writer, by: str, decide):  # type: ignore[no-untyped-def]
        if by == "approve_plan":
            other(between)
        return commit(writer, by, decide)

    monkeypatch.setattr(Writer, "commit", slow)
    desk.refused("/approve_plan", StateTransitionError)
    assert not any(t.approved for t in desk.graph.ordered())


def test_an_edited_edition_is_offered_as_a_merge(desk: Desk) -> None:
    """A text most of whose tasks are there already; another plan is not."""
    desk("/plan\n# Shop\n- [ ] Catalogue\n- [ ] Cart\n- [ ] Checkout\n")
    error = desk.refused("/plan\n# Shop\n- [ ] Catalogue\n- [ ] Cart\n- [ ] Payment\n", StateTransitionError)
    assert error.hints[0] == "/plan TEXT --merge"
    error = desk.refused("/plan\n# Garden\n- [ ] Dig the beds\n- [ ] Sow the beans\n", StateTransitionError)
    assert "/plan TEXT --merge" not in error.hints
