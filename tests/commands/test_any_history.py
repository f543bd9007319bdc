"""Any commands in any order, from two shells: what must hold after each of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import PlanStatus
from qwen_orch.model.task import CriterionStatus, TaskStatus
from qwen_orch.store.fold import folded
from tests.commands.desk import Desk
from tests.commands.test_bad_input import _is_bound
from tests.strategies import LAW

PLAN = """# P
- [ ] Whole
  - [ ] Part
    - run: `true`
  - [x] Ticked part
- [ ] Checked
  - run: `true`
  - check: `test ! -f broken`
- [ ] After
  - depends on: Checked
  - Done when: somebody likes it
- [ ] Fails
  - run: `false`
"""

numbers = st.integers(1, 8)


def typed(template: str) -> st.SearchStrategy[str]:
    """Return lines of a template, in which N is the number of a task."""
    return st.tuples(numbers, numbers).map(lambda two: template.replace("N", str(two[0])).replace("M", str(two[1])))


LINES = [
    "/new_task",
    "/new_task N",
    "/new_task N --executor manual",
    "/new_task N --force",
    "/new_task N --skip-verification",
    "/complete_task N",
    "/complete_task",
    "/cancel_task N",
    "/update_task N status:pending",
    "/update_task N status:pending run:true",
    "/update_task N parent:M",
    "/update_task N parent:none",
    "/update_task N depends_on:M",
    "/update_task N check:true",
    "/update_task N check:none run:none",
    "/update_task N blocker:rain",
    "/update_task N blocker:none",
    "/update_task N progress:40",
    "/add_task X",
    "/add_task X --parent N --run true",
    "/add_task X --check false --depends-on N",
    "/approve_plan",
    "/check_completeness",
    "/check_completeness --skip-tests",
    "/undo --force",
    "/undo --redo",
    "/undo 2",
    "/checkpoint here",
    "/undo --to here --force",
    "/note x",
    "/think y",
    "/resume",
    "/task_status",
    "/task_status N",
    "/reset_plan --yes",
    f"/plan --merge --yes\n{PLAN}",
    "/sessions --recover",
]


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Come back to where we were."""
    monkeypatch.chdir(Path.cwd())


@settings(LAW, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.sampled_from(LINES).flatmap(typed), min_size=3, max_size=14), data=st.data())
def test_what_always_holds(lines: list[str], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No error of ours, every refusal leads on and changes nothing, and the laws of the state hold on the disk."""
    desk = Desk(tmp_path_factory.mktemp("any"))
    os.chdir(desk.root)
    desk.plan(PLAN, approve=data.draw(st.booleans()))
    shells = (desk, desk.another())
    for line in lines:
        if data.draw(st.integers(0, 9)) == 0:
            Path("broken").touch() if not Path("broken").exists() else Path("broken").unlink()
        before = desk.graph
        outcome = shells[data.draw(st.integers(0, 1))].run(line)
        after = desk.graph
        if outcome.error is not None:
            assert outcome.error.hints, line
            assert all(_is_bound(h) for h in outcome.error.hints if h.startswith("/")), outcome.error.hints
            assert after == before or line.startswith(("/complete_task", "/check")), line
        hints = getattr(outcome.answer, "next", ())
        assert all(_is_bound(h) for h in hints)
        check_laws(after)
        desk.sound()
    writer = desk.reopen().project.writer()
    assert folded(writer.history()) == writer.graph
    assert desk("/doctor").healthy


def check_laws(graph: Graph) -> None:
    """Assert what must hold in any state."""
    for task in graph.ordered():
        attempts = [a for a in task.attempts if a.outcome == "running"]
        assert attempts in ([], [task.attempts[-1]] if task.attempts else [])
        assert not attempts or task.status is TaskStatus.IN_PROGRESS, f"{task.id} is {task.status} and worked on"
        if task.status is TaskStatus.COMPLETED:
            assert all(p.status.settled for p in graph.subtasks(task.id)), f"{task.id} is complete over an open part"
            assert task.evidence, f"{task.id} is complete without evidence"
            assert not any(c.check and c.status is CriterionStatus.FAILED for c in task.acceptance)
    if graph.root.plan.status is PlanStatus.COMPLETED:
        assert all(t.status.settled for t in graph.tasks.values())
    for session in graph.sessions.values():
        assert session.parent is None or session.parent in graph.sessions
        assert session.kind != "verification" or session.state.ended or session.state == "active"
