"""Packages that may write the same path or hold the same lock, put one after the other.

The run itself never lets two such packages be active at once (see `collision.conflict`). These
edges say so beforehand, with the reason, to whoever reads the plan, to the forecast, and to the
schedule, which then has not to look for it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plait.core import graph as graphs, lock_keys
from plait.core.graph import Graph
from plait.core.plan import (
    Confidence,
    Edge,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    Scope,
    SourceStatus,
    WorkPackage,
)
from plait.core.scope import normalise, pairs, scopes_overlap

NOTE = "both may write "
_WRITES, _FILE, _KEY = "writes", "file", "key"

_Claim = tuple[str, str]  # a kind of claim, and the glob or key


def serialise(plan: Plan, default_s: float) -> Plan:
    """The plan with an edge for every two packages that would claim the same at once.

    Those on which more depends go first, as in the schedule. An edge that others imply already
    is left out: of many packages that claim the same, each needs only the one before it.

    Args:
        plan: The plan; with a dependency cycle it is handed back as it is.
        default_s: Seconds of a package without an estimate.
    """
    graph = graphs.build(plan)
    if len(graph.ids) != len(plan.packages) or graphs.find_cycle(graph):
        return plan
    working = {package.id: package for package in plan.packages if _works(package)}
    claims = {each: tuple(_claims(package)) for each, package in working.items()}
    meeting = _meeting(dict.fromkeys(claim for each in claims.values() for claim in each))
    if not meeting:
        return plan
    place = {package: index for index, package in enumerate(graph.ids)}
    walk = _Walk(working=working, meeting=meeting, place=place)
    longest = graphs.tails(graph, graphs.durations(plan, default_s))
    for package in _in_rank(graph, longest, place):
        walk.take(package, graph.needs[package], claims.get(package, ()))
    packages = tuple(
        replace(package, needs=(*package.needs, *edges))
        if (edges := walk.added.get(package.id))
        else package
        for package in plan.packages
    )
    return replace(plan, packages=packages) if walk.added else plan


@dataclass(slots=True, kw_only=True)
class _Walk:
    """The packages in the order in which they would start, and who claimed what last."""

    working: Mapping[PackageId, WorkPackage]
    meeting: Mapping[_Claim, Mapping[_Claim, str]]
    place: Mapping[PackageId, int]
    before: dict[PackageId, int] = field(default_factory=dict)
    claimed: dict[_Claim, list[PackageId]] = field(default_factory=dict)
    added: dict[PackageId, tuple[Edge, ...]] = field(default_factory=dict)

    def take(
        self, package: PackageId, needs: Sequence[PackageId], claims: Sequence[_Claim]
    ) -> None:
        """Let a package come after all that claimed the same, and claim it in its turn."""
        needed = 0
        for each in needs:
            needed |= self.before[each] | 1 << self.place[each]
        edges: list[Edge] = []
        for claim in claims:
            for other, what in self.meeting.get(claim, {}).items():
                for holder in self._holders(package, other):
                    if not needed >> self.place[holder] & 1:
                        needed |= self.before[holder] | 1 << self.place[holder]
                        edges.append(self._edge(package, holder, claim, what))
        for claim in claims:
            if claim in self.meeting:
                self.claimed.setdefault(claim, []).append(package)
        if edges:
            self.added[package] = tuple(sorted(edges, key=lambda edge: self.place[edge.id]))
        self.before[package] = needed

    def _holders(self, package: PackageId, claim: _Claim) -> Iterator[PackageId]:
        """Who must come before: the last that claimed it, which comes after all the others.

        Where something is denied to one of them, the claim alone does not tell: each is asked.
        """
        holders = self.claimed.get(claim, ())
        scope = self.working[package].scope
        for holder in reversed(holders):
            theirs = self.working[holder].scope
            if claim[0] != _WRITES or not (scope.deny or theirs.deny):
                yield holder
                return
            if scopes_overlap(scope, theirs) is not None:
                yield holder

    def _edge(self, package: PackageId, holder: PackageId, claim: _Claim, what: str) -> Edge:
        span = self.working[package].span
        if claim[0] == _WRITES:
            note = f"{NOTE}{what}"
            return Edge(id=holder, provenance=Provenance.SCOPE, note=note, span=span)
        return Edge(
            id=holder, provenance=Provenance.LOCK, note=f"both hold the lock {what}", span=span
        )


def _works(package: WorkPackage) -> bool:
    """Whether it runs beside others; an integration comes after all in any case."""
    return (
        package.runs_agent
        and package.status is SourceStatus.PENDING
        and package.kind is not PackageKind.INTEGRATE
    )


def _claims(package: WorkPackage) -> Iterator[_Claim]:
    """What a package has for itself while it is active, as far as that is known."""
    if package.scope.confidence is not Confidence.UNKNOWN:
        yield from dict.fromkeys((_WRITES, normalise(glob)) for glob in package.scope.write)
    yield from dict.fromkeys((_FILE, normalise(glob)) for glob in package.locks.files)
    yield from dict.fromkeys((_KEY, key) for key in package.locks.keys)


def _meeting(claims: Mapping[_Claim, object]) -> dict[_Claim, dict[_Claim, str]]:
    """For each claim those that it meets, itself included, and what both claim."""
    met: dict[_Claim, dict[_Claim, str]] = {}
    for kind in (_WRITES, _FILE):
        globs = [glob for each, glob in claims if each == kind]
        for glob in globs:
            met.setdefault((kind, glob), {})[kind, glob] = glob
        for i, j, path in pairs([Scope(write=(glob,)) for glob in globs]):
            met[kind, globs[i]][kind, globs[j]] = path
            met[kind, globs[j]][kind, globs[i]] = path
    keys = [key for each, key in claims if each == _KEY]
    for key in keys:
        met.setdefault((_KEY, key), {})[_KEY, key] = key
    for one, other in lock_keys.meeting(keys):
        told = lock_keys.told(one, other)
        met[_KEY, one][_KEY, other] = met[_KEY, other][_KEY, one] = told
    return met


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
