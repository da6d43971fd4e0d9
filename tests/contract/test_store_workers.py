"""Workers, each with a store of its own on one database, against a model of the protocol."""

# ruff: noqa: PT017 - whether a refusal was due is what the model decides

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.fakes.clock import ManualClock
from tests.fakes.stored import A, B, C, begin, ended, state

from plait.core.event import RunId
from plait.core.lock_keys import conflict, normalise
from plait.core.plan import PackageId
from plait.core.run import PackageStatus
from plait.errors import LeaseHeld, LockHeld, PlaitError, RunHeld, RunTaken, StaleEpoch
from plait.ports import Advance, Store
from plait.store import open_store

WORKERS = 3
KEYS = ["db:s:users", "db:s:users:email", "flag:f/*", "flag:f/x", "event:e"]
_numbers = count(1)
_workers = st.integers(0, WORKERS - 1)
_packages = st.sampled_from([A, B, C])


@dataclass(frozen=True, slots=True)
class Row:
    """What is expected of a package."""

    epoch: int = 0
    holder: str | None = None
    until: float = 0.0
    status: PackageStatus = PackageStatus.PENDING
    keys: tuple[str, ...] = ()


class Workers(RuleBasedStateMachine):
    """Claims, renewals, releases, locks, writes and the passing of time, in any order.

    A worker names the epoch that it was given last, which may be over long since, or one that
    nobody was given yet; likewise the run's, which each of them may claim as an orchestrator.
    """

    def __init__(self, stores: list[Store], clock: ManualClock) -> None:
        super().__init__()
        self.stores, self.clock = stores, clock
        self.run = begin(stores[0], RunId(f"run-{next(_numbers)}"))
        self.rows = {package: Row() for package in (C, A, B)}
        self.known: dict[tuple[int, PackageId], int] = {}
        self.run_epoch, self.decider, self.decided_until = 0, "", 0.0
        self.known_run: dict[int, int] = {}
        self.written = self.token = 0

    def teardown(self) -> None:
        """Give the keys back: the next example shares the database."""
        for package, row in self.rows.items():
            self.stores[0].release(self.run, package, row.epoch, run_epoch=self.run_epoch)

    def _epoch(self, worker: int, package: PackageId) -> int:
        return self.known.get((worker, package), 1)

    def _run_epoch(self, worker: int) -> int:
        return self.known_run.get(worker, 0)

    def _taken(self, worker: int, error: PlaitError | None) -> bool:
        """Whether somebody else decides the run; then the call was refused for that."""
        held = self._run_epoch(worker)
        if held == self.run_epoch:
            assert not isinstance(error, RunTaken)
            return False
        assert isinstance(error, RunTaken)
        assert (error.held, error.current, error.holder) == (held, self.run_epoch, self.decider)
        return True

    def _refused(self, worker: int, package: PackageId, error: PlaitError | None) -> bool:
        """Whether the call had to be refused; then it was, and said why."""
        if self._taken(worker, error):
            return True
        held, current = self._epoch(worker, package), self.rows[package].epoch
        if held == current:
            return False
        assert isinstance(error, StaleEpoch)
        assert (error.package, error.held, error.current) == (package, held, current)
        return True

    @rule(seconds=st.sampled_from([1, 5, 10, 30]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.clock.advance(seconds)

    @rule(worker=_workers, over=st.sampled_from([None, "worker-0", "worker-1"]))
    def claim_run(self, worker: int, over: str | None) -> None:
        """Had by one; what its packages hold passes on to it."""
        holder, now = f"worker-{worker}", self.clock.now()
        try:
            lease = self.stores[worker].claim_run(self.run, holder=holder, ttl_s=10, over=over)
        except RunHeld as held:
            assert self.decider not in {"", holder, over}
            assert (held.holder, held.remaining_s) == (self.decider, self.decided_until - now)
            assert held.remaining_s > 0
            return
        assert self.decider in {"", holder, over} or self.decided_until <= now
        assert (lease.epoch, lease.holder) == (self.run_epoch + 1, holder)
        self.run_epoch, self.decider, self.decided_until = lease.epoch, holder, now + 10
        self.known_run[worker] = lease.epoch
        for package, row in self.rows.items():
            if row.holder is not None:
                self.rows[package] = replace(row, holder=holder)

    @rule(worker=_workers)
    def join(self, worker: int) -> None:
        """A worker of whoever decides the run now."""
        self.known_run[worker] = self.run_epoch

    @rule(worker=_workers, packages=st.sets(_packages))
    def renew_run(self, worker: int, packages: set[PackageId]) -> None:
        """The run and those packages whose epoch still stands, all at once."""
        epochs = {package: self._epoch(worker, package) for package in packages}
        try:
            renewed = self.stores[worker].renew_run(
                self.run, epoch=self._run_epoch(worker), ttl_s=10, packages=epochs
            )
        except PlaitError as error:
            if not self._taken(worker, error):
                assert (error.code, self.decider) == ("NOT_CLAIMED", "")
            return
        assert not self._taken(worker, None)
        until = self.decided_until = self.clock.now() + 10
        rows = self.rows
        still = {p for p in packages if rows[p].epoch == epochs[p] and rows[p].holder is not None}
        assert {lease.package for lease in renewed} == still
        for package in still:
            rows[package] = replace(rows[package], until=until)

    @rule(worker=_workers)
    def release_run(self, worker: int) -> None:
        """Nobody decides it then."""
        try:
            self.stores[worker].release_run(self.run, epoch=self._run_epoch(worker))
        except RunTaken as error:
            assert self._taken(worker, error)
            return
        assert not self._taken(worker, None)
        self.decider = ""

    @rule(worker=_workers, package=_packages, ttl=st.sampled_from([5, 10]))
    def claim(self, worker: int, package: PackageId, ttl: int) -> None:
        """Had by one: whoever comes while another's lease lasts is told who has it."""
        row, holder, now = self.rows[package], f"worker-{worker}", self.clock.now()
        try:
            lease = self.stores[worker].claim(
                self.run, package, holder=holder, ttl_s=ttl, run_epoch=self._run_epoch(worker)
            )
        except RunTaken as error:
            assert self._taken(worker, error)
            return
        except LeaseHeld as held:
            assert row.holder not in {None, holder}
            assert (held.holder, held.remaining_s) == (row.holder, row.until - now)
            assert held.remaining_s > 0
            return
        assert not self._taken(worker, None)
        assert row.holder in {None, holder} or row.until <= now
        assert (lease.epoch, lease.holder, lease.until) == (row.epoch + 1, holder, now + ttl)
        self.known[worker, package] = lease.epoch
        self.rows[package] = replace(row, epoch=lease.epoch, holder=holder, until=lease.until)

    @rule(worker=_workers, package=_packages)
    def renew(self, worker: int, package: PackageId) -> None:
        """Only under the package's epoch, and only what was not given back."""
        row = self.rows[package]
        try:
            epoch = self._epoch(worker, package)
            by = self._run_epoch(worker)
            lease = self.stores[worker].renew(self.run, package, epoch, ttl_s=10, run_epoch=by)
        except PlaitError as error:
            if not self._refused(worker, package, error):
                assert (error.code, row.holder) == ("NOT_CLAIMED", None)
            return
        assert not self._refused(worker, package, None)
        assert lease.holder == row.holder
        self.rows[package] = replace(row, until=self.clock.now() + 10)

    @rule(worker=_workers, package=_packages)
    def release(self, worker: int, package: PackageId) -> None:
        """Frees the package and its keys, under its epoch alone."""
        try:
            epoch, by = self._epoch(worker, package), self._run_epoch(worker)
            self.stores[worker].release(self.run, package, epoch, run_epoch=by)
        except (RunTaken, StaleEpoch) as error:
            assert self._refused(worker, package, error)
            return
        assert not self._refused(worker, package, None)
        self.rows[package] = replace(self.rows[package], holder=None, until=0.0, keys=())

    @rule(worker=_workers, package=_packages, keys=st.lists(st.sampled_from(KEYS), max_size=3))
    def acquire(self, worker: int, package: PackageId, keys: list[str]) -> None:
        """All or none; the tokens are higher than any before."""
        others = [k for each, row in self.rows.items() if each != package for k in row.keys]
        free = not any(conflict(mine, their) for mine in keys for their in others)
        try:
            epoch = self._epoch(worker, package)
            by = self._run_epoch(worker)
            taken = self.stores[worker].acquire(self.run, package, epoch, keys, run_epoch=by)
        except PlaitError as error:
            if not self._refused(worker, package, error):
                assert isinstance(error, LockHeld)
                assert not free
                assert conflict(error.key, error.held)
            return
        assert not self._refused(worker, package, None)
        assert free
        assert [each.key for each in taken] == sorted({normalise(key) for key in keys})
        for each in taken:
            assert each.token > self.token
            self.token = each.token
        self.rows[package] = replace(self.rows[package], keys=tuple(k.key for k in taken))

    @rule(
        worker=_workers,
        packages=st.lists(_packages, min_size=1, max_size=3, unique=True),
        status=st.sampled_from(PackageStatus),
    )
    def advance(self, worker: int, packages: list[PackageId], status: PackageStatus) -> None:
        """All or nothing: one package under another epoch, and nothing is written."""
        epochs = {package: self._epoch(worker, package) for package in packages}
        advances = [
            Advance(events=(ended(name, epoch),), packages=(state(name, epoch, status=status),))
            for name, epoch in epochs.items()
        ]
        try:
            self.stores[worker].advance(self.run, advances, run_epoch=self._run_epoch(worker))
        except RunTaken as error:
            assert self._taken(worker, error)
            return
        except StaleEpoch as error:
            assert self._refused(worker, PackageId(error.package), error)
            return
        for package in packages:
            assert not self._refused(worker, package, None)
            self.rows[package] = replace(self.rows[package], status=status)
        self.written += len(packages)

    @invariant()
    def every_worker_sees_the_same(self) -> None:
        """Rows, events, keys and what ran out are as expected, in whichever store one looks."""
        now = self.clock.now()
        over = [package for package, row in self.rows.items() if row.holder and row.until <= now]
        keys = sorted((key, name) for name, row in self.rows.items() for key in row.keys)
        for store in self.stores:
            rows = [(row.id, row.epoch, row.status) for row in store.packages(self.run)]
            assert rows == [(name, row.epoch, row.status) for name, row in self.rows.items()]
            assert len(store.events(self.run)) == self.written
            assert [lease.package for lease in store.expired(self.run)] == over
            held = store.held_keys()
            assert sorted((each.key, each.package) for each in held) == keys
            assert not any(
                conflict(a.key, b.key) for a, b in combinations(held, 2) if a.package != b.package
            )


@pytest.fixture(params=["sqlite", "postgres"])
def stores(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock
) -> Iterator[list[Store]]:
    """A store for each worker, all on one database."""
    place = (
        tmp_path / "plait.db"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    opened: list[Store] = [
        open_store(place, clock=clock, lease_clock=clock) for _ in range(WORKERS)
    ]
    yield opened
    for store in opened:
        store.close()


@pytest.mark.long
@pytest.mark.parametrize("workers", [2, 3])
def test_workers_keep_to_the_protocol(
    stores: list[Store], clock: ManualClock, workers: int
) -> None:
    """However two or three interleave: no package has two owners, no stale write gets through."""

    def machine() -> Workers:
        seats = [stores[number % workers] for number in range(WORKERS)]
        return Workers(seats, clock)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
