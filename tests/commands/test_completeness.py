"""Is it all done: every check again, no stored verdict trusted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qwen_orch.errors import PlanNotFound, StateTransitionError, StorageError
from qwen_orch.model.plan import PlanStatus
from tests.commands.desk import Desk

PLAN = """# Shop

## Quality gates
- check: `test -f shippable`

## Tasks
- [ ] Build
  - run: `touch built`
  - check: `test -f built && echo x >> times`
- [ ] Talk to Ada
  - Done when: she is content
"""


def tell(found) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Return what is said of each criterion, by task."""
    return {c.task: str(c.status) for c in found.criteria}


def done(desk: Desk, text: str = PLAN) -> Desk:
    """Return the desk with both tasks done and the gate open."""
    desk.plan(text)
    desk("/new_task 1")
    desk("/complete_task 2")
    return desk


def test_a_plan_that_is_complete(desk: Desk) -> None:
    """Everything runs again in a session of its own; the plan is completed, which the exit code says."""
    done(desk)
    Path("shippable").touch()
    assert desk.graph.root.plan.quality_gates, "the plan has a gate"
    found = desk("/check_completeness")
    assert (found.complete, found.exit_code, found.remaining, found.unverified) == (True, 0, (), 1)
    assert tell(found) == {"quality gate": "passed", "task-001": "passed", "task-002": "unverified"}
    assert found.recommendations == ("look at the 1 criterion that no command can check",)
    assert Path("times").read_text() == "x\nx\n"
    graph = desk.graph
    assert graph.root.plan.status is PlanStatus.COMPLETED
    assert {s.state for s in graph.sessions.values() if s.kind == "verification"} == {"completed"}
    desk.sound()


def test_a_completed_task_whose_check_fails_now(desk: Desk) -> None:
    """Its verdict falls, with its evidence renewed, and what it is a part of and the plan are open again."""
    desk.plan("# P\n- [ ] Whole\n  - [ ] Build\n    - run: `touch built`\n    - check: `test -f built`\n")
    desk("/new_task --all")
    assert desk("/check_completeness").complete
    Path("built").unlink()
    found = desk("/check_completeness")
    assert (found.complete, found.exit_code) == (False, 4)
    assert desk.statuses() == {1: "pending", 2: "failed"}
    assert desk.graph.root.plan.status is PlanStatus.APPROVED
    assert [(v.kind, v.passed) for v in desk.task(2).evidence] == [("run", True), ("check", False)]
    said = {r.task: (r.why, r.command) for r in found.remaining}
    assert said == {
        "task-001": ("its parts are open: task-002", "/task_status task-002"),
        "task-002": ("check failed: test -f built", "/new_task task-002"),
    }
    assert found.recommendations == ("continue with /new_task task-002",)
    desk("/new_task 2")
    assert desk("/check_completeness").complete


def test_what_was_mended_by_hand_is_found_to_be_so(desk: Desk) -> None:
    """A failed task whose check passes now is completed."""
    desk.plan("# P\n- [ ] Build\n  - run: `true`\n  - check: `test -f built`\n")
    desk("/new_task")
    Path("built").touch()
    assert desk("/check_completeness").complete
    assert desk.statuses() == {1: "completed"}


def test_a_gate_that_fails(desk: Desk) -> None:
    """All tasks are done, and the plan is not."""
    found = done(desk)("/check_completeness")
    assert (found.complete, found.exit_code, found.remaining) == (False, 4, ())
    assert found.recommendations[0] == "mend the quality gate: test -f shippable"


def test_without_running_anything(desk: Desk) -> None:
    """What is known is reported and stays known: a gate that failed is not forgotten, nothing is run."""
    done(desk)
    found = desk("/check_completeness --skip-tests")
    assert (found.complete, tell(found)["quality gate"]) == (False, "open")
    desk("/check_completeness")
    times = Path("times").read_text()
    found = desk("/check_completeness --skip-tests")
    assert (found.complete, found.exit_code, tell(found)["quality gate"]) == (False, 4, "failed")
    assert found.recommendations[-1] == "no check was run: /check_completeness runs them"
    assert Path("times").read_text() == times
    Path("shippable").touch()
    desk("/check_completeness")
    assert desk("/check_completeness --skip-tests").complete


def test_strictly(desk: Desk) -> None:
    """A criterion that no command can check is incomplete then, and named as what it is."""
    done(desk)
    Path("shippable").touch()
    found = desk("/check_completeness --strict")
    assert (found.complete, found.exit_code, found.unverified) == (False, 4, 1)
    assert desk("/check_completeness").complete


