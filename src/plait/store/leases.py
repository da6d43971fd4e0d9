"""Claims on packages, the lock keys that go with them, and the guard of every later write.

A claim is one compare-and-set by the database's clock. What it fences is fenced by its epoch:
a write that names another epoch than the package's is refused, also where the lease has run out
and nobody has claimed the package since (then the epoch still stands, and nobody is harmed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from plait.core import lock_keys
from plait.core.event import RunId, subject
from plait.core.lease import Epoch, Lease
from plait.core.plan import PackageId
from plait.errors import LeaseHeld, LockHeld, StaleEpoch, UsageError
from plait.ports import Advance, HeldKey
from plait.store import rows, statements
from plait.store.bulk import listed
from plait.store.quick import quick
from plait.store.refusals import no_such_package, only

_NAMES_PER_QUERY = 500  # far below what any database takes as parameters of one statement


def claim(
    connection: Connection,
    run: RunId,
    package: PackageId,
    *,
    holder: str,
    ttl_s: float,
    now: float,
    at: float | None,
) -> Lease:
    """The next claim on a package, or a refusal that names who holds it.

    Raises:
        LeaseHeld: Another holder's lease lasts.
        UsageError: `NO_SUCH_RUN`, `NO_SUCH_PACKAGE`.
    """
    given = {"of_run": run, "of_package": package, "new_holder": holder, "ttl": ttl_s}
    while True:
        row = connection.execute(statements.CLAIM, {**given, "now": now, "at": at}).one_or_none()
        if row is not None:
            epoch, until = row
            return Lease(package=package, epoch=Epoch(epoch), holder=holder, until=until)
        other, remaining = _lease(connection, run, package, at=at)
        if other is not None and remaining > 0:
            raise LeaseHeld(package, run=run, holder=other, remaining_s=remaining)
        # It was let go, or ran out, between the two statements: the row is ours to claim.


def renew(
    connection: Connection,
    run: RunId,
    package: PackageId,
    epoch: int,
    *,
    ttl_s: float,
    at: float | None,
) -> Lease:
    """The same claim, for `ttl_s` seconds from now.

    Raises:
        StaleEpoch: The package has another epoch.
        UsageError: `NOT_CLAIMED`, `NO_SUCH_RUN`, `NO_SUCH_PACKAGE`.
    """
    require(connection, run, package, epoch)
    row = connection.execute(
        statements.RENEW, {"of_run": run, "of_package": package, "ttl": ttl_s, "at": at}
    ).one_or_none()
    if row is None:
        raise UsageError(
            f"package {package} of run {run} is not claimed: its lease was given back",
            code="NOT_CLAIMED",
            hint="claim it anew",
        )
    holder, until = row
    return Lease(package=package, epoch=Epoch(epoch), holder=holder, until=until)


def release(connection: Connection, run: RunId, package: PackageId, epoch: int) -> None:
    """Give back the claim and the lock keys; again does no harm.

    Raises:
        StaleEpoch: The package has another epoch.
        UsageError: `NO_SUCH_RUN`, `NO_SUCH_PACKAGE`.
    """
    require(connection, run, package, epoch)
    give_back(connection, run, [package])


def renew_several(
    connection: Connection,
    run: RunId,
    packages: Mapping[PackageId, int],
    *,
    ttl_s: float,
    at: float | None,
) -> tuple[Lease, ...]:
    """Those of the claims that still stand, for `ttl_s` seconds from now; two statements in all."""
    names = sorted(packages)
    epochs = _epochs(connection, run, names)
    mine = [name for name in names if epochs[name] == packages[name]]
    renewed: list[Lease] = []
    for start in range(0, len(mine), _NAMES_PER_QUERY):
        some = mine[start : start + _NAMES_PER_QUERY]
        given = {"of_run": run, "packages": some, "ttl": ttl_s, "at": at}
        renewed += [
            Lease(package=package, epoch=epoch, holder=holder, until=until)
            for package, epoch, holder, until in connection.execute(statements.RENEW_SEVERAL, given)
        ]
    return tuple(renewed)


def expired(connection: Connection, run: RunId, *, at: float | None) -> tuple[Lease, ...]:
    """The claims of a run whose time is over, in the plan's order."""
    found = connection.execute(statements.EXPIRED, {"run": run, "at": at}).all()
    if not found:
        only(connection, statements.RUN, run)
    return tuple(
        Lease(package=PackageId(package), epoch=Epoch(epoch), holder=holder, until=until)
        for package, epoch, holder, until in found
    )


