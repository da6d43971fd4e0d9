"""Which of the ready packages start now, in the order of rank, and who works on them.

As far as agents are free, and nothing active conflicts. Workers from elsewhere do not count
against the run's own agents: one of them that waits is served first, for it has come to work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import inf

from plait.core import lock_keys
from plait.core.action import Action, Limits, Outside, Start, StartDependents, Wait
from plait.core.ahead import ground
from plait.core.compiled import Compiled
from plait.core.frontier import Rank, Standing, bars, standing_of
from plait.core.package import ACTIVE, PackageStatus
from plait.core.plan import PackageId, WorkPackage
from plait.core.roster import EXTERNAL, ready_at
from plait.core.run import Run

QUEUE_PER_AGENT = 4  # candidates that may wait to land before nothing more starts


@dataclass(slots=True)
class _Hands:
    """Who is free: so many agents of the run's own; the trust of each worker who waits."""

    limits: Limits
    own: int
    outside: list[int]
    missed: list[PackageId]  # ready, and only a worker from elsewhere may have them

    @property
    def free(self) -> bool:
        """Whether anybody is."""
        return self.own > 0 or bool(self.outside)

    def providers(self, package: WorkPackage) -> tuple[str, ...]:
        """The run's own agents who may work on a package."""
        found = self.limits.roster.providers(package)
        return tuple(each for each in found if each != EXTERNAL)

    def take(self, package: WorkPackage) -> Start | None:
        """Somebody for a package, who is no longer free; None: there is nobody."""
        trusted = [each for each in self.outside if each >= (package.trust or 0)]
        if trusted and self.limits.roster.is_open(package):
            self.outside.remove(min(trusted))  # who is trusted with more may get another
            return Start(package=package.id, provider=EXTERNAL)
        if self.limits.roster.providers(package) == (EXTERNAL,):
            self.missed.append(package.id)
            return None
        if self.own <= 0:
            return None
        self.own -= 1
        return Start(package=package.id)


def starts(
    compiled: Compiled,
    run: Run,
    limits: Limits,
    rows: Mapping[Standing, Iterator[tuple[Rank, PackageId]]],
    *,
    starting: frozenset[PackageId],
    waiting: frozenset[PackageId],
    outside: Outside,
    now: float,
) -> list[Action]:
    """Starts in the order of rank, as far as agents are free and nothing active conflicts.

    What must wait for its time is passed over; the last action says when the first of it is up.
    """
    active = {state.id for state in run.with_status(*ACTIVE)} | starting
    hands = _Hands(
        limits=limits,
        own=_free(run, limits, starting=starting, outside=outside),
        outside=sorted(outside.waiting),
        missed=[],
    )
    # One lands at a time: where agents are quicker for long, what they build on falls behind.
    queued = run.packages.count(PackageStatus.VERIFIED)
    if not (hands.free or limits.roster.has_external) or (
        queued >= QUEUE_PER_AGENT * limits.max_agents
    ):
        return []
    compiled.forget(active)
    standings = {standing_of(compiled.packages[each]) for each in active}
    apart = {each for other in active for each in run.packages[other].apart}
    found: list[Action] = []
    first = inf
    for standing, package in _in_order(rows, standings, bars(limits.unknown_scope)):
        if not (hands.free or limits.roster.has_external):
            break
        if (
            package in starting
            or package in waiting
            or package in apart
            or not active.isdisjoint(run.packages[package].apart)
            or _collides(compiled, run, limits, package, active)
        ):
            continue
        known = compiled.packages[package]
        at = ready_at(hands.providers(known), run.packages[package], run.spent.parked, now)
        if at:
            first = min(first, at)
            continue
        start = hands.take(known)
        if start is None:
            continue
        active.add(package)
        apart.update(run.packages[package].apart)
        standings.add(standing)
        found.append(start)
    if first == inf and not hands.missed:
        return found
    return [*found, Wait(until=first, outside=tuple(hands.missed))]


def _in_order(
    rows: Mapping[Standing, Iterator[tuple[Rank, PackageId]]],
    standings: Collection[Standing],
    barred: Mapping[Standing, Collection[Standing]],
) -> Iterator[tuple[Standing, PackageId]]:
    """The ready packages, the first to start first, as long as their standing is not barred.

    By that of what is active, in `standings`, to which more is added meanwhile.
    """
    heads = {standing: next(row, None) for standing, row in rows.items()}
    while True:
        open_heads = [
            (head, standing)
            for standing, head in heads.items()
            if head is not None and not any(each in barred[standing] for each in standings)
        ]
        if not open_heads:
            return
        (_, package), standing = min(open_heads)
        heads[standing] = next(rows[standing], None)
        yield standing, package


def _free(run: Run, limits: Limits, *, starting: frozenset[PackageId], outside: Outside) -> int:
    """How many of the run's own agents may begin."""
    own = [
        state.id
        for state in run.with_status(PackageStatus.RUNNING)
        if state.attempts[-1].provider != EXTERNAL
    ]
    running = {*own, *(starting - outside.starting)}
    # Verification holds a worktree too: agents may run ahead of it by as many again.
    held = running | {state.id for state in run.with_status(PackageStatus.VERIFYING)}
    return min(limits.max_agents - len(running), 2 * limits.max_agents - len(held))


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
