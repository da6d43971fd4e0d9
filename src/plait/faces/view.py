"""A run as rows: the one presenter that the live view, `status` and the web page share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from plait.core.event import RunId, RunStatus
from plait.core.plan import PackageId, WorkPackage
from plait.core.roster import called
from plait.core.run import ACTIVE, SATISFIED, PackageState, PackageStatus, Run


class Phase(StrEnum):
    """What happens to an active package, in a reader's words."""

    AGENT = "agent"
    VERIFY = "verify"
    QUEUED = "queued"  # verified; its landing waits for its turn
    LAND = "land"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRow:
    """A package in work. `elapsed_s` counts from the start of the attempt."""

    id: PackageId
    title: str
    phase: Phase
    elapsed_s: float
    attempt: int
    attempts: int
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """A package that has not begun; `on` is what it waits for, empty where it is ready.

    `wait_s` is how long its next attempt is put off.
    """

    id: PackageId
    title: str
    on: tuple[PackageId, ...] = ()
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedRow:
    """A package that came to nothing: failed, blocked, skipped or cancelled, and why."""

    id: PackageId
    title: str
    status: PackageStatus
    reason: str
    error_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A run at one moment. Times are Unix seconds, durations seconds.

    `done` counts what landed or was done before, of `total`. `expected_end` is None until
    something of this run was measured, and once nothing is left. `spent_usd` is what agents say
    they have cost; `parked` counts agents that may start on nothing for now.
    """

    run: RunId
    title: str
    branch: str
    status: RunStatus
    now: float
    counts: Mapping[PackageStatus, int]
    done: int
    total: int
    elapsed_s: float
    active: tuple[ActiveRow, ...] = ()
    ready: tuple[WaitingRow, ...] = ()
    waiting: tuple[WaitingRow, ...] = ()
    stopped: tuple[StoppedRow, ...] = ()
    warnings: int = 0
    expected_end: float | None = None
    spent_usd: float = 0.0
    budget_usd: float | None = None
    parked: int = 0


_PHASES = {
    PackageStatus.RUNNING: Phase.AGENT,
    PackageStatus.VERIFYING: Phase.VERIFY,
    PackageStatus.VERIFIED: Phase.QUEUED,
    PackageStatus.LANDING: Phase.LAND,
}
_STOPPED = (
    PackageStatus.BLOCKED,
    PackageStatus.FAILED,
    PackageStatus.CANCELLED,
    PackageStatus.SKIPPED,
)


def rows(run: Run, now: float) -> Board:
    """What to show of a run at `now` (Unix seconds). Packages keep the plan's order."""
    packages = {package.id: package for package in run.plan.packages}
    counts = {status: len(run.with_status(status)) for status in PackageStatus}
    pending = [
        _waiting(run, packages[state.id], max(state.not_before - now, 0.0))
        for state in run.with_status(PackageStatus.PENDING)
    ]
    return Board(
        run=run.id,
        title=run.plan.title,
        branch=run.branch,
        status=run.status,
        now=now,
        counts={status: number for status, number in counts.items() if number},
        done=sum(counts[status] for status in SATISFIED),
        total=len(run.packages),
        elapsed_s=max((run.finished_at or now) - run.started_at, 0.0),
        active=tuple(_active(state, packages[state.id], now) for state in run.with_status(*ACTIVE)),
        ready=tuple(row for row in pending if not row.on),
        waiting=tuple(row for row in pending if row.on),
        stopped=tuple(
            StoppedRow(
                id=state.id,
                title=packages[state.id].title,
                status=state.status,
                reason=state.question or state.reason,
                error_code=state.error_code,
            )
            for status in _STOPPED
            for state in run.with_status(status)
        ),
        warnings=len(run.warnings),
        expected_end=_expected_end(run, packages, now),
        spent_usd=run.spent.usd,
        budget_usd=run.budget_usd,
        parked=sum(each.until > now for each in run.spent.parked),
    )


def attempts_allowed(package: WorkPackage) -> int:
    """How many attempts a package has in all."""
    return 1 + package.retry_budget


def _active(state: PackageState, package: WorkPackage, now: float) -> ActiveRow:
    attempt = state.attempts[-1]
    return ActiveRow(
        id=state.id,
        title=package.title,
        phase=_PHASES[state.status],
        elapsed_s=max(now - attempt.started_at, 0.0),
        attempt=attempt.number,
        attempts=attempts_allowed(package),
        agent=called(attempt.agent, attempt.provider),
    )


def _waiting(run: Run, package: WorkPackage, wait_s: float) -> WaitingRow:
    unmet = (edge.id for edge in package.needs if not _met(run.packages.get(edge.id)))
    on = tuple(dict.fromkeys(unmet))
    return WaitingRow(id=package.id, title=package.title, on=on, wait_s=wait_s)


def _met(state: PackageState | None) -> bool:
    """Whether a dependency is out of the way; one outside the selection was done before."""
    return (
        state is None
        or state.status in SATISFIED
        or (state.status is PackageStatus.SKIPPED and state.benign)
    )


def _expected_end(run: Run, packages: Mapping[PackageId, WorkPackage], now: float) -> float | None:
    """When the run ends at the earliest: the longest chain left, or the work left by the agents.

    The plan's estimates are in its author's measure (often days of human work), so they are
    scaled by what the packages landed so far really took; without an estimate the mean stands.
    """
    if run.status is not RunStatus.RUNNING:
        return None
    took = {
        state.id: state.landed_at - state.attempts[0].started_at
        for state in run.with_status(PackageStatus.LANDED)
        if state.landed_at is not None and state.attempts
    }
    if not took:
        return None
    mean = sum(took.values()) / len(took)
    compared = [(took[p], packages[p].estimate_s or 0.0) for p in took if packages[p].estimate_s]
    estimated = sum(estimate for _, estimate in compared)
    scale = sum(actual for actual, _ in compared) / estimated if estimated else None
    left: dict[PackageId, float] = {}
    for state in run.with_status(PackageStatus.PENDING, *ACTIVE):
        estimate = packages[state.id].estimate_s
        whole = mean if estimate is None or scale is None else estimate * scale
        spent = now - state.attempts[-1].started_at if state.status in ACTIVE else 0.0
        left[state.id] = max(whole - spent, 0.0)
    if not left:
        return None
    return now + max(_longest_chain(left, packages), sum(left.values()) / max(run.max_agents, 1))


def _longest_chain(
    left: Mapping[PackageId, float], packages: Mapping[PackageId, WorkPackage]
) -> float:
    """The longest sum of `left` along edges. Kahn's order; no recursion for long chains."""
    needs = {
        package: {edge.id for edge in packages[package].needs if edge.id in left}
        for package in left
    }
    followers: dict[PackageId, list[PackageId]] = {package: [] for package in left}
    for package, needed in needs.items():
        for other in needed:
            followers[other].append(package)
    ends = dict.fromkeys(left, 0.0)
    free = [package for package, needed in needs.items() if not needed]
    for package in free:
        ends[package] += left[package]
        for follower in followers[package]:
            ends[follower] = max(ends[follower], ends[package])
            needs[follower].discard(package)
            if not needs[follower]:
                free.append(follower)
    return max(ends.values())
