"""What happened, one line an event, in words: `api  landed 3 files  (4 of 9)`."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.codec import encode
from plait.core.event import (
    AGENT_LOST,
    AgentEnded,
    AgentNudged,
    AgentStatus,
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    BaselineCommitted,
    CheckEnded,
    ClaimLost,
    ConflictFound,
    DeliveryEnded,
    Denied,
    DeviationNoted,
    EscalationRaised,
    EscalationSettled,
    Event,
    FlakeFound,
    GateAsked,
    GatePassed,
    GateRefused,
    IntegrationAccepted,
    IntegrationJudged,
    IntegrationReopened,
    IntegrityDoubted,
    Landed,
    LandingRefused,
    LandingStarted,
    LimitReached,
    LimitsChanged,
    PackageAdded,
    PackageCancelled,
    PackageRequeued,
    PackageSkipped,
    PackageWaits,
    PlanRevised,
    ProviderParked,
    QaEnded,
    QaItemEnded,
    QaPlanned,
    QaSettled,
    QuestionAnswered,
    RunCancelled,
    RunContinued,
    RunEnded,
    RunInterrupted,
    RunPaused,
    RunStarted,
    RunUnpaused,
    ScopeChecked,
    ScopeGranted,
    ScopeQueued,
    Stage,
    UsageReported,
    Verdict,
    Warned,
    WorkAccepted,
    WorkCommitted,
)
from plait.core.plan import CheckKind, PackageId
from plait.core.reviewed import ReviewEvent
from plait.core.roster import called
from plait.core.run import SATISFIED, Run
from plait.faces.control_story import tell_control
from plait.faces.delivery_story import tell_delivery
from plait.faces.held_story import tell_held
from plait.faces.problem_story import tell_conflict, tell_problem, tell_revision
from plait.faces.qa_story import tell_qa
from plait.faces.review_story import tell_review
from plait.faces.spent_story import money, tell_spent
from plait.faces.text import clean, count, duration, listing, shorten
from plait.faces.view import attempts_allowed
from plait.faces.whole_story import tell_whole

_WIDEST_AGENT = 40  # an agent may be a whole shell command
_AT = {
    Stage.BASELINE: " on the base",
    Stage.VERIFY: "",
    Stage.LAND: " on the merged tree",
    Stage.INTEGRATE: " on the final tree",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line of the story; `subject` is the package it is about, or empty for the run."""

    subject: str
    text: str


def tell(event: Event, run: Run, *, verbose: bool = False) -> Told | None:
    """What a person wants to know of an event, or None. `run` has the event applied already.

    `verbose` tells every event, also those whose outcome another one tells soon.
    """
    if isinstance(event, ReviewEvent):
        said = tell_review(event, verbose=verbose)
        return Told(subject=clean(event.package), text=said) if said else None
    match event:
        case (
            RunStarted()
            | RunContinued()
            | RunInterrupted()
            | RunEnded()
            | BaselineCommitted()
            | Warned()
        ):
            subject = (event.package or "") if isinstance(event, Warned) else ""
            return Told(subject=clean(subject), text=_of_run(event, run))
        case CheckEnded():
            if event.passed and event.owner and not verbose:
                return None  # of packages that landed before: the landing counts them
            return Told(subject=clean(event.package or ""), text=_check(event))
        case RunPaused() | RunUnpaused() | RunCancelled() | LimitsChanged():
            return Told(subject="", text=tell_control(event))
        case PackageRequeued() | QuestionAnswered() | GateRefused():
            return Told(subject=clean(event.package), text=tell_control(event))
        case ProviderParked() | LimitReached() | UsageReported() | AgentNudged():
            text = tell_spent(event, verbose=verbose)
            whose = "" if isinstance(event, ProviderParked | LimitReached) else event.package
            return Told(subject=clean(whose), text=text) if text else None
        case EscalationRaised() | EscalationSettled() | DeviationNoted() | PackageAdded():
            problem = tell_problem(event, verbose=verbose)
            return Told(subject=clean(event.package), text=problem) if problem else None
        case IntegrityDoubted() | WorkAccepted() | ScopeGranted() | ScopeQueued():
            told = tell_held(event, verbose=verbose)
            return Told(subject=clean(event.package), text=told) if told else None
        case FlakeFound(package=package, name=name):
            text = f'check "{clean(name)}" does not always say the same of one tree: flaky'
            return Told(subject=clean(package), text=text)
        case ConflictFound():
            return Told(subject=clean(event.package), text=tell_conflict(event))
        case QaPlanned() | QaItemEnded() | QaEnded() | QaSettled():
            told = tell_qa(event, run.trials, verbose=verbose)
            return Told(subject=clean(event.package), text=told) if told else None
        case PlanRevised():
            return Told(subject="", text=tell_revision(event))
        case IntegrationJudged() | IntegrationAccepted() | IntegrationReopened():
            return Told(subject="", text=tell_whole(event))
        case DeliveryEnded():
            return Told(subject="", text=tell_delivery(encode(event)))
        case _:
            text = _of_package(event, run, verbose=verbose)
            return Told(subject=clean(event.package), text=text) if text else None


