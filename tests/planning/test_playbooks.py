"""Playbooks: chosen by the words of a goal, filled, and read as plans that one would approve."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen_orch.errors import UsageError
from qwen_orch.planning import playbooks
from qwen_orch.planning.reader import read

NAMES = {"rest-api", "cli-tool", "library", "web-app", "bug-fix", "refactor", "research", "generic", "authentication"}


def test_the_shipped_ones() -> None:
    shipped = playbooks.names()
    assert set(shipped) >= NAMES
    assert all(shipped.values())


@pytest.mark.parametrize(
    ("goal", "name"),
    [
        ("Build a REST API for users and products", "rest-api"),
        ("Build user authentication", "authentication"),
        ("Create a CLI tool that converts CSV to JSON", "cli-tool"),
        ("Write a Python library for dates", "library"),
        ("Make a web app for our bakery", "web-app"),
        ("Fix the crash when login fails", "bug-fix"),
        ("Refactor the authentication module", "refactor"),
        ("Compare Redis and Memcached", "research"),
        ("Plant a tree", "generic"),
        ("", "generic"),
    ],
)
def test_choice(goal: str, name: str) -> None:
    assert playbooks.choose(goal) == name


@pytest.mark.parametrize(
    ("goal", "things"),
    [
        ("Build a REST API for users, products and orders", ["users", "products", "orders"]),
        ("Build a REST API for users and products using FastAPI", ["users", "products"]),
        ("Build a REST API for a bookstore", []),
        ("Add login: google, github", ["google", "github"]),
        ("Compare Redis vs Memcached", ["Redis", "Memcached"]),
        ("Build a service with Docker", []),
        ("A library for parsing dates", []),
        ("为用户、订单", []),
    ],
)
def test_things(goal: str, things: list[str]) -> None:
    assert playbooks.things(goal) == things


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("goal", ["Build it", "Build it for users, products and orders"])
def test_each_gives_a_plan_to_approve(name: str, goal: str) -> None:
    draft = read(playbooks.outline(name, goal))
    assert draft.warnings == ()
    assert (draft.title, draft.goal) == (goal, goal)
    assert len(draft.phases) >= 3
    assert len(draft.tasks) >= 8
    assert draft.quality_gates
    assert "{{" not in str(draft)
    for task in draft.tasks:
        assert task.acceptance
        assert task.estimate
        assert task.estimate.low < task.estimate.likely < task.estimate.high
        assert task.estimate.confidence <= 0.5
    assert sum(bool(task.depends_on) for task in draft.tasks) >= len(draft.tasks) // 2


def test_a_task_for_each_thing() -> None:
    draft = read(playbooks.outline("rest-api", "Build a REST API for users and products"))
    titles = [t.title for t in draft.tasks]
    assert "Add the endpoints for users" in titles
    assert "Add the endpoints for products" in titles
    limits = draft.tasks[titles.index("Limit request rate and size")]
    assert {titles[d.task] for d in limits.depends_on} == {
        "Add the endpoints for users",
        "Add the endpoints for products",
    }


def test_an_unknown_one_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean rest-api"):
        playbooks.outline("rest-ap", "x")


def test_a_users_own(tmp_path: Path) -> None:
    (tmp_path / "brew.md").write_text(
        "---\ndescription: Brew\ntriggers: [brew, beer]\n---\n# {{title}}\n\n- [ ] Buy {{each}}\n"
        "- [ ] Mash\n  - depends on: Buy {{each}}\n"
    )
    (tmp_path / "generic.md").write_text("# {{title}}\n\n- [ ] Just do it\n")
    assert playbooks.names(tmp_path)["brew"] == "Brew"
    assert playbooks.choose("Brew beer of malt and hops", tmp_path) == "brew"
    draft = read(playbooks.outline("brew", "Brew beer of malt and hops", tmp_path))
    assert [t.title for t in draft.tasks] == ["Buy malt", "Buy hops", "Mash"]
    assert [d.task for d in draft.tasks[2].depends_on] == [0, 1]
    assert len(read(playbooks.outline("generic", "x", tmp_path)).tasks) == 1


def test_an_odd_goal_stays_a_goal() -> None:
    draft = read(playbooks.outline("generic", "Fix\n- [ ] # the `x` {{each}} thing " + "y" * 300))
    assert len(draft.title) <= 100
    assert len(draft.tasks) == 8
