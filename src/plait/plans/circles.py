"""Where an order goes round in a circle."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def circling(needs: Mapping[Node, Collection[Node]]) -> frozenset[Node]:
    """The nodes on a circle, or on a way from one circle to another; empty if there is none.

    Args:
        needs: Per node, the nodes it needs; those that are no keys are passed over.
    """
    forward = {node: {n for n in wanted if n in needs} for node, wanted in needs.items()}
    rest = _peeled(forward, frozenset(forward))
    return _peeled(_turned({node: forward[node] & rest for node in rest}), rest)


def _peeled(needs: Mapping[Node, Collection[Node]], nodes: frozenset[Node]) -> frozenset[Node]:
    """What is left when nodes that need nothing are taken away until there are none."""
    waiting = _turned(needs)
    open_needs = {node: len(needs[node]) for node in nodes}
    free = deque(node for node, count in open_needs.items() if not count)
    gone: set[Node] = set()
    while free:
        node = free.popleft()
        gone.add(node)
        for waiter in waiting[node]:
            open_needs[waiter] -= 1
            if not open_needs[waiter]:
                free.append(waiter)
    return nodes - gone


def _turned(needs: Mapping[Node, Collection[Node]]) -> dict[Node, list[Node]]:
    turned: dict[Node, list[Node]] = {node: [] for node in needs}
    for node, wanted in needs.items():
        for other in wanted:
            turned[other].append(node)
    return turned
