"""decide(compiled, run, limits) → Actions: who starts now, who never will, when it is over.

Critical-path-first among the ready, with backfill: a ready package that conflicts with an
active one is passed over, not waited for (Graham's list scheduling; head-of-line blocking costs
1.5 times the makespan). Two packages that may write a common path, or hold a common lock, are
never active at once; active means from the claim to the landing, since a package that starts
before the other has landed would build on a tree without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from plait.core import graph as graphs, lock_keys
from plait.core.graph import Graph
from plait.core.plan import (
    Confidence,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    SourceStatus,
    WorkPackage,
)
from plait.core.run import ACTIVE, ENDED, SATISFIED, PackageState, PackageStatus, Run
from plait.core.scope import overlap, scopes_overlap

DEFAULT_ESTIMATE_S = 600.0
_ORDER_ONLY = frozenset({Provenance.SCOPE, Provenance.LOCK})  # such an edge outlives a failure


class UnknownScope(StrEnum):
    """What packages whose scope is unknown may run beside."""

    DECLARED = "declared"  # others, where the source marks both as parallel
    SERIAL = "serial"  # nothing
    SHARED = "shared"  # anything
    REFUSE = "refuse"  # they do not run at all (a finding says so before)


class GatePolicy(StrEnum):
    """What a gate without a reviewer does."""

    CHECKS = "checks"  # it passes when the checks of what it guards passed on the landed tree
    ASK = "ask"  # it blocks, for a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the owner of a run allows. `max_agents` counts agents at work."""

    max_agents: int = 6
    fail_fast: bool = False
    stop_on_critical: bool = False
    unknown_scope: UnknownScope = UnknownScope.DECLARED
    gates: GatePolicy = GatePolicy.CHECKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Begin an attempt."""

    package: PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """It will never start; `because` names what stands in its way."""

    package: PackageId
    reason: str
    because: tuple[PackageId, ...] = ()
    benign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PassGate:
    """A gate's condition holds."""

    package: PackageId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A gate that a person must judge."""

    package: PackageId
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """The owner's rule ends it before it began."""

    package: PackageId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """Nothing more can happen."""


Action = Start | Skip | PassGate | Ask | Cancel | Finish


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A plan made ready for deciding: its graph, tails (seconds to the end), critical path."""

    plan: Plan
    graph: Graph
    packages: Mapping[PackageId, WorkPackage]
    order: tuple[PackageId, ...]
    tails: Mapping[PackageId, float]
    critical: frozenset[PackageId]
    rank: Mapping[PackageId, tuple[float, int, int]]
    _conflicts: dict[tuple[PackageId, PackageId, UnknownScope], str] = field(
        default_factory=dict, compare=False, repr=False
    )

    def conflict(self, one: PackageId, other: PackageId, policy: UnknownScope) -> str:
        """Why two packages must not be active at once; empty if they may."""
        a, b = sorted((one, other))
        known = self._conflicts.get((a, b, policy))
        if known is None:
            known = conflict(self.packages[a], self.packages[b], policy)
            self._conflicts[a, b, policy] = known
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
    return Compiled(
        plan=plan,
        graph=graph,
        packages=packages,
        order=graphs.order(graph),
        tails=tails,
        critical=frozenset(graphs.critical_path(graph, durations)),
        rank={
            package.id: (-tails[package.id], package.priority, index)
            for index, package in enumerate(plan.packages)
        },
    )


def decide(
    compiled: Compiled, run: Run, limits: Limits, *, starting: frozenset[PackageId] = frozenset()
) -> tuple[Action, ...]:
    """What to do now. Pure: the same run, limits and `starting` give the same actions.

    `starting` are packages whose attempt is under way; those among them that are still pending
    have been ordered but not yet claimed, or are being put away before another attempt.
    """
    starting = frozenset(
        package for package in starting if run.packages[package].status is PackageStatus.PENDING
    )
    actions: list[Action] = []
    ready: list[PackageId] = []
    settled = dict(run.packages)  # with what this very decision settles, so that skips spread
    for package in compiled.order:
        state = settled.get(package)
        if state is None or state.status is not PackageStatus.PENDING or package in starting:
            continue
        action = _settle(settled, compiled.packages[package], limits)
        if action is None:
            continue
        if isinstance(action, Start):
            ready.append(package)
            continue
        actions.append(action)
        settled[package] = _settled_state(state, action)
    stop = _stop_reason(compiled, run, limits)
    if stop:
        actions += _cancel_rest(settled, starting, stop)
    else:
        actions += _starts(compiled, run, limits, ready, starting)
    if not actions and not starting and not run.with_status(*ACTIVE):
        stuck = [state for state in run.packages.values() if state.status not in ENDED]
        actions += [Skip(package=state.id, reason="it can never start") for state in stuck]
        if not stuck:
            actions.append(Finish())
    return tuple(actions)


def conflict(one: WorkPackage, other: WorkPackage, policy: UnknownScope) -> str:
    """Why two packages must not be active at once, in a phrase; empty if they may."""
    keys = lock_keys.shared(one.locks.keys, other.locks.keys)
    if keys is not None:
        return f"both hold the lock {lock_keys.told(*keys)}"
    for mine in one.locks.files:
        for theirs in other.locks.files:
            if overlap(mine, theirs):
                return f"both lock {mine}"
    if Confidence.UNKNOWN in {one.scope.confidence, other.scope.confidence}:
        match policy:
            case UnknownScope.SHARED:
                return ""
            case UnknownScope.SERIAL | UnknownScope.REFUSE:
                return "the scope of one is unknown"
            case UnknownScope.DECLARED:
                marked = one.parallel and other.parallel
                return "" if marked else "the scope of one is unknown"
    shared = scopes_overlap(one.scope, other.scope)
    return f"both may write {shared}" if shared else ""


def _settle(
    states: Mapping[PackageId, PackageState],
    package: WorkPackage,
    limits: Limits,
) -> Action | None:
    """Ready, never, a gate's turn, or (None) still waiting."""
    if package.status is SourceStatus.SKIPPED:
        return Skip(
            package=package.id,
            reason=_left_out(package),
            benign=True,
        )
    lost: list[PackageId] = []
    waiting = False
    for edge in package.needs:
        needed = states.get(edge.id)
        if needed is None or needed.status in SATISFIED or needed.benign:
            continue
        if needed.status not in ENDED:
            waiting = True
        elif edge.provenance not in _ORDER_ONLY:
            lost.append(edge.id)
    if lost:
        told = ", ".join(f"{each} ({states[each].status})" for each in lost)
        return Skip(package=package.id, reason=f"it needs {told}", because=tuple(lost))
    if waiting:
        return None
    if package.kind in {PackageKind.GATE, PackageKind.CHECKPOINT}:
        return _gate(states, package, limits)
    return Start(package=package.id)


