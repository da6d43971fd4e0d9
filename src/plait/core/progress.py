"""One package's state after one more event about it."""

from __future__ import annotations

from collections.abc import Sequence

from plait.core import event as events
from plait.core.event import Stage, Verdict
from plait.core.evolve import replace
from plait.core.finding import Finding
from plait.core.package import (
    ACTIVE,
    Acceptance,
    Answer,
    Attempt,
    CheckOutcome,
    PackageState,
    PackageStatus,
)
from plait.core.plan import Span
from plait.core.problems import closed
from plait.core.reviewed import ReviewEvent, told


def attempt_started(state: PackageState, event: events.AttemptStarted, at: float) -> PackageState:
    """Its workspace stands ready."""
    attempt = Attempt(
        number=event.attempt,
        epoch=event.epoch,
        agent=event.agent,
        worktree=event.worktree,
        base=event.base,
        directory=event.directory,
        started_at=at,
        setup_s=event.setup_s,
        provider=event.provider,
        sandbox=event.sandbox,
        session=event.session,
        built_on=dict(zip(event.built_on, event.built_on_epochs, strict=False)),
    )
    return replace(
        state,
        status=PackageStatus.RUNNING,
        epoch=event.epoch,
        attempts=(*state.attempts, attempt),
        commit=None,
        checks=(),
        reason="",
        error_code=None,
        not_before=0.0,
        held=None,
        accepted=None,
    )


def attempt_went_on(
    state: PackageState,
    event: events.UsageReported
    | events.AgentEnded
    | events.Denied
    | events.WorkCommitted
    | events.ScopeChecked
    | events.AttemptEnded
    | events.IntegrityDoubted
    | events.CheckEnded,
    at: float,
) -> PackageState:
    """One step further."""
    attempt = state.attempts[-1]
    match event:
        case events.UsageReported():
            attempt = _used(attempt, event)
        case events.AgentEnded():
            attempt = _agent_ended(attempt, event)
            state = replace(state, status=PackageStatus.VERIFYING)
        case events.Denied():
            attempt = replace(attempt, denied=attempt.denied + 1)
        case events.WorkCommitted():
            # What was found is about a commit: what there is to say of another one comes anew.
            doubts = attempt.doubts if event.commit == attempt.commit else ()
            attempt = replace(attempt, commit=event.commit, files=event.files, doubts=doubts)
        case events.ScopeChecked():
            attempt = replace(
                attempt,
                violations=event.violations,
                deviations=event.deviations,
                ignored=event.ignored,
            )
        case events.IntegrityDoubted():
            attempt = replace(attempt, doubts=(*attempt.doubts, _doubt(event)))
        case events.CheckEnded():
            return replace(state, checks=(*state.checks, check_outcome(event)))
        case events.AttemptEnded():
            attempt = replace(
                attempt,
                outcome=event.verdict,
                error_code=event.error_code,
                reason=event.reason,
                violations=event.violations or attempt.violations,
                kept_ref=event.kept_ref,
                finished_at=at,
            )
            state = replace(
                state,
                status=_AFTER[event.verdict],
                commit=event.commit if event.verdict is Verdict.PASS else None,
                held=event.commit if event.verdict is Verdict.BLOCKED else None,
                reason=event.reason,
                error_code=event.error_code,
                question=event.question,
                not_before=event.not_before,
            )
    return replace(state, attempts=(*state.attempts[:-1], attempt))


def accepted(state: PackageState, event: events.WorkAccepted, at: float) -> PackageState:
    """A candidate, as if nothing had held it."""
    attempt = replace(state.attempts[-1], outcome=Verdict.PASS, error_code=None)
    return replace(
        state,
        status=PackageStatus.VERIFIED,
        epoch=event.epoch,
        attempts=(*state.attempts[:-1], attempt),
        commit=event.commit,
        held=None,
        accepted=Acceptance(who=event.who, reason=event.reason, at=at),
        reason="",
        error_code=None,
        question="",
        escalations=closed(state.escalations),
    )


