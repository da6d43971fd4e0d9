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
from collections.abc import Iterator, Mapping, Sequence
from math import inf

from plait.core.action import (
    Action,
    Ask,
    Cancel,
    Finish,
    GatePolicy,
    Limits,
    Outside,
    PassGate,
    Skip,
    Start,
    StartDependents,
    UnknownScope,
    Wait,
)
from plait.core.compiled import DEFAULT_ESTIMATE_S, Compiled, compile_plan
from plait.core.frontier import Frontier, Rank, Standing, settle, settled_state, standing_of
from plait.core.package import ACTIVE, ENDED, PackageState, PackageStatus
from plait.core.plan import PackageId
from plait.core.run import Halt, Run
from plait.core.starts import starts

__all__ = [
    "DEFAULT_ESTIMATE_S",
    "Action",
    "Ask",
    "Cancel",
    "Compiled",
    "Finish",
    "GatePolicy",
    "Limits",
    "Outside",
    "PassGate",
    "Skip",
    "Start",
    "StartDependents",
    "UnknownScope",
    "Wait",
    "compile_plan",
    "decide",
]

NOBODY = Outside()


def decide(
    compiled: Compiled,
    run: Run,
    limits: Limits,
    *,
    starting: frozenset[PackageId] = frozenset(),
    waiting: frozenset[PackageId] = frozenset(),
    outside: Outside = NOBODY,
    now: float = inf,
) -> tuple[Action, ...]:
    """What to do now. Pure: the same run, limits, `starting` and `now` give the same actions.

    `starting` are packages whose attempt is under way; those among them that are still pending
    have been ordered but not yet claimed, or are being put away before another attempt.
    `waiting` cannot be claimed now: somebody outside the run holds them, or what they need.
    `outside` are workers from elsewhere; of `starting`, some may be for them.
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
        more = starts(
            compiled,
            run,
            limits,
            rows,
            starting=starting,
            waiting=waiting,
            outside=outside,
            now=now,
        )
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
