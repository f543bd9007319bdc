"""A draft gets its ids and becomes the events of one step."""

from __future__ import annotations

from attrs import evolve, frozen

from qwen_orch.graph.apply import apply
from qwen_orch.graph.rules import check
from qwen_orch.graph.state import Graph
from qwen_orch.model import event as e
from qwen_orch.model.draft import Draft, DraftTask
from qwen_orch.model.ids import OrchestrationId, SessionId, phase_id, task_id
from qwen_orch.model.plan import Decision, Orchestration, Phase, Plan
from qwen_orch.model.session import SOURCE, Session, SessionKind, Thought
from qwen_orch.model.task import Dependency, Task
from qwen_orch.planning.thoughts import think
from qwen_orch.project.config import Config


@frozen
class Origins:
    """What a new orchestration is to be called and where it comes from."""

    orchestration: OrchestrationId
    session: SessionId
    at: str
    parent: OrchestrationId | None = None
    parent_session: SessionId | None = None
    tags: tuple[str, ...] = ()
    source: str = ""


def manifest(draft: Draft, at: str) -> tuple[Task, ...]:
    """Return the tasks of *draft* with ids, in its order, created at *at*."""
    return tuple(_task(n, read, at) for n, read in enumerate(draft.tasks, 1))


def _task(number: int, read: DraftTask, at: str) -> Task:
    edges = tuple(Dependency(task_id(d.task + 1), d.kind, d.lag, d.inferred) for d in read.depends_on)
    return Task(
        id=task_id(number),
        title=read.title,
        description=read.description,
        label=read.label,
        phase=None if read.phase is None else phase_id(read.phase + 1),
        parent=None if read.parent is None else task_id(read.parent + 1),
        status=read.status,
        priority=read.priority,
        depends_on=edges,
        estimate=read.estimate,
        acceptance=read.acceptance,
        run=read.run,
        tags=read.tags,
        assignee=read.assignee,
        source_line=read.line,
        origins=read.origins,
        created=at,
        updated=at,
    )


def plan_of(draft: Draft, at: str) -> Plan:
    """Return the plan of *draft*: everything but its tasks."""
    phases = tuple(
        Phase(phase_id(n), p.title, p.description, tuple(phase_id(i + 1) for i in p.depends_on), p.line)
        for n, p in enumerate(draft.phases, 1)
    )
    return Plan(
        goal=draft.goal,
        description=draft.description,
        phases=phases,
        requirements=draft.requirements,
        decisions=tuple(Decision(text, at=at) for text in draft.decisions),
        risks=draft.risks,
        quality_gates=draft.quality_gates,
    )


def opening(draft: Draft, origins: Origins) -> list[e.Event]:
    """Return the events that create the orchestration of *draft*, without its thoughts."""
    root = Orchestration(
        id=origins.orchestration,
        title=draft.title,
        plan=plan_of(draft, origins.at),
        parent=origins.parent,
        tags=tuple(dict.fromkeys((*origins.tags, *draft.tags))),
        created=origins.at,
        updated=origins.at,
    )
    session = Session(
        id=origins.session,
        kind=SessionKind.PLANNING,
        title=draft.title,
        orchestration=origins.orchestration,
        parent=origins.parent_session,
        tags=origins.tags,
        metadata={SOURCE: origins.source} if origins.source else {},
        created=origins.at,
        updated=origins.at,
    )
    events: list[e.Event] = [e.OrchestrationCreated(root), e.SessionOpened(session)]
    tasks = manifest(draft, origins.at)
    return [*events, e.TasksAdded(tasks)] if tasks else events


def rehearse(events: list[e.Event], at: str, graph: Graph | None = None) -> Graph:
    """Return the state *events* make of *graph*, or nothing; raise the typed error of the first that is not legal."""
    graph = graph or Graph()
    for event in events:
        check(graph, event)
        graph = apply(graph, event, at)
    return graph


def reasoned(draft: Draft, graph: Graph, session: SessionId, config: Config, at: str) -> list[e.Event]:
    """Return the events that record the reader's thoughts on *draft*, the plan of *graph*, after those of *session*."""
    before = len(graph.session(session).thoughts)
    return thinking(session, tuple(_after(before, t) for t in think(draft, graph, config.depth, config.jobs, at)))


def _after(before: int, thought: Thought) -> Thought:
    """Return *thought* as one of a chain that follows other thoughts, so many *before* it."""
    revises = thought.revises and before + thought.revises
    branch_from = thought.branch_from and before + thought.branch_from
    return evolve(thought, number=before + thought.number, revises=revises, branch_from=branch_from)


def thinking(session: SessionId, thoughts: tuple[Thought, ...]) -> list[e.Event]:
    """Return the events that record *thoughts* and end the chain."""
    return [*(e.ThoughtRecorded(session, thought) for thought in thoughts), e.ThinkingFinished(session)]
