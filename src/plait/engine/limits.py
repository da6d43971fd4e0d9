"""What a run may use up: told when it is used up; its end, when that was time; when to look."""

from __future__ import annotations

from collections.abc import Sequence

from plait.core.action import Action, Wait
from plait.core.event import PackageCancelled, RunEnded, RunLimit
from plait.core.limit import limit_reached
from plait.core.package import ENDED
from plait.core.retry import RUN_TIMEOUT
from plait.core.run import conclude
from plait.engine.context import Context, Ended
from plait.engine.control import UnderWay

LONGEST_S = 30.0  # clocks are set, machines are suspended: look again from time to time


async def out_of_time(context: Context, under_way: UnderWay) -> bool:
    """Record a limit that the run has come to; whether its time is over.

    Then what is at work is ended, and put away.
    """
    reached = limit_reached(context.journal.run, context.clock.now())
    if reached is not None:
        await context.journal.record(reached)
    told = context.journal.run.spent.reached
    if told is None or told.limit is not RunLimit.TIME:
        return False
    packages = under_way.starting | under_way.landing
    ended = Ended(code=RUN_TIMEOUT, reason=told.reason)
    context.ended.update(dict.fromkeys(packages, ended))
    await under_way.end(packages)
    return True


async def close(context: Context) -> None:
    """End a run whose time is over; what was at work has been put away."""
    run = context.journal.run
    reached = run.spent.reached
    assert reached is not None  # noqa: S101 - its time is over
    left = [state.id for state in run.packages.values() if state.status not in ENDED]
    cancelled = [PackageCancelled(package=each, reason=reached.reason) for each in left]
    await context.journal.record(*cancelled)
    await context.journal.record(RunEnded(status=conclude(context.journal.run)))


def patience_s(context: Context, actions: Sequence[Action]) -> float | None:
    """In how many seconds to decide again although nothing happened; None for never."""
    waits = [action.until for action in actions if isinstance(action, Wait)]
    deadline = context.journal.run.spent.deadline
    if deadline is not None:
        waits.append(deadline)
    if not waits:
        return None
    return min(max(0.0, min(waits) - context.clock.now()), LONGEST_S)
