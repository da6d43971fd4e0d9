"""Starting ahead: on candidates that are verified but have not landed yet.

What a package needs is then in the tree it begins on, a provisional merge of these candidates
onto the run's branch. It lands only behind them; where one of them falls out, what was built on
it is worth nothing, and is built anew.
"""

from __future__ import annotations

from collections.abc import Mapping

from plait.core.graph import Graph
from plait.core.package import PackageState, PackageStatus
from plait.core.plan import PackageId, PackageKind, WorkPackage

CANDIDATES = frozenset({PackageStatus.VERIFIED, PackageStatus.LANDING})
_ON_WHAT_LANDED = frozenset({PackageKind.INTEGRATE, PackageKind.QA})

_States = Mapping[PackageId, PackageState]


def may_start_ahead(package: WorkPackage) -> bool:
    """Whether it may begin on candidates: what judges the whole begins on what landed."""
    return package.kind.has_agent and package.kind not in _ON_WHAT_LANDED


def ground(graph: Graph, states: _States, package: PackageId) -> tuple[PackageState, ...]:
    """The candidates that it would begin on, each after those that it was itself built on."""
    found: dict[PackageId, PackageState] = {}
    open_ones = list(graph.needs[package])
    while open_ones:
        state = states.get(open_ones.pop())
        if state is None or state.id in found or state.status not in CANDIDATES:
            continue
        found[state.id] = state
        open_ones += state.attempts[-1].built_on
    # What an attempt was built on, and has not landed, is among what the ones behind it were:
    return tuple(
        sorted(found.values(), key=lambda state: len(found.keys() & state.attempts[-1].built_on))
    )


def fallen(states: _States, state: PackageState) -> PackageId | None:
    """What an attempt was built on and is no candidate of that attempt any more, nor landed."""
    for package, epoch in state.attempts[-1].built_on.items():
        below = states.get(package)
        if (
            below is None
            or below.status not in CANDIDATES | {PackageStatus.LANDED}
            or below.attempts[-1].epoch != epoch
        ):
            return package
    return None


def unlanded(states: _States, state: PackageState) -> frozenset[PackageId]:
    """What an attempt was built on and has not landed: it must do so first."""
    return frozenset(
        package
        for package in state.attempts[-1].built_on
        if (below := states.get(package)) is None or below.status is not PackageStatus.LANDED
    )
