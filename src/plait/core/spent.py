"""What a run has used up of time and money, and which agents may not start for now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from plait.core.event import AgentNudged, LimitReached, ProviderParked, RunLimit
from plait.core.plan import PackageId

Number = TypeVar("Number", int, float)
TOLD = ("cost_usd", "tokens_input", "tokens_output")  # as events call them
USAGE = ("agent_ended", "usage_reported")  # the types of events that tell it
_CENTS = 1e-9  # sums of prices are not exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What agents say they used up, in all attempts together; None: none of them says."""

    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None

    def __add__(self, other: Used) -> Used:
        """Both together."""
        return Used(
            cost_usd=_sum(self.cost_usd, other.cost_usd),
            tokens_input=_sum(self.tokens_input, other.tokens_input),
            tokens_output=_sum(self.tokens_output, other.tokens_output),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An agent, as `--agent` names it, that starts on nothing before `until`. Unix seconds."""

    provider: str
    since: float
    until: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a run has used up.

    `usd` is the sum of what its agents say they cost. `worked_s` is how long it was at work
    before it was last taken up, at `began_at`; `latest_at` is when something was last recorded.
    `timeout_s` is how long it may work in all, `reached` the limit that it came to.
    """

    usd: float = 0.0
    timeout_s: float | None = None
    worked_s: float = 0.0
    began_at: float = 0.0
    latest_at: float = 0.0
    reached: LimitReached | None = None
    parked: tuple[Parked, ...] = ()

    @property
    def deadline(self) -> float | None:
        """The Unix time at which the run's time is over, if it goes on like this."""
        if self.timeout_s is None:
            return None
        return self.began_at + max(0.0, self.timeout_s - self.worked_s)

    def began(self, at: float, timeout_s: float | None) -> Spent:
        """The run began."""
        return replace(self, began_at=at, latest_at=at, timeout_s=timeout_s)

    def seen(self, at: float) -> Spent:
        """Something was recorded."""
        return replace(self, latest_at=at)

    def continued(self, at: float) -> Spent:
        """The run was taken up again: what lay in between was no work.

        One that had come to the end of its time, and has work again, has all of it again.
        """
        over = self.reached is not None and self.reached.limit is RunLimit.TIME
        worked_s = self.worked_s + max(0.0, self.latest_at - self.began_at)
        return replace(
            self,
            worked_s=0.0 if over else worked_s,
            began_at=at,
            latest_at=at,
            reached=None if over else self.reached,
        )

    def allowed(self, budget_usd: float | None) -> Spent:
        """The budget was changed: one that leaves something lets the run go on."""
        by_money = self.reached is not None and self.reached.limit is RunLimit.BUDGET
        return replace(self, reached=None) if by_money and not self.exceeds(budget_usd) else self

    def exceeds(self, budget_usd: float | None) -> bool:
        """Whether nothing is left of it."""
        return budget_usd is not None and self.usd >= budget_usd - _CENTS

    def told(self, event: AgentNudged | ProviderParked | LimitReached, at: float) -> Spent:
        """An agent was nudged, which uses up nothing, or must rest; or a limit is reached."""
        match event:
            case AgentNudged():
                return self
            case LimitReached():
                return replace(self, reached=event)
            case ProviderParked(provider=provider, until=until, reason=reason):
                others = tuple(each for each in self.parked if each.provider != provider)
                parked = Parked(provider=provider, since=at, until=until, reason=reason)
                return replace(self, parked=(*others, parked))


def used(told: Iterable[tuple[str, int, int, Mapping[str, Any]]]) -> Mapping[PackageId, Used]:
    """What each package's agents used up; those that say nothing are left out.

    Args:
        told: Package, attempt, epoch and data of each event of `USAGE`, in order. Of an attempt
            what it said last holds.
    """
    latest: dict[tuple[str, int, int], Used] = {}
    for package, attempt, epoch, data in told:
        said = {name: data[name] for name in TOLD if data.get(name) is not None}
        if said:
            attempted = package, attempt, epoch
            latest[attempted] = replace(latest.get(attempted, Used()), **said)
    found: defaultdict[PackageId, Used] = defaultdict(Used)
    for (package, _, _), each in latest.items():
        found[PackageId(package)] += each
    return dict(found)


def _sum(one: Number | None, other: Number | None) -> Number | None:
    return other if one is None else one if other is None else one + other
