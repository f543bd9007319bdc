"""How long the rest may take: the plan is run many times by so many workers, with durations drawn at random.

The runs are the same every time for the same plan and seed.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush, heapreplace
from math import ceil, sqrt

from attrs import frozen

from qwen_orch.graph.network import STARTED, Network, longest_tails
from qwen_orch.graph.state import Graph
from qwen_orch.model.task import Estimate

DRAWS = 10_000
"""How many durations are drawn at most in all runs together: what bounds the time a forecast takes."""
FEWEST = 3
"""How many runs there are at least, however large the plan."""


@frozen
class Remaining:
    """The work that is left, and when it may be over.

    *mean* and *spread* are hours of work: the sum of the PERT means, and the standard deviation of that sum when tasks
    vary independently. *p50* and *p90* are the hours from now by which everything is done in half and in nine tenths of
    the simulated runs.
    """

    mean: float
    spread: float
    p50: float
    p90: float


def remaining(graph: Graph, jobs: int = 1, samples: int = 400, seed: int = 7) -> Remaining:
    """Forecast when *jobs* workers will have done what is left of *graph*, by at most *samples* simulated runs.

    A worker that becomes free takes, of the tasks whose start waits are over, the one with the longest path to the end,
    then the highest priority, then the first (list scheduling, Graham 1966). Large plans get fewer runs (see `runs`).
    """
    from random import Random

    runner = Runner(Network(graph))
    hours = [e for e in runner.network.hours if e.mean > 0]
    spread = sqrt(sum(e.spread**2 for e in hours))
    draw = _drawer(runner.network, Random(seed).betavariate)
    ends = sorted(runner.run(draw(), jobs) for _ in range(runs(len(hours), samples) if spread else 1))
    return Remaining(sum(e.mean for e in hours), spread, _quantile(ends, 0.5), _quantile(ends, 0.9))


def runs(tasks: int, samples: int) -> int:
    """Return how often a plan with so many open *tasks* is run when *samples* runs are asked for.

    `DRAWS` over the number of tasks, at least `FEWEST`: 400 up to 25 tasks, 100 at 100, 10 at 1,000, 3 from 3,334 on.
    The finish of so many tasks varies little; with 3 runs p90 is merely the longest of them.
    """
    return max(1, min(samples, max(FEWEST, DRAWS // max(1, tasks))))


def _quantile(ordered: list[float], share: float) -> float:
    """Return the smallest value that at least *share* of the values do not exceed (nearest rank)."""
    return ordered[ceil(share * len(ordered)) - 1]


def _drawer(network: Network, beta: Callable[[float, float], float]) -> Callable[[], list[float]]:
    """Return a function that draws hours for every place.

    PERT-beta: ``low + (high - low) * Beta(1 + 4 (likely - low) / (high - low), 1 + 4 (high - likely) / (high - low))``,
    whose mean is that of PERT (Vose, Risk Analysis, 2nd ed. 2000, "PERT distribution"; the shape behind Malcolm et al.,
    "Application of a technique for R&D program evaluation", Operations Research 7, 1959).
    """
    fixed = network.means
    varying = [(k, *_shape(e)) for k, e in enumerate(network.hours) if e.high > e.low]

    def draw() -> list[float]:
        drawn = fixed.copy()
        for k, low, width, a, b in varying:
            drawn[k] = low + width * beta(a, b)
        return drawn

    return draw


def _shape(estimate: Estimate) -> tuple[float, float, float, float]:
    width = estimate.high - estimate.low
    mode = min(1.0, max(0.0, (estimate.likely - estimate.low) / width))
    return estimate.low, width, 1 + 4 * mode, 5 - 4 * mode


class Runner:
    """A network prepared for running forward in time.

    *chosen* are the places whose work needs a worker, the first to be chosen first, and *turn* for each start node
    where its place is in it (-1: needs no worker; finishes never do). *idle* tells whether a lag may leave workers
    without work.
    """

    def __init__(self, network: Network) -> None:
        """Give every place its turn."""
        self.network = network
        self.chosen = _chosen(network)
        self.turn = [-1] * len(network.after)
        for i, k in enumerate(self.chosen):
            self.turn[2 * k] = i
        self.idle = any(network.floors) or any(lag > 0 for after in network.after for _, lag in after)

    def run(self, hours: list[float], jobs: int) -> float:
        """Return when everything is done if the work of each place takes these *hours*.

        Whoever has done the work of a task but must wait with its finish is free for another. One worker is never
        idle without a lag, and then it does not matter in which order the work is done.
        """
        return sum(hours) if jobs <= 1 and not self.idle else self.simulate(hours, jobs)

    def simulate(self, hours: list[float], jobs: int) -> float:  # noqa: C901 - one loop: it is the hot spot
        """Return the same by going through time, from one start of work to the next."""
        at, counts = self.network.floors.copy(), self.network.counts.copy()
        turn, after = self.turn, self.network.after
        workers = [0.0] * max(1, min(jobs, len(self.chosen)))
        first = [node for node, count in enumerate(counts) if not count]
        reached = [node for node in first if turn[node] < 0]  # to be passed on to what waits for them
        waiting = sorted((at[node], turn[node]) for node in first if turn[node] >= 0)  # work: from when, whose turn
        ready: list[int] = []  # the turns of the work that can be done
        clock = 0.0
        while True:
            while reached:
                node = reached.pop()
                hour = at[node]
                if not node & 1:
                    at[node + 1] = max(at[node + 1], hour + hours[node >> 1])
                    counts[node + 1] -= 1
                    if not counts[node + 1]:
                        reached.append(node + 1)
                for other, lag in after[node]:
                    if hour + lag > at[other]:
                        at[other] = hour + lag
                    counts[other] -= 1
                    if counts[other]:
                        continue
                    if turn[other] < 0:
                        reached.append(other)
                    else:
                        heappush(waiting, (at[other], turn[other]))
            if not waiting and not ready:
                return max(at, default=0.0)
            clock = max(clock, workers[0], 0.0 if ready else waiting[0][0])
            while waiting and waiting[0][0] <= clock:
                heappush(ready, heappop(waiting)[1])
            place = self.chosen[heappop(ready)]
            at[2 * place] = clock
            heapreplace(workers, clock + hours[place])
            reached.append(2 * place)


def _chosen(network: Network) -> list[int]:
    """Return the places whose work needs a worker in the order of choice: what has started first, then by urgency."""
    tails = longest_tails(network)

    def urgency(place: int) -> tuple[bool, float, int, int]:
        task = network.tasks[place]
        return task.status not in STARTED, -round(tails[2 * place], 6), task.priority.rank, place

    return sorted((k for k, e in enumerate(network.hours) if e.mean > 0), key=urgency)
