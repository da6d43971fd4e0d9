"""decide(compiled, run, limits) → Actions: who starts now, who never will, when it is over.

Critical-path-first among the ready, with backfill: a ready package that conflicts with an
active one is passed over, not waited for (Graham's list scheduling; head-of-line blocking costs
1.5 times the makespan). Two packages that may write a common path, or hold a common lock, are
never active at once; active means from the claim to the landing, since a package that starts
before the other has landed would build on a tree without it.
"""

from __future__ import annotations

import heapq
from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from plait.core import graph as graphs, lock_keys
from plait.core.action import (
    Action,
    Ask,
    Cancel,
    Finish,
    GatePolicy,
    Limits,
    PassGate,
    Skip,
    Start,
    StartDependents,
    UnknownScope,
    Wait,
)
from plait.core.ahead import ground
from plait.core.collision import conflict
from plait.core.frontier import Frontier, Rank, Standing, bars, settle, settled_state, standing_of
from plait.core.graph import Graph
from plait.core.package import ACTIVE, ENDED, PackageState, PackageStatus
from plait.core.plan import PackageId, Plan, WorkPackage
from plait.core.roster import ready_at
from plait.core.run import Halt, Run

__all__ = [
    "DEFAULT_ESTIMATE_S",
    "Action",
    "Ask",
    "Cancel",
    "Compiled",
    "Finish",
    "GatePolicy",
    "Limits",
    "PassGate",
    "Skip",
    "Start",
    "StartDependents",
    "UnknownScope",
    "Wait",
    "compile_plan",
    "decide",
]

DEFAULT_ESTIMATE_S = 600.0
QUEUE_PER_AGENT = 4  # candidates that may wait to land before nothing more starts


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


def decide(
    compiled: Compiled,
    run: Run,
    limits: Limits,
    *,
    starting: frozenset[PackageId] = frozenset(),
    waiting: frozenset[PackageId] = frozenset(),
    now: float = inf,
) -> tuple[Action, ...]:
    """What to do now. Pure: the same run, limits, `starting` and `now` give the same actions.

    `starting` are packages whose attempt is under way; those among them that are still pending
    have been ordered but not yet claimed, or are being put away before another attempt.
    `waiting` cannot be claimed now: somebody outside the run holds them, or what they need.
    `now` is Unix time; without it every wait is over.
    """
    starting = frozenset(
        package for package in starting if run.packages[package].status is PackageStatus.PENDING
    )
    waiting = frozenset(  # one may have been cancelled meanwhile, or the money be spent
        package
        for package in waiting
        if run.packages[package].status is PackageStatus.PENDING and run.spent.reached is None
    )
    frontier = compiled.frontier(run, limits)
    actions, settled, freed = _settlements(compiled, run, frontier, starting)
    stop = _stop_reason(compiled, run, limits)
    if run.halt is not None:
        return _halted(run, run.halt, starting)
    later = {} if stop else _later_phases(compiled, run, starting)
    actions += [each for each in later.values() if each.package not in settled]
    if stop:
        actions += _cancel_rest(run, settled, starting, stop)
    elif run.spent.reached is None:
        rows = _rows(compiled, frontier, freed)
        more = _starts(compiled, run, limits, rows, starting=starting, waiting=waiting, now=now)
        actions += [
            each for each in more if not (isinstance(each, Start) and each.package in later)
        ]
    if not actions and not starting and not waiting and not run.packages.count(*ACTIVE):
        stuck = [state for state in run.packages.values() if state.status not in ENDED]
        if run.spent.reached is not None:
            stuck = []  # it is not their fault: they can start once there is more to spend
        actions += [Skip(package=state.id, reason="it can never start") for state in stuck]
        if not stuck:
            actions.append(Finish())
    return tuple(actions)


def _halted(run: Run, halt: Halt, starting: frozenset[PackageId]) -> tuple[Action, ...]:
    """Nothing starts; once what is to be finished is, the run comes to rest."""
    if halt is Halt.CANCEL:
        open_ones = run.with_status(PackageStatus.PENDING, *ACTIVE)
        if open_ones and not starting:
            return tuple(
                Cancel(package=state.id, reason="the run was cancelled") for state in open_ones
            )
    under_way = run.packages.count(*ACTIVE) if halt is Halt.DRAIN else 0
    return () if starting or under_way else (Finish(),)


def _settlements(
    compiled: Compiled, run: Run, frontier: Frontier, starting: frozenset[PackageId]
) -> tuple[list[Action], dict[PackageId, PackageState], list[PackageId]]:
    """What is settled without a start: skips and gates, and what follows from these at once.

    Returns:
        The actions, the states that they lead to, and packages that they set free.
    """
    actions: list[Action] = []
    settled: dict[PackageId, PackageState] = {}
    freed: list[PackageId] = []
    view = ChainMap(settled, run.packages)  # type: ignore[arg-type]  # it is only read
    queue = [compiled.place[each] for each in frontier.settling if each not in starting]
    heapq.heapify(queue)
    seen = set(queue)
    while queue:
        package = compiled.order[heapq.heappop(queue)]
        known = compiled.packages[package]
        action = settle(view, known, frontier.gates, ahead=frontier.ahead)
        if isinstance(action, Start):
            freed.append(package)
        elif action is not None:
            actions.append(action)
            settled[package] = settled_state(run.packages[package], action)
            for other in compiled.graph.dependents[package]:
                state = run.packages.get(other)
                waits = state is not None and state.status is PackageStatus.PENDING
                if waits and other not in starting and compiled.place[other] not in seen:
                    seen.add(compiled.place[other])
                    heapq.heappush(queue, compiled.place[other])
    return actions, settled, freed


