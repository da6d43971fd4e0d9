"""What an attempt could not settle alone: told, and what core decides of it carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plait.core.consequence import Settlement, Standing, plaits_own, settle, strongest, with_fix
from plait.core.escalation import (
    WAITING,
    Escalation,
    EscalationType,
    RaisedBy,
    Severity,
)
from plait.core.event import (
    AgentStatus,
    AttemptEnded,
    DeviationNoted,
    EscalationRaised,
    EscalationSettled,
    Event,
    PackageAdded,
    PackageRequeued,
    Verdict,
)
from plait.core.problems import full_context
from plait.core.retry import (
    AGENT_NOT_STARTED,
    BUDGET_CAP,
    COST_LIMIT,
    PACKAGE_BUDGET_SPENT,
    RATE_LIMITED,
    STALLED,
    TIMEOUT,
    Sequel,
    code_of,
)
from plait.core.run import verdict_after_failure
from plait.core.transcript import FinishKind
from plait.engine.claimed import Claimed, Failure, Tried
from plait.engine.context import Context
from plait.ports import AgentOutcome

_CUT = frozenset({AgentStatus.TIMED_OUT, AgentStatus.STALLED, AgentStatus.LIMITED})
_UNHEARD = frozenset({AgentStatus.OVERSPENT, AgentStatus.NOT_STARTED, AgentStatus.RATE_LIMITED})
Judged = tuple[tuple[Escalation, Settlement], ...]
Problem = EscalationRaised | EscalationSettled


def judged(context: Context, claimed: Claimed, outcome: AgentOutcome) -> Judged:
    """The escalations of an agent, with what follows from each.

    An agent that is blocked and names no reason of weight has one all the same: its question.
    """
    run, package = context.journal.run, claimed.package
    tries = verdict_after_failure(run.packages[package.id], package.retry_budget)
    standing = Standing(
        plan=run.plan,
        states=run.packages,
        package=package,
        completed=outcome.status is AgentStatus.COMPLETED,
        tries_left=tries is Verdict.REVISE,
    )
    found = tuple((each, settle(each, standing)) for each in outcome.escalations)
    if outcome.status is AgentStatus.BLOCKED and strongest(found) is None:
        asked = Escalation(
            type=EscalationType.UNKNOWN,
            severity=Severity.BLOCKING,
            summary=outcome.question or outcome.summary or "the agent is blocked",
            details=outcome.summary if outcome.question else "",
        )
        found = (*found, (asked, settle(asked, standing)))
    return found


def agent_told(
    claimed: Claimed, outcome: AgentOutcome, found: Judged
) -> tuple[Problem | DeviationNoted, ...]:
    """What an agent told beside its work, as events."""
    task = claimed.task
    noted = tuple(
        DeviationNoted(
            package=task.package,
            attempt=task.attempt,
            epoch=task.epoch,
            summary=each.summary,
            affects=each.affects,
        )
        for each in outcome.deviations
    )
    return (*noted, *_told(claimed.tried, found, by=RaisedBy.AGENT))


def agent_failure(claimed: Claimed, outcome: AgentOutcome, found: Judged) -> Failure | None:
    """Why an attempt is over before its work is looked at, or None: it is looked at."""
    place = strongest(found) if outcome.status not in _UNHEARD else None
    if place is not None:
        escalation, settlement = found[place]
        if settlement.consequence in WAITING:
            return _waits(escalation, by=RaisedBy.AGENT)
        if outcome.status not in _CUT:
            return Failure(code=escalation.type, reason=escalation.summary, fix=settlement.fix)
    match outcome.status:
        case AgentStatus.COMPLETED:
            return None
        case AgentStatus.TIMED_OUT:
            limit = claimed.package.timeout_s
            return Failure(code=TIMEOUT, reason=f"the agent did not end within {limit:g} s")
        case AgentStatus.STALLED:
            return Failure(code=STALLED, reason=outcome.summary)
        case AgentStatus.OVERSPENT:
            told = outcome.summary
            code = BUDGET_CAP if outcome.finish is FinishKind.BUDGET_CAP else PACKAGE_BUDGET_SPENT
            return Failure(code=code, reason=told, blocked=told)
        case AgentStatus.LIMITED:
            told = f"{outcome.summary} ([agents.NAME.limits] in plait.toml)"
            asks = told if outcome.limit == COST_LIMIT else ""
            return Failure(code=outcome.limit, reason=told, blocked=asks)
        case AgentStatus.NOT_STARTED:
            return Failure(code=AGENT_NOT_STARTED, reason=f"it was not started: {outcome.summary}")
        case AgentStatus.RATE_LIMITED:
            return Failure(code=RATE_LIMITED, reason=outcome.summary or "it may not go on for now")
        case AgentStatus.FAILED | AgentStatus.BLOCKED:
            told = outcome.summary or "the agent failed"
            return Failure(code=code_of(outcome.finish), reason=told)


def beyond_scope(
    context: Context, claimed: Claimed, violations: Sequence[str]
) -> tuple[Failure, tuple[Problem, ...]]:
    """A commit that leaves its scope: the attempt has failed, and it is told as an escalation."""
    state = context.journal.run.packages[claimed.package.id]
    tries = verdict_after_failure(state, claimed.package.retry_budget)
    shown = ", ".join(violations[:10])
    reason = f"it wrote outside its scope: {shown}"
    escalation = Escalation(
        type=EscalationType.SCOPE_VIOLATION,
        severity=Severity.BLOCKING,
        summary=reason,
        files=tuple(violations[:50]),
    )
    settlement = plaits_own(escalation.type, tries_left=tries is Verdict.REVISE)
    told = _told(claimed.tried, ((escalation, settlement),), by=RaisedBy.PLAIT)
    return Failure(code="SCOPE_VIOLATION", reason=reason, violations=tuple(violations)), told


def infeasible(
    tried: Tried, *, lack: str, reason: str, log: str
) -> tuple[Failure, tuple[Problem, ...]]:
    """A check that cannot run on this machine says nothing of the work: a person is asked."""
    escalation = Escalation(
        type=EscalationType.VERIFICATION_INFEASIBLE,
        severity=Severity.HIGH,
        summary=lack,
        details=reason,
        logs=(log,),
    )
    settlement = plaits_own(escalation.type, tries_left=False)
    told = _told(tried, ((escalation, settlement),), by=RaisedBy.PLAIT)
    return _waits(escalation, by=RaisedBy.PLAIT), told


def must_be_accepted(tried: Tried, escalation: Escalation) -> tuple[Failure, tuple[Problem, ...]]:
    """Work that may land once a person accepts it."""
    settlement = plaits_own(escalation.type, tries_left=False)
    told = _told(tried, ((escalation, settlement),), by=RaisedBy.PLAIT)
    waits = _waits(escalation, by=RaisedBy.PLAIT)
    return replace(waits, code=escalation.type), told


def told_by_plait(tried: Tried, escalation: Escalation) -> tuple[Problem, ...]:
    """A problem that Plait found, with what follows from it when no attempt is left."""
    settlement = plaits_own(escalation.type, tries_left=False)
    return _told(tried, ((escalation, settlement),), by=RaisedBy.PLAIT)


async def end_rejected(
    context: Context,
    claimed: Claimed,
    sequel: Sequel,
    failure: Failure,
    kept: str | None,
    *then: Event,
) -> None:
    """Record that an attempt was not accepted, with what it asks and what was opened for it.

    What is told `then` is written together with it.
    """
    package = claimed.package.id
    logs = context.places.relative(claimed.task.directory)
    reason = in_full(failure, attempt=claimed.attempt, kept_ref=kept, logs=logs)
    ended = AttemptEnded(
        package=package,
        attempt=claimed.attempt,
        epoch=claimed.epoch,
        verdict=sequel.verdict,
        error_code=failure.code,
        reason=reason,
        violations=failure.violations,
        kept_ref=kept,
        question=failure.blocked,
        not_before=sequel.not_before,
    )
    fix = failure.fix
    if fix is None:
        await context.journal.record(ended, *then)
        return
    if kept is not None:
        look = f"\n\nWhat was tried before is kept: `git show {kept}`."
        fix = replace(fix, description=fix.description + look)
    opened = fix
    await context.journal.revise(
        lambda plan: with_fix(plan, opened, package),
        replace(ended, verdict=Verdict.REVISE, not_before=0.0),
        PackageAdded(package=opened.id, needed_by=package, reason=failure.reason),
        PackageRequeued(package=package, reason=f"{opened.id} goes first"),
    )


def in_full(failure: Failure, *, attempt: int, kept_ref: str | None, logs: str) -> str:
    """Why an attempt was not accepted; where a person is asked, with the whole context."""
    raised = failure.escalation
    if raised is None:
        return failure.reason
    return full_context(raised, by=failure.by, attempt=attempt, kept_ref=kept_ref, logs=logs)


def _waits(escalation: Escalation, *, by: RaisedBy) -> Failure:
    return Failure(
        code="BLOCKED",
        reason=escalation.summary,
        blocked=escalation.summary,
        escalation=escalation,
        by=by,
    )


def _told(tried: Tried, found: Judged, *, by: RaisedBy) -> tuple[Problem, ...]:
    events: list[Problem] = []
    mark = "p" if by is RaisedBy.PLAIT else ""
    for number, (each, settlement) in enumerate(found, start=1):
        name = f"{tried.package}:{tried.claim}.{mark}{number}"
        events.append(
            EscalationRaised(
                package=tried.package,
                attempt=tried.attempt,
                epoch=tried.epoch,
                id=name,
                by=by,
                kind=each.type,
                severity=each.severity,
                summary=each.summary,
                details=each.details,
                proposal=each.proposal,
                files=each.files,
                logs=each.logs,
                impacted=each.impacted,
                locks=each.locks,
                revision=each.revision,
                requires_human=each.requires_human,
                source_id=each.source_id,
            )
        )
        events.append(
            EscalationSettled(
                package=tried.package,
                id=name,
                consequence=settlement.consequence,
                reason=settlement.reason,
                apart=settlement.apart,
            )
        )
    return tuple(events)
