"""observe → decide → act → record, until nothing more can happen. One task group a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from plait.core.ahead import ground
from plait.core.event import GateAsked, GatePassed, PackageCancelled, PackageSkipped, RunEnded
from plait.core.lease import TrunkLease
from plait.core.plan import PackageId
from plait.core.run import ACTIVE, PackageStatus, conclude
from plait.core.schedule import Action, Ask, Cancel, Finish, PassGate, Skip, Start, Wait, decide
from plait.engine.ahead import rebuild
from plait.engine.attempt import attempt, take_up
from plait.engine.claimed import Adopted, hired
from plait.engine.context import Context
from plait.engine.control import UnderWay, Work, carry_out, listen
from plait.engine.ground import NoGroundError
from plait.engine.integration import Integration
from plait.engine.limits import close, out_of_time, patience_s
from plait.engine.lost import lose
from plait.engine.memory import LOOK_S
from plait.engine.qa import try_out
from plait.engine.qa_agent import qa_agent
from plait.engine.queue import MergeQueue
from plait.engine.tampering import tell_altered
from plait.engine.watch import wait, watch
from plait.engine.worker import tell_of_waiting
from plait.errors import LeaseHeld, LockHeld, StaleEpoch


async def execute(context: Context, lease: TrunkLease, adopted: Sequence[Adopted] = ()) -> None:
    """Drive the run to its end; adopted attempts go on where they are.

    Raises:
        PlaitError: The environment failed (disk full, git gone): attempts are put away first.
        RunTaken: Another orchestrator has claimed the run: likewise.
    """
    before = await to_thread.run_sync(context.holding.store.landings)
    queue = MergeQueue(context=context, lease=lease, landed=before.landed, failed=before.red)
    under_way, whole = UnderWay(queue=queue), Integration(context=context, tested=queue.tested)
    async with anyio.create_task_group() as tasks:
        for each in adopted:
            under_way.attempts[each.package] = Work()
            tasks.start_soon(_take_up, context, under_way, each, name=f"attempt {each.package}")
        tasks.start_soon(listen, context, name="listen")
        tasks.start_soon(context.ears.hear, name="ears")
        tasks.start_soon(watch, context, under_way, name="watch")
        tasks.start_soon(queue.tend, name="queue")
        context.journal.watch(context.remembering.notice)
        tasks.start_soon(context.remembering.tend, name="remembering")
        while not await out_of_time(context, under_way):
            await carry_out(context, under_way)
            await rebuild(context, under_way)
            run = context.journal.run
            actions: Sequence[Action] = decide(
                context.compiled,
                run,
                replace(context.limits, max_agents=run.max_agents),
                starting=under_way.starting,
                outside=context.outside.seen(under_way.lent),
                waiting=frozenset(under_way.waiting) | _without_ground(context, under_way),
                now=context.clock.now(),
            )
            actions = await _within_room(context, under_way, actions)
            for action in actions:
                if not isinstance(action, Finish):
                    await _act(context, tasks, under_way, action)
                elif whole.holds_back(tasks):
                    continue  # everything has landed: it is judged as a whole first
                elif not await carry_out(context, under_way):  # what was asked at the last moment
                    await tell_altered(context)
                    status = conclude(context.journal.run)
                    await context.journal.record(RunEnded(status=status))
                    tasks.cancel_scope.cancel()
                    return
                else:
                    context.journal.wake()
            queue.wake()
            patience = patience_s(context, actions)
            if context.memory.is_tight:
                patience = min(patience or LOOK_S, LOOK_S)
            await context.room.changed(context.journal, within_s=patience)
        await close(context)
        tasks.cancel_scope.cancel()


async def _within_room(
    context: Context, under_way: UnderWay, actions: Sequence[Action]
) -> Sequence[Action]:
    """Without the starts that must wait for room on the disk, or for memory."""
    run = context.journal.run
    busy = bool(under_way.landing or under_way.attempts or run.with_status(*ACTIVE))
    statuses = [run.packages[each].status for each in under_way.attempts]
    opening = statuses.count(PackageStatus.PENDING)
    actions = await context.room.admit(context.journal, actions, busy=busy, starting=opening)
    return await context.memory.admit(
        context.journal,
        actions,
        busy=bool(under_way.attempts),
        starting=tuple(under_way.attempts),
        hired=lambda each: _hired(context, each),
    )


def _hired(context: Context, package: PackageId) -> str:
    """Who would work on a package; empty: no agent."""
    known = context.compiled.packages[package]
    return qa_agent(context, known) if known.own else hired(context, known)


async def _act(context: Context, tasks: TaskGroup, under_way: UnderWay, action: Action) -> None:
    record = context.journal.record
    match action:
        case Start(package=package, provider=provider):
            under_way.attempts[package] = Work(provider=provider)
            begin = partial(_attempt, context, under_way, package, provider)
            tasks.start_soon(begin, name=f"attempt {package}")
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
        case Wait(outside=packages):  # the loop looks again by itself
            await tell_of_waiting(context, packages)
        case Finish():
            raise AssertionError("the loop ends on it")


async def _attempt(
    context: Context, under_way: UnderWay, package: PackageId, provider: str
) -> None:
    with _woken(context):
        try:
            with under_way.attempt(package), context.holding.working(package):
                if context.compiled.packages[package].own:
                    await try_out(context, package)
                else:
                    await attempt(context, package, provider)
            await tell_altered(context, package)
        except (LeaseHeld, LockHeld) as held:
            await wait(context, under_way, package, held)
        except NoGroundError:
            under_way.groundless.add(package)
        except StaleEpoch as stale:
            await lose(context, stale)


def _without_ground(context: Context, under_way: UnderWay) -> frozenset[PackageId]:
    """What cannot begin ahead; once all that it needs has landed, there is nothing to merge."""
    packages = context.journal.run.packages
    under_way.groundless = {
        each for each in under_way.groundless if ground(context.compiled.graph, packages, each)
    }
    return frozenset(under_way.groundless)


async def _take_up(context: Context, under_way: UnderWay, adopted: Adopted) -> None:
    with _woken(context):
        try:
            with under_way.attempt(adopted.package), context.holding.working(adopted.package):
                await take_up(context, adopted)
            await tell_altered(context, adopted.package)
        except StaleEpoch as stale:
            await lose(context, stale)


@contextmanager
def _woken(context: Context) -> Iterator[None]:
    """Let the loop look again once it is over."""
    try:
        yield
    finally:
        context.journal.wake()
