"""Records that name one another by exact ids become a `Draft`."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import Factory, define

from qwen_orch.errors import DependencyError, ValidationError
from qwen_orch.model.draft import Draft, DraftDependency, DraftPhase, DraftTask, Warning  # noqa: A004
from qwen_orch.model.ids import did_you_mean
from qwen_orch.model.task import Priority
from qwen_orch.planning.reader import explain
from qwen_orch.planning.reader.circles import find_circle
from qwen_orch.planning.reader.entries import Edges, Found, Gathered, PhaseFound
from qwen_orch.planning.reader.text import one_line
from qwen_orch.planning.reader.titles import capped

_MOST_NEAREST = 20


@define(eq=False)
class Record:
    """A task of another tool: what was *found* of it, and the ids it names; *where* tells people where it stands."""

    found: Found
    where: str
    needs: list[str] = Factory(list)
    parent: str = ""
    phase: str = ""


def found(title: str, label: str, line: int, description: str = "") -> Found:
    """Return a task with a *title* of at most the usual length; the whole of a longer one begins its description."""
    whole = one_line(title) or "(untitled)"
    short, cut = capped(whole)
    return Found(short, line, label, description=[*([whole] if cut else []), description])


def draft(records: list[Record], title: str, convention: str, warnings: Iterable[Warning] = ()) -> Draft:
    """Return the plan of *records* under *title*; raises `ValidationError` without any, `DependencyError` for circles.

    *convention* says what was taken for a task.
    """
    if not records:
        raise ValidationError(f"there are no tasks in it: {convention} were expected", "/import FILE")
    out = Gathered(title=title, goal=title, convention=convention, warnings=list(warnings))
    known = _known(records, out)
    for record in records:
        record.found.parent = _parent(record, known, out)
    _cut_loops(records, out)
    ordered = _ordered(records)
    _phases(ordered, out)
    out.tasks = [r.found for r in ordered]
    edges = _edges(ordered, known, out)
    _refuse(ordered, edges)
    explain.conclude(out, edges, ())
    return _draft(out, edges)


def _known(records: list[Record], out: Gathered) -> dict[str, Record]:
    known: dict[str, Record] = {}
    for record in records:
        label = record.found.label.casefold()
        if label and known.setdefault(label, record) is not record:
            out.warn(f"the id {record.found.label} is used twice ({record.where}); references mean the first")
    return known


def _parent(record: Record, known: dict[str, Record], out: Gathered) -> Found | None:
    above = known.get(record.parent.casefold()) if record.parent else None
    if record.parent and above is None:
        out.warn(f"{record.found.label} is part of {record.parent[:60]}, which is not here")
    return above.found if above and above is not record else None


def _cut_loops(records: list[Record], out: Gathered) -> None:
    """A task that is said to be part of its own part is part of none."""
    settled: set[Found] = set()
    for record in records:
        path: dict[Found, None] = {}
        at: Found | None = record.found
        while at is not None and at not in settled and at not in path:
            path[at] = None
            at = at.parent
        if at is not None and at in path:
            out.warn(f"{at.label} is said to be part of its own part; it was taken as part of none")
            at.parent = None
        settled |= path.keys()


def _ordered(records: list[Record]) -> list[Record]:
    """Return *records* in their order, but each part after what it is part of."""
    parts: dict[Found | None, list[Record]] = {}
    for record in records:
        parts.setdefault(record.found.parent, []).append(record)
    ordered: list[Record] = []
    stack = list(reversed(parts.get(None, [])))
    while stack:
        ordered.append(stack.pop())
        stack.extend(reversed(parts.get(ordered[-1].found, [])))
    return ordered


def _phases(ordered: list[Record], out: Gathered) -> None:
    """Give each record the phase it names, or that of what it is part of; phases stand in the order they are named."""
    phases: dict[str, PhaseFound] = {}
    for record in ordered:
        name, above = one_line(record.phase)[:200], record.found.parent
        if name and name not in phases:
            phases[name] = PhaseFound(name, record.found.line)
        record.found.phase = phases.get(name) or (above.phase if above else None)
    out.phases = list(phases.values())


def _edges(ordered: list[Record], known: dict[str, Record], out: Gathered) -> Edges:
    edges, missing = Edges(), 0
    index = {r.found: n for n, r in enumerate(ordered)}
    for record in ordered:
        for name in dict.fromkeys(record.needs):
            before = known.get(name.casefold())
            if before is None:
                missing += 1
                near = did_you_mean(name, known) if missing <= _MOST_NEAREST else ""
                told = f"“{name[:60]}” is named as a dependency of {record.found.label} and is not here{near}"
                out.warnings.append(Warning(told, record.found.line + 1 or None))
            elif _nested(record.found, before.found):
                out.warn(f"{record.found.label} and {before.found.label} are part and whole: no dependency is needed")
            else:
                edges.tasks[record.found][before.found] = DraftDependency(index[before.found])
                record.found.origin("depends_on", _line(record.found), 1.0, f"stated: {name[:80]}")
    return edges


def _nested(one: Found, other: Found) -> bool:
    """Tell whether one of the two is the other, or a part of it."""
    for inner, outer in ((one, other), (other, one)):
        at: Found | None = inner
        while at is not None:
            if at is outer:
                return True
            at = at.parent
    return False


def _refuse(ordered: list[Record], edges: Edges) -> None:
    """Raise `DependencyError` with the path when dependencies form a circle."""
    where = {r.found: r.where for r in ordered}
    circle = find_circle({task: list(before) for task, before in edges.tasks.items()})
    if circle:
        steps = " → ".join(f"{t.label} “{t.title[:60]}” ({where[t]})" for t in circle)
        hint = f"remove the dependency of {circle[-1].label} on {circle[0].label}, or another of these"
        raise DependencyError(f"these tasks wait for one another: {steps} → {circle[0].label}", hint)


def _line(task: Found) -> int | None:
    return None if task.line < 0 else task.line


def _draft(out: Gathered, edges: Edges) -> Draft:
    phases = {id(phase): n for n, phase in enumerate(out.phases)}
    index = {task: n for n, task in enumerate(out.tasks)}
    return Draft(
        title=capped(out.title)[0],
        goal=out.goal,
        phases=tuple(DraftPhase(p.title) for p in out.phases),
        tasks=tuple(_task(t, edges, phases, index) for t in out.tasks),
        warnings=tuple(dict.fromkeys(out.warnings)),
        inferences=tuple(out.notes),
    )


def _task(task: Found, edges: Edges, phases: dict[int, int], index: dict[Found, int]) -> DraftTask:
    before = edges.tasks[task].values() if task in edges.tasks else ()
    return DraftTask(
        title=task.title,
        description="\n\n".join(t for t in task.description if t.strip()).strip(),
        label=task.label[:80],
        phase=phases[id(task.phase)] if task.phase else None,
        parent=index[task.parent] if task.parent else None,
        status=task.status,
        priority=task.priority or Priority.MEDIUM,
        depends_on=tuple(sorted(before, key=lambda d: d.task)),
        estimate=task.estimate,
        acceptance=tuple(task.criteria),
        run=tuple(task.run),
        tags=task.tags,
        assignee=task.assignee,
        line=None if task.line < 0 else task.line + 1,
        origins=tuple(task.origins),
    )