def _stop_reason(compiled: Compiled, run: Run, limits: Limits) -> str:
    if not (limits.fail_fast or limits.stop_on_critical):
        return ""
    failed = [state.id for state in run.with_status(PackageStatus.FAILED)]
    if limits.fail_fast and failed:
        return f"--fail-fast: {failed[0]} failed"
    critical = [each for each in failed if each in compiled.critical]
    if limits.stop_on_critical and critical:
        return f"--stop-on critical: {critical[0]} failed, and it is on the critical path"
    return ""


def _later_phases(
    compiled: Compiled, run: Run, starting: frozenset[PackageId]
) -> dict[PackageId, Skip]:
    """Where the source means phases as barriers: after a block no later phase is begun.

    Also not by packages that do not depend on what is blocked.
    """
    blocked = run.with_status(PackageStatus.BLOCKED) if compiled.plan.phased else ()
    if not blocked:
        return {}
    places = {
        phase: place
        for place, phase in enumerate(
            dict.fromkeys(each.phase for each in compiled.plan.packages if each.phase)
        )
    }
    stops = [
        (places[phase], state.id)
        for state in blocked
        if (phase := compiled.packages[state.id].phase) is not None
    ]
    if not stops:
        return {}
    place, package = min(stops)
    return {
        state.id: Skip(
            package=state.id,
            reason=f"{phase} does not begin: {package} is blocked",
            because=(package,),
        )
        for state in run.with_status(PackageStatus.PENDING)
        if state.id not in starting
        and (phase := compiled.packages[state.id].phase) is not None
        and places[phase] > place
    }


def _cancel_rest(
    run: Run,
    settled: Mapping[PackageId, PackageState],
    starting: frozenset[PackageId],
    reason: str,
) -> list[Action]:
    return [
        Cancel(package=state.id, reason=reason)
        for state in run.with_status(PackageStatus.PENDING)
        if state.id not in starting and state.id not in settled
    ]


def _starts(
    compiled: Compiled,
    run: Run,
    limits: Limits,
    rows: Mapping[Standing, Iterator[tuple[Rank, PackageId]]],
    *,
    starting: frozenset[PackageId],
    waiting: frozenset[PackageId],
    now: float,
) -> list[Action]:
    """Starts in the order of rank, as far as agents are free and nothing active conflicts.

    What must wait for its time is passed over; the last action says when the first of it is up.
    """
    running = {state.id for state in run.with_status(PackageStatus.RUNNING)} | starting
    active = {state.id for state in run.with_status(*ACTIVE)} | starting
    # Verification holds a worktree too: agents may run ahead of it by as many again.
    held = running | {state.id for state in run.with_status(PackageStatus.VERIFYING)}
    free = min(limits.max_agents - len(running), 2 * limits.max_agents - len(held))
    # One lands at a time: where agents are quicker for long, what they build on falls behind.
    queued = run.packages.count(PackageStatus.VERIFIED)
    if free <= 0 or queued >= QUEUE_PER_AGENT * limits.max_agents:
        return []
    compiled.forget(active)
    barred = bars(limits.unknown_scope)
    standings = {standing_of(compiled.packages[each]) for each in active}
    apart = {each for other in active for each in run.packages[other].apart}
    heads = {standing: next(row, None) for standing, row in rows.items()}
    starts: list[Action] = []
    first = inf
    while len(starts) < free:
        open_heads = [
            (head, standing)
            for standing, head in heads.items()
            if head is not None and not standings & barred[standing]
        ]
        if not open_heads:
            break
        (_, package), standing = min(open_heads)
        heads[standing] = next(rows[standing], None)
        if (
            package in starting
            or package in waiting
            or package in apart
            or not active.isdisjoint(run.packages[package].apart)
            or _collides(compiled, run, limits, package, active)
        ):
            continue
        providers = limits.roster.providers(compiled.packages[package])
        at = ready_at(providers, run.packages[package], run.spent.parked, now)
        if at:
            first = min(first, at)
            continue
        active.add(package)
        apart.update(run.packages[package].apart)
        standings.add(standing)
        starts.append(Start(package=package))
    return starts if first == inf else [*starts, Wait(until=first)]


def _collides(
    compiled: Compiled,
    run: Run,
    limits: Limits,
    package: PackageId,
    active: Collection[PackageId],
) -> bool:
    """Whether it must not be active beside one of these.

    What it would be built on is in its tree already: with that it shares paths, but no lock key.
    """
    below: frozenset[PackageId] = frozenset()
    if limits.start_dependents is StartDependents.VERIFIED:
        below = frozenset(state.id for state in ground(compiled.graph, run.packages, package))
        keys = compiled.packages[package].locks.keys
        if any(lock_keys.shared(keys, compiled.packages[each].locks.keys) for each in below):
            return True
    return any(
        other not in below and compiled.conflict(package, other, limits.unknown_scope)
        for other in active
    )


def _rows(
    compiled: Compiled, frontier: Frontier, freed: Sequence[PackageId]
) -> dict[Standing, Iterator[tuple[Rank, PackageId]]]:
    """The ready packages by standing, the first to start first; `freed` only just became so."""
    more: dict[Standing, list[tuple[Rank, PackageId]]] = {each: [] for each in Standing}
    for package in freed:
        standing = standing_of(compiled.packages[package])
        more[standing].append((compiled.rank[package], package))
    return {
        standing: heapq.merge(row, sorted(more[standing])) if more[standing] else iter(row)
        for standing, row in frontier.ready.items()
    }
