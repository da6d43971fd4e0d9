"""The state of record, as the engine and the commands see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from plait.core.audit import Entry
from plait.core.event import Event, Recorded, RunId, RunStatus, Warned
from plait.core.features import Feature
from plait.core.lease import Epoch, HeldKey, Lease, TrunkLease
from plait.core.messages import Progress, Question
from plait.core.plan import Digest, PackageId, Plan
from plait.core.run import PackageState
from plait.core.spent import Used
from plait.core.step import Done, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved which digest, when (Unix seconds)."""

    who: str
    at: float
    digest: Digest
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Landings:
    """How many candidates landed, and how many fell out since they turned the row red."""

    landed: int = 0
    red: int = 0


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
class HeldRun:
    """A run that somebody decides; the claim lasts `remaining_s` seconds more."""

    run: RunId
    epoch: Epoch
    holder: str
    remaining_s: float


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
    (`StaleEpoch` otherwise). The claims and the lock keys of `released` packages are given back.
    A `plan` takes the place of the run's: packages that it adds get rows, at epoch 0; those that
    it lacks keep theirs, behind the others.
    """

    events: tuple[Event, ...]
    packages: tuple[PackageState, ...] = ()
    released: tuple[PackageId, ...] = ()
    status: RunStatus | None = None
    head: str | None = None
    steps: tuple[Step, ...] = ()
    answers: tuple[tuple[int, str], ...] = ()
    plan: Plan | None = None


class Rows(Protocol):
    """What commands that only look need of a store: `status`, `check`, `show`."""

    def runs(self) -> tuple[RunRow, ...]:
        """All runs, newest first."""

    def packages(self, run: RunId) -> tuple[PackageRow, ...]:
        """The run's packages in the plan's order."""

    def plan(self, run: RunId) -> Plan:
        """The plan a run executes, as it stands now."""

    def approved(self, plan: str) -> tuple[Approval, ...]:
        """The approvals of any digest of the plans of that id, oldest first."""

    def requests(self, run: RunId) -> tuple[Request, ...]:
        """The run's requests that have no answer, oldest first."""

    def questions(self, run: RunId) -> tuple[Question, ...]:
        """What sessions ask people about a run, and nobody has answered, the oldest first."""

    def progress(self, run: RunId) -> tuple[Progress, ...]:
        """How far sessions say that work of a run is, the newest word last."""

    def features(self) -> tuple[Feature, ...]:
        """Features that are registered, whose time is not over, by name."""

    def durations(self) -> tuple[Duration, ...]:
        """How long packages took that landed, the latest first; at most 10,000."""

    def used(self, run: RunId) -> Mapping[PackageId, Used]:
        """What each package's agents say they used up; packages of which nobody says are not in."""


