"""What could be done about each package that waits, kept up to date as the run goes on.

A decision is a function of the run. Computed anew after each event it would look at every
package of the plan ten times a package; what an event can change is one package and those that
need it, so only these are looked at again.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from plait.core.action import (
    Action,
    Ask,
    Cancel,
    Finish,
    GatePolicy,
    PassGate,
    Skip,
    Start,
    UnknownScope,
    Wait,
)
from plait.core.ahead import CANDIDATES, may_start_ahead
from plait.core.graph import Graph
from plait.core.package import ENDED, SATISFIED, PackageState, PackageStatus
from plait.core.plan import (
    Confidence,
    PackageId,
    PackageKind,
    Provenance,
    SourceStatus,
    WorkPackage,
)
from plait.core.states import States

_ORDER_ONLY = frozenset({Provenance.SCOPE, Provenance.LOCK})  # such an edge outlives a failure

Rank = tuple[float, int, int]


class Standing(IntEnum):
    """What a package may run beside, as far as it depends on scopes that nobody knows."""

    KNOWN = 0
    UNKNOWN = 1
    KNOWN_MARKED = 2  # the source marks it as parallel
    UNKNOWN_MARKED = 3


def standing_of(package: WorkPackage) -> Standing:
    """The standing of a package."""
    unknown = package.scope.confidence is Confidence.UNKNOWN
    if package.parallel:
        return Standing.UNKNOWN_MARKED if unknown else Standing.KNOWN_MARKED
    return Standing.UNKNOWN if unknown else Standing.KNOWN


def bars(policy: UnknownScope) -> Mapping[Standing, frozenset[Standing]]:
    """Which standings may not be at work while one of a standing is (see `collision.conflict`)."""
    unknown = frozenset({Standing.UNKNOWN, Standing.UNKNOWN_MARKED})
    marked = frozenset({Standing.KNOWN_MARKED, Standing.UNKNOWN_MARKED})

    def conflict(one: Standing, other: Standing) -> bool:
        if policy is UnknownScope.SHARED or not unknown & {one, other}:
            return False
        return policy is not UnknownScope.DECLARED or not {one, other} <= marked

    return {one: frozenset(each for each in Standing if conflict(one, each)) for one in Standing}


@dataclass(slots=True, kw_only=True)
class Frontier:
    """The packages that are ready, by standing and rank, and those to be settled otherwise."""

    packages: Mapping[PackageId, WorkPackage]
    graph: Graph
    rank: Mapping[PackageId, Rank]
    gates: GatePolicy
    ahead: bool = False
    ready: dict[Standing, list[tuple[Rank, PackageId]]] = field(
        default_factory=lambda: {standing: [] for standing in Standing}
    )
    settling: set[PackageId] = field(default_factory=set)
    seen: States | None = None
    _statuses: dict[PackageId, PackageStatus] = field(default_factory=dict)
    _waits: set[PackageId] = field(default_factory=set)  # those in `ready`

    def look(self, states: States) -> None:
        """Take in what has changed since the last time."""
        if self.seen is states:
            return
        if self.seen is None or self.seen.places is not states.places:
            self._statuses.clear()
            self.settling.clear()
            self._waits.clear()
            for row in self.ready.values():
                row.clear()
        again: dict[PackageId, None] = {}
        for state in states.differing(self.seen):
            before = self._statuses.get(state.id)
            self._statuses[state.id] = state.status
            again[state.id] = None
            if before is not state.status and (
                before in ENDED
                or state.status in ENDED
                or (self.ahead and (before in CANDIDATES) is not (state.status in CANDIDATES))
            ):
                again.update(dict.fromkeys(self.graph.dependents.get(state.id, ())))
        self.seen = states
        for package in again:
            self._place(states, package)

    def _place(self, states: States, package: PackageId) -> None:
        state = states.get(package)
        known = self.packages.get(package)
        if state is None or known is None:
            return
        action = None
        if state.status is PackageStatus.PENDING:
            action = settle(states, known, self.gates, ahead=self.ahead)
        is_ready = isinstance(action, Start)
        if is_ready != (package in self._waits):
            row, entry = self.ready[standing_of(known)], (self.rank[package], package)
            if is_ready:
                insort(row, entry)
                self._waits.add(package)
            else:
                del row[bisect_left(row, entry)]
                self._waits.discard(package)
        if action is not None and not is_ready:
            self.settling.add(package)
        else:
            self.settling.discard(package)


def settle(
    states: Mapping[PackageId, PackageState],
    package: WorkPackage,
    gates: GatePolicy,
    *,
    ahead: bool = False,
) -> Action | None:
    """Ready, never, a gate's turn, or (None) still waiting. `ahead`: on candidates as well."""
    if package.status is SourceStatus.SKIPPED:
        return Skip(
            package=package.id,
            reason=_left_out(package),
            benign=True,
        )
    lost: list[PackageId] = []
    waiting = False
    enough = SATISFIED | CANDIDATES if ahead and may_start_ahead(package) else SATISFIED
    for edge in package.needs:
        needed = states.get(edge.id)
        if needed is None or needed.status in enough or needed.benign:
            continue
        if needed.status not in ENDED:
            waiting = True
        elif edge.provenance not in _ORDER_ONLY or _asks(needed, package):
            lost.append(edge.id)
    if lost:
        told = ", ".join(f"{each} ({states[each].status})" for each in lost)
        return Skip(package=package.id, reason=f"it needs {told}", because=tuple(lost))
    if waiting:
        return None
    if package.kind in {PackageKind.GATE, PackageKind.CHECKPOINT}:
        return _gate(states, package, gates)
    return Start(package=package.id)


def _asks(needed: PackageState, package: WorkPackage) -> bool:
    """Whether what mends a failure waits for a person: QA goes on when it does.

    Who is asked to accept that nothing was changed need not answer first.
    """
    if not package.own or needed.status is not PackageStatus.BLOCKED:
        return False
    return needed.held is None or bool(needed.attempts[-1].files)


def _left_out(package: WorkPackage) -> str:
    if package.kind is PackageKind.FIX:
        return "conditional: it runs only if its gate fails"
    return "optional" if package.optional else "the plan leaves it out"


def _gate(
    states: Mapping[PackageId, PackageState], package: WorkPackage, gates: GatePolicy
) -> Action:
    if gates is GatePolicy.ASK:
        return Ask(package=package.id, question=f"Does {package.title!r} pass?")
    unchecked = [each for each in package.guards if (state := states.get(each)) and state.unchecked]
    reason = "passed by checks; not reviewed"
    if unchecked:
        reason = f"not reviewed; without checks: {', '.join(unchecked)}"
    return PassGate(package=package.id, reason=reason)


def settled_state(state: PackageState, action: Action) -> PackageState:
    match action:
        case Skip(benign=benign):
            return replace(state, status=PackageStatus.SKIPPED, benign=benign)
        case PassGate():
            return replace(state, status=PackageStatus.LANDED)
        case Ask():
            return replace(state, status=PackageStatus.BLOCKED)
        case Start() | Cancel() | Wait() | Finish():
            return state
