"""Who waits for whom: every task and phase has a start and a finish, and dependencies join those ends.

With two nodes a task the four dependency kinds, subtasks and phases are all the same thing, an edge "this end waits for
that end, plus a lag": a task finishes after its subtasks, a subtask starts after its parent may start, a phase starts
after the phases it waits for have finished.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import PhaseId, TaskId
from qwen_orch.model.task import Dependency, DependencyKind, Task, TaskStatus


class Node(NamedTuple):
    """One end of a task or phase: its start, or its finish."""

    id: str
    finish: bool


class Wait(NamedTuple):
    """What a node waits for: the *node* that comes first, and *lag* hours more."""

    node: Node
    lag: float


ENDS = {
    DependencyKind.FINISH_TO_START: (True, False),
    DependencyKind.START_TO_START: (False, False),
    DependencyKind.FINISH_TO_FINISH: (True, True),
    DependencyKind.START_TO_FINISH: (False, True),
}
"""For a dependency kind: whether the predecessor's finish matters, and whether it holds up our finish."""


class Precedence(NamedTuple):
    """The waits of one graph, with the children of each task and phase indexed once."""

    graph: Graph
    parts: dict[str, list[TaskId]]
    waits_of_phase: dict[str, tuple[PhaseId, ...]]

    @classmethod
    def of(cls, graph: Graph) -> Precedence:
        """Index *graph*: one pass over its tasks, in order."""
        parts: dict[str, list[TaskId]] = {}
        for task in graph.ordered():
            owner = task.parent or task.phase
            if owner:
                parts.setdefault(owner, []).append(task.id)
        root = graph.orchestration
        phases = {p.id: p.depends_on for p in root.plan.phases} if root else {}
        return cls(graph, parts, {str(k): v for k, v in phases.items()})

    def waits(self, node: Node) -> Iterator[Wait]:
        """Yield what *node* waits for, besides a finish for its own start."""
        if node.finish:
            yield Wait(Node(node.id, False), 0.0)
            yield from (Wait(Node(part, True), 0.0) for part in self.parts.get(node.id, ()))
        task = self.graph.tasks.get(TaskId(node.id))
        if task is None:
            if not node.finish:
                yield from (Wait(Node(p, True), 0.0) for p in self.waits_of_phase.get(node.id, ()))
            return
        owner = task.parent or task.phase
        if owner and not node.finish:
            yield Wait(Node(owner, False), 0.0)
        for dependency in task.depends_on:
            their_finish, our_finish = ENDS[dependency.kind]
            if our_finish == node.finish:
                yield Wait(Node(dependency.task, their_finish), dependency.lag)


def cycle(precedence: Precedence, starts: Iterable[str]) -> list[str]:
    """Return the ids along a cycle reachable from *starts*, the first repeated at the end; nothing if there is none.

    Depth-first without recursion: a chain of 100,000 tasks is as good as any.
    """
    done: set[Node] = set()
    for start in starts:
        path: list[Node] = []
        waiting: dict[Node, Iterator[Wait]] = {}
        stack = [Node(start, True)]
        while stack:
            node = stack[-1]
            if node not in waiting:
                waiting[node] = precedence.waits(node)
                path.append(node)
            following = next((w.node for w in waiting[node] if w.node not in done), None)
            if following is None:
                done.add(stack.pop())
                del waiting[path.pop()]
            elif following in waiting:
                return _named([*path[path.index(following) :], following])
            else:
                stack.append(following)
    return []


def _named(nodes: list[Node]) -> list[str]:
    """Return the ids of *nodes* without immediate repetition (a task's finish, then its start)."""
    names = [n.id for n in nodes]
    named = [a for a, b in zip(names, [*names[1:], ""], strict=True) if a != b]
    return named if named[0] == named[-1] and len(named) > 1 else [*named, named[0]]


def blocked_by(graph: Graph, task: Task, now: datetime) -> tuple[str, ...]:
    """Return what keeps *task* from starting: ids of tasks and phases, then its open blockers, as people wrote them.

    Reads only what *task* itself, its parents and its phase wait for. A negative lag counts in the schedule alone: when
    a predecessor will finish cannot be known, so here it is waited for.
    """
    held: dict[str, None] = {}
    above: Task | None = task
    while above is not None:
        for dependency in above.depends_on:
            if not ENDS[dependency.kind][1] and not _reached(graph, dependency, now):
                held[dependency.task] = None
        if above.parent is None and above.phase:
            held.update(dict.fromkeys(graph.held_phases.get(above.phase, ())))
        above = graph.tasks.get(above.parent) if above.parent else None
    return (*held, *task.blockers)


def held_open_by(graph: Graph, task: Task, now: datetime) -> tuple[str, ...]:
    """Return what keeps *task* from being completed: its open parts, and those its finish depends on."""
    parts = (t.id for t in graph.subtasks(task.id) if not t.status.settled)
    return (*parts, *(d.task for d in task.depends_on if ENDS[d.kind][1] and not _reached(graph, d, now)))


def _reached(graph: Graph, dependency: Dependency, now: datetime) -> bool:
    """Tell whether the end that *dependency* waits for is reached, and its lag has passed."""
    other = graph.tasks.get(dependency.task)
    if other is None or other.status is TaskStatus.CANCELLED:
        return True
    their_finish, _ = ENDS[dependency.kind]
    at = other.finished if their_finish else _begun(graph, other)
    if at is None or (their_finish and other.status is not TaskStatus.COMPLETED):
        return False
    return dependency.lag <= 0 or now >= datetime.fromisoformat(at) + timedelta(hours=dependency.lag)


def _begun(graph: Graph, task: Task) -> str | None:
    """Return when work on *task* or the first of its parts began; when it was claimed if no attempt is known."""
    at = task.started or (task.updated if task.status is TaskStatus.CLAIMED else None)
    if at is not None:
        return at
    return min(filter(None, (_begun(graph, part) for part in graph.subtasks(task.id))), default=None)
