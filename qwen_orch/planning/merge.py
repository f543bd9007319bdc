"""Pasting an edited plan again is a reviewed merge: ids, done states, evidence, notes and sessions stay.

What the text says wins; what it does not say stays as it is. Merging the same text twice changes nothing. A task that
is no longer in the text is cancelled if nobody has begun it, and is otherwise kept and pointed out: nothing started is
ever dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from attrs import evolve, fields_dict

from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft, DraftTask
from qwen_orch.model.ids import PhaseId, TaskId, number_of, phase_id, task_id
from qwen_orch.model.plan import Orchestration, Phase, Plan, PlanStatus
from qwen_orch.model.task import Criterion, Dependency, Priority, Task, TaskStatus

ALIKE = 0.75
"""How alike two titles must be (`difflib` ratio) to be one task that was renamed."""
MOST_COMPARED = 400
"""Beyond so many unmatched tasks on either side, renamed ones are not looked for: comparing is quadratic."""
STATED = ("title", "description", "label", "estimate", "acceptance", "run", "tags", "assignee", "depends_on", "parent")
"""Fields where an empty value in the text says nothing."""


class Merge(NamedTuple):
    """What a merge would change: ids and, for tasks that change and for the plan itself, the names of their fields."""

    plan: tuple[str, ...]
    added: tuple[TaskId, ...]
    changed: tuple[tuple[TaskId, tuple[str, ...]], ...]
    moved: tuple[TaskId, ...]
    removed: tuple[TaskId, ...]
    kept: tuple[TaskId, ...]
    """No longer in the text, but started: they stay."""
    events: tuple[e.Event, ...]


def merge(graph: Graph, draft: Draft, at: str) -> Merge:
    """Return what merging *draft* into *graph* at the time *at* changes; without events when nothing does."""
    phases = _phases(graph.root.plan.phases, draft)
    pairs = matched(graph, draft.tasks)
    ids = _ids(graph, draft.tasks, pairs)
    wanted = [_wanted(graph.tasks.get(ids[n]), read, ids, phases, at, n) for n, read in enumerate(draft.tasks)]
    added = tuple(t for n, t in enumerate(wanted) if n not in pairs)
    altered = [(t, _differing(graph.tasks[t.id], t)) for n, t in enumerate(wanted) if n in pairs]
    changed = tuple((t.id, names) for t, names in altered if set(names) - {"phase", "parent"})
    moved = tuple(t.id for t, names in altered if {"phase", "parent"} & set(names))
    gone = [t for t in graph.ordered() if t.id not in set(ids) and not t.status.settled]
    removed = tuple(t.id for t in gone if t.status is TaskStatus.PENDING)
    kept = tuple(t.id for t in gone if t.status is not TaskStatus.PENDING)
    edits: list[e.Event] = [e.TasksAdded(added)] if added else []
    edits += [e.TaskEdited(t, names) for t, names in altered if names]
    edits += [e.TaskCancelled(i, "no longer in the plan text") for i in removed]
    revised = _revised(graph.root, draft, tuple(phases), bool(edits))
    titled: list[e.Event] = [e.PlanTitled(draft.title)] if draft.titled and draft.title != graph.root.title else []
    events = titled + ([e.PlanRevised(revised)] if revised != graph.root.plan else []) + edits
    said = (*("title" for _ in titled), *_said_anew(graph.root.plan, revised))
    return Merge(said, tuple(t.id for t in added), changed, moved, removed, kept, tuple(events))


def matched(graph: Graph, read: tuple[DraftTask, ...]) -> dict[int, TaskId]:
    """Return, for positions in *read*, the task of *graph* each one is: by id or label, by title, by likeness."""
    pairs: dict[int, TaskId] = {}
    free = {t.id: t for t in graph.ordered()}
    for key in (_by_label, _by_title):
        _pair(pairs, free, read, key)
    left = [n for n in range(len(read)) if n not in pairs]
    if len(left) <= MOST_COMPARED and len(free) <= MOST_COMPARED:
        for n in left:
            twin = max(free.values(), key=lambda t: _likeness(t.title, read[n].title), default=None)
            if twin and _likeness(twin.title, read[n].title) >= ALIKE:
                pairs[n] = free.pop(twin.id).id
    return pairs


def _pair(
    pairs: dict[int, TaskId],
    free: dict[TaskId, Task],
    read: tuple[DraftTask, ...],
    key: Callable[[Task | DraftTask], Iterator[str]],
) -> None:
    """Pair off what has the same key, in order; the first of several goes first."""
    known: dict[str, list[TaskId]] = {}
    for task in free.values():
        for name in key(task):
            known.setdefault(name, []).append(task.id)
    for n, one in enumerate(read):
        found = (i for name in key(one) for i in known.get(name, ()) if i in free) if n not in pairs else iter(())
        twin = next(found, None)
        if twin:
            pairs[n] = free.pop(twin).id


def _by_label(task: Task | DraftTask) -> Iterator[str]:
    if task.label:
        yield task.label.lower()
    if isinstance(task, Task):
        yield task.id


def _by_title(task: Task | DraftTask) -> Iterator[str]:
    yield " ".join(task.title.lower().split())


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one.lower()[:200], other.lower()[:200], autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE else 0.0


def _ids(graph: Graph, read: tuple[DraftTask, ...], pairs: dict[int, TaskId]) -> list[TaskId]:
    """Return the id of each task that was read: that of its twin, or the next free one."""
    fresh = graph.last_number
    ids = []
    for n in range(len(read)):
        if n not in pairs:
            fresh += 1
        ids.append(pairs.get(n) or task_id(fresh))
    return ids


def _phases(known: tuple[Phase, ...], draft: Draft) -> list[Phase]:
    """Return the phases after the merge: those of the text, known ones with their ids, then those only we know."""
    by_title = {p.title.lower(): p for p in known}
    fresh = max((number_of(p.id) for p in known), default=0)
    ids: list[PhaseId] = []
    for read in draft.phases:
        twin = by_title.pop(read.title.lower(), None)
        fresh += twin is None
        ids.append(twin.id if twin else phase_id(fresh))
    stated = [
        Phase(i, p.title, p.description, tuple(ids[n] for n in p.depends_on), p.line)
        for i, p in zip(ids, draft.phases, strict=True)
    ]
    return stated + list(by_title.values())


def _said_anew(before: Plan, after: Plan) -> Iterator[str]:
    """Yield the names of what the text says of the whole plan, and had not said before."""
    for name in ("goal", "description", "requirements", "risks", "quality_gates"):
        if getattr(before, name) != getattr(after, name):
            yield name
    if [evolve(p, source_line=None) for p in before.phases] != [evolve(p, source_line=None) for p in after.phases]:
        yield "phases"


def _goal(root: Orchestration, draft: Draft) -> str:
    """Return the goal after the merge. A text that states none has its title for one, which says nothing new."""
    if draft.goal != draft.title:
        return draft.goal or root.plan.goal
    return draft.goal if draft.titled and root.plan.goal == root.title else root.plan.goal


def _revised(root: Orchestration, draft: Draft, phases: tuple[Phase, ...], altered: bool) -> Plan:
    """Return the plan of *root* as the text has it; a draft again, to be approved, when something in it is new."""
    plan = root.plan
    after = evolve(
        plan,
        goal=_goal(root, draft),
        description=draft.description or plan.description,
        phases=phases,
        requirements=draft.requirements or plan.requirements,
        risks=draft.risks or plan.risks,
        quality_gates=_criteria(plan.quality_gates, draft.quality_gates) or plan.quality_gates,
    )
    if after == plan and not altered:
        return plan
    same_gates = [g.check for g in after.quality_gates] == [g.check for g in plan.quality_gates]
    again = PlanStatus.DRAFT if plan.status in (PlanStatus.APPROVED, PlanStatus.COMPLETED) else plan.status
    return evolve(after, status=again, gates_approved=plan.gates_approved and same_gates)


def _criteria(known: tuple[Criterion, ...], read: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
    """Return the criteria that were read, each with what is known of the same one."""
    found = {(c.text, c.check): c for c in known}
    return tuple(found.get((c.text, c.check), c) for c in read)


def _wanted(task: Task | None, read: DraftTask, ids: list[TaskId], phases: list[Phase], at: str, position: int) -> Task:
    """Return the task as the text wants it, keeping what the text does not say."""
    stated: dict[str, Any] = {
        **{
            name: getattr(read, name)
            for name in ("title", "description", "label", "estimate", "run", "tags", "assignee")
        },
        "acceptance": _criteria(task.acceptance if task else (), read.acceptance),
        "depends_on": tuple(Dependency(ids[d.task], d.kind, d.lag, d.inferred) for d in read.depends_on),
        "parent": None if read.parent is None else ids[read.parent],
        "phase": None if read.phase is None else phases[read.phase].id,
        "priority": read.priority,
    }
    if task is None:
        places: dict[str, Any] = {"source_line": read.line, "origins": read.origins, "status": read.status}
        return Task(id=ids[position], created=at, updated=at, **stated, **places)
    said = {k: v for k, v in stated.items() if v or (k not in STATED and (k != "phase" or phases))}
    if read.priority is Priority.MEDIUM and not any(o.field == "priority" for o in read.origins):
        said.pop("priority", None)
    after = evolve(task, **said)
    return evolve(_ticked(after, read.status), approved=task.approved and after.commands == task.commands)


def _ticked(task: Task, read: TaskStatus) -> Task:
    """Return *task* with what a tick or a strike in the text claims of one that nobody has begun."""
    claims = read in (TaskStatus.CLAIMED, TaskStatus.CANCELLED)
    return evolve(task, status=read) if claims and task.status is TaskStatus.PENDING else task


def _differing(before: Task, after: Task) -> tuple[str, ...]:
    return tuple(name for name in fields_dict(Task) if getattr(before, name) != getattr(after, name))
