"""The part of a report that tells who reviewed what, what was found, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from plait.core.consensus import Agreement, Conclusion, Consensus
from plait.core.event import Verdict
from plait.core.package import Attempt, PackageState
from plait.core.review import Finding, ReviewOutcome
from plait.core.reviewed import Fix, Review, Round, Usage
from plait.core.run import Run

NOT_REVIEWED = "not reviewed"
_STANDS = {
    None: "under way",
    Conclusion.PASSED: "passed",
    Conclusion.FIX: "is fixed",
    Conclusion.REGENERATE: "is done anew",
    Conclusion.ASK: "waits for a person",
}
_ENDS = {Verdict.BLOCKED: "waits for a person", Verdict.REJECT: "not passed"}


def reviews(run: Run) -> dict[str, Any]:
    """What the reviews of a run came to; empty where nothing was reviewed."""
    told = [(state, each) for state in run.packages.values() for each in _rounds(state)]
    if not told:
        return {}
    of = [each for _, each in told]
    things = [thing for each in of for thing in each.consensus]
    none = {NOT_REVIEWED, "under way"}
    stands = {state.id: standing(state) for state in run.packages.values() if state.attempts}
    answers = [review for each in of for review in each.reviews]
    used = [use for state in run.packages.values() for use in _used(state.attempts)]
    return {
        "packages_reviewed": sum(each not in none for each in stands.values()),
        "not_reviewed": [name for name, each in stands.items() if each == NOT_REVIEWED],
        "rounds": len(of),
        "fixes": sum(
            len(each.reviewed.fixes) for state in run.packages.values() for each in state.attempts
        ),
        "total_findings": len(things),
        "findings_by_disposition": dict(Counter(each.disposition.value for each in things)),
        "consensus": dict(Counter(each.agreement.value for each in things)),
        "reviewers": _reviewers(answers),
        "cost_usd": cost(used),
    }


def review(state: PackageState) -> dict[str, Any] | None:
    """What the review of a package came to; None if it never was one."""
    attempt = _reviewed(state)
    if attempt is None:
        return None
    told = attempt.reviewed
    return {
        "status": standing(state),
        "reason": told.rounds[-1].reason,
        "attempt": attempt.number,
        "reviewers": list(told.rounds[-1].counted),
        "answers": [_answer(each, one) for each in told.rounds for one in each.reviews],
        "findings": [
            *(_finding(each, one, state) for each in told.rounds for one in each.consensus),
            *(_finding(each, _alone(one), state) for each in told.rounds for one in each.absent),
        ],
        "fixes": [_fix(each) for each in told.fixes],
        "cost_usd": cost(told.used),
    }


def standing(state: PackageState) -> str:
    """Where a package stands with its review, in words."""
    attempt = _reviewed(state)
    if attempt is None:
        return NOT_REVIEWED
    last = attempt.reviewed.rounds[-1]
    if state.accepted is not None and last.conclusion is not Conclusion.PASSED:
        return "accepted by a person"
    if last.conclusion is Conclusion.PASSED and not last.counted:
        return NOT_REVIEWED
    if last.conclusion is Conclusion.PASSED or attempt.outcome is None:
        return _STANDS[last.conclusion]
    return _ENDS.get(attempt.outcome, _STANDS[last.conclusion])


def cost(used: Iterable[Usage]) -> float | None:
    """USD, to the millionth; None where nothing is known."""
    costs = [each.cost_usd for each in used if each.cost_usd is not None]
    return round(sum(costs), 6) if costs else None


def _reviewed(state: PackageState) -> Attempt | None:
    """The last attempt that was reviewed."""
    found = (each for each in reversed(state.attempts) if each.reviewed.rounds)
    return next(found, None)


def _rounds(state: PackageState) -> tuple[Round, ...]:
    return tuple(each for attempt in state.attempts for each in attempt.reviewed.rounds)


def _used(attempts: Iterable[Attempt]) -> tuple[Usage, ...]:
    return tuple(use for attempt in attempts for use in attempt.reviewed.used)


def _reviewers(answers: Iterable[Review]) -> list[dict[str, Any]]:
    by_name: dict[str, list[Review]] = {}
    for each in answers:
        by_name.setdefault(each.reviewer, []).append(each)
    return [
        {
            "reviewer": name,
            "agent": each[0].agent,
            "asked": len(each),
            "counted": sum(one.outcome is ReviewOutcome.COUNTED for one in each),
            "findings": sum(len(one.findings) for one in each),
            "review_s": round(sum(one.used.duration_s for one in each), 3),
            "cost_usd": cost(one.used for one in each),
        }
        for name, each in by_name.items()
    ]


def _answer(each: Round, one: Review) -> dict[str, Any]:
    return _present(
        {
            "round": each.number,
            "commit": each.commit,
            "reviewer": one.reviewer,
            "agent": one.agent,
            "outcome": None if one.outcome is None else one.outcome.value,
            "reason": one.reason or None,
            "summary": one.summary or None,
            "accepts": dict(one.accepts) or None,
            "review_s": round(one.used.duration_s, 3),
            "cost_usd": one.used.cost_usd,
            "logs": one.directory or None,
        }
    )


def _finding(each: Round, thing: Consensus, state: PackageState) -> dict[str, Any]:
    first = thing.findings[0]
    blocks = any(one.id in each.blocking for one in thing.findings)
    last = each is state.attempts[-1].reviewed.last
    by = list(each.lifts(first.id, author=state.attempts[-1].provider)) if last else []
    if last and blocks and state.accepted is not None:
        by = [state.accepted.who or "a person"]
    return _present(
        {
            "ids": [one.id for one in thing.findings],
            "round": each.number,
            "status": "absent" if first.absent else thing.agreement.value,
            "type": first.type.value,
            "criticality": thing.criticality.value,
            "disposition": thing.disposition.value,
            "dispositions": {one.reviewer: one.disposition.value for one in thing.findings},
            "blocks": blocks,
            "accepted_by": by or None,
            "code": first.code or None,
            "file": first.file or None,
            "lines": [first.first, first.last] if first.first else None,
            "axis": first.axis or None,
            "severity": first.severity or None,
            "description": first.description,
            "resolution": first.resolution or None,
        }
    )


def _alone(finding: Finding) -> Consensus:
    return Consensus(findings=(finding,), agreement=Agreement.UNCONFIRMED)


def _fix(fix: Fix) -> dict[str, Any]:
    return _present(
        {
            "name": fix.name,
            "round": fix.number,
            "agent": fix.agent,
            "commit": fix.commit,
            "scope": list(fix.scope),
            "findings": list(fix.findings),
            "status": None if fix.status is None else fix.status.value,
            "agent_s": round(fix.used.duration_s, 3),
            "cost_usd": fix.used.cost_usd,
            "logs": fix.directory,
        }
    )


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
