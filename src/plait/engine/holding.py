"""The claims of one orchestrator: on the run it decides, and on the packages in work.

They are renewed together for as long as this lasts. A package that somebody else has claimed
meanwhile is let go: what is at work on it is cancelled, its agent ended, its work kept. A run
that somebody else has claimed is let go whole.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

import anyio
from anyio import to_thread

from plait import process
from plait.core.event import RunId, Warned
from plait.core.lease import Epoch, Holder, Lease, Terms, TrunkLease
from plait.core.plan import PackageId
from plait.errors import (
    LockHeld,
    PlaitError,
    RunHeld,
    RunTaken,
    StaleEpoch,
    StoreUnreachable,
    UsageError,
)
from plait.ports import Store


@dataclass(slots=True)
class _Task:
    """What is at work on a package: its agent, and how to cancel it."""

    scope: anyio.CancelScope
    kept: process.Kept | None = None


@dataclass(slots=True, kw_only=True)
class Holding:
    """What is held, by `lease`'s holder. `held` are the packages' epochs.

    `wanting` are packages that are held without their lock keys, which another run took while
    nobody decided this one: their candidates do not land before they are had again.
    """

    store: Store
    lease: TrunkLease
    holder: Holder
    terms: Terms
    held: dict[PackageId, int] = field(default_factory=dict)
    lost: dict[PackageId, StaleEpoch] = field(default_factory=dict)
    wanting: dict[PackageId, int] = field(default_factory=dict)
    _tasks: dict[PackageId, _Task] = field(default_factory=dict)

    @property
    def agent_s(self) -> float | None:
        """How long an agent goes on without a renewal; None: as long as it likes.

        Where no other machine can take the run over, agents outlive whoever started them.
        """
        return self.terms.agent_s if self.store.shared else None

    @contextmanager
    def working(self, package: PackageId) -> Iterator[None]:
        """While a task works on a package: it is cancelled if the package's claim is lost.

        Raises:
            StaleEpoch: It was lost.
        """
        with anyio.CancelScope() as scope:
            self._tasks[package] = _Task(scope)
            try:
                yield
            finally:
                del self._tasks[package]
        if scope.cancelled_caught and package in self.lost:
            raise self.lost[package]

    def tend(self, package: PackageId, kept: process.Kept) -> None:
        """Renew an agent's lease along with its package's, from now on."""
        kept.renew(self.agent_s)
        if package in self._tasks:
            self._tasks[package].kept = kept

    def stop(self, package: PackageId) -> None:
        """Cancel what works on a package, if something does."""
        if package in self._tasks:
            self._tasks[package].scope.cancel()

    async def keep_up(self) -> None:
        """Renew, as long as this is not cancelled.

        Raises:
            RunTaken: Somebody else has claimed the run.
        """
        while True:
            await anyio.sleep(self.terms.renew_s)
            await self.renew()

    async def renew(self) -> None:
        """Renew once, whatever time has passed since the last one; in one transaction."""
        asked, began = dict(self.held), time.monotonic()
        try:
            renewed = await to_thread.run_sync(self._renew, asked)
        except RunTaken as taken:
            await self.refused("the renewal of its claim on the run", taken)
            raise
        for task in self._tasks.values():
            if task.kept is not None and self.agent_s is not None:
                task.kept.renew(self.agent_s - (time.monotonic() - began))
        still = {lease.package for lease in renewed}
        for package, epoch in asked.items():
            if package not in still and self.held.get(package) == epoch:
                await self._lose(package, epoch)

    async def require(self, what: str, packages: Mapping[PackageId, int]) -> None:
        """Nothing, while all is still held.

        Raises:
            RunTaken: The run is not; the refusal of `what` was noted.
            StaleEpoch: A package is not.
        """
        try:
            await to_thread.run_sync(
                lambda: self.store.require_run(
                    self.lease.run, epoch=self.lease.epoch, packages=packages
                )
            )
        except RunTaken as taken:
            await self.refused(what, taken)
            raise

    async def refused(self, what: str, taken: RunTaken) -> None:
        """Note in the run's events what was refused, as far as that can be written."""
        other = taken.holder or "another orchestrator"
        warned = Warned(
            code="STALE_WRITE",
            message=f"refused: {what}, by {self.lease.holder} under epoch {taken.held}; "
            f"the run is decided by {other} under epoch {taken.current}",
        )
        with suppress(PlaitError), anyio.CancelScope(shield=True):
            await to_thread.run_sync(self.store.note, self.lease.run, warned)

    async def resume(
        self, epochs: Mapping[PackageId, int], keys: Mapping[PackageId, Collection[str]]
    ) -> Mapping[PackageId, LockHeld]:
        """Hold what an earlier orchestrator held, with the lock keys anew.

        Returns:
            Whose keys another run has taken since; they are in `wanting`.
        """
        missing: dict[PackageId, LockHeld] = {}
        self.held.update(epochs)
        for package, epoch in epochs.items():
            self.wanting[package] = epoch
            taken = await self.take_keys(package, keys.get(package, ()))
            if taken is not None:
                missing[package] = taken
        await self.renew()
        return missing

    async def take_keys(self, package: PackageId, keys: Collection[str]) -> LockHeld | None:
        """Take the lock keys that a package lacks; who holds one of them, if somebody does."""
        epoch = self.wanting[package]
        if keys and self.held.get(package) == epoch:  # else it begins anew, and takes them then
            try:
                await to_thread.run_sync(self._acquire, package, epoch, tuple(keys))
            except LockHeld as held:
                return held
            except StaleEpoch:
                pass  # it is lost altogether: the next renewal tells
        del self.wanting[package]
        return None

    async def _lose(self, package: PackageId, epoch: int) -> None:
        stale = await to_thread.run_sync(self._stale, package, epoch)
        if stale is not None and self.held.get(package) == epoch:
            self.lost[package] = stale
            del self.held[package]
            self.stop(package)

    def _stale(self, package: PackageId, epoch: int) -> StaleEpoch | None:
        ttl_s, lease = self.terms.lease_s, self.lease
        try:
            self.store.renew(lease.run, package, epoch, ttl_s=ttl_s, run_epoch=lease.epoch)
        except StaleEpoch as stale:
            return stale
        except UsageError:  # given back, by nobody here
            return StaleEpoch(package, held=epoch, current=epoch)
        return None

    def _renew(self, packages: Mapping[PackageId, int]) -> tuple[Lease, ...]:
        lease, ttl_s = self.lease, self.terms.lease_s
        return self.store.renew_run(lease.run, epoch=lease.epoch, ttl_s=ttl_s, packages=packages)

    def _acquire(self, package: PackageId, epoch: int, keys: Collection[str]) -> None:
        lease = self.lease
        self.store.acquire(lease.run, package, Epoch(epoch), keys, run_epoch=lease.epoch)


