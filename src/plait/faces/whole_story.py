"""How the run's branch was judged as a whole, in words."""

from __future__ import annotations

from plait.core.event import IntegrationAccepted, IntegrationJudged, IntegrationReopened, Verdict
from plait.faces.text import clean, count, duration


def tell_whole(event: IntegrationJudged | IntegrationAccepted | IntegrationReopened) -> str:
    """One line of the story."""
    match event:
        case IntegrationJudged(verdict=Verdict.PASS):
            return f"the whole passes: {judged_by(event)} (in {duration(event.duration_s)})"
        case IntegrationJudged(fix=str(fix), reason=reason):
            return f"the whole does not pass, {clean(fix)} puts it right: {_first(reason)}"
        case IntegrationJudged(question=question):
            return f"waits for a decision: {clean(question)}"
        case IntegrationAccepted(who=who, reason=reason):
            by = f" by {clean(who)}" if who else ""
            return f"the whole is accepted as it is{by}: {clean(reason)}"
        case IntegrationReopened(mend=True, reason=reason):
            return f"the whole is to be put right: {clean(reason)}"
        case IntegrationReopened():
            return "the whole is judged again"


def judged_by(event: IntegrationJudged) -> str:
    """What looked at it: checks, contracts, the change's folder."""
    ran, known = len(event.checks), event.known
    parts = []
    if ran:
        parts.append(f"{count(ran, 'check')} of the final tree")
    if known:
        parts.append(
            f"{count(known, 'check')}{' more' if ran else ''} had passed on that very tree"
        )
    if not ran and not known:
        parts.append("nothing checks it")
    if event.contracts:
        parts.append(f"{count(event.contracts, 'contract')} looked at")
    if event.validated:
        parts.append(f"the change by `{clean(event.validated)}`")
    return ", ".join(parts)


def _first(reason: str) -> str:
    return clean(reason.partition("\n")[0])
