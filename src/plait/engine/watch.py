"""Look at what no event tells of, and put it right: every half lease, and at once at the start.

What to do is decided in `core.repair`. While packages wait for somebody outside the run, it is
looked more often: nothing tells of a lock key that another run has given back.
"""

from __future__ import annotations

from contextlib import suppress

import anyio
from anyio import to_thread

from plait import process
from plait.core.event import AttemptLost, PackageWaits, RunId
from plait.core.lease import HeldKey
from plait.core.plan import PackageId
from plait.core.repair import Free, GiveBack, Hold, PutBack, Repair, Seen, Stop, TryAgain, repairs
from plait.engine.context import Context
from plait.engine.control import UnderWay
from plait.errors import LeaseHeld, LockHeld, StaleEpoch

WAIT_LOOK_S = 2.0


async def watch(context: Context, under_way: UnderWay) -> None:
    """Look again and again, as long as this is not cancelled."""
    due = 0.0
    while True:
        wanting = context.holding.wanting
        if under_way.waiting or wanting or anyio.current_time() >= due:
            due = anyio.current_time() + context.holding.terms.look_s
            for repair in await _look(context, under_way):
                await _do(context, under_way, repair)
            context.journal.wake()
        await anyio.sleep(WAIT_LOOK_S)


async def wait(
    context: Context, under_way: UnderWay, package: PackageId, held: LeaseHeld | LockHeld
) -> None:
    """Leave a package pending, and tell on whom it waits, once."""
    match held:
        case LockHeld():
            reason, key = f"waits: {held.message}", held.key
        case LeaseHeld():
            reason, key = f"waits: it is claimed by {held.holder}", ""
    under_way.waiting.add(package)
    if context.journal.run.packages[package].reason != reason:
        await context.journal.record(PackageWaits(package=package, reason=reason, key=key))


async def _look(context: Context, under_way: UnderWay) -> tuple[Repair, ...]:
    """What is to be put right: two or three queries, none of them per package."""
    store, holder, run = context.holding.store, context.holding.holder, context.journal.run
    expired = await to_thread.run_sync(store.expired, run.id)
    held: tuple[HeldKey, ...] = ()
    decided = frozenset[RunId]()
    waiting = {*under_way.waiting, *context.holding.wanting}
    if waiting:
        held = await to_thread.run_sync(store.held_keys)
        runs = await to_thread.run_sync(store.held_runs)
        decided = frozenset(each.run for each in runs if not holder.survives(each.holder))
    packages = context.compiled.packages
    return repairs(
        Seen(
            run=context.journal.run,  # as it is now, like the tasks
            expired=expired,
            working=under_way.starting,
            waiting={each: packages[each].locks.keys for each in waiting},
            held=held,
            decided=decided,
        )
    )


async def _do(context: Context, under_way: UnderWay, repair: Repair) -> None:
    match repair:
        case PutBack(package=package) if package not in under_way.attempts:
            last = context.journal.run.packages[package].attempts[-1]
            await context.journal.record(
                AttemptLost(
                    package=package,
                    attempt=last.number,
                    epoch=last.epoch,
                    reason="nobody works on it",
                )
            )
        case PutBack():
            pass  # somebody does by now
        case Stop(package=package):
            context.holding.stop(package)
        case Hold(package=package, epoch=epoch):
            context.holding.held.setdefault(package, epoch)
        case GiveBack(package=package, epoch=epoch):
            with suppress(StaleEpoch):
                await context.journal.release(package, epoch)
        case Free(held=held):
            if not await to_thread.run_sync(_is_inhabited, context, held):
                await to_thread.run_sync(_free, context, held)
        case TryAgain(package=package):
            under_way.waiting.discard(package)
            if package in context.holding.wanting:
                keys = context.compiled.packages[package].locks.keys
                await context.holding.take_keys(package, keys)


def _free(context: Context, held: HeldKey) -> None:
    """Of a run that nobody decides, or whose orchestrator is known to be over."""
    store, holder = context.holding.store, context.holding.holder
    runs = {each.run: each.holder for each in store.held_runs()}
    over = runs.get(held.run)
    store.free_keys(held, over=over if over is not None and holder.survives(over) else None)


def _is_inhabited(context: Context, held: HeldKey) -> bool:
    """Whether an agent of that package may still be at work on this machine."""
    locks = (context.places.state / "runs" / held.run / held.package).glob(f"*/{process.ALIVE}")
    kept = (process.adopt(lock.parent) for lock in locks)
    return any(each is not None and each.living for each in kept) or process.lives(
        "PLAIT_RUN", held.run
    )
