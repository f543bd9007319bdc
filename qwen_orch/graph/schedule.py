"""What comes when: the critical path, and how urgent each task is.

The critical path method (Kelley and Walker 1959) over the starts and finishes of ``precedence``; the four kinds of
precedence with lags are those of Roy (1959) and Fondahl (1961). ``network`` says what counts as done and when.
"""

from __future__ import annotations

from attrs import frozen

from qwen_orch.graph.network import Network, longest_tails
from qwen_orch.graph.simulation import Remaining, remaining
from qwen_orch.graph.state import Graph
from qwen_orch.model.ids import TaskId

__all__ = ["Remaining", "Schedule", "Slot", "remaining", "schedule"]


@frozen
class Slot:
    """When a task may *start* and *finish* at the earliest (hours), and what depends on it.

    *slack* is by how many hours its start or finish, whichever is tighter, may slip without the end slipping; *rank*
    the hours of the longest path from its start to the end.
    """

    start: float
    finish: float
    slack: float
    rank: float


@frozen
class Schedule:
    """The plan in time: a `Slot` for every unsettled task, and the leaf tasks along one longest path, in order.

    *length* is the hours until everything is done if nobody ever waits for a worker.
    """

    slots: dict[TaskId, Slot]
    critical_path: tuple[TaskId, ...]
    length: float

    def rank(self, task_id: TaskId) -> float:
        """Return the hours of the longest path from the start of this task to the end; 0 if it is settled."""
        slot = self.slots.get(task_id)
        return slot.rank if slot else 0.0


def schedule(graph: Graph) -> Schedule:
    """Return the plan in time, every task taking the mean of what is left of it; linear in tasks and dependencies."""
    network = Network(graph)
    early, bound = _forward(network)
    tails = longest_tails(network)
    length = max(early, default=0.0)
    path = _path(graph, network, early, bound) if length > 0 else ()
    return Schedule(_slots(network, early, tails, length), path, length)


def _forward(network: Network) -> tuple[list[float], list[int]]:
    """Return for each node the earliest hour it can be reached, and the node that holds it up till then (-1: none)."""
    early, bound, means = network.floors.copy(), [-1] * len(network.floors), network.means
    for node in network.order:
        followers = network.after[node]
        if not node % 2:
            followers = [(node + 1, means[node // 2]), *followers]
        for other, lag in followers:
            hour = early[node] + lag
            if hour > early[other] or (bound[other] < 0 and hour == early[other]):
                early[other], bound[other] = hour, node
    return early, bound


def _path(graph: Graph, network: Network, early: list[float], bound: list[int]) -> tuple[TaskId, ...]:
    """Follow what holds up the last finish back to hour 0, and return the leaf tasks met, first to last."""
    at, met = early.index(max(early)), dict[TaskId, None]()
    while at >= 0:
        task = network.tasks[at // 2] if at // 2 < len(network.tasks) else None
        if task and not graph.parts.get(task.id):
            met[task.id] = None
        at = bound[at]
    return tuple(reversed(met))


def _slots(network: Network, early: list[float], tails: list[float], length: float) -> dict[TaskId, Slot]:
    slots: dict[TaskId, Slot] = {}
    for k, task in enumerate(network.tasks):
        start, finish = 2 * k, 2 * k + 1
        slack = length - max(early[start] + tails[start], early[finish] + tails[finish])
        slots[task.id] = Slot(early[start], early[finish], max(0.0, round(slack, 9)), tails[start])
    return slots
