"""Who waits for whom in a graph, found the plain way."""

from __future__ import annotations

from graphlib import TopologicalSorter

from qwen_orch.graph.precedence import Node, Precedence, Wait


def waits_of(precedence: Precedence) -> dict[Node, list[Wait]]:
    """What each end of a task or phase waits for, as far as any task does."""
    found: dict[Node, list[Wait]] = {}
    left = [Node(i, True) for i in precedence.graph.tasks]
    while left:
        node = left.pop()
        if node not in found:
            found[node] = list(precedence.waits(node))
            left += [wait.node for wait in found[node]]
    return found


def in_order(precedence: Precedence) -> list[Node]:
    """Every node after all that it waits for; raises `CycleError` where that cannot be."""
    waits = {node: {wait.node for wait in found} for node, found in waits_of(precedence).items()}
    return list(TopologicalSorter(waits).static_order())
