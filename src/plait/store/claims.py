"""The store's calls about claims: on runs, on packages, on lock keys.

What they do is told in `trunks` and `leases`; here each becomes a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plait.core.audit import Fact, Kind
from plait.core.event import RunId
from plait.core.lease import Lease, TrunkLease
from plait.core.plan import PackageId
from plait.ports import HeldKey, HeldRun
from plait.store import audit, leases, trunks
from plait.store.connected import Connected
from plait.store.patience import patient


class Claims(Connected):
    """Who decides a run, who works on a package, who holds a lock key."""

    @patient
    def claim_run(
        self, run: RunId, *, holder: str, ttl_s: float, over: str | None = None
    ) -> TrunkLease:
        """Claim a run: its epoch rises by one, in one compare-and-set; see `trunks.claim`."""
        at = self._lease_time()
        with self._transaction(self._writing) as connection:
            lease = trunks.claim(connection, run, holder=holder, ttl_s=ttl_s, over=over, at=at)
            fact = Fact(kind=Kind.CLAIMED, who=holder, run=run, data={"epoch": lease.epoch})
            audit.append(connection, (fact,), self._clock.now())
            return lease

    @patient
    def renew_run(
        self, run: RunId, *, epoch: int, ttl_s: float, packages: Mapping[PackageId, int]
    ) -> tuple[Lease, ...]:
        """Let the claims on a run and on its packages last `ttl_s` seconds from now."""
        at = self._lease_time()
        with self._transaction(self._writing) as connection:
            trunks.renew(connection, run, epoch=epoch, ttl_s=ttl_s, at=at)
            return leases.renew_several(connection, run, packages, ttl_s=ttl_s, at=at)

    @patient
    def require_run(self, run: RunId, *, epoch: int, packages: Mapping[PackageId, int]) -> None:
        """Refuse any other epochs than these. Raises RunTaken, StaleEpoch, UsageError."""
        with self._transaction(self._reading) as connection:
            trunks.require(connection, run, epoch)
            for package, held in packages.items():
                leases.require(connection, run, package, held)

    @patient
    def release_run(self, run: RunId, *, epoch: int) -> None:
        """Give a claim on a run back; see `trunks.release`."""
        with self._transaction(self._writing) as connection:
            trunks.release(connection, run, epoch=epoch)

    @patient
    def held_runs(self) -> tuple[HeldRun, ...]:
        """The runs that somebody decides."""
        with self._transaction(self._reading) as connection:
            return trunks.held(connection, at=self._lease_time())

    @patient
    def claim(
        self,
        run: RunId,
        package: PackageId,
        *,
        holder: str,
        ttl_s: float,
        keys: Iterable[str] = (),
        run_epoch: int = 0,
    ) -> Lease:
        """Claim a package for `ttl_s` seconds, with its lock keys, or nothing.

        Raises:
            LeaseHeld: Another holder's lease lasts.
            LockHeld: Another package holds a key that conflicts.
            RunTaken: The run has another epoch.
            UsageError: `NO_SUCH_RUN`, `NO_SUCH_PACKAGE`.
        """
        wanted = tuple(keys)
        with self._transaction(self._writing) as connection:
            trunks.require(connection, run, run_epoch)
            lease = leases.claim(
                connection,
                run,
                package,
                holder=holder,
                ttl_s=ttl_s,
                now=self._clock.now(),
                at=self._lease_time(),
            )
            if wanted:
                leases.acquire(connection, run, package, lease.epoch, wanted)
            return lease

    @patient
    def renew(
        self, run: RunId, package: PackageId, epoch: int, *, ttl_s: float, run_epoch: int = 0
    ) -> Lease:
        """Let a claim last `ttl_s` seconds from now; see `leases.renew`."""
        with self._transaction(self._writing) as connection:
            trunks.require(connection, run, run_epoch)
            return leases.renew(connection, run, package, epoch, ttl_s=ttl_s, at=self._lease_time())

    @patient
    def release(self, run: RunId, package: PackageId, epoch: int, *, run_epoch: int = 0) -> None:
        """Give a claim and its lock keys back; see `leases.release`."""
        with self._transaction(self._writing) as connection:
            trunks.require(connection, run, run_epoch)
            leases.release(connection, run, package, epoch)

    @patient
    def expired(self, run: RunId) -> tuple[Lease, ...]:
        """The claims whose time is over, in the plan's order. Raises UsageError `NO_SUCH_RUN`."""
        with self._transaction(self._reading) as connection:
            return leases.expired(connection, run, at=self._lease_time())

    @patient
    def acquire(
        self,
        run: RunId,
        package: PackageId,
        epoch: int,
        keys: Iterable[str],
        *,
        run_epoch: int = 0,
    ) -> tuple[HeldKey, ...]:
        """Take all lock keys for a package, or none; see `leases.acquire`."""
        wanted = tuple(keys)
        with self._transaction(self._writing) as connection:
            trunks.require(connection, run, run_epoch)
            return leases.acquire(connection, run, package, epoch, wanted)

    @patient
    def free_keys(self, held: HeldKey, *, over: str | None = None) -> bool:
        """Take a package's keys from it, unless somebody decides its run."""
        with self._transaction(self._writing) as connection:
            return trunks.free_keys(connection, held, over=over, at=self._lease_time())

    @patient
    def held_keys(self) -> tuple[HeldKey, ...]:
        """All lock keys that are held, in all runs, by token."""
        with self._transaction(self._reading) as connection:
            return leases.held(connection)
