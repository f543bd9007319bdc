"""What is shown of time taken, and of what the reader concluded."""

from __future__ import annotations

import pytest

from qwen_orch.graph.calibration import Calibration
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Dependency
from qwen_orch.views.status import plan_status
from qwen_orch.views.task_parts import facts, planned_row
from tests.views.samples import SCHEMA, STATUS, changed

LONG = Calibration(2, 4.0, 6.0, 1.5, "2 finished tasks took 1.5 times as long as estimated")
SHORT = Calibration(1, 4.0, 0.0, 0.0, "1 finished task took less than 1% of the time estimated")


@pytest.mark.parametrize(("known", "told"), [(LONG, True), (SHORT, False), (None, False)])
def test_calibration_is_one_line_when_there_is_something_to_learn(known: Calibration | None, told: bool) -> None:
    drawn = repr(plan_status(changed(STATUS, calibration=known)))
    assert ("Estimates" in drawn) == told
    assert (LONG.words in drawn) == (known is LONG)


def test_a_card_says_what_a_task_took() -> None:
    assert "took 2.5h" in repr(facts(changed(SCHEMA, actual_hours=2.5)))
    assert "took" not in repr(facts(changed(SCHEMA, actual_hours=0.001)))


def test_an_inferred_dependency_has_a_tilde() -> None:
    waits = (Dependency(TaskId("task-007"), inferred=True), Dependency(TaskId("task-008")))
    names = ("task-007", "task-008")
    assert "~task-007 +1" in repr(planned_row(changed(SCHEMA, depends_on=names, dependencies=waits)))
    assert "~" not in repr(planned_row(changed(SCHEMA, depends_on=names[1:], dependencies=waits[1:])))
