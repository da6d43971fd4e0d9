"""observe → decide → act → record, until nothing more can happen. One task group a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from plait.core.event import GateAsked, GatePassed, PackageCancelled, PackageSkipped, RunEnded
from plait.core.lease import TrunkLease
from plait.core.plan import PackageId
from plait.core.queue import next_candidate
from plait.core.run import ACTIVE, PackageState, PackageStatus, conclude
from plait.core.schedule import Action, Ask, Cancel, Finish, PassGate, Skip, Start, decide
from plait.engine.attempt import attempt, take_up
from plait.engine.claimed import Adopted
from plait.engine.context import Context
from plait.engine.land import land


@dataclass(slots=True)
class _InFlight:
    """Tasks that were started and whose first or last event is not yet recorded."""

    starting: set[PackageId] = field(default_factory=set)
    landing: bool = False


async def execute(context: Context, lease: TrunkLease, adopted: Sequence[Adopted] = ()) -> None:
    """Drive the run to its end; adopted attempts go on where they are.

    Raises:
        PlaitError: The environment failed (disk full, git gone): attempts are put away first.
    """
    flight = _InFlight()
    async with anyio.create_task_group() as tasks:
        for each in adopted:
            flight.starting.add(each.package)
            tasks.start_soon(_take_up, context, flight, each, name=f"attempt {each.package}")
        while True:
            actions: Sequence[Action] = decide(
                context.compiled,
                context.journal.run,
                context.limits,
                starting=frozenset(flight.starting),
            )
            actions = await _within_room(context, flight, actions)
            for action in actions:
                if isinstance(action, Finish):
                    status = conclude(context.journal.run)
                    await context.journal.record(RunEnded(status=status))
                    return
                await _act(context, tasks, flight, action)
            _land_next(context, tasks, flight, lease)
            await context.room.changed(context.journal)


async def _within_room(
    context: Context, flight: _InFlight, actions: Sequence[Action]
) -> Sequence[Action]:
    """Without the starts that must wait for room on the disk."""
    run = context.journal.run
    busy = flight.landing or bool(flight.starting or run.with_status(*ACTIVE))
    statuses = [run.packages[each].status for each in flight.starting]
    opening = statuses.count(PackageStatus.PENDING)
    return await context.room.admit(context.journal, actions, busy=busy, starting=opening)


async def _act(context: Context, tasks: TaskGroup, flight: _InFlight, action: Action) -> None:
    record = context.journal.record
    match action:
        case Start(package=package):
            flight.starting.add(package)
            tasks.start_soon(_attempt, context, flight, package, name=f"attempt {package}")
        case Skip(package=package, reason=reason, because=because, benign=benign):
            await record(
                PackageSkipped(package=package, reason=reason, because=because, benign=benign)
            )
        case PassGate(package=package, reason=reason):
            await record(GatePassed(package=package, reason=reason))
        case Ask(package=package, question=question):
            await record(GateAsked(package=package, question=question))
        case Cancel(package=package, reason=reason):
            await record(PackageCancelled(package=package, reason=reason))
        case Finish():
            raise AssertionError("the loop ends on it")


async def _attempt(context: Context, flight: _InFlight, package: PackageId) -> None:
    try:
        await attempt(context, package)
    finally:
        flight.starting.discard(package)
        context.journal.wake()


async def _take_up(context: Context, flight: _InFlight, adopted: Adopted) -> None:
    try:
        await take_up(context, adopted)
    finally:
        flight.starting.discard(adopted.package)
        context.journal.wake()


def _land_next(context: Context, tasks: TaskGroup, flight: _InFlight, lease: TrunkLease) -> None:
    if flight.landing:
        return
    candidate = next_candidate(context.compiled, context.journal.run)
    if candidate is not None:
        flight.landing = True
        tasks.start_soon(_land, context, flight, lease, candidate, name=f"land {candidate.id}")


async def _land(
    context: Context, flight: _InFlight, lease: TrunkLease, candidate: PackageState
) -> None:
    try:
        await land(context, lease, candidate)
    finally:
        flight.landing = False
        context.journal.wake()
