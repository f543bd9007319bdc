"""The line at the bottom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from attrs import evolve

from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.text import cells
from qwen_orch.repl.standing import Standing, standing
from qwen_orch.repl.toolbar import toolbar
from tests.repl.test_candidates import graph

SHOP = Standing("Shop", PlanStatus.APPROVED, 1, 3, 0.4, 1, 2, 1, 0, ("task-003", "task-004"), "session-shop-bbbb")


def text(now: Standing | None, width: int = 120) -> str:
    """Return the line without its colours."""
    return "".join(piece for _, piece in toolbar(now, width, str))


def test_everything() -> None:
    """In the order of use."""
    assert text(SHOP) == (
        " Shop · ━━━━────── 40% 1/3 · 1 ready · 2 blocked · 1 to verify · 2 in progress · session-shop-bbbb"
    )


def test_failed() -> None:
    """Comes first: it waits for the person."""
    assert " 33% 1/3 · 2 failed · 1 ready · " in text(evolve(SHOP, failed=2, fraction=1 / 3))


def test_draft() -> None:
    """Says what it waits for."""
    draft = Standing("Shop", PlanStatus.DRAFT, 0, 3, 0.0, 3, 0, 0, 0, (), None)
    assert text(draft) == " Shop · ────────── 0% 0/3 · draft: /approve_plan"


def test_nothing() -> None:
    """Says what to do."""
    assert "no plan yet" in text(None)


@pytest.mark.parametrize("width", [0, 1, 10, 33, 80])
def test_width(width: int) -> None:
    """Is never passed, whatever the title is."""
    assert cells(text(evolve(SHOP, title="界" * 200), width)) <= width


def test_where_it_is_narrow_the_title_gives_way() -> None:
    """To how far the plan is and what waits, above all for the person."""
    long = evolve(SHOP, title="A shop for used books and maps")
    assert text(long, 80).startswith(" A shop for used books and maps · ━━━━────── 40% 1/3 · 1 ready · ")
    assert text(long, 40) == " A shop… · ━━━━────── 40% 1/3 · 1 ready"
    assert text(evolve(long, asking=("task-002",)), 40) == " A sho… · task-002 asks: /permissions"


def test_percent() -> None:
    """100 is said when everything is done, not before."""
    almost = Standing("Shop", PlanStatus.APPROVED, 2, 3, 0.999, 1, 0, 0, 0, (), None)
    assert (almost.percent, SHOP.percent) == (99, 40)


def test_standing() -> None:
    """Counts what can be started, what cannot, and what was begun; nobody is at a task without an open attempt."""
    found = standing(graph(), "session-x", datetime.now(UTC))
    assert found is not None
    assert (found.done, found.total, found.ready, found.blocked, found.interrupted) == (1, 3, 1, 0, 1)
    assert found.running == ()
    assert standing(Graph(), None, datetime.now(UTC)) is None


def test_what_was_interrupted_is_not_under_way() -> None:
    """A task whose attempt nobody is at is counted apart."""
    stopped = evolve(SHOP, running=(), interrupted=2)
    line = "".join(text for _, text in toolbar(stopped, 100, str))
    assert "2 interrupted" in line
    assert "in progress" not in line
