"""Whether a run has come to the end of its time or its money, and what to say of it."""

from __future__ import annotations

from plait.core.event import LimitReached, RunLimit
from plait.core.package import ACTIVE, PackageStatus
from plait.core.run import Run


def limit_reached(run: Run, now: float) -> LimitReached | None:
    """The limit that a run has come to and that was not told yet. `now` is Unix time.

    One that has nothing left to start and no agent at work needs no more of either.
    """
    spent = run.spent
    if spent.reached is not None:
        return None
    at_work = run.packages.count(PackageStatus.PENDING, *ACTIVE) or run.owes_judgement
    if at_work and spent.deadline is not None and now >= spent.deadline:
        told = f"the run's time is over: it was given {spent.timeout_s:g} s (--timeout)"
        return LimitReached(limit=RunLimit.TIME, reason=told)
    wanting = run.packages.count(PackageStatus.PENDING, PackageStatus.RUNNING)
    if wanting and spent.exceeds(run.budget_usd):
        told = (
            f"{spent.usd:.2f} USD are spent of a budget of {run.budget_usd:.2f} USD; to go on: "
            f"plait resume {run.id} --budget USD, with a larger sum"
        )
        return LimitReached(limit=RunLimit.BUDGET, reason=told)
    return None


def package_overspent(run: Run, cost_usd: float, limit_usd: float | None) -> str:
    """What to ask of a person whose package has cost all that it may; empty if it has not."""
    if limit_usd is None or cost_usd < limit_usd:
        return ""
    return (
        f"it has cost {cost_usd:.2f} USD, and may cost {limit_usd:.2f} USD "
        f"(`[budget] package` in plait.toml); is it worth more? Raise that, then: "
        f"plait retry {run.id}"
    )
