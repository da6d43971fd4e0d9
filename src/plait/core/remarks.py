"""Remarks: what was found in work that has landed all the same, for who reads the branch."""

from __future__ import annotations

from collections.abc import Iterator

from plait.core.acceptance import accepted_by
from plait.core.consensus import Consensus
from plait.core.evolve import replace
from plait.core.finding import Finding, Severity
from plait.core.package import PackageState, PackageStatus
from plait.core.plan import Span
from plait.core.review import PLAIT
from plait.core.run import Run

REVIEW_FINDING = "REVIEW_FINDING"
_MOST = 1000  # characters of what a reviewer says


def remarks(run: Run) -> tuple[Finding, ...]:
    """What was accepted in landed packages' work, or stood in nobody's way, package by package.

    What somebody accepted is a warning, what was only told as slight as it was.
    """
    landed = run.with_status(PackageStatus.LANDED)
    return tuple(found for state in landed if state.attempts for found in _of(state))


def _of(state: PackageState) -> Iterator[Finding]:
    attempt = state.attempts[-1]
    accepted = dict(accepted_by(state))
    for doubt in attempt.doubts:
        if doubt not in accepted:
            yield replace(doubt, where=state.id)
            continue
        message = f"{doubt.message}; accepted by {_names(accepted[doubt])}"
        yield replace(doubt, message=message, severity=Severity.WARNING, where=state.id)
    last = attempt.reviewed.last
    for thing in () if last is None else last.consensus:
        if thing.findings[0].reviewer != PLAIT:
            yield _reviewed(state, thing, blocks=_blocks(thing, last.blocking if last else ()))


def _reviewed(state: PackageState, thing: Consensus, *, blocks: bool) -> Finding:
    first = thing.findings[0]
    by = _names(tuple(one.reviewer for one in thing.findings if one.reviewer != PLAIT))
    message = f"{first.type}, {thing.criticality}, {thing.agreement}: {first.description}"[:_MOST]
    person = state.accepted
    accepted = f"; accepted by {person.who or 'a person'}" if blocks and person else ""
    return Finding(
        code=REVIEW_FINDING,
        severity=Severity.WARNING if blocks else Severity.INFO,
        message=f"{message} (found by {by}){accepted}",
        hint=first.resolution[:_MOST],
        span=Span(file=first.file, line=max(1, first.first)) if first.file else None,
        where=state.id,
    )


def _blocks(thing: Consensus, blocking: tuple[str, ...]) -> bool:
    return any(one.id in blocking for one in thing.findings)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(names))
