"""Tasks: listed, looked at, added, changed, cancelled."""

from __future__ import annotations

import pytest
from attrs import fields

from qwen_orch.errors import StateTransitionError
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.task import Criterion, Dependency, DependencyKind, Estimate, Outcome, Priority, Task, TaskStatus
from tests.commands.desk import Desk

PLAN = """# Shop
## Data layer
- [ ] T10 Tables (2h) #data @ada !high
- [ ] Rows (6h) #data
  - depends on: Tables
## Front
- [ ] Page
  - [ ] Header (1h) @bob
  - [ ] Footer
"""


def listed(desk: Desk, terms: str) -> list[int]:
    """Return the numbers of the tasks that a filter lets through."""
    found = desk(f"/list_tasks {terms}")
    assert (found.shown, found.total) == (len(found.tasks), 5)
    return [int(t.id[5:]) for t in found.tasks]


@pytest.mark.parametrize(
    ("terms", "numbers"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("status:ready", [1, 4, 5]),
        ("status:blocked", [2]),
        ("status:pending", [1, 2, 3, 4, 5]),
        ("status:pending -status:blocked", [1, 3, 4, 5]),
        ("blocked:yes", [2]),
        ("ready:no", [2, 3]),
        ("priority:high,critical", [1]),
        ("-priority:high", [2, 3, 4, 5]),
        ("tag:data", [1, 2]),
        ("tag:none", [3, 4, 5]),
        ("assignee:@ada,bob", [1, 4]),
        ('phase:"Data layer"', [1, 2]),
        ("phase:2", [3, 4, 5]),
        ("estimate:>2h", [2]),
        ("estimate:none", [3, 5]),
        ("id:3", [3]),
        ("id:task-00", [1, 2, 3, 4, 5]),
        ("er", [4, 5]),
        ("head", [4]),
        ("tag:data estimate:<=2h", [1]),
    ],
)
def test_filters(desk: Desk, terms: str, numbers: list[int]) -> None:
    """All terms must hold; the order of the tasks stays."""
    desk.plan(PLAN)
    assert listed(desk, terms) == numbers


def test_tree_and_details_are_passed_on(desk: Desk) -> None:
    """For the view to draw; the tasks are the same."""
    desk.plan(PLAN)
    found = desk("/list_tasks --tree --details")
    assert (found.tree, found.details, len(found.tasks), len(found.phases)) == (True, True, 5, 2)


@pytest.mark.parametrize("name", ["1", "001", "task-001", "T10", "t10"])
def test_a_task_by_any_name(desk: Desk, name: str) -> None:
    """Its number, its id, or the label that the document gave it."""
    desk.plan(PLAN)
    assert desk(f"/task_status {name}").task.id == "task-001"


def test_where_the_plan_stands(desk: Desk) -> None:
    """Progress by hours, what is ready and blocked and by what, the critical path, and what to type next."""
    desk.plan(PLAN)
    desk("/complete_task 1")
    desk("/new_task 4")
    status = desk("/task_status")
    assert (status.progress.done, status.progress.total) == (1, 4)
    assert [t.id for t in status.ready] == ["task-002", "task-005"]
    assert [t.id for t in status.in_progress] == ["task-004"]
    assert status.blocked == ()
    assert status.critical_path == ("task-002",)
    hours = status.remaining_hours
    assert 0 < hours.p50 <= hours.p90
    assert status.next == ("/complete_task task-004", "/new_task", "/new_task --all")[: len(status.next)]


# /add_task


