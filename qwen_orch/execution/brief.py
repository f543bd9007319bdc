"""What a worker is given: the goal, its task, what proves it, what was settled, and what came before. Pure.

Never the planner's thoughts, and for a verification never what the worker said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qwen_orch.answers.sessions import ContextPart
from qwen_orch.graph.state import Graph
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.model.task import Task

CHARACTERS_PER_TOKEN = 4
"""A common estimate for English and code; exact counts depend on the model."""
LONGEST_PART = 8_000
"""Characters of one part; the middle of a longer one is left out, and that is said."""


def brief(graph: Graph, session: Session) -> tuple[ContextPart, ...]:
    """Return the parts of what a worker in *session* would be given, in order; empty parts are left out."""
    return tuple(_part(name, f"# {name}\n{text}") for name, text in _parts(graph, session) if text)


def _part(name: str, text: str) -> ContextPart:
    given = _bounded(text)
    return ContextPart(name, given, -(-len(given) // CHARACTERS_PER_TOKEN))


def _bounded(text: str) -> str:
    if len(text) <= LONGEST_PART:
        return text
    half = LONGEST_PART // 2
    return f"{text[:half]}\n[… {len(text) - LONGEST_PART} characters left out …]\n{text[-half:]}"


def _parts(graph: Graph, session: Session) -> Iterator[tuple[str, str]]:
    task = graph.tasks.get(session.task) if session.task else None
    yield "Goal", graph.root.plan.goal
    yield "Requirements", _list(graph.root.plan.requirements)
    if task:
        yield "Task", _task(graph, task)
        yield (
            "Acceptance criteria",
            _list(c.text + (f" (check: {c.check})" if c.check else "") for c in task.acceptance),
        )
        yield "Commands", _list(task.run)
        yield "Done before", _list(_results(graph, task))
        if session.kind is not SessionKind.VERIFICATION:
            yield "Earlier attempts", _list(f"{a.number}: {a.outcome}: {a.detail}" for a in task.attempts if a.ended)
    yield "Decisions", _list(_decisions(graph))
    yield "Notes", _list(n.text for n in session.notes)
    yield "Files", _list(sorted(set(_files(graph, task))) + [a.path for a in session.artifacts])


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines if line)


def _task(graph: Graph, task: Task) -> str:
    phase = graph.phase(task.phase)
    head = f"{task.id}: {task.title}" + (f" (phase: {phase.title})" if phase else "")
    return f"{head}\n{task.description}".strip()


def _results(graph: Graph, task: Task) -> Iterator[str]:
    for edge in task.depends_on:
        before = graph.task(edge.task)
        yield f"{before.id} {before.title}: {before.status}" + (f", {before.summary}" if before.summary else "")


def _decisions(graph: Graph) -> Iterator[str]:
    made = [*graph.root.plan.decisions, *(d for s in graph.sessions_by_age() for d in s.decisions)]
    return (d.text + (f" (because {d.why})" if d.why else "") for d in made)


def _files(graph: Graph, task: Task | None) -> Iterator[str]:
    before = [graph.task(d.task) for d in task.depends_on] if task else []
    return (f for one in [*before, *([task] if task else [])] for v in one.evidence for f in v.files)
