"""Held work: what a person is asked before it lands, and what follows from the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from plait.core.consensus import Conclusion, Consensus, agree, in_words
from plait.core.escalation import Escalation, EscalationType, Severity
from plait.core.event import (
    CheckEnded,
    Event,
    PackageRequeued,
    QaSettled,
    Stage,
    WorkAccepted,
)
from plait.core.finding import Finding
from plait.core.integrity import holding
from plait.core.package import Attempt, CheckOutcome, PackageState
from plait.core.plan import Check, CheckKind, WorkPackage
from plait.core.review import PLAIT, ReviewOutcome
from plait.core.reviewed import flags

PROPOSAL = "answer yes if the work may land as it is, or no and why"
_SHOWN = 3
_TOLD, _LONGEST = 20, 1000  # findings of reviewers in a question, and signs of each


def judged_elsewhere(
    package: WorkPackage, passed: Iterable[CheckOutcome] = ()
) -> tuple[Check, ...]:
    """The checks of a package that no command of Plait's carries out, and that did not pass yet."""
    known = {(each.name, each.kind) for each in passed if each.passed}
    return tuple(
        check
        for check in package.checks
        if check.kind is not CheckKind.COMMAND and (check.name, check.kind) not in known
    )


def standing(attempt: Attempt) -> tuple[Finding, ...]:
    """What weakens the judgement of an attempt's commit, and no reviewers have accepted."""
    return tuple(doubt for doubt, names in _lifted_by(attempt) if not names)


def accepted_by(state: PackageState) -> tuple[tuple[Finding, tuple[str, ...]], ...]:
    """What of it was accepted, and by whom: by reviewers, else by a person."""
    if not state.attempts:
        return ()
    person = () if state.accepted is None else (state.accepted.who or "a person",)
    found = ((doubt, names or person) for doubt, names in _lifted_by(state.attempts[-1]))
    return tuple((doubt, names) for doubt, names in found if names)


def _lifted_by(attempt: Attempt) -> tuple[tuple[Finding, tuple[str, ...]], ...]:
    """All of it, each with the reviewers who accepted it where they were enough."""
    last = attempt.reviewed.last
    pairs = zip(holding(attempt.doubts), flags(attempt.doubts), strict=True)
    return tuple(
        (doubt, () if last is None else tuple(last.lifts(flag.id, author=attempt.provider)))
        for doubt, flag in pairs
    )


def objections(attempt: Attempt) -> tuple[Consensus, ...]:
    """What reviewers found in an attempt's commit that stands in the way, the gravest first."""
    each = attempt.reviewed.last
    if each is None or each.conclusion is Conclusion.PASSED:
        return ()
    found = agree(one for one in each.findings if one.reviewer != PLAIT)
    ids = set(each.blocking)
    return tuple(thing for thing in found if any(one.id in ids for one in thing.findings))


def to_be_accepted(
    attempt: Attempt,
    package: WorkPackage,
    *,
    unsettled: str,
    shortfall: str,
    branch: str,
    passed: Sequence[CheckOutcome] = (),
    unheard: str = "",
) -> Escalation | None:
    """What a person is asked about work whose checks have passed; None: nothing.

    Args:
        attempt: Which did the work, looked at and reviewed.
        package: Whose work it is.
        unsettled: Why its reviewers do not settle it, or empty.
        shortfall: Why the tier that the plan asks for cannot be had, or empty.
        branch: The branch that holds the work.
        passed: What is known of its checks, on this very commit.
        unheard: Why a code host's checks are not known, where one was asked.
    """
    grave, asked = standing(attempt), judged_elsewhere(package, passed)
    against = objections(attempt) if unsettled else ()
    if not grave and not asked and not unsettled and not shortfall:
        return None
    in_ci = [check for check in asked if check.kind is CheckKind.CI]
    read = [f"its review settles nothing: {unsettled}"] if unsettled else []
    parts = [*_of_doubts(grave), *read]
    parts += [*_of_checks(asked), *([shortfall] if shortfall else [])]
    details = [
        *(_told(each) for each in grave),
        *_against(against),
        *(_unheard(attempt) if unsettled else ()),
        *(
            f'Check "{each.name}" ({each.kind}): {each.instructions or "no word on how"}'
            for each in asked
        ),
    ]
    if in_ci:
        why = unheard or "Plait knows no code host here"
        details.append(f"{why}: push {branch} there, and see what its checks say.")
    if shortfall:
        details.append(f"{shortfall[0].upper()}{shortfall[1:]}.")
    files = [each.span.file for each in grave if each.span]
    files += [one.file for each in against for one in each.findings if one.file]
    return Escalation(
        type=EscalationType.VERIFICATION_INFEASIBLE
        if in_ci or shortfall
        else EscalationType.ACCEPTANCE_REQUIRED,
        severity=Severity.HIGH,
        summary="; ".join(parts),
        details="\n".join(details),
        proposal=PROPOSAL,
        files=tuple(dict.fromkeys(files)),
        requires_human=True,
    )


