"""What is computed of a plan's graph, as the faces show it."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core import graph as graphs
from plait.core.plan import PackageId, Plan
from plait.core.schedule import DEFAULT_ESTIMATE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A plan's graph and its forecast.

    `width` is how many packages can ever run at once, `depth` how many waves there are.
    `makespan_s` is what a run with `agents` agents is expected to take, `lower_bound_s` what no
    number of agents can beat. `estimated` counts the packages whose plan says how long they
    take; the others are taken to need `DEFAULT_ESTIMATE_S`.
    """

    waves: tuple[tuple[PackageId, ...], ...]
    critical_path: tuple[PackageId, ...]
    width: int
    depth: int
    agents: int
    makespan_s: float
    lower_bound_s: float
    estimated: int


def shape_of(plan: Plan, *, max_agents: int) -> Shape:
    """Compute it.

    Raises:
        ValueError: The plan has a dependency cycle (validate it first).
    """
    graph = graphs.build(plan)
    durations = graphs.durations(plan, DEFAULT_ESTIMATE_S)
    forecast = graphs.forecast(graph, durations, max_agents)
    return Shape(
        waves=graphs.waves(graph),
        critical_path=graphs.critical_path(graph, durations),
        width=graphs.width(graph),
        depth=graphs.depth(graph),
        agents=max_agents,
        makespan_s=forecast.makespan_s,
        lower_bound_s=forecast.lower_bound_s,
        estimated=sum(1 for package in plan.packages if package.estimate_s is not None),
    )


def extent(plan: Plan) -> tuple[int, int]:
    """The graph's width and depth; zeros where a dependency cycle leaves it none."""
    graph = graphs.build(plan)
    try:
        return graphs.width(graph), graphs.depth(graph)
    except ValueError:
        return 0, 0
