"""Graph: the packages' order, waves, critical path, and a cycle named edge by edge.

Everything is iterative and linear in packages and edges, so that a chain of 10,000 is no
problem. Durations are seconds.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plait.core.plan import PackageId, Plan, SourceStatus

Ids = tuple[PackageId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Packages in the plan's order; `needs` and `dependents` hold each edge once, both ways."""

    ids: Ids
    needs: Mapping[PackageId, Ids]
    dependents: Mapping[PackageId, Ids]


def build(plan: Plan) -> Graph:
    """The plan's graph; edges to packages that do not exist are left out (`validate` tells)."""
    ids = tuple(dict.fromkeys(package.id for package in plan.packages))
    known = set(ids)
    needs = {
        package.id: tuple(dict.fromkeys(edge.id for edge in package.needs if edge.id in known))
        for package in plan.packages
    }
    dependents: dict[PackageId, list[PackageId]] = {each: [] for each in ids}
    for package, needed in needs.items():
        for each in needed:
            dependents[each].append(package)
    return Graph(
        ids=ids, needs=needs, dependents={each: tuple(of) for each, of in dependents.items()}
    )


def order(graph: Graph) -> Ids:
    """All packages, each after what it needs; among the free ones the plan's order holds.

    Raises:
        ValueError: There is a cycle.
    """
    position = {each: index for index, each in enumerate(graph.ids)}
    open_needs = {each: len(graph.needs[each]) for each in graph.ids}
    free = [position[each] for each in graph.ids if not open_needs[each]]
    heapq.heapify(free)
    ordered: list[PackageId] = []
    while free:
        package = graph.ids[heapq.heappop(free)]
        ordered.append(package)
        for dependent in graph.dependents[package]:
            open_needs[dependent] -= 1
            if not open_needs[dependent]:
                heapq.heappush(free, position[dependent])
    if len(ordered) < len(graph.ids):
        raise ValueError(f"a cycle: {' -> '.join(find_cycle(graph))}")
    return tuple(ordered)


def find_cycle(graph: Graph) -> Ids:
    """A shortest cycle through some package, from a package back to itself; empty if none.

    Each package but the last needs the one after it.
    """
    rest = _cyclic(graph)
    package = next((each for each in graph.ids if each in rest), None)
    passed: set[PackageId] = set()
    while package is not None and package not in passed:  # every walk inside ends on a cycle
        passed.add(package)
        package = next(each for each in graph.needs[package] if each in rest)
    return () if package is None else _way_back(graph, package, rest)