@asynccontextmanager
async def hold(store: Store, run: RunId, *, holder: Holder, terms: Terms) -> AsyncIterator[Holding]:
    """Decide a run for as long as this lasts. Afterwards, however that comes, nobody does.

    Raises:
        RunHeld: A living orchestrator decides it.
        RunTaken: Another one has claimed it in between, since this one was asleep for too long.
    """
    lease = await to_thread.run_sync(_claim, store, run, holder, terms)
    holding = Holding(store=store, lease=lease, holder=holder, terms=terms)
    unreachable = False
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(holding.keep_up, name="renewal")
            yield holding
            tasks.cancel_scope.cancel()
    except BaseException as error:
        unreachable = _is_unreachable(error)
        raise
    finally:
        if not unreachable:
            with suppress(PlaitError), anyio.CancelScope(shield=True):
                await to_thread.run_sync(lambda: store.release_run(run, epoch=lease.epoch))


def _claim(store: Store, run: RunId, holder: Holder, terms: Terms) -> TrunkLease:
    """Claim a run, also from one who has certainly ended, whatever its lease says."""
    try:
        return store.claim_run(run, holder=str(holder), ttl_s=terms.lease_s)
    except RunHeld as held:
        if not holder.survives(held.holder):
            raise
        over = held.holder
    return store.claim_run(run, holder=str(holder), ttl_s=terms.lease_s, over=over)


def _is_unreachable(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(map(_is_unreachable, error.exceptions))
    return isinstance(error, StoreUnreachable)
