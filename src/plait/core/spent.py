"""What a run has used up of time and money, and which agents may not start for now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from plait.core.event import AgentNudged, LimitReached, ProviderParked, RunLimit

_CENTS = 1e-9  # sums of prices are not exact


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
