"""From evidence to a verdict: pure.

A worker's word is never evidence. A command's exit code is evidence for what that command checks; a person's word is
evidence of that person's consent, is stored as such, and leaves a criterion ``unverified``. So does what a second agent
found: it counts only beside work that was seen, and only if it is sure enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from attrs import evolve, frozen

from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Criterion, CriterionStatus, Evidence, Task, TaskStatus


class Verdict(Enum):
    """What the evidence says of a claim."""

    COMPLETED = "completed"
    FAILED = "failed"
    UNDECIDED = "undecided"


@frozen
class Judgement:
    """A verdict with the criteria as they were found and the evidence it stands on."""

    verdict: Verdict
    acceptance: tuple[Criterion, ...]
    evidence: tuple[Evidence, ...]


@frozen
class Reviewed:
    """What a second agent found of the criteria (by number, from 1), and how sure it must be to count."""

    findings: Mapping[int, Evidence]
    least: float

    def vouches(self, number: int) -> bool:
        """Tell whether criterion *number* was found to be met, surely enough."""
        found = self.findings.get(number)
        return found is not None and found.passed and (found.confidence or 0) >= self.least

    @property
    def refutes(self) -> bool:
        """Whether some criterion was found not to be met, surely enough."""
        return any(not f.passed and (f.confidence or 0) >= self.least for f in self.findings.values())


UNREVIEWED = Reviewed({}, 1.0)
"""No second agent looked."""


def judge(
    task: Task, checked: Mapping[str, Evidence], claim: Iterable[Evidence] = (), reviewed: Reviewed = UNREVIEWED
) -> Judgement:
    """Return the judgement on *task*, given what its check commands showed and the *evidence* that came with the claim.

    A failed check fails the task, and so does a sure review that finds a criterion not met. Passed checks complete it,
    if all were run. Without any check a person's attestation completes it, or the task's own command having succeeded
    if the task names no criterion at all, or work that was seen and a sure review of every criterion; else nobody can
    tell.
    """
    claim = tuple(claim)
    word = next((c for c in claim if c.kind == "attested" and c.passed), None)
    acceptance = tuple(
        _looked_at(c, checked, reviewed.findings.get(number) or word) for number, c in enumerate(task.acceptance, 1)
    )
    ran = tuple(c for c in claim if c.kind in ("run", "subtasks"))
    worked = bool(ran) and all(c.passed for c in ran) and not task.acceptance
    seen = any(c.kind == "work" and c.passed for c in claim)
    vouched = seen and all(reviewed.vouches(n) for n in unchecked(task))
    looked = (c.evidence for c in acceptance if c.check and c.evidence)
    evidence = (*claim, *looked, *reviewed.findings.values())
    return Judgement(_verdict(acceptance, bool(word) or worked or vouched, reviewed.refutes), acceptance, evidence)


def unchecked(task: Task) -> tuple[int, ...]:
    """Return the numbers of the criteria that no command can check; 1, for the task itself, when it names none."""
    numbers = tuple(n for n, c in enumerate(task.acceptance, 1) if not c.check)
    return numbers or (() if task.acceptance else (1,))


def _verdict(acceptance: tuple[Criterion, ...], vouched: bool, refuted: bool) -> Verdict:
    states = {c.status for c in acceptance}
    if CriterionStatus.FAILED in states or refuted:
        return Verdict.FAILED
    if any(c.check and c.status is not CriterionStatus.PASSED for c in acceptance):
        return Verdict.UNDECIDED
    return Verdict.COMPLETED if CriterionStatus.PASSED in states or vouched else Verdict.UNDECIDED


def _looked_at(criterion: Criterion, checked: Mapping[str, Evidence], told: Evidence | None) -> Criterion:
    found = checked.get(criterion.check) if criterion.check else None
    if found is None:
        evidence = (None if criterion.check else told) or criterion.evidence
        return evolve(criterion, status=CriterionStatus.UNVERIFIED, evidence=evidence)
    status = CriterionStatus.PASSED if found.passed else CriterionStatus.FAILED
    return evolve(criterion, status=status, evidence=found)


def events_of(task: TaskId, judgement: Judgement) -> list[e.Event]:
    """Return the events that make *judgement* of *task* lasting."""
    if judgement.verdict is Verdict.UNDECIDED:
        return [e.CriteriaChecked(task, judgement.acceptance)]
    passed = judgement.verdict is Verdict.COMPLETED
    return [e.VerdictGiven(task, passed, judgement.acceptance, judgement.evidence)]


def settled_parents(graph: Graph, settled: Iterable[TaskId], at: str) -> Iterator[e.VerdictGiven]:
    """Yield verdicts for the tasks whose parts are all settled once *settled* are, and that ask for nothing themselves.

    A parent with commands or criteria of its own becomes ready instead, and is judged like any task; so does one whose
    parts were all cancelled. Those of *settled* that are not cancelled in *graph* are completed by the same step.
    """
    done = set(settled)
    waiting = list(done)
    while waiting:
        child = graph.tasks.get(waiting.pop())
        parent = graph.tasks.get(child.parent) if child and child.parent else None
        if parent is None or parent.id in done or parent.status not in (TaskStatus.PENDING, TaskStatus.CLAIMED):
            continue
        if parent.run or parent.acceptance or not _all_settled(graph, parent, done):
            continue
        done.add(parent.id)
        waiting.append(parent.id)
        names = ", ".join(graph.parts[parent.id])
        yield e.VerdictGiven(parent.id, True, (), (Evidence("subtasks", at, True, "qwen-orch", output=names),))


def _all_settled(graph: Graph, parent: Task, done: set[TaskId]) -> bool:
    parts = graph.subtasks(parent.id)
    return all(p.status.settled or p.id in done for p in parts) and any(
        p.status is TaskStatus.COMPLETED or (p.id in done and not p.status.settled) for p in parts
    )


def reopened_parents(graph: Graph, task: Task) -> Iterator[e.TaskReopened]:
    """Yield events that reopen the completed tasks that *task*, which is open again, is a part of."""
    above = graph.tasks.get(task.parent) if task.parent else None
    while above is not None:
        if above.status is TaskStatus.COMPLETED:
            yield e.TaskReopened(above.id)
        above = graph.tasks.get(above.parent) if above.parent else None
