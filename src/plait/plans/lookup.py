"""Dependency phrases looked up, and what in them names nothing told."""

from __future__ import annotations

from dataclasses import replace

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans.references import Names, References, read

# What to do about what is told of dependencies, in every format.
HINTS = {
    "GATE_NEEDS_OWN_REWORK": "take it out: nothing can wait for both",
    "REWORK_NOT_AWAITED": "let it need the gate, which waits for its rework",
    "SELF_DEPENDENCY": "take it out, or name the task that is meant",
    "UNREAD_DEPENDENCY": 'name tasks by their ids, or write "none"',
    "WEAKER_ORDER_DROPPED": "if that order is meant, take the other dependency out",
}


def look_up(
    text: str, span: Span, names: Names, findings: list[Finding], *, before: int | None = None
) -> References:
    """Read a phrase and tell what in it names nothing.

    Args:
        text: The phrase.
        span: Where it begins.
        names: What there is to name.
        findings: Takes `UNKNOWN_REFERENCE` and `RANGE_HOLE`.
        before: See `references.read`.
    """
    found = read(text, names, before=before)
    findings.extend(
        unknown(missing.text, replace(span, column=span.column + missing.offset))
        for missing in found.unknown
    )
    findings.extend(
        Finding(
            code="RANGE_HOLE",
            severity=Severity.WARNING,
            message=f'"{hole.text}" spans ids that do not exist: {", ".join(hole.parts)}',
            span=replace(span, column=span.column + hole.offset),
            hint="only the ids that exist are meant",
        )
        for hole in found.holes
    )
    return found


def unknown(text: str, span: Span) -> Finding:
    """The finding for a name that nothing has."""
    return Finding(
        code="UNKNOWN_REFERENCE",
        severity=Severity.WARNING,
        message=f'"{text}" names nothing in this plan',
        span=span,
        hint="correct the id, or remove it",
    )
