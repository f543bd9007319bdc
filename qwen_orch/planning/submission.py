"""The plan that an agent hands in: thought about enough, and without a fault, or it is refused with what is missing.

Pure: the report server and ``/plan --agent`` ask the same questions here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from attrs import evolve

from qwen_orch.errors import DependencyError, OrchError, StateTransitionError, ValidationError
from qwen_orch.graph.rules import check
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft
from qwen_orch.model.ids import OrchestrationId
from qwen_orch.model.plan import Orchestration, PlanStatus
from qwen_orch.model.session import Session
from qwen_orch.model.task import Task
from qwen_orch.planning.adopt import manifest, plan_of
from qwen_orch.planning.reader import read
from qwen_orch.planning.soundness import sound

REQUIRED = ("requirements", "architecture", "decomposition", "risks")
"""What must have been thought about before a plan is taken."""
MOST_FAULTS = 20
_NAMELESS, _NEVER = OrchestrationId("orch-a"), "1970-01-01T00:00:00+00:00"
"""Of a plan that is only looked at."""


def missing_thinking(session: Session, depth: int) -> tuple[str, ...]:
    """Return what is still to be thought in *session*, in words: up to *depth* thoughts, and every required purpose."""
    more = depth - len(session.thoughts)
    counted = [f"{more} more thought{'s' * (more > 1)} ({len(session.thoughts)} of {depth})"] if more > 0 else []
    thought_about = {t.purpose for t in session.thoughts}
    return (*counted, *(f"a thought with the purpose {p}" for p in REQUIRED if p not in thought_about))


def submitted(graph: Graph, text: str, title: str | None, at: str) -> list[e.Event]:
    """Return the events that make *text* the plan of *graph*, an orchestration that is an empty draft.

    Its goal is the person's and stays, as do its title and what it holds already. Raises `ValidationError` that names
    every fault of the text, `StateTransitionError` when there is a plan already.
    """
    root = graph.root
    if graph.tasks or root.plan.status is not PlanStatus.DRAFT:
        raise StateTransitionError(f"{root.id} has a plan already, which is {root.plan.status}: it is not replaced")
    return adopted(root, faultless(text, title), at)


def adopted(root: Orchestration, draft: Draft, at: str) -> list[e.Event]:
    """Return the events that make *draft* the plan of *root*, which has none; goal, title and requirements stay."""
    revised = evolve(
        plan_of(draft, at),
        goal=root.plan.goal or draft.goal,
        requirements=tuple(dict.fromkeys((*root.plan.requirements, *draft.requirements))),
        decisions=(*root.plan.decisions, *plan_of(draft, at).decisions),
    )
    return [e.PlanRevised(revised), e.TasksAdded(manifest(draft, at))]


@lru_cache(maxsize=1)
def faultless(text: str, title: str | None = None) -> Draft:
    """Return *text* as read; raise `ValidationError` that names every fault when it cannot be a plan.

    The last one is kept: while a plan is taken, several ask for it.
    """
    try:
        draft = read(text, title=title)
    except DependencyError as error:  # its hints are for a person at a prompt
        draft = read(text, title=title, break_cycles=True)
        circles = [str(w) for w in draft.warnings if w.message.endswith("it would close a circle")]
        faults = [error.message, *circles[1:], *_faults(draft)]
    else:
        faults = list(_faults(draft))
    if not faults:
        return draft
    left = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
    shown = "; ".join(faults[:MOST_FAULTS])
    raise ValidationError(f"the plan cannot be taken: {shown}{left}", "mend the text, and submit it again")


def _faults(draft: Draft) -> Iterator[str]:
    """Yield what any plan is refused for, a line each."""
    if not draft.tasks:
        yield "no tasks were found in the text: a task is an item of a list, a checkbox, or a row of a table"
        return
    tasks = manifest(draft, _NEVER)
    root = Orchestration(_NAMELESS, draft.title, plan_of(draft, _NEVER), created=_NEVER, updated=_NEVER)
    yield from _refusal(root, ())
    for task in tasks:
        yield from _refusal(root, (task,))
    try:
        check(Graph(root), e.TasksAdded(tasks))
    except OrchError as error:
        yield error.message


def _refusal(root: Orchestration, tasks: tuple[Task, ...]) -> Iterator[str]:
    try:
        sound(root, tasks, ())
    except ValidationError as error:
        yield error.message
