"""Escalations, deviations and changes of the plan, in words."""

from __future__ import annotations

from plait.core.escalation import Consequence, EscalationType, RaisedBy, Severity
from plait.core.event import (
    ConflictFound,
    DeviationNoted,
    EscalationRaised,
    EscalationSettled,
    PackageAdded,
    PlanRevised,
)
from plait.faces.text import clean, count, listing

ProblemEvent = EscalationRaised | EscalationSettled | DeviationNoted | PackageAdded

_FOLLOWS = {
    Consequence.NOTED: "noted",
    Consequence.RETRY: "it is tried again",
    Consequence.APART: "it is tried again, apart from what it met",
    Consequence.FAIL: "it has failed",
    Consequence.FIX: "a narrow package goes first",
    Consequence.REVISE: "it waits for a revision",
    Consequence.ASK: "it waits for a person",
}


def tell_problem(event: ProblemEvent, *, verbose: bool = False) -> str | None:
    """One line of the story, or None where the verdict that follows says the same."""
    match event:
        case EscalationRaised(by=RaisedBy.PLAIT):
            return f"escalates {kind_of(event.kind)}: {clean(event.summary)}" if verbose else None
        case EscalationRaised(kind=EscalationType.UNKNOWN, severity=Severity.BLOCKING):
            return f"asks: {clean(event.summary)}" if verbose else None
        case EscalationRaised(kind=EscalationType.UNKNOWN, severity=severity):
            return f"escalates ({severity}): {clean(event.summary)}"
        case EscalationRaised(severity=severity):
            return f"escalates {kind_of(event.kind)} ({severity}): {clean(event.summary)}"
        case EscalationSettled(consequence=consequence, reason=reason):
            waits = consequence in {Consequence.REVISE, Consequence.ASK, Consequence.FAIL}
            if waits and not verbose:
                return None
            return f"{_FOLLOWS[consequence]}: {clean(reason)}"
        case DeviationNoted(affects=affects):
            whom = f" (affects {listing(affects)})" if affects else ""
            return f"differs from the plan: {clean(event.summary)}{whom}"
        case PackageAdded(needed_by=needed_by, reason=reason):
            whose = clean(needed_by) or "the whole"
            return f"opened for {whose}: {clean(reason.splitlines()[0] if reason else '')}"


def tell_conflict(event: ConflictFound) -> str:
    """One line of the story."""
    with_whom = f" with {listing(event.against)}" if event.against else ""
    what = f"conflicts{with_whom}: {listing(event.paths)}"
    return what if event.landed else f"{what}; waits until that has landed, or has not"


def tell_revision(event: PlanRevised) -> str:
    """One line of the story."""
    who = f" by {clean(event.who)}" if event.who else ""
    parts = [
        f"{count(len(names), 'package')} {what} ({listing(names)})"
        for what, names in (
            ("changed", event.changed),
            ("added", event.added),
            ("removed", event.removed),
            ("to be done again", event.again),
        )
        if names
    ]
    if event.contracts:
        parts.append(f"contracts changed: {listing(event.contracts)}")
    return f"the plan was revised{who}: {'; '.join(parts) or 'no package changed'}"


def kind_of(kind: EscalationType) -> str:
    """The type in words: `contract revision required`."""
    return kind.value.lower().replace("_", " ")