def waves(graph: Graph) -> tuple[Ids, ...]:
    """Packages by the earliest step at which they could start."""
    level: dict[PackageId, int] = {}
    for package in order(graph):
        level[package] = max((level[each] + 1 for each in graph.needs[package]), default=0)
    rows: list[list[PackageId]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for package in graph.ids:
        rows[level[package]].append(package)
    return tuple(tuple(row) for row in rows)


def width(graph: Graph) -> int:
    """The most packages in one wave."""
    return max((len(wave) for wave in waves(graph)), default=0)


def depth(graph: Graph) -> int:
    """How many waves there are."""
    return len(waves(graph))


def durations(plan: Plan, default_s: float) -> dict[PackageId, float]:
    """Each package's estimate, or the default a task; gates and what will not run take none."""
    return {
        package.id: (package.estimate_s or default_s * max(len(package.tasks), 1))
        if package.runs_agent and package.status is SourceStatus.PENDING
        else 0.0
        for package in plan.packages
    }


def tails(graph: Graph, durations: Mapping[PackageId, float]) -> dict[PackageId, float]:
    """The longest way from each package to an end, itself included."""
    longest: dict[PackageId, float] = {}
    for package in reversed(order(graph)):
        after = max((longest[each] for each in graph.dependents[package]), default=0.0)
        longest[package] = after + durations[package]
    return longest


def critical_path(graph: Graph, durations: Mapping[PackageId, float]) -> Ids:
    """The longest way through the plan, from its first package to its last."""
    longest = tails(graph, durations)
    path: list[PackageId] = []
    step: Iterable[PackageId] = (each for each in graph.ids if not graph.needs[each])
    while chosen := max(step, key=longest.__getitem__, default=None):
        path.append(chosen)
        step = graph.dependents[chosen]
    return tuple(path)


def closure(graph: Graph, ids: Iterable[PackageId], *, upwards: bool) -> frozenset[PackageId]:
    """What these need, transitively (`upwards`), or what needs them; themselves left out."""
    edges = graph.needs if upwards else graph.dependents
    start = tuple(ids)
    seen: set[PackageId] = set()
    queue = list(start)
    while queue:
        for each in edges[queue.pop()]:
            if each not in seen:
                seen.add(each)
                queue.append(each)
    return frozenset(seen) - frozenset(start)


def ancestors(graph: Graph, bits: Mapping[PackageId, int] | None = None) -> dict[PackageId, int]:
    """All that each package needs, transitively, as bits.

    Args:
        graph: The graph.
        bits: What stands for each package; without it, bit n is `graph.ids[n]`.

    Raises:
        ValueError: There is a cycle.
    """
    if bits is None:
        bits = {each: 1 << index for index, each in enumerate(graph.ids)}
    found: dict[PackageId, int] = {}
    for package in order(graph):
        found[package] = 0
        for needed in graph.needs[package]:
            found[package] |= found[needed] | bits[needed]
    return found


def beside(graph: Graph, ids: Sequence[PackageId]) -> tuple[int, ...]:
    """For each of these packages those that no way through the graph orders before or after it.

    They are bits of positions in `ids`; a package that is listed twice is not beside itself.

    Raises:
        ValueError: There is a cycle.
    """
    bits = dict.fromkeys(graph.ids, 0)
    for place, package in enumerate(ids):
        bits[package] |= 1 << place
    turned = Graph(ids=graph.ids, needs=graph.dependents, dependents=graph.needs)
    before, after = ancestors(graph, bits), ancestors(turned, bits)
    everything = (1 << len(ids)) - 1
    return tuple(
        everything & ~(before[package] | after[package] | bits[package]) for package in ids
    )


def transitive_edges(graph: Graph) -> tuple[tuple[PackageId, PackageId], ...]:
    """Edges that add nothing, as (package, what it needs): another need already needs that.

    Raises:
        ValueError: There is a cycle.
    """
    before = ancestors(graph)
    bits = {each: 1 << index for index, each in enumerate(graph.ids)}
    found: list[tuple[PackageId, PackageId]] = []
    for package in graph.ids:
        further = 0
        for needed in graph.needs[package]:
            further |= before[needed]
        found += [(package, each) for each in graph.needs[package] if further & bits[each]]
    return tuple(found)


def lower_bound(graph: Graph, durations: Mapping[PackageId, float], agents: int) -> float:
    """No schedule is shorter: the critical path, or the work shared out evenly."""
    path = max(tails(graph, durations).values(), default=0.0)
    return max(path, sum(durations[each] for each in graph.ids) / agents)


def _cyclic(graph: Graph) -> set[PackageId]:
    """What is left when packages with no open needs, then those nobody needs, are taken away."""
    rest = set(graph.ids)
    for edges, others in (
        (graph.needs, graph.dependents),
        (graph.dependents, graph.needs),
    ):
        count = {each: sum(1 for other in edges[each] if other in rest) for each in rest}
        queue = deque(each for each, open_edges in count.items() if not open_edges)
        while queue:
            package = queue.popleft()
            rest.discard(package)
            for other in others[package]:
                if other in rest:
                    count[other] -= 1
                    if not count[other]:
                        queue.append(other)
    return rest


def _way_back(graph: Graph, start: PackageId, rest: set[PackageId]) -> Ids:
    """Breadth first along `needs` inside the cyclic part, back to the start."""
    came_from: dict[PackageId, PackageId] = {}
    queue = deque([start])
    while queue:
        package = queue.popleft()
        for needed in graph.needs[package]:
            if needed == start:
                path = [start]
                while package != start:
                    path.append(package)
                    package = came_from[package]
                return (start, *reversed(path[1:]), start)
            if needed in rest and needed not in came_from:
                came_from[needed] = package
                queue.append(needed)
    return ()
