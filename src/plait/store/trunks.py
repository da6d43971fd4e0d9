"""Claims on runs: who decides a run, and the guard of every write of it.

The row of the run's claim is locked first, by whoever writes: so a claim comes before a write or
after it, and a write of the one who was superseded comes to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from plait.core.event import RunId
from plait.core.lease import Epoch, TrunkLease
from plait.errors import RunHeld, RunTaken, UsageError
from plait.ports import HeldKey, HeldRun
from plait.store import statements
from plait.store.refusals import no_such_run, only


def claim(
    connection: Connection,
    run: RunId,
    *,
    holder: str,
    ttl_s: float,
    over: str | None,
    at: float | None,
) -> TrunkLease:
    """The next claim on a run, or a refusal that names who holds it.

    Raises:
        RunHeld: Another holder's claim lasts.
        UsageError: `NO_SUCH_RUN`.
    """
    branch: str = only(connection, statements.RUN, run).branch
    given = {"of_run": run, "new_holder": holder}
    while True:
        wanted = {**given, "ttl": ttl_s, "over": over, "at": at}
        epoch = connection.execute(statements.CLAIM_TRUNK, wanted).scalar_one_or_none()
        if epoch is not None:
            connection.execute(statements.INHERIT, given)
            return TrunkLease(run=run, branch=branch, epoch=Epoch(epoch), holder=holder)
        _, other, remaining = _trunk(connection, run, at=at)
        if other is not None and remaining > 0:
            raise RunHeld(run, holder=other, remaining_s=remaining)
        # It was let go, or ran out, between the two statements: it is ours to claim.


def renew(
    connection: Connection, run: RunId, *, epoch: int, ttl_s: float, at: float | None
) -> None:
    """The same claim, for `ttl_s` seconds from now.

    Raises:
        RunTaken: The run has another epoch.
        UsageError: `NOT_CLAIMED`, `NO_SUCH_RUN`.
    """
    require(connection, run, epoch)
    given = {"of_run": run, "ttl": ttl_s, "at": at}
    if connection.execute(statements.RENEW_TRUNK, given).scalar_one_or_none() is None:
        raise UsageError(
            f"run {run} is not claimed: its lease was given back",
            code="NOT_CLAIMED",
            hint="claim it anew",
        )


def release(connection: Connection, run: RunId, *, epoch: int) -> None:
    """Give back the claim; again does no harm.

    Raises:
        RunTaken: The run has another epoch.
        UsageError: `NO_SUCH_RUN`.
    """
    require(connection, run, epoch)
    connection.execute(statements.RELEASE_TRUNK, {"of_run": run})


def require(connection: Connection, run: RunId, epoch: int) -> None:
    """Refuse any other epoch than the run's; its row stays locked until the commit.

    Raises:
        RunTaken: The run has another epoch.
        UsageError: `NO_SUCH_RUN`.
    """
    current, holder, _ = _trunk(connection, run, at=None)
    if epoch != current:
        raise RunTaken(run, held=epoch, current=current, holder=holder or "")


def held(connection: Connection, *, at: float | None) -> tuple[HeldRun, ...]:
    """The runs that somebody decides."""
    found: Iterable[Any] = connection.execute(statements.HELD_TRUNKS, {"at": at})
    return tuple(
        HeldRun(run=run, epoch=Epoch(epoch), holder=holder, remaining_s=remaining)
        for run, epoch, holder, remaining in found
    )


def free_keys(connection: Connection, held: HeldKey, *, over: str | None, at: float | None) -> bool:
    """Take a package's keys of that epoch from it, unless somebody decides its run."""
    _, holder, remaining = _trunk(connection, held.run, at=at)
    if holder not in {None, over} and remaining > 0:
        return False
    connection.execute(
        statements.UNLOCK_EPOCH,
        {"of_run": held.run, "of_package": held.package, "of_epoch": held.epoch},
    )
    return True


def _trunk(
    connection: Connection, run: RunId, *, at: float | None
) -> tuple[int, str | None, float]:
    """Epoch, holder, and for how many seconds more; the row stays locked until the commit."""
    row = connection.execute(statements.TRUNK, {"run": run, "at": at}).one_or_none()
    if row is None:
        raise no_such_run(run)
    epoch, holder, remaining = row
    return epoch, holder, remaining or 0.0
