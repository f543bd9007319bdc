"""Where a plan or a task stands."""

from __future__ import annotations

from typing import NamedTuple

from qwen_orch.answers.agents import AgentAnswer
from qwen_orch.answers.core import OrchestrationAnswer, ProgressAnswer, TaskAnswer
from qwen_orch.graph.calibration import Calibration
from qwen_orch.model.task import Attempt, Evidence


class Hours(NamedTuple):
    """Remaining working hours: PERT mean and spread, and the simulated finish that is met in 50 % and 90 % of cases."""

    mean: float
    spread: float
    p50: float
    p90: float
    jobs: int


class PlanStatusAnswer(NamedTuple):
    """Where the whole plan stands; *calibration* is how past estimates compared to what work took.

    *tokens* is what the attempts of agents have used.
    """

    orchestration: OrchestrationAnswer
    progress: ProgressAnswer
    ready: tuple[TaskAnswer, ...]
    in_progress: tuple[TaskAnswer, ...]
    blocked: tuple[TaskAnswer, ...]
    critical_path: tuple[str, ...]
    remaining_hours: Hours
    next: tuple[str, ...] = ()
    calibration: Calibration | None = None
    tokens: int = 0


class TaskStatusAnswer(NamedTuple):
    """Where one task stands.

    *actual_hours* is what its attempts took by the clock, *agents* what agents did in them.
    """

    task: TaskAnswer
    evidence: tuple[Evidence, ...]
    attempts: tuple[Attempt, ...]
    subtasks: tuple[TaskAnswer, ...]
    next: tuple[str, ...] = ()
    actual_hours: float | None = None
    agents: tuple[AgentAnswer, ...] = ()