def test_a_task_with_everything(desk: Desk) -> None:
    """Each option is a field of the record; the id counts on, and nothing runs yet."""
    desk.plan(PLAN)
    line = "/add_task Ship it --phase Front --parent 3 --depends-on 1,task-004 --priority low --estimate 3h"
    line += " --run 'make ship' --check 'test -f ship' --accept 'it floats' --tags a,#b --assignee @cy"
    answer = desk(line)
    task = desk.task(6)
    assert answer.task.id == task.id == "task-006"
    assert (task.title, task.phase, task.parent) == ("Ship it", "phase-2", "task-003")
    assert task.depends_on == (Dependency("task-001"), Dependency("task-004"))  # type: ignore[arg-type]
    assert (task.priority, task.run, task.tags, task.assignee) == (Priority.LOW, ("make ship",), ("a", "b"), "cy")
    assert task.acceptance == (Criterion("test -f ship", "test -f ship"), Criterion("it floats"))
    assert task.estimate is not None
    assert task.estimate.likely == 3.0
    assert (task.status, task.approved) == (TaskStatus.PENDING, False)


def test_ids_are_never_used_twice(desk: Desk) -> None:
    """Not even after an undo."""
    desk.plan(PLAN)
    assert desk("/add_task A").task.id == "task-006"
    desk("/cancel_task 6")
    assert desk("/add_task B").task.id == "task-007"


def test_adding_to_a_completed_plan(desk: Desk) -> None:
    """It is open again."""
    desk.plan("# P\n- [ ] A\n")
    desk("/complete_task 1")
    desk("/check_completeness")
    assert desk.graph.root.plan.status is PlanStatus.COMPLETED
    desk("/add_task B")
    assert desk.graph.root.plan.status is PlanStatus.APPROVED
    assert desk("/new_task").task.title == "B"


# /update_task


@pytest.mark.parametrize(
    ("change", "field", "value", "emptied"),
    [
        ('title:"Fine tables"', "title", "Fine tables", "none"),
        ("description:'two words'", "description", "two words", ""),
        ("priority:low", "priority", Priority.LOW, Priority.MEDIUM),
        ("estimate:1h-2h-6h", "estimate", (1.0, 2.0, 6.0), None),
        ("phase:2", "phase", "phase-2", None),
        ("phase:front", "phase", "phase-2", None),
        ("parent:3", "parent", "task-003", None),
        ("depends_on:4,5", "depends_on", (Dependency("task-004"), Dependency("task-005")), ()),  # type: ignore[arg-type]
        ("tags:a,#b,a", "tags", ("a", "b"), ()),
        ("tag:a", "tags", ("a",), ()),
        ("assignee:@cy", "assignee", "cy", None),
        ("run:'make all'", "run", ("make all",), ()),
        ("check:true", "acceptance", (Criterion("true", "true"),), ()),
        ("accept:'it is nice'", "acceptance", (Criterion("it is nice"),), ()),
        ("blocker:'the weather'", "blockers", ("the weather",), ()),
    ],
)
def test_every_field(desk: Desk, change: str, field: str, value: object, emptied: object) -> None:
    """It is set, is on the disk, and `none` empties it (a title is then the word none); nothing else changes."""
    desk.plan(PLAN)
    before = desk.task(1)
    desk(f"/update_task 1 {change}")
    after = desk.task(1)
    found = getattr(after, field)
    assert ((found.low, found.likely, found.high) if isinstance(found, Estimate) else found) == value
    changed = {a.name for a in fields(Task) if getattr(before, a.name) != getattr(after, a.name)}
    assert changed <= {field, "updated", "approved"}
    desk(f"/update_task 1 {change.partition(':')[0]}:none")
    assert getattr(desk.task(1), field) == emptied
    desk.sound()


def test_several_fields_in_one_step(desk: Desk) -> None:
    """All or none."""
    desk.plan(PLAN)
    steps = desk.project.writer().seq
    desk("/update_task 1 priority:low tags:x run:a run:b")
    task = desk.task(1)
    assert (task.priority, task.tags, task.run) == (Priority.LOW, ("x",), ("a", "b"))
    assert desk.reopen().project.writer().seq == steps + 1


def test_kinds_of_dependencies_that_are_kept_keep_their_kind(desk: Desk) -> None:
    """Naming them again does not make them plain."""
    desk.plan(PLAN)
    desk("/update_task 2 depends_on:1,4")
    assert [d.kind for d in desk.task(2).depends_on] == [DependencyKind.FINISH_TO_START] * 2


