"""A package that somebody else has claimed since."""

from __future__ import annotations

from plait.core.event import ClaimLost
from plait.core.package import PackageStatus
from plait.core.plan import PackageId
from plait.engine.context import Context
from plait.engine.keeping import keep_ref
from plait.errors import StaleEpoch


async def lose(context: Context, stale: StaleEpoch) -> None:
    """Tell that a package was claimed by somebody else; it is started again once it is free."""
    package = PackageId(stale.package)
    context.holding.lost.pop(package, None)
    context.holding.held.pop(package, None)
    state = context.journal.run.packages[package]
    if not state.attempts or state.status is PackageStatus.PENDING:
        context.journal.knows(package, stale.current)
        return
    await context.journal.record(
        ClaimLost(
            package=package,
            attempt=state.attempts[-1].number,
            held=stale.held,
            current=stale.current,
            refused=stale.message,
            kept_ref=keep_ref(context, package, stale.held),
        )
    )
