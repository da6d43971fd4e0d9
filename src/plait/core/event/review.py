"""What reviewers were asked, what they found, and what followed from it."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.consensus import Conclusion
from plait.core.event.kinds import AgentStatus
from plait.core.plan import PackageId
from plait.core.review import Criticality, Disposition, FindingType, ReviewOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewStarted:
    """A reviewer was asked what it says of a commit. `round` counts from 1 in an attempt."""

    package: PackageId
    attempt: int
    epoch: int
    round: int
    reviewer: str  # as the settings name it
    agent: str
    commit: str
    directory: str  # its brief and its logs
    sandbox: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingReported:
    """Something was found in a package's work. The fields are those of `core.review.Finding`."""

    package: PackageId
    attempt: int
    epoch: int
    round: int
    commit: str
    id: str
    reviewer: str
    kind: FindingType
    criticality: Criticality
    disposition: Disposition
    description: str
    file: str = ""
    first: int = 0
    last: int = 0
    axis: str = ""
    severity: str = ""
    resolution: str = ""
    absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEnded:
    """A reviewer is done, and its review counts, or does not for the `reason` that is told.

    `accepts` are findings of Plait's own that it holds to be all right, `reasons` why, in the
    same order.
    """

    package: PackageId
    attempt: int
    epoch: int
    round: int
    reviewer: str
    commit: str
    outcome: ReviewOutcome
    reason: str = ""
    summary: str = ""
    duration_s: float = 0.0
    accepts: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewConcluded:
    """What follows from a round. `reviewers` are those whose reviews count; none: not reviewed.

    `blocking` are the findings that stand in the way, `things` how many different things they
    are about.
    """

    package: PackageId
    attempt: int
    epoch: int
    round: int
    commit: str
    conclusion: Conclusion
    reason: str = ""
    reviewers: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    things: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FixStarted:
    """A narrow package, `name`, is to put right what a round found, on the reviewed commit.

    `number` is the round's; `scope` is where it may write, `findings` what it is about.
    """

    package: PackageId
    attempt: int
    epoch: int
    number: int
    name: str
    agent: str
    commit: str
    directory: str
    scope: tuple[str, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FixEnded:
    """The agent of a fix is done; its commit, scope and checks are told as those of any work."""

    package: PackageId
    attempt: int
    epoch: int
    number: int
    status: AgentStatus
    exit_code: int | None
    duration_s: float
    summary: str = ""
    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
