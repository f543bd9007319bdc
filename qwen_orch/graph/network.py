"""What is still to come as a network of starts and finishes: what `schedule` and `simulation` have in common.

The waits are those of ``precedence``, numbered and without what is over. Hours are working hours from now, hour 0:

- what is settled is over at hour 0; what is claimed or in progress has started by then, whatever it should have waited
  for. A lag after one of these counts from hour 0, since when it ended is not looked at; one after a cancelled task
  does not count.
- nothing comes before hour 0, however negative its lag.
- a finish that must wait (finish-to-finish, start-to-finish, parts) does not hold back the start: a task starts as
  soon as it may and then waits at its end, as people do, and as ``precedence.blocked_by`` allows.
- a container has no hours of its own (``effort`` says why); it spans its parts.
"""

from __future__ import annotations

from qwen_orch.graph.effort import NO_WORK, efforts, left
from qwen_orch.graph.precedence import ENDS
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId
from qwen_orch.model.task import Dependency, Estimate, Task, TaskStatus

STARTED = frozenset({TaskStatus.IN_PROGRESS, TaskStatus.CLAIMED})


class Network:
    """The starts and finishes of the unsettled tasks and of the phases (a plain class: it is made at every choice).

    The one at place k, tasks first and in order, starts at node 2k and finishes at node 2k + 1. A finish waits for its
    own start and the *hours* of its place; *after* holds the other waits: for each node the (node, lag in hours) that
    wait for it. *counts* is how many waits a node has, that for its own start included, *floors* the hour before which
    it cannot come. *order* names every node after all it waits for.
    """

    def __init__(self, graph: Graph) -> None:
        """Number what *graph* still has to do: linear in tasks and dependencies."""
        phases = graph.orchestration.plan.phases if graph.orchestration else ()
        self.tasks: list[Task] = [t for t in graph.ordered() if not t.status.settled]
        self.hours: list[Estimate] = [*_hours(graph, self.tasks), *([NO_WORK] * len(phases))]
        place = {str(i): k for k, i in enumerate([*(t.id for t in self.tasks), *(p.id for p in phases)])}
        self.after: list[list[tuple[int, float]]] = [[] for _ in range(2 * len(place))]
        self.counts: list[int] = [0, 1] * len(place)
        self.floors: list[float] = [0.0] * len(self.counts)
        for task in self.tasks:
            self._enter(graph, task, place)
        for phase in phases:
            for first in (p for p in phase.depends_on if p in place):
                self._wait(2 * place[phase.id], 2 * place[first] + 1)
        self.order: list[int] = _order(self)

    @property
    def means(self) -> list[float]:
        """The mean hours of each place."""
        return [e.mean for e in self.hours]

    def _wait(self, node: int, first: int, lag: float = 0.0) -> None:
        self.after[first].append((node, lag))
        self.counts[node] += 1

    def _enter(self, graph: Graph, task: Task, place: dict[str, int]) -> None:
        """Enter what *task* waits for, and that its container or phase waits for it."""
        start, started = 2 * place[task.id], task.status in STARTED
        owner = place.get(task.parent or task.phase or "")
        if owner is not None:
            self._wait(2 * owner + 1, start + 1)
            if not started:
                self._wait(start, 2 * owner)
        for dependency in task.depends_on:
            their_finish, our_finish = ENDS[dependency.kind]
            if our_finish or not started:
                self._depend(graph, start + our_finish, dependency, place.get(dependency.task), their_finish)

    def _depend(self, graph: Graph, node: int, dependency: Dependency, first: int | None, finish: bool) -> None:
        if first is not None:
            self._wait(node, 2 * first + finish, dependency.lag)
        elif dependency.lag > 0:
            other = graph.tasks.get(dependency.task)
            if other and other.status is TaskStatus.COMPLETED:
                self.floors[node] = max(self.floors[node], dependency.lag)


def _hours(graph: Graph, tasks: list[Task]) -> list[Estimate]:
    known = efforts(graph)
    return [left(t, known[t.id]) if t.id in known else NO_WORK for t in tasks]


def _order(network: Network) -> list[int]:
    """Return the nodes in topological order (Kahn 1962); those on a cycle are left out, so it always ends."""
    counts = network.counts.copy()
    order = [node for node, count in enumerate(counts) if not count]
    for node in order:  # it grows while it is gone through
        followers = [other for other, _ in network.after[node]]
        if not node % 2:
            followers.append(node + 1)
        for other in followers:
            counts[other] -= 1
            if not counts[other]:
                order.append(other)
    return order


def longest_tails(network: Network) -> list[float]:
    """Return for each node the hours of the longest path from it to the end."""
    means, tails = network.means, [0.0] * len(network.after)
    for node in reversed(network.order):
        tail = 0.0 if node % 2 else tails[node + 1] + means[node // 2]
        for other, lag in network.after[node]:
            if tails[other] + lag > tail:
                tail = tails[other] + lag
        tails[node] = tail
    return tails


def ranks(graph: Graph) -> dict[TaskId, float]:
    """Return `Slot.rank` of every unsettled task, without the rest of the schedule."""
    network = Network(graph)
    tails = longest_tails(network)
    return {task.id: tails[2 * k] for k, task in enumerate(network.tasks)}