def progress(run: Run) -> str:
    """`4 of 9`: how many packages are done."""
    return f"{len(run.with_status(*SATISFIED))} of {len(run.packages)}"


def _of_run(
    event: RunStarted | RunContinued | RunInterrupted | RunEnded | BaselineCommitted | Warned,
    run: Run,
) -> str:
    match event:
        case RunStarted():
            return (
                f"run {run.id}: {clean(run.plan.title)}, {count(len(event.packages), 'package')}, "
                f"at most {count(event.max_agents, 'agent')} at once, "
                f"on branch {clean(event.branch)} from {event.base[:10]}, "
                f"sandbox {clean(event.sandbox)}, worktrees {clean(event.workspaces)}"
            )
        case RunContinued(adopted=adopted):
            with_them = f" with {count(len(adopted), 'agent')} of before" if adopted else ""
            return f"run {run.id} goes on{with_them}  ({progress(run)})"
        case RunInterrupted(signal=signal):
            return f"run {run.id} interrupted by {clean(signal)}; go on with: plait resume {run.id}"
        case RunEnded(status=status):
            took = duration((run.finished_at or run.started_at) - run.started_at)
            return f"run {run.id} {status.value} after {took}  ({progress(run)})"
        case BaselineCommitted(files=files):
            first = "" if run.with_status(*SATISFIED) else " first"
            return f"the plan as it is in the checkout was committed{first}: {listing(files)}"
        case Warned(code=code, message=message):
            return f"warning: {clean(message)} [{code}]"


def _of_package(
    event: AttemptStarted
    | AgentEnded
    | Denied
    | WorkCommitted
    | ScopeChecked
    | AttemptLost
    | ClaimLost
    | AttemptEnded
    | LandingStarted
    | LandingRefused
    | Landed
    | GateAsked
    | GatePassed
    | PackageWaits
    | PackageSkipped
    | PackageCancelled,
    run: Run,
    *,
    verbose: bool,
) -> str | None:
    match event:
        case AttemptStarted():
            return _started(run, event)
        case AgentEnded():
            return _agent(event)
        case Denied():
            return _denied(event) if verbose else None
        case WorkCommitted(files=files):
            if not files:
                return "the agent changed nothing"
            return f"committed {listing(files)} as {event.commit[:10]}" if verbose else None
        case ScopeChecked():
            return _scope(event, verbose=verbose)
        case LandingStarted(onto=onto):
            return f"merging onto {onto[:10]}" if verbose else None
        case AttemptLost():
            return _lost(event)
        case ClaimLost(refused=refused):
            return f"claimed by somebody else: {clean(refused)}; it is started again"
        case PackageWaits(reason=reason):
            return clean(reason)
        case AttemptEnded(verdict=Verdict.PASS):
            return "verified, waits to land" if verbose else None
        case AttemptEnded() | LandingRefused():
            return _judged(event, run)
        case Landed():
            return _landed(run, event)
        case GatePassed(reason=reason):
            return f"gate passed: {clean(reason)}  ({progress(run)})"
        case GateAsked(question=question):
            return f"waits for a decision: {clean(question)}"
        case PackageSkipped(reason=reason, benign=benign):
            return f"{'not needed' if benign else 'skipped'}: {clean(reason)}"
        case PackageCancelled(reason=reason):
            return f"cancelled: {clean(reason)}"