def _doubt(event: events.IntegrityDoubted) -> Finding:
    span = Span(file=event.file, line=max(1, event.line)) if event.file else None
    return Finding(
        code=event.code,
        severity=event.severity,
        message=event.message,
        hint=event.hint,
        span=span,
    )


def review_told(state: PackageState, event: ReviewEvent) -> PackageState:
    """Its last attempt's review went on."""
    last = state.attempts[-1]
    reviewed = told(last.reviewed, event, last.doubts)
    return replace(state, attempts=(*state.attempts[:-1], replace(last, reviewed=reviewed)))


def _agent_ended(attempt: Attempt, event: events.AgentEnded) -> Attempt:
    ended = replace(
        attempt,
        agent_status=event.status,
        agent_s=event.duration_s,
        exit_code=event.exit_code,
        summary=event.summary,
        session=event.session or attempt.session,
        finish=event.finish,
        peak_memory=event.peak_memory,
    )
    return _used(ended, event)


def _used(attempt: Attempt, event: events.UsageReported | events.AgentEnded) -> Attempt:
    """What an agent says last holds; what it says nothing of stays."""
    told = {
        name: value
        for name in ("cost_usd", "tokens_input", "tokens_output")
        if (value := getattr(event, name)) is not None
    }
    return replace(attempt, **told)


def attempt_lost(state: PackageState, event: events.AttemptLost, at: float) -> PackageState:
    """To be started again."""
    lost = replace(
        state.attempts[-1],
        interrupted=True,
        error_code=event.error_code,
        reason=event.reason,
        kept_ref=event.kept_ref,
        finished_at=at,
    )
    attempts = (*state.attempts[:-1], lost)
    pending = replace(state, status=PackageStatus.PENDING, attempts=attempts)
    return replace(pending, not_before=event.not_before)


def claim_lost(state: PackageState, event: events.ClaimLost, at: float) -> PackageState:
    """To be started again, under an epoch above the one that somebody else was given."""
    lost = replace(
        state.attempts[-1],
        interrupted=True,
        error_code=events.CLAIM_LOST,
        reason=event.refused,
        kept_ref=event.kept_ref,
        finished_at=at,
    )
    return replace(
        state,
        status=PackageStatus.PENDING,
        epoch=event.current,
        attempts=(*state.attempts[:-1], lost),
        commit=None,
        reason="its claim was lost",
    )


_AFTER = {
    Verdict.PASS: PackageStatus.VERIFIED,
    Verdict.REVISE: PackageStatus.PENDING,
    Verdict.REJECT: PackageStatus.FAILED,
    Verdict.BLOCKED: PackageStatus.BLOCKED,
}


def landing_refused(state: PackageState, event: events.LandingRefused) -> PackageState:
    """Sent back, or failed."""
    attempt = replace(
        state.attempts[-1],
        outcome=event.verdict,
        error_code=event.error_code,
        reason=event.reason,
        kept_ref=event.kept_ref,
    )
    return replace(
        state,
        status=_AFTER[event.verdict],
        attempts=(*state.attempts[:-1], attempt),
        commit=None,
        reason=event.reason,
        error_code=event.error_code,
        question=event.question,
        not_before=event.not_before,
    )


def conflict_found(state: PackageState, event: events.ConflictFound) -> PackageState:
    """Its last attempt cannot be merged; what is only foreseen changes nothing yet."""
    if not event.landed:
        return state
    last = replace(state.attempts[-1], conflicts=event.paths, conflicts_with=event.against)
    return replace(state, attempts=(*state.attempts[:-1], last))


def check_outcome(event: events.CheckEnded) -> CheckOutcome:
    """What is kept of a check that ran."""
    return CheckOutcome(
        stage=event.stage,
        name=event.name,
        command=event.command,
        passed=event.passed,
        exit_code=event.exit_code,
        duration_s=event.duration_s,
        log=event.log,
        commit=event.commit,
        owner=event.owner,
        tree=event.tree,
        again=event.again,
        kind=event.kind,
        who=event.who,
        url=event.url,
    )