def _left_out(package: WorkPackage) -> str:
    if package.kind is PackageKind.FIX:
        return "conditional: it runs only if its gate fails"
    return "optional" if package.optional else "the plan leaves it out"


def _gate(states: Mapping[PackageId, PackageState], package: WorkPackage, limits: Limits) -> Action:
    if limits.gates is GatePolicy.ASK:
        return Ask(package=package.id, question=f"Does {package.title!r} pass?")
    unchecked = [each for each in package.guards if (state := states.get(each)) and state.unchecked]
    reason = "passed by checks; not reviewed"
    if unchecked:
        reason = f"not reviewed; without checks: {', '.join(unchecked)}"
    return PassGate(package=package.id, reason=reason)


def _settled_state(state: PackageState, action: Action) -> PackageState:
    match action:
        case Skip(benign=benign):
            return replace(state, status=PackageStatus.SKIPPED, benign=benign)
        case PassGate():
            return replace(state, status=PackageStatus.LANDED)
        case Ask():
            return replace(state, status=PackageStatus.BLOCKED)
        case Start() | Cancel() | Finish():
            return state


def _stop_reason(compiled: Compiled, run: Run, limits: Limits) -> str:
    failed = [state.id for state in run.with_status(PackageStatus.FAILED)]
    if limits.fail_fast and failed:
        return f"--fail-fast: {failed[0]} failed"
    critical = [each for each in failed if each in compiled.critical]
    if limits.stop_on_critical and critical:
        return f"--stop-on critical: {critical[0]} failed, and it is on the critical path"
    return ""


def _cancel_rest(
    states: Mapping[PackageId, PackageState], starting: frozenset[PackageId], reason: str
) -> list[Action]:
    return [
        Cancel(package=state.id, reason=reason)
        for state in states.values()
        if state.status is PackageStatus.PENDING and state.id not in starting
    ]


def _starts(
    compiled: Compiled,
    run: Run,
    limits: Limits,
    ready: list[PackageId],
    starting: frozenset[PackageId],
) -> list[Action]:
    running = {state.id for state in run.with_status(PackageStatus.RUNNING)} | starting
    active = {state.id for state in run.with_status(*ACTIVE)} | starting
    # Verification holds a worktree too: agents may run ahead of it by as many again.
    held = running | {state.id for state in run.with_status(PackageStatus.VERIFYING)}
    free = min(limits.max_agents - len(running), 2 * limits.max_agents - len(held))
    starts: list[Action] = []
    for package in sorted(ready, key=compiled.rank.__getitem__):
        if len(starts) >= free:
            break
        if any(compiled.conflict(package, other, limits.unknown_scope) for other in active):
            continue
        active.add(package)
        starts.append(Start(package=package))
    return starts
