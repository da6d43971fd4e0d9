"""Integration packages come after all that they integrate, whatever their needs say.

A package is one by its kind. It waits for every package that implements something and does not
itself build on an integration; so nothing ever waits in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from plait.core import graph as graphs
from plait.core.plan import (
    Edge,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    SourceStatus,
    WorkPackage,
)

NOTE = "an integration comes after all that it integrates"
_MAKES = frozenset({PackageKind.IMPLEMENT, PackageKind.FIX})


def joined(plan: Plan) -> Plan:
    """The plan with the edges that its integrations lack; none that others imply already.

    A plan with a dependency cycle is handed back as it is.
    """
    graph = graphs.build(plan)
    if len(graph.ids) != len(plan.packages) or graphs.find_cycle(graph):
        return plan
    integrating = [each for each in plan.packages if _integrates(each)]
    if not integrating:
        return plan
    later = _reach([each.id for each in integrating], graph.dependents)
    awaited = {each.id for each in plan.packages if _makes(each)} - later
    inner = _reach([need for each in awaited for need in graph.needs[each]], graph.needs)
    last = [each.id for each in plan.packages if each.id in awaited - inner]
    added: dict[PackageId, tuple[Edge, ...]] = {}
    for package in integrating:
        known = _reach([package.id], graph.needs)
        added[package.id] = tuple(
            Edge(id=each, provenance=Provenance.INTEGRATION, note=NOTE, span=package.span)
            for each in last
            if each not in known
        )
    if not any(added.values()):
        return plan
    packages = tuple(
        replace(each, needs=(*each.needs, *added.get(each.id, ()))) for each in plan.packages
    )
    return replace(plan, packages=packages)


def _integrates(package: WorkPackage) -> bool:
    return package.kind is PackageKind.INTEGRATE and package.status is SourceStatus.PENDING


def _makes(package: WorkPackage) -> bool:
    return package.kind in _MAKES and package.status is SourceStatus.PENDING


def _reach(
    first: Sequence[PackageId], ways: Mapping[PackageId, Sequence[PackageId]]
) -> set[PackageId]:
    """These, and all that they lead to."""
    found, waiting = set(first), list(first)
    while waiting:
        for each in ways.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found
