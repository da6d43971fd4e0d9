"""Compute what the faces show of a plan's graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from plait.core import graph as graphs
from plait.core.graph import Graph
from plait.core.plan import PackageId, Plan, SourceStatus
from plait.core.schedule import DEFAULT_ESTIMATE_S, UnknownScope, compile_plan
from plait.faces.shape import Shape


def shape_of(plan: Plan, *, agents: int) -> Shape:
    """Waves, critical path, width, depth and the forecast for so many agents."""
    graph = graphs.build(plan)
    durations = graphs.durations(plan, DEFAULT_ESTIMATE_S)
    estimated = any(package.estimate_s for package in plan.packages)
    forecast = graphs.forecast(graph, durations, agents)
    return Shape(
        waves=graphs.waves(graph),
        critical_path=graphs.critical_path(graph, durations),
        width=graphs.width(graph),
        depth=graphs.depth(graph),
        agents=agents,
        useful_agents=_useful_agents(graph, durations),
        makespan_s=forecast.makespan_s,
        lower_bound_s=graphs.lower_bound(graph, durations, len(plan.packages) or 1),
        assumed_s=None if estimated else DEFAULT_ESTIMATE_S,
        redundant=graphs.transitive_edges(graph),
    )


def _useful_agents(graph: Graph, durations: Mapping[PackageId, float]) -> int:
    """The fewest agents that bring the run down to its critical path.

    List scheduling is not strictly monotone in the number of agents, so this is the boundary
    that bisection finds, which is never too few.
    """
    shortest = graphs.forecast(graph, durations, max(len(graph.ids), 1)).makespan_s
    few, enough = 0, max(len(graph.ids), 1)
    while enough - few > 1:
        middle = (few + enough) // 2
        if graphs.forecast(graph, durations, middle).makespan_s <= shortest:
            enough = middle
        else:
            few = middle
    return enough


def part_of(plan: Plan, packages: Iterable[PackageId]) -> Plan:
    """The plan with only these packages."""
    chosen = frozenset(packages)
    return replace(plan, packages=tuple(each for each in plan.packages if each.id in chosen))


def conflicts_of(plan: Plan, package: PackageId) -> dict[PackageId, str]:
    """Packages that must not run beside one, and why; those ordered by an edge are left out."""
    compiled = compile_plan(plan)
    ordered = {
        *graphs.closure(compiled.graph, [package], upwards=True),
        *graphs.closure(compiled.graph, [package], upwards=False),
    }
    found = {
        other.id: compiled.conflict(package, other.id, UnknownScope.DECLARED)
        for other in plan.packages
        if other.id not in ordered
        and other.id != package
        and other.runs_agent
        and other.status is SourceStatus.PENDING
    }
    return {other: why for other, why in found.items() if why}