def test_work_that_is_left(desk: Desk) -> None:
    """Each task with why, and the command that continues it; every such command can be typed."""
    desk.plan(
        "# P\n- [ ] A\n  - run: `false`\n- [ ] B\n  - depends on: A\n- [ ] C\n- [ ] D\n- [ ] E\n"
        "  - run: `true`\n  - check: `true`\n- [ ] F\n"
    )
    desk("/new_task 1")
    desk("/new_task 4")
    desk("/new_task 5 --skip-verification")
    desk("/cancel_task 6")
    said = {r.task: (r.state, r.why, r.command) for r in desk("/check_completeness --skip-tests").remaining}
    assert said == {
        "task-001": ("failed", "its attempt failed", "/new_task task-001"),
        "task-002": ("blocked", "blocked by task-001", "/task_status task-001"),
        "task-003": ("pending", "not started", "/new_task task-003"),
        "task-004": ("in_progress", "somebody is at it", "/complete_task task-004"),
        "task-005": ("claimed", "claimed, and nothing proves it", "/complete_task task-005"),
    }
    desk("/check_completeness")
    assert desk.task(5).status == "completed"  # its claim is judged with the rest


def test_checks_that_may_not_run_are_no_proof(desk: Desk) -> None:
    """A plan from elsewhere says that all has passed: until its checks may be run here, nothing is proven."""
    done(desk)
    Path("shippable").touch()
    assert desk("/check_completeness").complete
    desk("/export_plan json --include-progress --output plan.json")
    Path("shippable").unlink()
    Path("built").unlink()
    desk("/import plan.json", yes=True)
    times = Path("times").read_text()
    found = desk("/check_completeness")
    assert (found.complete, found.exit_code) == (False, 4)
    assert Path("times").read_text() == times
    assert found.recommendations[0] == "some checks are not approved, so they were not run: /approve_plan"
    assert tell(found) == {"quality gate": "unverified", "task-001": "unverified", "task-002": "unverified"}
    assert desk.graph.root.plan.status is PlanStatus.APPROVED
    desk("/approve_plan")
    assert tell(desk("/check_completeness"))["task-001"] == "failed"


@pytest.mark.parametrize("suffix", ["json", "md"])
def test_a_report(desk: Desk, suffix: str) -> None:
    """What was found is written to a file, which is remembered as an artifact of the session."""
    done(desk)
    found = desk(f"/check_completeness --report report.{suffix}")
    text = Path(f"report.{suffix}").read_text()
    assert found.report == f"report.{suffix}"
    if suffix == "json":
        page = json.loads(text)
        assert (page["complete"], page["criteria"][0]["status"], page["report"]) == (False, "failed", "report.json")
    else:
        assert "**Not complete**: 2 of 2 tasks." in text
        assert "- failed: quality gate: test -f shippable, `test -f shippable` exited with 1" in text
        assert "- mend the quality gate: test -f shippable" in text
    artifacts = [(a.path, a.kind) for s in desk.graph.sessions.values() for a in s.artifacts]
    assert artifacts == [(f"report.{suffix}", "completeness report")]


def test_a_report_that_cannot_be_written(desk: Desk) -> None:
    """The file is named."""
    done(desk)
    assert "no/folder.md" in desk.refused("/check_completeness --report no/folder.md", StorageError).message


def test_when_there_is_nothing_to_check(desk: Desk) -> None:
    """No plan, a draft, a plan that was reset: typed errors, nothing left on the disk."""
    desk.refused("/check_completeness", PlanNotFound)
    desk.plan(approve=False)
    before = desk.bytes_on_disk()
    assert desk.refused("/check_completeness", StateTransitionError).hints == ("/approve_plan",)
    assert desk.bytes_on_disk() == before
    desk("/reset_plan", yes=True)
    assert desk.refused("/check_completeness", StateTransitionError).hints == ("/plan TEXT",)


def test_two_parts_that_fail_reopen_their_parent_once(desk: Desk) -> None:
    """Each verdict is given in the state that the ones before it have made."""
    desk.plan(
        "# P\n- [ ] Whole\n  - [ ] One\n    - check: `test ! -e broken`\n  - [ ] Two\n    - check: `test ! -e broken`\n"
    )
    desk("/complete_task 2")
    desk("/complete_task 3")
    assert desk.task(1).status == "completed"
    Path("broken").touch()
    assert not desk("/check_completeness").complete
    assert [desk.task(n).status for n in (1, 2, 3)] == ["pending", "failed", "failed"]
