"""What `plait run` was told."""

from __future__ import annotations

from dataclasses import dataclass, field

from plait.app import confining
from plait.app.choosing import roster_of
from plait.core.plan import Check, PackageId
from plait.core.review import ReviewPolicy
from plait.core.roster import Roster, Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What `plait run` was told; stored with the run, so that it continues the same way."""

    agents: tuple[str, ...]
    packages: tuple[PackageId, ...]
    seats: tuple[Seat, ...] = ()
    base: str = "HEAD"
    branch: str | None = None
    fresh: bool = False
    max_agents: int = 6
    fail_fast: bool = False
    stop_on: str = ""
    checks: tuple[Check, ...] = ()
    land_checks: tuple[Check, ...] = ()
    budget_usd: float | None = None
    timeout_s: float | None = None
    held: confining.Holding = field(default_factory=confining.Holding)
    pull_request: bool = False
    target: str = ""  # the branch that the run began on: a pull request is to go there
    review: ReviewPolicy = field(default_factory=ReviewPolicy)

    @property
    def roster(self) -> Roster:
        """Who may work on what."""
        return roster_of(self.agents, self.seats)
