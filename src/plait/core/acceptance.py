"""Held work: what a person is asked before it lands, and what follows from the answer."""

from __future__ import annotations

from collections.abc import Sequence

from plait.core.escalation import Escalation, EscalationType, Severity
from plait.core.event import CheckEnded, Event, PackageRequeued, Stage, WorkAccepted
from plait.core.finding import Finding
from plait.core.integrity import holding
from plait.core.package import PackageState
from plait.core.plan import Check, CheckKind, WorkPackage

_SHOWN = 3


def judged_elsewhere(package: WorkPackage) -> tuple[Check, ...]:
    """The checks of a package that no command of Plait's carries out."""
    return tuple(check for check in package.checks if check.kind is not CheckKind.COMMAND)


def to_be_accepted(
    doubts: Sequence[Finding], package: WorkPackage, shortfall: str, *, branch: str
) -> Escalation | None:
    """What a person is asked about work whose checks have passed; None: nothing.

    Args:
        doubts: What was found in the commit.
        package: Whose work it is.
        shortfall: Why the tier that the plan asks for cannot be had, or empty.
        branch: The branch that holds the work.
    """
    grave = holding(tuple(doubts))
    asked = judged_elsewhere(package)
    if not grave and not asked:
        return None
    in_ci = [check for check in asked if check.kind is CheckKind.CI]
    parts = [*_of_doubts(grave), *_of_checks(asked), *([shortfall] if shortfall else [])]
    details = [
        *(_told(each) for each in grave),
        *(
            f'Check "{each.name}" ({each.kind}): {each.instructions or "no word on how"}'
            for each in asked
        ),
    ]
    if in_ci:
        details.append(
            f"Plait does not ask a code host itself: push {branch} there, and see what its "
            "checks say."
        )
    if shortfall:
        details.append(f"{shortfall[0].upper()}{shortfall[1:]}.")
    return Escalation(
        type=EscalationType.VERIFICATION_INFEASIBLE
        if in_ci or shortfall
        else EscalationType.ACCEPTANCE_REQUIRED,
        severity=Severity.HIGH,
        summary="; ".join(parts),
        details="\n".join(details),
        proposal="answer yes if the work may land as it is, or no and why",
        files=tuple(dict.fromkeys(each.span.file for each in grave if each.span)),
        requires_human=True,
    )


def accepted(
    state: PackageState, package: WorkPackage, *, reason: str, who: str
) -> tuple[Event, ...]:
    """What follows when a person accepts held work: its checks elsewhere passed, it is a candidate.

    The state's epoch is that of a new claim.
    """
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
    doubted = bool(holding(state.attempts[-1].doubts))
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
        for check in judged_elsewhere(package)
    )


def _of_doubts(grave: Sequence[Finding]) -> list[str]:
    if not grave:
        return []
    shown = "; ".join(_brief(each) for each in grave[:_SHOWN])
    more = f"; and {len(grave) - _SHOWN} more" if len(grave) > _SHOWN else ""
    return [f"its work weakens what judges it: {shown}{more}"]


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
