"""What agents used up, what that led to, and what made them go on."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.event.kinds import RunLimit
from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReported:
    """What an agent at work says it has used up since its attempt began; None: not said."""

    package: PackageId
    attempt: int
    epoch: int
    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNudged:
    """An agent that neither said nor changed anything for `quiet_s` seconds was woken."""

    package: PackageId
    attempt: int
    epoch: int
    quiet_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderParked:
    """An agent, as `--agent` names it, starts on nothing more before `until` (Unix time)."""

    provider: str
    until: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReached:
    """What the run was allowed is used up: nothing more starts, agents at work are ended."""

    limit: RunLimit
    reason: str
