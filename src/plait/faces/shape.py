"""What was computed of a plan's graph, as the faces show it."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A plan's graph and its forecast.

    `width` is the most packages in one wave, `depth` how many waves there are. `makespan_s` is
    what a run with `agents` agents is expected to take, `lower_bound_s` what no number of agents
    can beat; where the plan estimates nothing both take `assumed_s` a package. `useful_agents`
    reach that bound: one more would never have anything to do. `redundant` are edges, as
    (package, what it needs), that other edges already imply.
    """

    waves: tuple[tuple[PackageId, ...], ...]
    critical_path: tuple[PackageId, ...]
    width: int
    depth: int
    agents: int
    useful_agents: int
    makespan_s: float
    lower_bound_s: float
    assumed_s: float | None = None
    redundant: tuple[tuple[PackageId, PackageId], ...] = ()
