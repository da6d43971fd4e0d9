"""A plan made ready for deciding, once: what every decision about it needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from plait.core import graph as graphs
from plait.core.action import Limits, StartDependents, UnknownScope
from plait.core.collision import conflict
from plait.core.frontier import Frontier, Rank
from plait.core.graph import Graph
from plait.core.plan import PackageId, Plan, WorkPackage
from plait.core.run import Run

DEFAULT_ESTIMATE_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A plan made ready for deciding: its graph, tails (seconds to the end), critical path.

    What it remembers of the run it was last asked about (`proven`: see `queue`) only saves time.
    """

    plan: Plan
    graph: Graph
    packages: Mapping[PackageId, WorkPackage]
    order: tuple[PackageId, ...]
    tails: Mapping[PackageId, float]
    critical: frozenset[PackageId]
    rank: Mapping[PackageId, Rank]
    place: Mapping[PackageId, int]
    proven: dict[object, object] = field(default_factory=dict, compare=False, repr=False)
    _frontiers: dict[object, Frontier] = field(default_factory=dict, compare=False, repr=False)
    _conflicts: dict[PackageId, dict[PackageId, str]] = field(
        default_factory=dict, compare=False, repr=False
    )
    _policies: list[UnknownScope] = field(default_factory=list, compare=False, repr=False)

    def conflict(self, one: PackageId, active: PackageId, policy: UnknownScope) -> str:
        """Why two packages must not be active at once; empty if they may.

        Remembered with the active one, until `forget`.
        """
        if self._policies != [policy]:
            self._policies[:] = [policy]
            self._conflicts.clear()
        row = self._conflicts.setdefault(active, {})
        known = row.get(one)
        if known is None:
            a, b = sorted((one, active))
            known = row[one] = conflict(self.packages[a], self.packages[b], policy)
        return known

    def forget(self, active: Collection[PackageId]) -> None:
        """Remember conflicts with these only: no other package is active any more."""
        for gone in self._conflicts.keys() - active:
            del self._conflicts[gone]

    def frontier(self, run: Run, limits: Limits) -> Frontier:
        """What could be done in a run; remembered, so that only changes are looked at."""
        ahead = limits.start_dependents is StartDependents.VERIFIED
        known = self._frontiers.get((limits.gates, ahead))
        if known is None:
            known = Frontier(
                packages=self.packages,
                graph=self.graph,
                rank=self.rank,
                gates=limits.gates,
                ahead=ahead,
            )
            self._frontiers[limits.gates, ahead] = known
        known.look(run.packages)
        return known


def compile_plan(plan: Plan) -> Compiled:
    """Precompute what every decision needs.

    Raises:
        ValueError: The plan has a dependency cycle (validate it first).
    """
    graph = graphs.build(plan)
    durations = graphs.durations(plan, DEFAULT_ESTIMATE_S)
    tails = graphs.tails(graph, durations)
    packages = {package.id: package for package in plan.packages}
    order = graphs.order(graph)
    return Compiled(
        plan=plan,
        graph=graph,
        packages=packages,
        order=order,
        place={package: place for place, package in enumerate(order)},
        tails=tails,
        critical=frozenset(graphs.critical_path(graph, durations)),
        rank={
            package.id: (-tails[package.id], package.priority, index)
            for index, package in enumerate(plan.packages)
        },
    )