def landed(
    state: PackageState, event: events.Landed, at: float, tested: Sequence[CheckOutcome]
) -> PackageState:
    """On the branch; of the checks of merge results those stay that tested what landed.

    Args:
        state: The package.
        event: Its landing.
        at: When.
        tested: The checks of the package in whose name the tree was tested.
    """
    proof = {
        (each.name, each.command, each.owner): each  # the last word; a flake is told by itself
        for each in tested
        if each.stage is Stage.LAND and each.tree in {"", event.tree} and not each.again
    }
    own = [each for each in state.checks if each.stage is not Stage.LAND]
    return replace(
        state,
        status=PackageStatus.LANDED,
        commit=event.commit,
        files=event.files,
        checks=(*own, *proof.values()),
        landed_at=at,
        unchecked=event.unchecked,
        merged=event.merged,
        reason="",
        error_code=None,
    )


def requeued(state: PackageState, event: events.PackageRequeued, at: float) -> PackageState:
    """To be started again, as if it had never been settled."""
    attempts = state.attempts
    if attempts and attempts[-1].finished_at is None and state.status in ACTIVE:
        cut = replace(attempts[-1], interrupted=True, reason=event.reason, finished_at=at)
        attempts = (*attempts[:-1], cut)
    back = replace(
        state,
        status=PackageStatus.PENDING,
        attempts=attempts,
        commit=None,
        checks=(),
        reason="",
        error_code=None,
        question="",
        held=None,
        accepted=None,
        benign=False,
        landed_at=None,
        not_before=0.0,
        escalations=closed(state.escalations),
    )
    return replace(back, spared=back.attempts_made) if event.fresh else back


def answered(state: PackageState, event: events.QuestionAnswered) -> PackageState:
    """It knows more; whether it starts again is another event."""
    answer = Answer(question=event.question, text=event.answer, who=event.who)
    over = closed(state.escalations)
    return replace(state, answers=(*state.answers, answer), question="", escalations=over)


def settled(
    state: PackageState,
    event: events.GatePassed
    | events.GateAsked
    | events.PackageWaits
    | events.PackageSkipped
    | events.PackageCancelled
    | events.QaSettled,
    at: float,
) -> PackageState:
    """Settled without an attempt, or not for now."""
    match event:
        case events.PackageWaits(reason=reason):
            return replace(state, reason=reason)
        case events.GatePassed(reason=reason):
            passed = replace(state, status=PackageStatus.LANDED, reason=reason)
            return replace(passed, landed_at=at)
        case events.QaSettled(reason=reason):
            over = _finished(state, at)
            passed = replace(over, status=PackageStatus.LANDED, reason=reason, landed_at=at)
            return replace(passed, error_code=None, question="", held=None)
        case events.GateAsked(question=question):
            return replace(state, status=PackageStatus.BLOCKED, question=question)
        case events.PackageSkipped(reason=reason, benign=benign):
            gone = replace(state, status=PackageStatus.SKIPPED, reason=reason, benign=benign)
            return replace(gone, escalations=closed(state.escalations))
        case events.PackageCancelled(reason=reason):
            gone = replace(state, status=PackageStatus.CANCELLED, reason=reason)
            return replace(gone, escalations=closed(state.escalations))


def _finished(state: PackageState, at: float) -> PackageState:
    """Its last attempt is over, and what it asked is settled."""
    last = state.attempts[-1] if state.attempts else None
    attempts = state.attempts
    if last is not None:
        ended = replace(last, finished_at=last.finished_at or at, outcome=Verdict.PASS)
        attempts = (*attempts[:-1], ended)
    return replace(state, attempts=attempts, escalations=closed(state.escalations))
