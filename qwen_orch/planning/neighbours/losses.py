"""What is lost on the way to another tool, told in one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from attrs import frozen

from qwen_orch.graph.state import Graph
from qwen_orch.model.task import DependencyKind, Priority, Task, TaskStatus
from qwen_orch.planning.neighbours.wording import Standing, standing

_NAMED = 3


class Loss(NamedTuple):
    """Something a format may be unable to say: in *words*, and whether it is true *of* a task."""

    words: str
    of: Callable[[Task], bool]


@frozen
class Speech:
    """What a format, called *name*, can say: names of `LOSSES` and of `PLAN`."""

    name: str
    says: frozenset[str]


def _odd_wait(task: Task) -> bool:
    return any(d.kind is not DependencyKind.FINISH_TO_START or d.lag for d in task.depends_on)


def _spread(task: Task) -> bool:
    e = task.estimate
    return e is not None and not (e.low == e.likely == e.high)


def _vouched(task: Task) -> bool:
    return task.status is TaskStatus.CLAIMED and bool(task.attempts)


LOSSES: dict[str, Loss] = {
    "description": Loss("descriptions", lambda t: bool(t.description.strip())),
    "priority": Loss("priorities", lambda t: t.priority is not Priority.MEDIUM),
    "critical": Loss("that something is critical (it becomes high)", lambda t: t.priority is Priority.CRITICAL),
    "parent": Loss("parts of tasks (they become tasks)", lambda t: t.parent is not None),
    "phase": Loss("phases", lambda t: t.phase is not None),
    "depends_on": Loss("dependencies", lambda t: bool(t.depends_on)),
    "kinds": Loss("lags, and waits other than for a finish", _odd_wait),
    "inferred": Loss("that a dependency is inferred", lambda t: any(d.inferred for d in t.depends_on)),
    "estimate": Loss("estimates", lambda t: t.estimate is not None),
    "spread": Loss("the spread of estimates (the likely hours stay)", _spread),
    "criteria": Loss("acceptance criteria", lambda t: bool(t.acceptance)),
    "checks": Loss("commands that check criteria", lambda t: any(c.check for c in t.acceptance)),
    "run": Loss("commands to run", lambda t: bool(t.run)),
    "tags": Loss("tags", lambda t: bool(t.tags)),
    "assignee": Loss("assignees", lambda t: t.assignee is not None),
    "doing": Loss("that work is under way", lambda t: standing(t) is Standing.DOING),
    "cancelled": Loss("that a task is cancelled", lambda t: t.status is TaskStatus.CANCELLED),
    "failed": Loss("that an attempt failed (the task is open)", lambda t: t.status is TaskStatus.FAILED),
    "claimed": Loss("that a task is only claimed, not verified (it is done)", _vouched),
    "blockers": Loss("blockers", lambda t: bool(t.blockers)),
    "history": Loss("attempts and evidence", lambda t: bool(t.attempts or t.evidence or t.summary)),
}
"""Everything a task may hold beside its title and whether it is done."""

PLAN: dict[str, tuple[str, Callable[[Graph], int]]] = {
    "plan title": ("its title", lambda g: 1),
    "goal": ("its goal", lambda g: int(g.root.plan.goal.strip() not in ("", g.root.title.strip()))),
    "plan description": ("its description", lambda g: int(bool(g.root.plan.description.strip()))),
    "phase order": ("which phase waits for which", lambda g: sum(bool(p.depends_on) for p in g.root.plan.phases)),
    "empty phases": ("phases without tasks", lambda g: len(_empty(g))),
    "phase words": ("descriptions of phases", lambda g: sum(bool(p.description) for p in g.root.plan.phases)),
    "requirements": ("requirements", lambda g: len(g.root.plan.requirements)),
    "decisions": ("decisions", lambda g: len(g.root.plan.decisions)),
    "risks": ("risks", lambda g: len(g.root.plan.risks)),
    "gates": ("quality gates", lambda g: len(g.root.plan.quality_gates)),
}
"""Everything a plan may hold beside its tasks, with how much of it there is."""

_IMPLIED = {"criteria": ("checks",), "depends_on": ("kinds", "inferred"), "estimate": ("spread",)}
"""What goes without saying when the first is lost."""


def losses(graph: Graph, speech: Speech, more: Iterable[str] = ()) -> list[str]:
    """Return what a format with *speech* cannot say of *graph*; *more* is what it alone has to tell."""
    lost = [name for name in LOSSES if name not in speech.says]
    implied = {i for name in lost for i in _IMPLIED.get(name, ())}
    implied |= {"critical"} if "priority" in lost else set()
    tasks = graph.ordered()
    told = []
    for name in (n for n in lost if n not in implied):
        held = [t for t in tasks if LOSSES[name].of(t)]
        told += [told_of(speech, LOSSES[name].words, held)] if held else []
    of_plan = [words for name, (words, count) in PLAN.items() if name not in speech.says and count(graph)]
    return [*told, *more, *([f"{speech.name} cannot say of the plan: {', '.join(of_plan)}"] if of_plan else [])]


def special(graph: Graph, speech: Speech, lost: Iterable[tuple[str, Callable[[Task], object]]]) -> list[str]:
    """Return the lines for what is lost in a way of the format's own: words, and whether they are true of a task."""
    found = ((words, [t for t in graph.ordered() if of(t)]) for words, of in lost)
    return [told_of(speech, words, held) for words, held in found if held]


def told_of(speech: Speech, words: str, held: list[Task]) -> str:
    """Return the line that tells that *words* are lost of the tasks *held*."""
    shown = ", ".join(t.id for t in held[:_NAMED]) + (f" and {len(held) - _NAMED} more" if len(held) > _NAMED else "")
    return f"{speech.name} cannot say {words}: {shown}"


def as_they_are(speech: Speech, held: list[Task]) -> list[str]:
    """Return the line for titles that a format only says in another way: with several sentences, or like an id."""
    return [told_of(speech, "titles like these as they are", held)] if held else []


def _empty(graph: Graph) -> list[str]:
    used = {t.phase for t in graph.tasks.values()}
    return [p.title for p in graph.root.plan.phases if p.id not in used]
