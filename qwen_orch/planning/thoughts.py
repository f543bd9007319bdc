"""The reasoning of planning as recorded thoughts: what was read, how it hangs together, what was first thought wrong.

As many as ``thinkingDepth`` asks for. The reader's own inferences come first, one a thought; then what only the
finished graph can tell: a revision of the first estimate, the alternative that was weighed on a branch of its own, and,
for deep thinking, each phase and each task that a delay must not hit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from attrs import evolve, frozen

from qwen_orch.graph.schedule import Schedule, schedule
from qwen_orch.graph.simulation import remaining
from qwen_orch.graph.state import Graph
from qwen_orch.model.draft import Draft
from qwen_orch.model.session import PURPOSES, Thought

ALTERNATIVE = "document-order"


@frozen
class Material:
    """What is thought about: the *draft* as read, the *graph* it makes and its schedule, for *jobs* workers."""

    draft: Draft
    graph: Graph
    schedule: Schedule
    jobs: int


def think(draft: Draft, graph: Graph, depth: int, jobs: int, at: str) -> tuple[Thought, ...]:
    """Return *depth* numbered thoughts on the plan that *graph* is; fewer only if there is nothing left to say."""
    material = Material(draft, graph, schedule(graph), jobs)
    first = _first_of_each(material)
    more = (t for t in _candidates(material) if t not in first)
    chosen = list(islice(first, depth)) + list(islice(more, max(depth - len(first), 0)))
    return tuple(_numbered(chosen, at))


def _numbered(thoughts: list[Thought], at: str) -> Iterator[Thought]:
    """Number *thoughts* and point revisions and branches at the thoughts they speak of."""
    guess = next((n for n, t in enumerate(thoughts, 1) if t.purpose == "estimates" and not t.revises), None)
    split = next((n for n, t in enumerate(thoughts, 1) if t.purpose == "decomposition"), 1)
    for number, thought in enumerate(thoughts, 1):
        revises = guess if thought.revises and guess and guess < number else None
        yield evolve(
            thought, number=number, at=at, revises=revises, branch_from=min(split, number) if thought.branch else None
        )


def _first_of_each(m: Material) -> list[Thought]:
    """Return the first thought on each purpose, then the revision and the alternative."""
    found = list(_read(m))
    first = [next((t for t in found if t.purpose == p), None) for p in PURPOSES]
    return [t for t in first if t] + [*_revision(m), _alternative(m)]


def _candidates(m: Material) -> Iterator[Thought]:
    yield from _read(m)
    yield from _phases(m)
    yield from _critical(m)


def _read(m: Material) -> Iterator[Thought]:
    for inference in m.draft.inferences:
        yield Thought(0, inference.text, inference.purpose)


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _revision(m: Material) -> Iterable[Thought]:
    """Return what the dependencies make of the sum of hours, if anything is estimated."""
    edges = sum(len(t.depends_on) for t in m.graph.tasks.values())
    if not any(t.estimate for t in m.graph.tasks.values()):
        return ()
    hours = remaining(m.graph, m.jobs)
    path = " → ".join(m.schedule.critical_path[:6]) + (" → …" if len(m.schedule.critical_path) > 6 else "")
    tied = (
        f"{_count(edges, 'dependency', 'dependencies')} make a critical path of" if edges else "The longest chain takes"
    )
    text = (
        f"The sum of hours is not the duration. {tied} {m.schedule.length:.1f} hours ({path}); with"
        f" {_count(m.jobs, 'job')}, half of the simulated runs end within {hours.p50:.1f} hours and nine in ten within"
        f" {hours.p90:.1f}."
    )
    return (Thought(0, text, "estimates", revises=1),)


def _alternative(m: Material) -> Thought:
    guessed = sum(edge.inferred for t in m.graph.tasks.values() for edge in t.depends_on)
    if guessed:
        inferred = _count(guessed, "inferred dependency", "inferred dependencies")
        text = f"Alternative: drop the {inferred} and keep those stated."
        text += " Left to the person: /update_task TASK depends_on:… changes them."
    else:
        text = "Alternative: take the order of the document as binding, each task after the one before it. Rejected:"
        text += " no words say so; the order only decides what is offered first."
    return Thought(0, text, "decomposition", branch=ALTERNATIVE)


def _phases(m: Material) -> Iterator[Thought]:
    for phase in m.graph.root.plan.phases:
        tasks = [t for t in m.graph.tasks.values() if t.phase == phase.id]
        known = [t.estimate.mean for t in tasks if t.estimate]
        hours = f", {sum(known):.1f} hours estimated" if known else ", nothing estimated"
        waits = f"; it waits for {', '.join(phase.depends_on)}" if phase.depends_on else ""
        yield Thought(0, f"{phase.title[:80]}: {_count(len(tasks), 'task')}{hours}{waits}.", "decomposition")


def _critical(m: Material) -> Iterator[Thought]:
    for name in m.schedule.critical_path:
        text = f"{name} ({m.graph.task(name).title[:80]}) is on the critical path: a delay of it delays everything."
        yield Thought(0, text, "risks")