def _denied(event: Denied) -> str:
    return f"prevented by its {clean(event.by)}: {listing(event.paths) or clean(event.tool)}"


def _lost(event: AttemptLost) -> str:
    if event.error_code != AGENT_LOST:
        return f"attempt ended, the work kept: {_first(event.reason)} [{event.error_code}]"
    return f"agent lost: {_first(event.reason)}; it is started again"


def _first(reason: str) -> str:
    return clean(reason.partition("\n")[0])


def _started(run: Run, event: AttemptStarted) -> str:
    who = shorten(clean(called(event.agent, event.provider)), _WIDEST_AGENT)
    ahead = f" on {listing(event.built_on)}, not landed yet" if event.built_on else ""
    return f"started (attempt {event.attempt} of {_allowed(run, event.package)}, {who}){ahead}"


def _landed(run: Run, event: Landed) -> str:
    checks = run.packages[event.package].checks
    passed = sum(check.stage is Stage.LAND and check.passed for check in checks)
    how = f" after {count(passed, 'check')} of the merged tree" if passed else ""
    how = ", unchecked" if event.unchecked else how or ", its tree was tested before"
    if event.merged:
        how += f", both sides' changes merged in {listing(event.merged)}"
    return f"landed {count(len(event.files), 'file')}{how}  ({progress(run)})"


def _agent(event: AgentEnded) -> str:
    took = duration(event.duration_s)
    took = took if event.cost_usd is None else f"{took}, {money(event.cost_usd)}"
    match event.status:
        case AgentStatus.COMPLETED:
            return f"agent done in {took}"
        case AgentStatus.BLOCKED:
            return f"agent says it is blocked after {took}"
        case AgentStatus.TIMED_OUT:
            return f"agent ran out of time after {took}"
        case AgentStatus.FAILED:
            how = "" if event.exit_code is None else f" with exit code {event.exit_code}"
            return f"agent failed{how} after {took}"
        case AgentStatus.STALLED:
            return f"agent got on with nothing, and was ended after {took}"
        case AgentStatus.RATE_LIMITED:
            return f"agent is to come back later, after {took}"
        case AgentStatus.OVERSPENT:
            return f"agent was ended after {took}: its package may cost no more"
        case AgentStatus.LIMITED:
            return f"agent was ended after {took}: {clean(event.summary)}"
        case AgentStatus.NOT_STARTED:
            return f"agent could not be started: {clean(event.summary)}"


def _scope(event: ScopeChecked, *, verbose: bool) -> str | None:
    if event.violations and verbose:  # the verdict that follows repeats them
        return f"wrote outside its scope: {listing(event.violations)}"
    if event.deviations:
        return f"wrote beyond its inferred scope: {listing(event.deviations)}"
    return "stayed inside its scope" if verbose and not event.violations else None


def _check(event: CheckEnded) -> str:
    whose = f" of {clean(event.owner)}" if event.owner else ""
    head = f'check "{clean(event.name)}"{whose}'
    took, place = duration(event.duration_s), _AT[event.stage]
    if event.who or event.kind is not CheckKind.COMMAND:
        judged = "passes" if event.passed else "does not pass"
        return f"{head} {judged}, says {clean(event.who) or 'somebody'}"
    if event.passed:
        return f"{head} passed{place} in {took}"
    if event.exit_code is None:
        return f"{head} did not finish{place} within {took}"
    return f"{head} exited {event.exit_code}{place} after {took}"


def _judged(event: AttemptEnded | LandingRefused, run: Run) -> str:
    reason = clean(event.reason.partition("\n")[0]) or (event.error_code or "no reason given")
    look = f"see plait logs {run.id} {clean(event.package)}"
    match event.verdict:
        case Verdict.PASS:
            return "verified, waits to land"
        case Verdict.REVISE:
            state = run.packages[event.package]
            follows = f"attempt {state.next_attempt} of {_allowed(run, event.package)} follows"
            return f"to be revised: {reason} ({follows})"
        case Verdict.REJECT:
            return f"failed: {reason} — {look}"
        case Verdict.BLOCKED:
            return f"blocked: {clean(event.question) or reason} — {look}"


def _allowed(run: Run, package: PackageId) -> int:
    return run.packages[package].spared + attempts_allowed(run.plan.package(package))
