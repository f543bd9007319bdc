"""An orchestration and its plan: goal, phases, requirements, decisions, risks and quality gates."""

from __future__ import annotations

from enum import StrEnum

from attrs import Factory, frozen

from qwen_orch.model.ids import OrchestrationId, PhaseId
from qwen_orch.model.task import Criterion


class PlanStatus(StrEnum):
    """Where a plan stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    COMPLETED = "completed"
    RESET = "reset"


@frozen
class Phase:
    """A named group of tasks; it starts when the phases in *depends_on* are done, if the document says so."""

    id: PhaseId
    title: str
    description: str = ""
    depends_on: tuple[PhaseId, ...] = ()
    source_line: int | None = None


@frozen
class Decision:
    """Something settled, and *why*."""

    text: str
    why: str = ""
    at: str = ""


@frozen
class Plan:
    """What is to be reached and under which conditions. *quality_gates* are criteria of the whole plan."""

    goal: str
    status: PlanStatus = PlanStatus.DRAFT
    description: str = ""
    phases: tuple[Phase, ...] = ()
    requirements: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    risks: tuple[str, ...] = ()
    quality_gates: tuple[Criterion, ...] = ()
    gates_approved: bool = False


@frozen
class Orchestration:
    """One goal with its plan: the unit that is stored, locked and restored.

    *checkpoints* maps a name to the sequence number of the journal record it names.
    """

    id: OrchestrationId
    title: str
    plan: Plan
    parent: OrchestrationId | None = None
    tags: tuple[str, ...] = ()
    created: str = ""
    updated: str = ""
    checkpoints: dict[str, int] = Factory(dict)
