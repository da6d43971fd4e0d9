"""What was computed of a plan's graph, as the faces show it."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A plan's graph and its forecast.

    `width` is how many packages can ever run at once, `depth` how many waves there are.
    `makespan_s` is what a run with `agents` agents is expected to take, `lower_bound_s` what no
    number of agents can beat; both are None where the plan estimates nothing.
    """

    waves: tuple[tuple[PackageId, ...], ...]
    critical_path: tuple[PackageId, ...]
    width: int
    depth: int
    agents: int
    makespan_s: float | None = None
    lower_bound_s: float | None = None
