"""From what was gathered to a `Draft`: positions instead of objects, defaults, warnings and the reasoning in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qwen_orch.model.draft import Draft, DraftPhase, DraftTask, Warning  # noqa: A004
from qwen_orch.model.task import Priority
from qwen_orch.planning.reader import barriers, explain, tails
from qwen_orch.planning.reader.circles import refuse_circles
from qwen_orch.planning.reader.dependencies import Resolver
from qwen_orch.planning.reader.entries import Edges, Found, Gathered, PhaseFound
from qwen_orch.planning.reader.items import settle_deferred
from qwen_orch.planning.reader.text import one_line
from qwen_orch.planning.reader.titles import capped, split, tidy

_DOTTED = re.compile(r"(.*\d)\.\d+[a-z]?")


def assemble(out: Gathered, title: str | None, break_cycles: bool = False) -> Draft:
    """Resolve references in *out* and make the `Draft`; raises `DependencyError` for circles, or breaks them."""
    _nest(out)
    _drop_repeats(out)
    _order(out)
    tails.settle(out)
    _drop_empty_phases(out)
    for task in out.tasks:
        settle_deferred(task)
        _inherit(task)
    resolver = Resolver(out, break_cycles=break_cycles)
    edges = resolver.resolve()
    refuse_circles(out, edges, break_cycles)
    waits = barriers.connect(out, resolver)
    stated = title or one_line(out.title)
    name = stated or one_line(out.first_heading) or tidy(split(one_line(out.goal))[0]) or "Plan"
    explain.conclude(out, edges, waits)
    index = {id(phase): n for n, phase in enumerate(out.phases)}
    return Draft(
        title=capped(name)[0],
        titled=bool(stated),
        goal=one_line(out.goal) or name,
        description="\n\n".join(out.description).strip(),
        phases=tuple(_phase(p) for p in out.phases),
        tasks=tuple(_task(t, edges, resolver, index) for t in out.tasks),
        requirements=tuple(out.requirements),
        decisions=tuple(out.decisions),
        risks=tuple(out.risks),
        quality_gates=tuple(out.gates),
        tags=out.tags,
        warnings=_sorted(out.warnings),
        inferences=tuple(out.notes),
    )


def _sorted(warnings: Sequence[Warning]) -> tuple[Warning, ...]:
    return tuple(sorted(dict.fromkeys(warnings), key=lambda w: (w.line is not None, w.line or 0)))


def _nest(out: Gathered) -> None:
    """A list item labelled ``1.2`` belongs to the task labelled ``1`` before it in the same phase."""
    known: dict[tuple[int, str], Found] = {}
    for task in out.tasks:
        match = _DOTTED.fullmatch(task.label)
        owner = known.get((id(task.phase), match[1])) if match and task.parent is None and task.number == "" else None
        if (owner and owner.group == task.group) or (owner and task.phase is None and not _is_heading(task)):
            task.parent = owner
            task.origin("parent", task.line, 0.85, f"{task.label} is numbered under {owner.label}")
        known[id(task.phase), task.label] = task


def _is_heading(task: Found) -> bool:
    return any(o.field == "title" and o.reason == "a heading" for o in task.origins)


def _drop_repeats(out: Gathered) -> None:
    """A document that says its plan twice, word for word, has each task once."""
    seen: dict[tuple[str, str, str], Found] = {}
    again: dict[Found, Found] = {}
    for task in out.tasks:
        key = (
            task.title.casefold(),
            task.phase.title.casefold() if task.phase else "",
            task.parent.title.casefold() if task.parent else "",
        )
        first = seen.setdefault(key, task)
        if first is not task and first.phase is not task.phase and first.label == task.label and len(task.title) > 3:
            again[task] = first
    if not again:
        return
    lines = sorted(t.line + 1 for t in again)
    told = (
        "a task is written twice, word for word (this line repeats an earlier one); it was taken once"
        if len(again) == 1
        else f"{len(again)} tasks are written twice, word for word (lines {lines[0]}–{lines[-1]} repeat earlier ones); "
        "each was taken once"
    )
    out.warn(
        told,
        lines[0] - 1,
    )
    kept = [t for t in out.tasks if t not in again]
    for task in kept:
        if task.parent in again:
            task.parent = again[task.parent]
    out.tasks = kept


def _order(out: Gathered) -> None:
    """Parents stand before their parts, everything else as in the document."""
    parts: dict[int, list[Found]] = {}
    for task in out.tasks:
        parts.setdefault(id(task.parent), []).append(task)
    ordered: list[Found] = []
    stack = list(reversed(parts.get(id(None), [])))
    while stack:
        task = stack.pop()
        ordered.append(task)
        stack.extend(reversed(parts.get(id(task), [])))
        for part in parts.get(id(task), []):
            part.phase = task.phase
    out.tasks = ordered


def _drop_empty_phases(out: Gathered) -> None:
    """Phases without tasks stay when they are named as phases or tell something; a bare group heading does not."""
    holding = {id(task.phase) for task in out.tasks}
    kept: list[PhaseFound] = []
    titles = {p.title.casefold() for p in out.phases if id(p) in holding}
    for phase in out.phases:
        if id(phase) in holding or (phase.word and out.tasks and phase.title.casefold() not in titles):
            kept.append(phase)
        else:
            out.description += [f"## {phase.title}", *phase.description]
    out.phases = kept


def _inherit(task: Found) -> None:
    """A task without a priority of its own has that of its phase; ``deferred`` phases defer their open tasks."""
    if task.phase and task.priority is None and task.phase.priority:
        task.priority = task.phase.priority
        task.origin("priority", task.phase.line, 0.6, f"the priority of its phase “{task.phase.title[:60]}”")


def _phase(phase: PhaseFound) -> DraftPhase:
    return DraftPhase(
        phase.title, "\n\n".join(t for t in phase.description if t.strip()), tuple(phase.after), phase.line + 1
    )


def _task(task: Found, edges: Edges, resolver: Resolver, phases: dict[int, int]) -> DraftTask:
    return DraftTask(
        title=task.title,
        description="\n\n".join(t for t in task.description if t.strip()),
        label=task.label[:80],
        phase=phases.get(id(task.phase)) if task.phase else None,
        parent=resolver.index[task.parent] if task.parent else None,
        status=task.status,
        priority=task.priority or Priority.MEDIUM,
        depends_on=tuple(sorted(edges.tasks[task].values(), key=lambda d: d.task)) if task in edges.tasks else (),
        estimate=task.estimate,
        acceptance=tuple(task.criteria),
        run=tuple(task.run),
        tags=task.tags,
        assignee=task.assignee,
        line=task.line + 1,
        origins=tuple(task.origins),
    )
