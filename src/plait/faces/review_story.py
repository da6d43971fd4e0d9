"""Reviews, their findings and fixes, in words."""

from __future__ import annotations

from plait.core.consensus import Conclusion
from plait.core.event import (
    AgentStatus,
    FindingReported,
    FixEnded,
    FixStarted,
    ReviewConcluded,
    ReviewEnded,
    ReviewStarted,
)
from plait.core.review import ReviewOutcome
from plait.core.roster import called
from plait.faces.spent_story import money
from plait.faces.text import clean, count, duration, listing, shorten

ReviewEvent = (
    ReviewStarted | FindingReported | ReviewEnded | ReviewConcluded | FixStarted | FixEnded
)
_WIDEST = 40  # a reviewer may be a whole shell command


def tell_review(event: ReviewEvent, *, verbose: bool = False) -> str | None:
    """One line of the story, or None where what follows says the same."""
    match event:
        case ReviewStarted():
            who = _who(event.agent, event.reviewer)
            return f"reviewed by {who} (round {event.round})" if verbose else None
        case FindingReported():
            return _finding(event)
        case ReviewEnded():
            return _ended(event, verbose=verbose)
        case ReviewConcluded():
            return _concluded(event)
        case FixStarted():
            return f"{clean(event.name)} is to put it right in {listing(event.scope)}"
        case FixEnded(status=AgentStatus.COMPLETED):
            took = duration(event.duration_s)
            cost = "" if event.cost_usd is None else f", {money(event.cost_usd)}"
            return f"fix {event.number} done in {took}{cost}"
        case FixEnded():
            how = event.status.value.replace("_", " ")
            return f"fix {event.number} ended {how}: {_first(event.summary)}"


def _finding(event: FindingReported) -> str:
    lines = f":{event.first}" if event.first else ""
    place = f"{clean(event.file)}{lines}: " if event.file else ""
    there = " in a file that there is not, so it stands in nobody's way" if event.absent else ""
    told = f"{place}{_first(event.description)}"
    return f"a reviewer found ({event.criticality}, {event.disposition}){there}: {told}"


def _ended(event: ReviewEnded, *, verbose: bool) -> str | None:
    who = _who("a command", event.reviewer)
    counts = event.outcome is ReviewOutcome.COUNTED
    if counts and event.accepts:
        why = "; ".join(dict.fromkeys(map(_first, event.reasons)))
        return f"{who} accepts what weakens its checks: {why}"
    if counts:
        took = duration(event.duration_s)
        cost = "" if event.cost_usd is None else f", {money(event.cost_usd)}"
        return f"review by {who} took {took}{cost}" if verbose else None
    # Where it never comes to count, a warning says so in the end.
    return f"the review by {who} does not count: {_first(event.reason)}" if verbose else None


def _concluded(event: ReviewConcluded) -> str:
    match event.conclusion:
        case Conclusion.PASSED if event.reviewers:
            return f"review passed: {count(len(event.reviewers), 'reviewer')}"
        case Conclusion.PASSED:
            return _first(event.reason) or "not reviewed"
        case Conclusion.FIX:
            return f"review: {count(event.things, 'finding')} to be put right"
        case Conclusion.REGENERATE | Conclusion.ASK:
            return f"review: {_first(event.reason)}"


def _who(agent: str, reviewer: str) -> str:
    return shorten(clean(called(agent, reviewer)), _WIDEST)


def _first(text: str) -> str:
    return clean(text.partition("\n")[0])
