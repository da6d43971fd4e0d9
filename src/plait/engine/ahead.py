"""Begin a package on candidates, and begin it anew where one of them falls out."""

from __future__ import annotations

from plait.core.ahead import CANDIDATES, fallen
from plait.core.event import AttemptLost
from plait.core.package import ACTIVE
from plait.core.plan import PackageId
from plait.engine.context import Context, Ended
from plait.engine.control import UnderWay
from plait.engine.keeping import keep_ref

BASE_FELL_OUT = "BASE_FELL_OUT"


async def rebuild(context: Context, under_way: UnderWay) -> bool:
    """Put away what stands on a candidate that fell out; whether there was any.

    It uses up no attempt, and what was done is kept. The package starts again once what it
    needs is a candidate again, and is skipped if that has failed.
    """
    run = context.journal.run
    gone: dict[PackageId, Ended] = {}
    for state in run.with_status(*ACTIVE):
        below = fallen(run.packages, state)
        if below is not None:
            told = f"it was begun on {below}, which did not land as it was then"
            gone[state.id] = Ended(code=BASE_FELL_OUT, reason=told)
    if not gone:
        return False
    context.ended.update(gone)
    await under_way.end(frozenset(gone))
    for package, ended in gone.items():
        context.ended.pop(package, None)
        state = context.journal.run.packages[package]
        if state.status in CANDIDATES and state.commit is not None:
            ref = keep_ref(context, package, state.epoch)
            await context.workspaces.publish(ref, state.commit)
            await context.journal.record(
                AttemptLost(
                    package=package,
                    attempt=state.attempts[-1].number,
                    epoch=state.epoch,
                    reason=ended.reason,
                    kept_ref=ref,
                    error_code=ended.code,
                )
            )
    return True
