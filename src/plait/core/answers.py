"""What a person's answer says, and what is told back of an order."""

from __future__ import annotations

from plait.core.event import IntegrationAccepted, IntegrationReopened
from plait.core.plan import PackageId

YES = frozenset({"yes", "y", "pass", "passes", "passed", "ok", "approve", "approved"})
ACCEPTS = YES | {"accept", "accepts", "accepted", "land"}
NO = frozenset({"no", "n", "fail", "fails", "failed", "reject", "rejected"})


def first_word(text: str) -> str:
    """The word that decides, in small letters; empty if there is none."""
    return next(iter(text.split(maxsplit=1)), "").strip(".,;:!").lower()


def told_again(names: list[PackageId], freed: list[PackageId]) -> str:
    """What starts again, and what with it."""
    more = f", and {', '.join(freed)} with it" if freed else ""
    return f"to be started again: {', '.join(names)}{more}"


def told_limits(*, max_agents: int | None, budget_usd: float | None) -> str:
    """What the run may use from now on."""
    told = []
    if max_agents is not None:
        told.append(f"at most {max_agents} agents at once")
    if budget_usd is not None:
        told.append(f"a budget of {budget_usd:.2f} USD")
    return f"from now on {' and '.join(told)}" if told else "nothing was to be changed"


def told_ended(count: int) -> str:
    """How many attempts were cut short."""
    return f"; {told_packages(count)} at work ended, the work kept" if count else ""


def told_packages(count: int) -> str:
    """So many packages."""
    return f"{count} package{'' if count == 1 else 's'}"


def told_by(who: str) -> str:
    """Who, if that is known."""
    return f" by {who}" if who else ""


def told_decided(decided: IntegrationAccepted | IntegrationReopened) -> str:
    """What follows for the branch as a whole."""
    if isinstance(decided, IntegrationAccepted):
        return "the branch is accepted as it is"
    return "a package is opened that puts it right"
