"""The reasoning of planning as recorded thoughts: what was read, how it hangs together, what was first thought wrong.

As many as ``thinkingDepth`` asks for. Each says something of this very plan; a later one that corrects an earlier one
says which (a revision), and an alternative that was weighed stands on a branch of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, frozen

from qwen_orch.graph.schedule import schedule
from qwen_orch.graph.simulation import remaining
from qwen_orch.graph.state import Graph
from qwen_orch.model.draft import Draft
from qwen_orch.model.session import Thought
from qwen_orch.model.task import Task

PURPOSES = ("requirements", "architecture", "decomposition", "estimates", "risks", "review")


@frozen
class Material:
    """What is thought about: the *draft* as read, the *graph* it makes, and its leaf *tasks*."""

    draft: Draft
    graph: Graph
    tasks: tuple[Task, ...]
    jobs: int


def think(draft: Draft, graph: Graph, depth: int, jobs: int, at: str) -> tuple[Thought, ...]:
    """Return *depth* thoughts (or more, when the reader inferred more) on the plan that *graph* is."""
    leaves = tuple(t for t in graph.ordered() if t.id not in graph.parts)
    material = Material(draft, graph, leaves, jobs)
    own = list(_thoughts(material))[:depth]
    first_guess = next((n for n, t in enumerate(own, 1) if t.purpose == "estimates"), None)
    numbered = []
    for number, thought in enumerate(own, 1):
        revises = first_guess if thought.revises and first_guess and first_guess < number else None
        numbered.append(evolve(thought, number=number, at=at, revises=revises))
    return tuple(numbered)


def _thoughts(m: Material) -> Iterator[Thought]:
    yield Thought(0, _requirements(m), "requirements")
    yield Thought(0, _decomposition(m), "decomposition")
    yield Thought(0, _estimates(m), "estimates")
    yield Thought(0, _side_by_side(m), "estimates", revises=1)
    yield Thought(0, _risks(m), "risks")
    yield Thought(0, _architecture(m), "architecture")
    yield Thought(0, _in_order(m), "decomposition", branch="document-order", branch_from=2)
    yield Thought(0, _review(m), "review")
    for purpose, text in _reader_rest(m):
        yield Thought(0, text, purpose)


def _said(m: Material, *purposes: str) -> str:
    """Return the first inferences of the reader for these purposes, as sentences."""
    found = [i.text.rstrip(".") for i in m.draft.inferences if i.purpose in purposes][:3]
    return "".join(f" {text}." for text in found)


def _reader_rest(m: Material) -> Iterator[tuple[str, str]]:
    for inference in m.draft.inferences[: 4 * len(PURPOSES)]:
        yield inference.purpose, inference.text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _requirements(m: Material) -> str:
    stated = m.graph.root.plan.requirements
    asked = f"{_count(len(stated), 'requirement')} stated" if stated else "no requirements are stated beyond it"
    return f"The goal: {m.graph.root.plan.goal[:300]}; {asked}.{_said(m, 'requirements')}"


def _decomposition(m: Material) -> str:
    phases = m.graph.root.plan.phases
    where = f" in {_count(len(phases), 'phase')}" if phases else ""
    parts = f" {_count(len(m.graph.parts), 'task')} of them stand above subtasks." if m.graph.parts else ""
    return f"{_count(len(m.graph.tasks), 'task')}{where} carry it.{parts}{_said(m, 'decomposition')}"


def _estimates(m: Material) -> str:
    known = [t.estimate.mean for t in m.tasks if t.estimate]
    if not known:
        return "Nothing is estimated: every task counts the same until somebody says how long it takes."
    rest = len(m.tasks) - len(known)
    missing = f" {_count(rest, 'task')} without an estimate count as the median." if rest else ""
    return f"One after another the estimated tasks take {sum(known):.1f} hours.{missing}{_said(m, 'estimates')}"


def _side_by_side(m: Material) -> str:
    found = schedule(m.graph)
    path = " → ".join(found.critical_path[:6]) + (" → …" if len(found.critical_path) > 6 else "")
    edges = sum(len(t.depends_on) for t in m.graph.tasks.values())
    if not edges:
        return (
            f"No dependency is stated, so the tasks may run side by side; the longest alone takes {found.length:.1f} h."
        )
    hours = remaining(m.graph, m.jobs)
    return (
        f"Counting one after another was too simple: {_count(edges, 'dependency').replace('ys', 'ies')} leave a critical"
        f" path of {found.length:.1f} hours ({path}); with {_count(m.jobs, 'job')} half of the simulated runs end within"
        f" {hours.p50:.1f} hours, nine in ten within {hours.p90:.1f}."
    )


def _risks(m: Material) -> str:
    unproven = sum(not any(c.check for c in t.acceptance) for t in m.tasks)
    stated = m.graph.root.plan.risks
    named = f"Stated risks: {'; '.join(r[:100] for r in stated[:3])}. " if stated else ""
    proof = f"{_count(unproven, 'task')} of {len(m.tasks)} have no command that proves them" if unproven else ""
    return f"{named}{proof or 'Every task has a command that proves it'}.{_said(m, 'risks')}"


def _architecture(m: Material) -> str:
    awaited: dict[str, int] = {}
    for task in m.graph.tasks.values():
        for edge in task.depends_on:
            awaited[edge.task] = awaited.get(edge.task, 0) + 1
    if not awaited:
        return f"The tasks stand on their own: none is a foundation for others.{_said(m, 'architecture')}"
    busiest = max(sorted(awaited), key=lambda i: awaited[i])
    title = m.graph.task(busiest).title[:80]
    return f"{busiest} ({title}) is the foundation: {_count(awaited[busiest], 'task')} wait for it.{_said(m, 'architecture')}"


def _in_order(m: Material) -> str:
    guessed = sum(edge.inferred for t in m.graph.tasks.values() for edge in t.depends_on)
    if guessed:
        return f"Alternative: take only the stated dependencies and drop the {guessed} inferred ones. Kept as a choice."
    return (
        "Alternative: take the order of the document as binding, each task after the one before. Rejected: no words say"
        " so; the order decides only what is offered first."
    )


def _review(m: Material) -> str:
    looks = "; ".join(str(w) for w in m.draft.warnings[:3])
    return f"To be looked at before approval: {looks}." if looks else "Nothing was left over that needs a look."