def test_a_phase_whose_title_holds_the_word_none(desk: Desk) -> None:
    """`none` is no phase, whatever the phases are called."""
    desk.plan("# P\n## Nonessential\n- [ ] A\n")
    desk("/update_task 1 phase:none")
    assert desk.task(1).phase is None


def test_progress_is_told_of_a_task_under_way(desk: Desk) -> None:
    """In percent, with or without the sign."""
    desk.plan(PLAN)
    desk("/new_task 5")
    desk("/update_task 5 progress:30%")
    assert desk.task(5).progress == 0.3
    desk("/update_task 5 progress:60 priority:high")
    assert (desk.task(5).progress, desk.task(5).priority) == (0.6, Priority.HIGH)


@pytest.mark.parametrize("more", ["", " priority:low", " run:true"])
def test_reopening(desk: Desk, more: str) -> None:
    """A task under way, done or cancelled is pending again, with its attempts closed; and it can be started again."""
    desk.plan(PLAN)
    desk("/new_task 5")
    session = desk.task(5).session
    desk(f"/update_task 5 status:pending{more}")
    task = desk.task(5)
    assert (task.status, task.open_attempt, task.attempts[0].outcome) == ("pending", None, Outcome.CANCELLED)
    assert desk.graph.session(str(session)).state.ended
    assert desk("/new_task 5 --executor manual").task.status == "in_progress"
    desk("/complete_task 5" if more != " run:true" else "/cancel_task 5")
    desk(f"/update_task 5 status:pending{more}")
    task = desk.task(5)
    assert (task.status, task.finished, task.summary, task.progress) == ("pending", None, "", 0.0)
    desk.sound()


def test_reopening_what_is_pending_changes_nothing(desk: Desk) -> None:
    """It is no error, and no step."""
    desk.plan(PLAN)
    before = desk.bytes_on_disk()
    desk("/update_task 1 status:pending")
    assert desk.bytes_on_disk() == before


# /cancel_task


def test_cancelling_a_task_with_parts(desk: Desk) -> None:
    """Its open parts go with it, what is done stays done; the reason is kept."""
    desk.plan(PLAN)
    desk("/complete_task 4")
    desk("/new_task 5")
    desk("/cancel_task 3 no page is needed")
    assert desk.statuses() == {1: "pending", 2: "pending", 3: "cancelled", 4: "completed", 5: "cancelled"}
    task = desk.task(5)
    assert (task.summary, task.attempts[0].outcome) == ("no page is needed", Outcome.CANCELLED)
    assert desk.graph.session(str(task.session)).state.ended
    desk.sound()


def test_nothing_waits_for_a_cancelled_task(desk: Desk) -> None:
    """What depended on it is ready."""
    desk.plan(PLAN)
    desk("/cancel_task 1")
    assert desk("/task_status 2").task.state == "pending"
    assert listed(desk, "status:ready") == [2, 4, 5]


def test_the_last_open_part_is_cancelled(desk: Desk) -> None:
    """A whole with a completed part is complete then; one that has none was done by nobody, and stays open."""
    desk.plan(PLAN)
    desk("/cancel_task 4")
    desk("/cancel_task 5")
    assert desk.statuses()[3] == "pending"
    desk("/update_task 4 status:pending")
    desk("/complete_task 4")
    assert desk.statuses()[3] == "completed"


def test_a_step_of_another_shell_between(desk: Desk) -> None:
    """An edit is made on the newest state: what the other did in the meantime is not undone by it."""
    desk.plan(PLAN)
    other = desk.another()
    other("/task_status")
    desk("/update_task 1 priority:low")
    other("/update_task 1 tags:x")
    assert (desk.task(1).priority, desk.task(1).tags) == (Priority.LOW, ("x",))
    desk("/new_task 5")
    desk("/complete_task 5")
    other.refused("/update_task 5 title:x", StateTransitionError)