def accepted(
    state: PackageState, package: WorkPackage, *, reason: str, who: str
) -> tuple[Event, ...]:
    """What follows when a person accepts held work: its checks elsewhere passed, it is a candidate.

    The state's epoch is that of a new claim. Of QA that has nothing to land it is the end.
    """
    if state.held is None:
        return (QaSettled(package=state.id, reason=f"accepted: {reason}", who=who),)
    commit = state.held or ""
    taken = WorkAccepted(
        package=state.id,
        attempt=state.attempts[-1].number,
        epoch=state.epoch,
        commit=commit,
        reason=reason,
        who=who,
    )
    return (*_judged(state, package, who, passed=True), taken)


def sent_back(state: PackageState, package: WorkPackage, *, who: str) -> tuple[Event, ...]:
    """What follows when a person does not: the package starts again, and its brief says why."""
    last = state.attempts[-1]
    read = last.reviewed.last
    doubted = standing(last) or (read is not None and read.conclusion is not Conclusion.PASSED)
    judged = () if doubted else _judged(state, package, who, passed=False)
    return (*judged, PackageRequeued(package=state.id, reason="not accepted", who=who))


def _judged(
    state: PackageState, package: WorkPackage, who: str, *, passed: bool
) -> tuple[CheckEnded, ...]:
    last = state.attempts[-1]
    return tuple(
        CheckEnded(
            stage=Stage.VERIFY,
            name=check.name,
            command="",
            passed=passed,
            exit_code=None,
            duration_s=0.0,
            log="",
            commit=state.held or "",
            package=state.id,
            attempt=last.number,
            epoch=state.epoch,
            kind=check.kind,
            who=who,
        )
        for check in judged_elsewhere(package, [e for e in state.checks if e.commit == state.held])
    )


def _of_doubts(grave: Sequence[Finding]) -> list[str]:
    if not grave:
        return []
    shown = "; ".join(_brief(each) for each in grave[:_SHOWN])
    more = f"; and {len(grave) - _SHOWN} more" if len(grave) > _SHOWN else ""
    return [f"its work weakens what judges it: {shown}{more}"]


def _against(things: Sequence[Consensus]) -> list[str]:
    """The gravest of what reviewers found: whoever is asked reads it, so there is an end to it."""
    told = [in_words(each, most=_LONGEST) for each in things[:_TOLD]]
    left = len(things) - _TOLD
    return [*told, f"And {left} more, which the report tells."] if left > 0 else told


def _unheard(attempt: Attempt) -> list[str]:
    """Whose reviews do not count, and why."""
    last = attempt.reviewed.last
    told = {} if last is None else last.last
    return [
        f"The review of {name} does not count: {each.reason}"
        for name, each in told.items()
        if each.outcome is not ReviewOutcome.COUNTED
    ]


def _of_checks(asked: Sequence[Check]) -> list[str]:
    told = []
    for check in asked:
        how = check.instructions.strip().partition("\n")[0]
        by = "a CI's" if check.kind is CheckKind.CI else "a person's"
        told.append(f'does "{check.name}" pass? It is {by} to say{f": {how}" if how else ""}')
    return told


def _brief(each: Finding) -> str:
    place = f"{each.span.file}:{each.span.line} " if each.span else ""
    return f"{place}{each.message} [{each.code}]"


def _told(each: Finding) -> str:
    return f"{_brief(each)} — {each.hint}"
