"""What a run's owner allows, and what a decision orders."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from plait.core.plan import PackageId
from plait.core.roster import Roster


class UnknownScope(StrEnum):
    """What packages whose scope is unknown may run beside."""

    DECLARED = "declared"  # others, where the source marks both as parallel
    SERIAL = "serial"  # nothing
    SHARED = "shared"  # anything
    REFUSE = "refuse"  # they do not run at all (a finding says so before)


class GatePolicy(StrEnum):
    """What a gate without a reviewer does."""

    CHECKS = "checks"  # it passes when the checks of what it guards passed on the landed tree
    ASK = "ask"  # it blocks, for a person


class StartDependents(StrEnum):
    """When a package may begin, of what it needs."""

    LANDED = "landed"  # once all of it is on the run's branch
    VERIFIED = "verified"  # once all of it is a candidate: see `ahead`


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the owner of a run allows. `max_agents` counts agents at work."""

    max_agents: int = 6
    fail_fast: bool = False
    stop_on_critical: bool = False
    unknown_scope: UnknownScope = UnknownScope.DECLARED
    gates: GatePolicy = GatePolicy.CHECKS
    start_dependents: StartDependents = StartDependents.LANDED
    roster: Roster = field(default_factory=Roster)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Workers from elsewhere: whom the loop may begin attempts for.

    Args:
        waiting: The trust of each that waits for work.
        starting: Packages whose attempt is being begun for one.
    """

    waiting: tuple[int, ...] = ()
    starting: frozenset[PackageId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Begin an attempt; by `provider`, or by whom the roster says."""

    package: PackageId
    provider: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """It will never start; `because` names what stands in its way."""

    package: PackageId
    reason: str
    because: tuple[PackageId, ...] = ()
    benign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PassGate:
    """A gate's condition holds."""

    package: PackageId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A gate that a person must judge."""

    package: PackageId
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """The owner's rule ends it before it began."""

    package: PackageId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What is ready may start later: look again at this Unix time.

    `outside` are packages that only a worker from elsewhere may have, and nobody waits for.
    """

    until: float
    outside: tuple[PackageId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """Nothing more can happen."""


Action = Start | Skip | PassGate | Ask | Cancel | Wait | Finish
