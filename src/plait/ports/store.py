"""The state of record, as the engine and the commands see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from plait.core.event import Event, Recorded, RunId, RunStatus
from plait.core.lease import Epoch, Lease
from plait.core.plan import Digest, PackageId, Plan
from plait.core.run import PackageState
from plait.core.step import Done, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved which digest, when (Unix seconds)."""

    who: str
    at: float
    digest: Digest
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How long a package of a plan took: seconds from its last attempt's start to its landing."""

    plan: str
    package: PackageId
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run as a list shows it."""

    id: RunId
    plan: str
    digest: Digest
    branch: str
    base: str
    head: str
    status: RunStatus
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    """A package as `status` shows it, without folding events."""

    id: PackageId
    title: str
    status: str
    attempts: int
    epoch: int
    commit: str | None
    reason: str
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A lock key that a package holds.

    Tokens rise with every key that is taken and are never given out again: of two who were given
    keys that conflict, the one with the higher token came later.
    """

    key: str
    run: RunId
    package: PackageId
    epoch: Epoch
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asked of a run: `kind` and `data` as in `core.control`. None: no answer yet."""

    number: int
    kind: str
    data: Mapping[str, Any]
    who: str
    at: float
    answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What one transaction writes: events, the rows they change, the steps they end.

    And the answers to the requests, by number, that they carry out.

    Written only while each epoch that `packages` and `events` name is the stored one
    (`StaleEpoch` otherwise).
    """

    events: tuple[Event, ...]
    packages: tuple[PackageState, ...] = ()
    status: RunStatus | None = None
    head: str | None = None
    steps: tuple[Step, ...] = ()
    answers: tuple[tuple[int, str], ...] = ()


class Rows(Protocol):
    """What commands that only look need of a store: `status`, `check`, `show`."""

    def runs(self) -> tuple[RunRow, ...]:
        """All runs, newest first."""

    def packages(self, run: RunId) -> tuple[PackageRow, ...]:
        """The run's packages in the plan's order."""

    def plan(self, run: RunId) -> Plan:
        """The plan a run executes, as it was when the run began."""

    def approved(self, plan: str) -> tuple[Approval, ...]:
        """The approvals of any digest of the plans of that id, oldest first."""

    def durations(self) -> tuple[Duration, ...]:
        """How long packages took that landed, the latest first; at most 10,000."""


class Store(Rows, Protocol):
    """The state of record. Sync. A state change and its event share a transaction.

    Leases are measured by the store's own clock, whatever the caller's says. A write that names an
    epoch is refused unless it is the package's, be it lower or higher (`StaleEpoch`).
    """

    def create_run(
        self, run: RunId, plan: Plan, *, branch: str, base: str, options: Mapping[str, Any]
    ) -> None:
        """Record a run and its packages, all pending at epoch 0."""

    def run(self, run: RunId) -> RunRow:
        """One run. Raises UsageError `NO_SUCH_RUN`."""

    def options(self, run: RunId) -> Mapping[str, Any]:
        """The options a run was started with."""

    def claim(self, run: RunId, package: PackageId, *, holder: str, ttl_s: float) -> Lease:
        """Claim a package: its epoch rises by one, in one compare-and-set.

        It succeeds where nobody holds the package, the lease has run out, or the holder is the
        same: then its own earlier epoch is over too. Lock keys stay until `acquire` or `release`.

        Raises:
            LeaseHeld: Another holder's lease lasts.
        """

    def renew(self, run: RunId, package: PackageId, epoch: int, *, ttl_s: float) -> Lease:
        """Let a claim last `ttl_s` seconds from now, also one that has run out meanwhile.

        Raises:
            StaleEpoch: The package has another epoch: somebody else has claimed it.
            UsageError: `NOT_CLAIMED`, the claim was given back.
        """

    def release(self, run: RunId, package: PackageId, epoch: int) -> None:
        """Give back a claim and the package's lock keys; the epoch stays. Again does no harm.

        Raises:
            StaleEpoch: The package has another epoch.
        """

    def expired(self, run: RunId) -> tuple[Lease, ...]:
        """The claims of a run whose time is over, in the plan's order."""

    def acquire(
        self, run: RunId, package: PackageId, epoch: int, keys: Iterable[str]
    ) -> tuple[HeldKey, ...]:
        """Take lock keys for a package, all or none, in sorted order and normal spelling.

        They conflict as `core.lock_keys` says, with those of all packages of all runs; also where
        the other's lease has run out, until that package is released or takes keys anew. Afterwards
        the package holds exactly these keys, under this epoch.

        Raises:
            StaleEpoch: The package has another epoch.
            LockHeld: Another package holds a key that conflicts.
        """

    def held_keys(self) -> tuple[HeldKey, ...]:
        """All lock keys that are held, in all runs, by token."""

    def advance(self, run: RunId, advances: Sequence[Advance]) -> tuple[Recorded, ...]:
        """Write all advances in one transaction, in order; all or none.

        Raises:
            StaleEpoch: A package's row has another epoch.
        """

    def events(self, run: RunId, *, after: int = 0) -> tuple[Recorded, ...]:
        """The run's events with `seq > after`, in order."""

    def steps(self, run: RunId) -> Mapping[PackageId, Done]:
        """What the steps of each package's latest epoch came to; packages without any left out."""

    def ask(self, run: RunId, kind: str, data: Mapping[str, Any], *, who: str) -> int:
        """Put a request to whoever decides the run; its number, from 1.

        Raises:
            UsageError: `NO_SUCH_RUN`.
        """

    def requests(self, run: RunId) -> tuple[Request, ...]:
        """The run's requests that have no answer, oldest first."""

    def request(self, run: RunId, number: int) -> Request:
        """One request. Raises UsageError `NO_SUCH_REQUEST`."""

    def approve(self, digest: Digest, *, who: str, plan: str) -> Approval:
        """Record an approval."""

    def approvals(self, digest: Digest) -> tuple[Approval, ...]:
        """The approvals of a digest, oldest first."""

    def close(self) -> None:
        """Let go of the database."""