def acquire(
    connection: Connection, run: RunId, package: PackageId, epoch: int, keys: Iterable[str]
) -> tuple[HeldKey, ...]:
    """Take all the keys for a package, or none.

    Whoever takes keys first adds to the counter of tokens, which locks its row: nobody else
    takes any before this transaction ends.

    Raises:
        StaleEpoch: The package has another epoch.
        LockHeld: Another package holds a key that conflicts.
        UsageError: `NO_SUCH_RUN`, `NO_SUCH_PACKAGE`.
    """
    require(connection, run, package, epoch)
    wanted = sorted({rows.storable(lock_keys.normalise(key)) for key in keys})
    last: int = connection.execute(statements.NEXT_TOKENS, {"count": len(wanted)}).scalar_one()
    others = {
        each.key: each for each in held(connection) if (each.run, each.package) != (run, package)
    }
    met = lock_keys.shared(wanted, tuple(others))
    if met is not None:
        holder = others[met[1]]
        raise LockHeld(met[0], held=holder.key, run=holder.run, package=holder.package)
    connection.execute(statements.UNLOCK, {"of_run": run, "of_package": package})
    taken = tuple(
        HeldKey(key=key, run=run, package=package, epoch=Epoch(epoch), token=token)
        for token, key in enumerate(wanted, start=last - len(wanted) + 1)
    )
    if taken:
        connection.execute(statements.LOCK, [rows.new_key(each) for each in taken])
    return taken


def give_back(connection: Connection, run: RunId, packages: Iterable[PackageId]) -> None:
    """The claims and the lock keys of packages whose epochs have been looked at."""
    freed = [{"of_run": run, "of_package": package} for package in packages]
    if freed:
        connection.execute(statements.RELEASE, freed)
        connection.execute(statements.UNLOCK, freed)


def held(connection: Connection) -> tuple[HeldKey, ...]:
    """All keys that are held, in all runs, by token."""
    return tuple(
        HeldKey(key=key, run=run, package=package, epoch=epoch, token=token)
        for token, key, run, package, epoch in quick(connection, statements.LOCKED, {})
    )


def guard(connection: Connection, run: RunId, advances: Sequence[Advance]) -> None:
    """Refuse states, events and steps of any other epoch than the package's."""
    events = [subject(event) for each in advances for event in each.events]
    states = [(state.id, state.epoch) for each in advances for state in each.packages]
    states += [(step.package, step.epoch) for each in advances for step in each.steps]
    named = {package for package, _, _ in events if package is not None}
    epochs = _epochs(connection, run, sorted(named.union(package for package, _ in states)))
    told = [(package, epoch) for package, _, epoch in events if package and epoch is not None]
    for package, epoch in (*states, *told):
        if epoch != epochs[package]:
            raise StaleEpoch(package, held=epoch, current=epochs[package])


def require(connection: Connection, run: RunId, package: PackageId, epoch: int) -> None:
    """Refuse any other epoch than the package's; its row stays locked until the commit."""
    current = _epochs(connection, run, [package])[package]
    if epoch != current:
        raise StaleEpoch(package, held=epoch, current=current)


def _epochs(connection: Connection, run: RunId, packages: list[PackageId]) -> dict[PackageId, int]:
    given = {"run": run, "packages": listed(packages)}
    found = connection.execute(statements.EPOCHS, given).all()
    epochs: dict[PackageId, int] = {row[0]: row[1] for row in found}
    for package in packages:
        if package not in epochs:
            raise no_such_package(run, package)
    return epochs


def _lease(
    connection: Connection, run: RunId, package: PackageId, *, at: float | None
) -> tuple[str | None, float]:
    """Who holds a package, and for how many seconds more."""
    only(connection, statements.RUN, run)
    given = {"run": run, "package": package, "at": at}
    row = connection.execute(statements.LEASE, given).one_or_none()
    if row is None:
        raise no_such_package(run, package)
    holder, remaining = row
    return holder, remaining or 0.0
