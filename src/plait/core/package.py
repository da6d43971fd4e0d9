"""A package in a run: where it stands, its attempts, what the checks said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from plait.core.escalation import Raised
from plait.core.event import AgentStatus, Stage, Verdict
from plait.core.finding import Finding
from plait.core.plan import CheckKind, PackageId
from plait.core.reviewed import Reviewed


class PackageStatus(StrEnum):
    """Where a package stands in a run."""

    PENDING = "pending"
    RUNNING = "running"  # an agent works on it
    VERIFYING = "verifying"  # its agent is done; Plait commits, checks scope and runs checks
    VERIFIED = "verified"  # a candidate, waiting to land
    LANDING = "landing"  # its merge result is being tested
    LANDED = "landed"
    FAILED = "failed"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    DONE_BEFORE = "done_before"


ACTIVE = frozenset(
    {
        PackageStatus.RUNNING,
        PackageStatus.VERIFYING,
        PackageStatus.VERIFIED,
        PackageStatus.LANDING,
    }
)
SATISFIED = frozenset({PackageStatus.LANDED, PackageStatus.DONE_BEFORE})
ENDED = SATISFIED | {
    PackageStatus.FAILED,
    PackageStatus.SKIPPED,
    PackageStatus.BLOCKED,
    PackageStatus.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """One check on one commit; `log` is relative to the state folder."""

    stage: Stage
    name: str
    command: str
    passed: bool
    exit_code: int | None
    duration_s: float
    log: str
    commit: str
    owner: PackageId | None = None
    tree: str = ""
    again: bool = False
    kind: CheckKind = CheckKind.COMMAND
    who: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at one package; `outcome` is None while it lasts. Times are Unix seconds."""

    number: int
    epoch: int
    agent: str
    worktree: str
    base: str
    directory: str
    started_at: float
    setup_s: float
    finished_at: float | None = None
    agent_status: AgentStatus | None = None
    agent_s: float = 0.0
    exit_code: int | None = None
    outcome: Verdict | None = None
    error_code: str | None = None
    reason: str = ""
    summary: str = ""
    violations: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    kept_ref: str | None = None
    commit: str | None = None
    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    interrupted: bool = False  # by a crash or stop of Plait: uses up nothing of the budget
    provider: str = ""
    sandbox: str = "none"
    session: str = ""
    finish: str = ""
    peak_memory: int | None = None
    denied: int = 0  # how often something it tried was prevented
    doubts: tuple[Finding, ...] = ()  # what in its commit weakens what judges it
    built_on: Mapping[PackageId, int] = field(default_factory=dict)  # candidates: their epochs
    conflicts: tuple[str, ...] = ()  # paths that conflict with what has landed
    conflicts_with: tuple[PackageId, ...] = ()  # that changed them
    reviewed: Reviewed = field(default_factory=Reviewed)

    @property
    def total_usd(self) -> float:
        """What it cost with its reviews and fixes, as far as their agents say."""
        return (self.cost_usd or 0.0) + self.reviewed.cost_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a package asked, and what a person said to it."""

    question: str
    text: str
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Who accepted work that was held, in which words, and when (Unix time)."""

    who: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageState:
    """A package in a run. `commit` is the candidate's, then the landing's.

    While it is blocked, `held` is the commit that may be accepted as it is.

    While it is pending, its next attempt begins at `not_before` (Unix time) at the earliest.
    """

    id: PackageId
    status: PackageStatus = PackageStatus.PENDING
    epoch: int = 0
    attempts: tuple[Attempt, ...] = ()
    checks: tuple[CheckOutcome, ...] = ()
    commit: str | None = None
    reason: str = ""
    error_code: str | None = None
    question: str = ""
    files: tuple[str, ...] = ()
    landed_at: float | None = None
    unchecked: bool = False
    merged: tuple[str, ...] = ()  # files that conflicted line by line, merged by what they hold
    benign: bool = False
    answers: tuple[Answer, ...] = ()
    spared: int = 0  # attempts that no longer count against the budget
    not_before: float = 0.0
    escalations: tuple[Raised, ...] = ()
    held: str | None = None
    accepted: Acceptance | None = None
    apart: tuple[PackageId, ...] = ()  # packages that it never works beside

    @property
    def attempts_made(self) -> int:
        """How many attempts were made, but for those that were cut short from outside."""
        return sum(1 for attempt in self.attempts if not attempt.interrupted)

    @property
    def attempts_used(self) -> int:
        """How many attempts count against the budget."""
        return self.attempts_made - self.spared

    @property
    def next_attempt(self) -> int:
        """The number of the next attempt, from 1."""
        return self.attempts_made + 1

    def under(self, epoch: int) -> tuple[Attempt, ...]:
        """The attempts under one claim: several, where an agent went on in its session."""
        return tuple(each for each in self.attempts if each.epoch == epoch)

    @property
    def cost_usd(self) -> float:
        """What its attempts have cost, reviews with them, as far as their agents say."""
        return sum(attempt.total_usd for attempt in self.attempts)
