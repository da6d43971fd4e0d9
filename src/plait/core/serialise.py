"""Packages that may write the same path, put one after the other: edges with their reason.

The run itself never lets two such packages be active at once (see `schedule.conflict`). These
edges say so beforehand, to whoever reads the plan, and to the forecast.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from plait.core import graph as graphs
from plait.core.graph import Graph
from plait.core.plan import (
    Confidence,
    Edge,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    SourceStatus,
    Span,
    WorkPackage,
)
from plait.core.scope import pairs

MOST_CLASHES = 100_000
NOTE = "both may write "


def serialise(plan: Plan, default_s: float) -> Plan:
    """The plan with an edge for every two packages that would write one path at once.

    Those on which more depends go first, as in the schedule. An edge that others imply already
    is left out. Beyond `MOST_CLASHES` pairs no more edges are made: the schedule holds anyway.

    Args:
        plan: The plan; with a dependency cycle it is handed back as it is.
        default_s: Seconds of a package without an estimate.
    """
    graph = graphs.build(plan)
    if len(graph.ids) != len(plan.packages) or graphs.find_cycle(graph):
        return plan
    working = [package for package in plan.packages if _writes(package)]
    clashes: dict[PackageId, dict[PackageId, str]] = {}
    beside = graphs.beside(graph, [package.id for package in working])
    found = pairs([package.scope for package in working], beside)
    for i, j, path in islice(found, MOST_CLASHES):
        one, other = working[i].id, working[j].id
        clashes.setdefault(one, {})[other] = path
        clashes.setdefault(other, {})[one] = path
    if not clashes:
        return plan
    spans = {package.id: package.span for package in plan.packages}
    longest = graphs.tails(graph, graphs.durations(plan, default_s))
    added = _edges(graph, clashes, longest, spans)
    packages = tuple(
        replace(package, needs=(*package.needs, *edges))
        if (edges := added.get(package.id))
        else package
        for package in plan.packages
    )
    return replace(plan, packages=packages)


def _writes(package: WorkPackage) -> bool:
    """Whether it runs and may write what is known; an integration comes after all in any case."""
    return (
        package.runs_agent
        and package.status is SourceStatus.PENDING
        and package.kind is not PackageKind.INTEGRATE
        and package.scope.confidence is not Confidence.UNKNOWN
    )


def _edges(
    graph: Graph,
    clashes: Mapping[PackageId, Mapping[PackageId, str]],
    tails: Mapping[PackageId, float],
    spans: Mapping[PackageId, Span | None],
) -> dict[PackageId, tuple[Edge, ...]]:
    """Walk the plan as the schedule would; whoever comes later needs whom it clashes with."""
    place = {each: index for index, each in enumerate(graph.ids)}
    before: dict[PackageId, int] = {}
    walked: dict[PackageId, int] = {}
    added: dict[PackageId, tuple[Edge, ...]] = {}
    for package in _in_rank(graph, tails, place):
        needed = 0
        for each in graph.needs[package]:
            needed |= before[each] | 1 << place[each]
        edges = []
        earlier = [other for other in clashes.get(package, ()) if other in walked]
        for other in sorted(earlier, key=walked.__getitem__, reverse=True):
            if needed >> place[other] & 1:
                continue
            needed |= before[other] | 1 << place[other]
            note = f"{NOTE}{clashes[package][other]}"
            edges.append(
                Edge(id=other, provenance=Provenance.SCOPE, note=note, span=spans[package])
            )
        if edges:
            added[package] = tuple(reversed(edges))
        before[package] = needed
        walked[package] = len(walked)
    return added


def _in_rank(
    graph: Graph, tails: Mapping[PackageId, float], place: Mapping[PackageId, int]
) -> list[PackageId]:
    """All packages after what they need; of the free ones, the longest tail first."""
    open_needs = {each: len(graph.needs[each]) for each in graph.ids}
    free = [(-tails[each], place[each]) for each in graph.ids if not open_needs[each]]
    heapq.heapify(free)
    ranked = []
    while free:
        package = graph.ids[heapq.heappop(free)[1]]
        ranked.append(package)
        for dependent in graph.dependents[package]:
            open_needs[dependent] -= 1
            if not open_needs[dependent]:
                heapq.heappush(free, (-tails[dependent], place[dependent]))
    return ranked
