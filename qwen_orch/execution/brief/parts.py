"""All that could be said to a worker, by kind of session, and how much each of it matters. Pure.

Never the planner's thoughts. A verifier is never told what a worker said: neither its claim, its notes and its
decisions, nor what became of its attempts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from qwen_orch.execution.brief.budget import REQUIRED, Candidate
from qwen_orch.execution.brief.instructions import instructions
from qwen_orch.execution.brief.results import finished_before
from qwen_orch.execution.brief.retry import attempts, failed_checks
from qwen_orch.graph.state import Graph
from qwen_orch.model.plan import Decision
from qwen_orch.model.session import Session, SessionKind
from qwen_orch.model.task import Task

RULES = ".qwen/orchestration/rules.md"
"""The project's own rules for whoever works in it."""
GUIDES = ("AGENTS.md", "QWEN.md", "CLAUDE.md")
"""Rules that agents read by themselves, each its own: they are named, and not paid for twice."""
MOST_RESULTS = 40
"""Tasks before this one whose results are told, the nearest; the others are only listed."""
LONGEST_FILE = 1_000
"""Tokens of one file: whoever needs more of it can open it."""


def candidates(graph: Graph, session: Session, files: Mapping[str, str]) -> Iterator[Candidate]:
    """Yield what could be said to whoever works in *session*, in order; *files* are those that were read, by path."""
    task = graph.tasks.get(session.task) if session.task else None
    verifies = session.kind is SessionKind.VERIFICATION
    yield from _said(_plan(graph, verifies))
    yield from _said(_task(graph, task) if task else _overview(graph))
    if task and not verifies:
        yield from _said(_work_before(graph, task))
    yield from _said(_settled(graph, session, task, verifies))
    yield from _said(_rules(files))
    yield from _said(_files(graph, session, task, files, verifies))
    yield from _said([Candidate("How to work", instructions(session), REQUIRED, "how it is done and reported")])


def _said(those: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield *those* that have something to say, each under its name."""
    return (c._replace(text=f"# {c.name}\n{c.text.strip()}") for c in those if c.text.strip())


def _plan(graph: Graph, verifies: bool) -> Iterator[Candidate]:
    plan = graph.root.plan
    yield Candidate("Goal", plan.goal, REQUIRED, "what all of it is for")
    yield Candidate("Background", plan.description, 8, "what the plan says of itself")
    yield Candidate("Requirements", bullets(plan.requirements), 3 if verifies else 6, "what must hold of the whole")


def _task(graph: Graph, task: Task) -> Iterator[Candidate]:
    phase = graph.phase(task.phase)
    head = f"{task.id}: {task.title}" + (f" (phase: {phase.title})" if phase else "")
    whole = graph.tasks.get(task.parent) if task.parent else None
    part_of = f"\nPart of {whole.id}: {whole.title}" if whole else ""
    criteria = (c.text + (f" (check: {c.check})" if c.check else "") for c in task.acceptance)
    yield Candidate("Task", f"{head}{part_of}\n{task.description}", REQUIRED, "what is to be done")
    numbered = "\n".join(f"{n}. {text.strip()}" for n, text in enumerate(criteria, 1))
    yield Candidate("Acceptance criteria", numbered, REQUIRED, "what proves that it is done")
    yield Candidate("Commands", bullets(task.run), 2, "how the plan says it is done")


def _overview(graph: Graph) -> Iterator[Candidate]:
    lines = (f"{t.id} {t.title}: {t.status}" for t in graph.ordered())
    yield Candidate("Tasks", bullets(lines), 3, "where the plan stands")


def _work_before(graph: Graph, task: Task) -> Iterator[Candidate]:
    yield Candidate("Failed checks", failed_checks(task), 1, "why the last attempt does not count")
    for number, (name, text) in enumerate(attempts(graph, task)):
        yield Candidate(name, text, 9 if number else 1, "an attempt before that" if number else "the last attempt")
    results = list(finished_before(graph, task))
    for before, distance, text in results[:MOST_RESULTS]:
        why = "this task builds on it" if distance == 1 else f"{distance} steps before this task"
        yield Candidate(f"Before: {before.id} {before.title}", text, 3 if distance == 1 else 10 + distance, why)
    rest = bullets(f"{t.id} {t.title}: {t.status}" for t, _, _ in results[MOST_RESULTS:])
    yield Candidate("Long before", rest, 1_000, "all that the others were built on")


def _settled(graph: Graph, session: Session, task: Task | None, verifies: bool) -> Iterator[Candidate]:
    telling = (s for s in graph.sessions_by_age() if _may_tell(s, verifies))
    made = [*graph.root.plan.decisions, *(d for s in telling for d in s.decisions)]
    yield Candidate("Decisions", bullets(map(_decision, made)), 5, "what was settled")
    earlier = [a.session for a in task.attempts if a.session != session.id] if task and not verifies else []
    noted = [*(graph.sessions[i] for i in dict.fromkeys(earlier) if i in graph.sessions), session]
    yield Candidate("Notes", bullets(n.text for s in noted for n in s.notes), 7, "noted here, or in earlier attempts")


def _may_tell(session: Session, verifies: bool) -> bool:
    """Tell whether what was decided in *session* may be said: to a verifier, only what no worker decided."""
    return not (verifies and session.kind is SessionKind.TASK)


def _decision(made: Decision) -> str:
    return made.text + (f" (because {made.why})" if made.why else "")


def _rules(files: Mapping[str, str]) -> Iterator[Candidate]:
    named = [name for name in GUIDES if name in files]
    also = f"Rules of this project are also in: {', '.join(named)}. Read them if you have not." if named else ""
    text = f"{files.get(RULES, '').strip()}\n{also}"
    yield Candidate("Rules", text, 4, "rules.md of this project, and where its other rules are")


def _files(
    graph: Graph, session: Session, task: Task | None, files: Mapping[str, str], verifies: bool
) -> Iterator[Candidate]:
    if verifies:
        changed = dict.fromkeys(f for v in (task.evidence if task else ()) for f in v.files)
        yield Candidate("Files changed", bullets(changed), 1, "what git saw change")
        return
    names = in_play(graph, session)
    yield Candidate("Files in play", bullets(names), 20, "changed by earlier attempts, or by what this builds on")
    for name in names:
        yield Candidate(f"File: {name}", files.get(name, ""), 21, "as it is now", LONGEST_FILE)


def in_play(graph: Graph, session: Session) -> tuple[str, ...]:
    """Return the paths of the files that a worker in *session* goes on from: as git saw them, and its artifacts."""
    task = graph.tasks.get(session.task) if session.task else None
    direct = [graph.tasks[d.task] for d in task.depends_on if d.task in graph.tasks] if task else []
    changed = (f for one in [*([task] if task else []), *direct] for v in one.evidence for f in v.files)
    return tuple(dict.fromkeys([*changed, *(a.path for a in session.artifacts)]))


def bullets(lines: Iterable[str]) -> str:
    """Return a Markdown list of *lines*, those that say something."""
    return "\n".join(f"- {line.strip()}" for line in lines if line.strip())
