"""The state of record, as the engine and the commands see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from plait.core.event import Event, Recorded, RunId, RunStatus
from plait.core.lease import Lease
from plait.core.plan import Digest, PackageId, Plan
from plait.core.run import PackageState


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
class Advance:
    """What one transaction writes: events, and the rows they change.

    `packages` are written only while their `epoch` is the stored one (`StaleEpoch` otherwise).
    """

    events: tuple[Event, ...]
    packages: tuple[PackageState, ...] = ()
    status: RunStatus | None = None
    head: str | None = None


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
    """The state of record. Sync; one writer. A state change and its event share a transaction."""

    def create_run(
        self, run: RunId, plan: Plan, *, branch: str, base: str, options: Mapping[str, Any]
    ) -> None:
        """Record a run and its packages, all pending at epoch 0."""

    def run(self, run: RunId) -> RunRow:
        """One run. Raises UsageError `NO_SUCH_RUN`."""

    def options(self, run: RunId) -> Mapping[str, Any]:
        """The options a run was started with."""

    def claim(self, run: RunId, package: PackageId, *, holder: str, ttl_s: float) -> Lease:
        """Claim a package: its epoch rises by one, in one compare-and-set."""

    def advance(self, run: RunId, advances: Sequence[Advance]) -> tuple[Recorded, ...]:
        """Write all advances in one transaction, in order; all or none.

        Raises:
            StaleEpoch: A package's row has another epoch.
        """

    def events(self, run: RunId, *, after: int = 0) -> tuple[Recorded, ...]:
        """The run's events with `seq > after`, in order."""

    def approve(self, digest: Digest, *, who: str, plan: str) -> Approval:
        """Record an approval."""

    def approvals(self, digest: Digest) -> tuple[Approval, ...]:
        """The approvals of a digest, oldest first."""

    def close(self) -> None:
        """Let go of the database."""