class Store(Rows, Protocol):
    """The state of record. Sync. A state change and its event share a transaction.

    Leases are measured by the store's own clock, whatever the caller's says. A write that names an
    epoch is refused unless it is the package's, be it lower or higher (`StaleEpoch`). Every write
    of a run names the run's epoch, too, which is 0 until somebody claims the run (`RunTaken` for
    any other).
    """

    @property
    def shared(self) -> bool:
        """Whether other machines may use it as well."""

    def create_run(
        self, run: RunId, plan: Plan, *, branch: str, base: str, options: Mapping[str, Any]
    ) -> None:
        """Record a run and its packages, all pending at epoch 0."""

    def run(self, run: RunId) -> RunRow:
        """One run. Raises UsageError `NO_SUCH_RUN`."""

    def options(self, run: RunId) -> Mapping[str, Any]:
        """The options a run was started with."""

    def claim_run(
        self, run: RunId, *, holder: str, ttl_s: float, over: str | None = None
    ) -> TrunkLease:
        """Claim a run, to decide it and to move its branch: its epoch rises by one.

        It succeeds where nobody holds the run, the lease has run out, the holder is the same, or
        is `over`: one that is known to have ended. The claims on the run's packages pass on to
        the new holder, with their epochs and their times.

        Raises:
            RunHeld: Another holder's claim lasts.
        """

    def renew_run(
        self, run: RunId, *, epoch: int, ttl_s: float, packages: Mapping[PackageId, int]
    ) -> tuple[Lease, ...]:
        """Let a claim on a run, and those on packages, last `ttl_s` seconds from now.

        Those too that have run out meanwhile.

        Args:
            run: The run.
            epoch: The run's epoch.
            ttl_s: Seconds.
            packages: Their epochs.

        Returns:
            The packages' claims. One that is missing was given back, or somebody else has it.

        Raises:
            RunTaken: Somebody else has claimed the run.
            UsageError: `NOT_CLAIMED`, the claim on the run was given back.
        """

    def require_run(self, run: RunId, *, epoch: int, packages: Mapping[PackageId, int]) -> None:
        """Do nothing while the run and these packages have these epochs.

        Raises:
            RunTaken: The run has another epoch.
            StaleEpoch: A package has another epoch.
        """

    def release_run(self, run: RunId, *, epoch: int) -> None:
        """Give back a claim on a run; the epoch stays, and so does what its packages hold.

        Raises:
            RunTaken: Somebody else has claimed the run.
        """

    def held_runs(self) -> tuple[HeldRun, ...]:
        """The runs that somebody decides."""

    def note(self, run: RunId, warned: Warned) -> None:
        """Add a warning to a run, whoever decides it: that a write was refused, for one."""

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
        """Claim a package: its epoch rises by one, in one compare-and-set.

        It succeeds where nobody holds the package, the lease has run out, or the holder is the
        same: then its own earlier epoch is over too. Lock keys are taken with it, or nothing is;
        without any to take, those it holds stay until `acquire` or `release`.

        Raises:
            LeaseHeld: Another holder's lease lasts.
            LockHeld: Another package holds a key that conflicts.
            RunTaken: The run has another epoch.
        """

    def renew(
        self, run: RunId, package: PackageId, epoch: int, *, ttl_s: float, run_epoch: int = 0
    ) -> Lease:
        """Let a claim last `ttl_s` seconds from now, also one that has run out meanwhile.

        Raises:
            StaleEpoch: The package has another epoch: somebody else has claimed it.
            RunTaken: The run has another epoch.
            UsageError: `NOT_CLAIMED`, the claim was given back.
        """

    def release(self, run: RunId, package: PackageId, epoch: int, *, run_epoch: int = 0) -> None:
        """Give back a claim and the package's lock keys; the epoch stays. Again does no harm.

        Raises:
            StaleEpoch: The package has another epoch.
            RunTaken: The run has another epoch.
        """

    def expired(self, run: RunId) -> tuple[Lease, ...]:
        """The claims of a run whose time is over, in the plan's order."""

    def acquire(
        self,
        run: RunId,
        package: PackageId,
        epoch: int,
        keys: Iterable[str],
        *,
        run_epoch: int = 0,
    ) -> tuple[HeldKey, ...]:
        """Take lock keys for a package, all or none, in sorted order and normal spelling.

        They conflict as `core.lock_keys` says, with those of all packages of all runs; also where
        the other's lease has run out, until that package is released or takes keys anew. Afterwards
        the package holds exactly these keys, under this epoch.

        Raises:
            StaleEpoch: The package has another epoch.
            RunTaken: The run has another epoch.
            LockHeld: Another package holds a key that conflicts.
        """

    def free_keys(self, held: HeldKey, *, over: str | None = None) -> bool:
        """Take from a package the keys it holds under that epoch, if nobody decides its run.

        A holder that is `over`, known to have ended, is nobody.

        Returns:
            Whether nobody does. Whoever takes the run up again takes the keys anew first.
        """

    def held_keys(self) -> tuple[HeldKey, ...]:
        """All lock keys that are held, in all runs, by token."""

    def advance(
        self, run: RunId, advances: Sequence[Advance], *, run_epoch: int = 0
    ) -> tuple[Recorded, ...]:
        """Write all advances in one transaction, in order; all or none.

        Raises:
            StaleEpoch: A package's row has another epoch.
            RunTaken: The run has another epoch.
        """

    def events(
        self, run: RunId, *, after: int = 0, package: PackageId | None = None
    ) -> tuple[Recorded, ...]:
        """The run's events with `seq > after`, in order.

        With a package: those about it, and those about no package.
        """

    def some_events(self, run: RunId, *, after: int, most: int) -> tuple[Recorded, ...]:
        """The first of the run's events with `seq > after`, in order: at most so many."""

    def steps(self, run: RunId) -> Mapping[PackageId, Done]:
        """What the steps of each package's latest epoch came to; packages without any left out."""

    def ask(self, run: RunId, kind: str, data: Mapping[str, Any], *, who: str) -> int:
        """Put a request to whoever decides the run; its number, from 1.

        Raises:
            UsageError: `NO_SUCH_RUN`.
        """

    def request(self, run: RunId, number: int) -> Request:
        """One request. Raises UsageError `NO_SUCH_REQUEST`."""

    def approve(self, digest: Digest, *, who: str, plan: str) -> Approval:
        """Record an approval."""

    def approvals(self, digest: Digest) -> tuple[Approval, ...]:
        """The approvals of a digest, oldest first."""

    def audit(self, *, after: int = 0, most: int = 1000) -> tuple[Entry, ...]:
        """Rows of the audit behind a number, in order, at most so many.

        What people ask of a run, the answers to it, approvals, claims on runs, and the events that
        `core.audit` names are in it, each written in the transaction of the fact itself.
        """

    def audit_of(self, run: RunId, *, most: int = 1000) -> tuple[Entry, ...]:
        """The newest rows of the audit that are about a run, or are approvals, in order."""

    def audited(self) -> int:
        """How many rows of the audit were written."""

    def landings(self) -> Landings:
        """What came of candidates in the latest runs."""

    def close(self) -> None:
        """Let go of the database."""
