"""Pasting an edited plan again: what the text says wins, what it does not say stays."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given

from qwen_orch.graph.apply import apply
from qwen_orch.graph.rules import check
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.task import Evidence, TaskStatus
from qwen_orch.planning.adopt import opening, rehearse
from qwen_orch.planning.merge import Merge, merge
from qwen_orch.planning.reader import read
from tests.planning.test_adopt import ORIGINS, drafts
from tests.strategies import LAW, T0

T1 = "2024-05-07T08:00:00+00:00"

SHOP = """# Shop

## Build
- [ ] T1 Catalogue (2h)
  - check: `true`
- [ ] T2 Cart, depends on T1 @ann
- [ ] T3 Checkout of the cart

## Sell
- [ ] T4 Tell people
"""


def planned(text: str) -> Graph:
    """The state after planning a text."""
    return rehearse(opening(read(text), ORIGINS), T0)


def merged(graph: Graph, draft: Draft) -> tuple[Graph, Merge]:
    """The state after a merge whose every event is legal, and the merge."""
    found = merge(graph, draft, T1)
    for event in found.events:
        check(graph, event)
        graph = apply(graph, event, T1)
    return graph, found


def begun(graph: Graph, number: str, status: TaskStatus) -> Graph:
    """The same with a task that somebody worked on."""
    proof = (Evidence("check", T0, True, command="true", exit_code=0),)
    task = evolve(graph.task(number), status=status, evidence=proof, finished=T0)
    approved = evolve(graph.root, plan=evolve(graph.root.plan, status=PlanStatus.APPROVED))
    return evolve(apply(graph, e.TasksRestored((task,)), T0), orchestration=approved)


@LAW
@given(drafts())
def test_the_same_text_again_changes_nothing(draft: Draft) -> None:
    """Nor does merging anything a second time."""
    graph = rehearse(opening(draft, ORIGINS), T0)
    assert merged(graph, draft)[1].events == ()


@LAW
@given(drafts(), drafts())
def test_a_second_merge_of_the_same_text_changes_nothing(one: Draft, other: Draft) -> None:
    """Whatever the text was before."""
    graph = rehearse(opening(one, ORIGINS), T0)
    once, _ = merged(graph, other)
    again, found = merged(once, other)
    assert (again, found.events) == (once, ())


def test_what_is_edited_is_told_task_by_task() -> None:
    """Renamed by label and by likeness, moved, added, gone; ids stay, and what the text does not say."""
    graph = planned(SHOP)
    text = SHOP.replace("Catalogue (2h)", "Catalogue of goods (3h)").replace(
        "T3 Checkout of the cart", "Checkout of a cart"
    )
    text = text.replace("- [ ] T4 Tell people\n", "- [ ] T5 Open the doors\n").replace(" @ann", "")
    after, found = merged(graph, read(text))
    assert dict(found.changed)["task-001"] == ("title", "estimate")
    assert dict(found.changed)["task-003"] == ("title",)
    assert (found.added, found.removed, found.kept) == (("task-005",), ("task-004",), ())
    assert after.task("task-002").assignee == "ann"
    assert after.task("task-003").label == "T3"
    assert after.task("task-004").status is TaskStatus.CANCELLED


@pytest.mark.parametrize(
    ("text", "title", "goal", "said"),
    [
        (SHOP.replace("# Shop", "# Store"), "Store", "Sell things", ("title",)),
        (SHOP.replace("# Shop", "# Store\n\nGoal: Sell more"), "Store", "Sell more", ("title", "goal")),
        (SHOP.replace("# Shop\n", ""), "Shop", "Sell things", ()),
        (SHOP + "\n## Risks\n\n- It rains\n", "Shop", "Sell things", ("risks",)),
    ],
)
def test_what_is_said_of_the_whole_plan(text: str, title: str, goal: str, said: tuple[str, ...]) -> None:
    """A new title is taken; a text without one, or without a goal, leaves what was there."""
    approved = begun(planned(SHOP.replace("# Shop", "# Shop\n\nGoal: Sell things")), "task-001", TaskStatus.COMPLETED)
    after, found = merged(approved, read(text))
    assert (after.root.title, after.root.plan.goal, found.plan) == (title, goal, said)
    assert (found.added, found.changed, found.removed) == ((), (), ())


def test_a_goal_that_was_the_title_follows_it() -> None:
    after, found = merged(planned(SHOP), read(SHOP.replace("# Shop", "# Store")))
    assert (after.root.title, after.root.plan.goal, found.plan) == ("Store", "Store", ("title", "goal"))


def test_what_was_done_stays_done() -> None:
    """With its evidence; the plan is to be approved again for what is new."""
    graph = begun(planned(SHOP), "task-001", TaskStatus.COMPLETED)
    after, found = merged(graph, read(SHOP.replace("Catalogue (2h)", "Catalogue of goods (2h)")))
    assert dict(found.changed) == {"task-001": ("title",)}
    kept = after.task("task-001")
    assert (kept.status, kept.evidence, kept.title) == (
        TaskStatus.COMPLETED,
        graph.task("task-001").evidence,
        "Catalogue of goods",
    )
    assert after.root.plan.status is PlanStatus.DRAFT


def test_nothing_that_was_begun_is_dropped() -> None:
    """A task that is gone from the text is cancelled only if nobody has begun it."""
    graph = begun(planned(SHOP), "task-004", TaskStatus.FAILED)
    after, found = merged(graph, read(SHOP.replace("- [ ] T4 Tell people\n", "- [ ] T5 Open the doors\n")))
    assert (found.removed, found.kept) == ((), ("task-004",))
    assert after.task("task-004") == graph.task("task-004")


def test_changed_commands_need_consent_again() -> None:
    """The same command keeps it."""
    graph = planned(SHOP)
    graph = apply(graph, e.CommandsApproved((graph.task("task-001").id,)), T0)
    assert merged(graph, read(SHOP.replace("Catalogue", "Goods")))[0].task("task-001").approved
    assert not merged(graph, read(SHOP.replace("`true`", "`false`")))[0].task("task-001").approved


def test_a_tick_is_a_claim_of_what_nobody_has_begun() -> None:
    """And taking one away undoes nothing."""
    graph = planned(SHOP)
    ticked, _ = merged(graph, read(SHOP.replace("- [ ] T4", "- [x] T4")))
    assert ticked.task("task-004").status is TaskStatus.CLAIMED
    assert merged(ticked, read(SHOP))[0].task("task-004").status is TaskStatus.CLAIMED
