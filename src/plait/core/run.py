"""Run: packages in motion; `apply(run, recorded)` folds one event into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from plait.core import event as events
from plait.core.event import Recorded, RunId, RunStatus, Verdict
from plait.core.evolve import replace
from plait.core.granting import ScopeEvent, Scopes, heard
from plait.core.package import (
    ACTIVE,
    ENDED,
    SATISFIED,
    Attempt,
    CheckOutcome,
    PackageState,
    PackageStatus,
)
from plait.core.plan import PackageId, Plan
from plait.core.problems import problem_told
from plait.core.progress import (
    accepted,
    answered,
    attempt_lost,
    attempt_started,
    attempt_went_on,
    check_outcome,
    claim_lost,
    conflict_found,
    landed,
    landing_refused,
    requeued,
    review_told,
    settled,
)
from plait.core.qa import QaEvent, Trial, tried
from plait.core.reshape import grown, revised, taken_up
from plait.core.reviewed import ReviewEvent
from plait.core.spent import Spent
from plait.core.states import States, states_of
from plait.core.whole import Whole, WholeEvent, checked, told

__all__ = [
    "ACTIVE",
    "ENDED",
    "SATISFIED",
    "UNFINISHED",
    "Attempt",
    "CheckOutcome",
    "Halt",
    "PackageState",
    "PackageStatus",
    "Run",
    "apply",
    "conclude",
    "fold",
    "verdict_after_failure",
]


UNFINISHED = frozenset({RunStatus.RUNNING, RunStatus.INTERRUPTED, RunStatus.PAUSED})


class Halt(StrEnum):
    """How a run is being brought to rest by its owner."""

    DRAIN = "drain"  # what is under way is finished
    NOW = "now"  # what is under way is ended, kept, and started again later
    CANCEL = "cancel"  # what is under way is ended and kept; the run is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of one plan digest on one base commit."""

    id: RunId
    plan: Plan
    base: str = ""
    branch: str = ""
    head: str = ""
    status: RunStatus = RunStatus.RUNNING
    packages: States = field(default_factory=States)
    baseline: events.BaselineCommitted | None = None
    supplied: Mapping[str, str] = field(default_factory=dict)  # the plan's files: last commit each
    baseline_checks: tuple[CheckOutcome, ...] = ()
    warnings: tuple[events.Warned, ...] = ()
    flakes: tuple[events.FlakeFound, ...] = ()
    started_at: float = 0.0
    finished_at: float | None = None
    carried: tuple[PackageId, ...] = ()
    max_agents: int = 6
    sandbox: str = "none"
    workspaces: str = "pool"
    budget_usd: float | None = None
    halt: Halt | None = None
    spent: Spent = field(default_factory=Spent)
    deviations: tuple[events.DeviationNoted, ...] = ()
    revisions: tuple[events.PlanRevised, ...] = ()
    opened: tuple[events.PackageAdded, ...] = ()
    trials: tuple[Trial, ...] = ()  # of QA
    delivery: events.DeliveryEnded | None = None  # the last one
    whole: Whole = field(default_factory=Whole)
    scopes: Scopes = field(default_factory=Scopes)  # beyond those of the plan
    seq: int = 0

    def with_status(self, *statuses: PackageStatus) -> tuple[PackageState, ...]:
        """The packages that stand at one of these, in the plan's order."""
        return self.packages.at(*statuses)

    @property
    def owes_judgement(self) -> bool:
        """Whether everything has landed, and the branch was not judged as a whole."""
        if self.whole.covers(self.head) or self.packages.count(PackageStatus.PENDING, *ACTIVE):
            return False
        states = self.packages.values()
        done = all(state.status in SATISFIED or state.benign for state in states)
        return done and (bool(self.carried) or any(_has_landed(state) for state in states))


def apply(run: Run, recorded: Recorded) -> Run:
    """The run after one more event. Pure; events come in the order of their `seq`."""
    before, run = run.spent, _seen(run, recorded)
    if isinstance(recorded.event, ReviewEvent):
        return _reviewed(run, recorded.event)
    if isinstance(recorded.event, WholeEvent):
        return replace(run, whole=told(run.whole, recorded.event, recorded.at))
    if isinstance(recorded.event, ScopeEvent):
        return replace(run, scopes=heard(run.scopes, recorded.event))
    match recorded.event:
        case events.RunStarted() as event:
            return _started(run, event, recorded.at)
        case events.RunContinued() as event:
            return _continued(replace(run, spent=before.continued(recorded.at)), event)
        case events.RunInterrupted():
            return replace(run, status=RunStatus.INTERRUPTED, finished_at=recorded.at)
        case events.RunEnded(status=status):
            return replace(run, status=status, finished_at=recorded.at)
        case events.BaselineCommitted() as event:
            return _supplied(run, event)
        case events.Warned() | events.FlakeFound() | events.DeliveryEnded() as event:
            return _noticed(run, event)
        case events.AttemptStarted() as event:
            return _with(run, attempt_started(run.packages[event.package], event, recorded.at))
        case events.CheckEnded(package=None) as event:
            return _checked(run, event)
        case (
            events.UsageReported()
            | events.AgentEnded()
            | events.Denied()
            | events.WorkCommitted()
            | events.ScopeChecked()
            | events.AttemptEnded()
            | events.IntegrityDoubted()
            | events.CheckEnded()
        ) as event:
            assert event.package is not None  # noqa: S101 - the case above matched the other
            return _went_on(run, event, event.package, recorded.at)
        case events.AgentNudged() | events.ProviderParked() | events.LimitReached() as event:
            return replace(run, spent=run.spent.told(event, recorded.at))
        case events.AttemptLost() as event:
            return _with(run, attempt_lost(run.packages[event.package], event, recorded.at))
        case events.ClaimLost() as event:
            return _with(run, claim_lost(run.packages[event.package], event, recorded.at))
        case events.LandingStarted() | events.LandingRefused() | events.ConflictFound() as event:
            return _at_landing(run, event)
        case events.Landed() as event:
            return _landed(run, event, recorded.at)
        case (
            events.GatePassed()
            | events.GateAsked()
            | events.PackageWaits()
            | events.PackageSkipped()
            | events.PackageCancelled()
        ) as event:
            return _with(run, settled(run.packages[event.package], event, recorded.at))
        case events.EscalationRaised() | events.EscalationSettled() as event:
            return _with(run, problem_told(run.packages[event.package], event, recorded.at))
        case event:  # changes of the plan, steps of QA, orders of its owner: the types say so
            return _further(run, event, recorded.at)


def fold(run: Run, events: Iterable[Recorded]) -> Run:
    """The run after all these events."""
    for recorded in events:
        run = apply(run, recorded)
    return run


def conclude(run: Run) -> RunStatus:
    """What to call a run in which nothing more can happen."""
    if run.halt is Halt.CANCEL:
        return RunStatus.CANCELLED
    statuses = {state.status for state in run.packages.values() if not state.benign}
    cut_short = run.halt is not None or run.spent.reached is not None
    left = cut_short and (not statuses <= ENDED or run.owes_judgement)
    if run.halt is not None and left:
        return RunStatus.PAUSED
    if PackageStatus.BLOCKED in statuses or (run.spent.reached and left):
        return RunStatus.BLOCKED
    bad = {PackageStatus.FAILED, PackageStatus.SKIPPED, PackageStatus.CANCELLED} & statuses
    if not bad:
        refused = run.whole.covers(run.head) and not run.whole.holds(run.head)
        return RunStatus.BLOCKED if refused else RunStatus.SUCCEEDED
    return RunStatus.PARTIAL if PackageStatus.LANDED in statuses else RunStatus.FAILED


def verdict_after_failure(state: PackageState, retry_budget: int) -> Verdict:
    """Whether a failed attempt is followed by another: attempts are at most 1 + the budget."""
    return Verdict.REVISE if state.attempts_used < 1 + retry_budget else Verdict.REJECT


def _seen(run: Run, recorded: Recorded) -> Run:
    return replace(run, seq=recorded.seq, spent=run.spent.seen(recorded.at))


def _supplied(run: Run, event: events.BaselineCommitted) -> Run:
    supplied = {**run.supplied, **dict.fromkeys(event.files, event.commit)}
    return replace(run, baseline=event, head=event.commit, supplied=supplied)


def _has_landed(state: PackageState) -> bool:
    return state.status is PackageStatus.LANDED and state.commit is not None


def _checked(run: Run, event: events.CheckEnded) -> Run:
    """After a check of no package: of what the run begins with, or of the whole."""
    outcome = check_outcome(event)
    if event.stage is events.Stage.INTEGRATE:
        return replace(run, whole=checked(run.whole, outcome))
    return replace(run, baseline_checks=(*run.baseline_checks, outcome))


def _noticed(run: Run, event: events.Warned | events.FlakeFound | events.DeliveryEnded) -> Run:
    """The run with something more to know of it, which changes nothing in it."""
    match event:
        case events.Warned():
            return replace(run, warnings=(*run.warnings, event))
        case events.FlakeFound():
            return replace(run, flakes=(*run.flakes, event))
        case events.DeliveryEnded():
            return replace(run, delivery=event)


def _started(run: Run, event: events.RunStarted, at: float) -> Run:
    done = frozenset(event.done_before)
    packages = states_of(
        (
            PackageState(
                id=package,
                status=PackageStatus.DONE_BEFORE if package in done else PackageStatus.PENDING,
            )
            for package in event.packages
        ),
        few=ACTIVE,
    )
    return replace(
        run,
        base=event.base,
        branch=event.branch,
        head=event.base,
        packages=packages,
        started_at=at,
        carried=event.carried,
        max_agents=event.max_agents,
        sandbox=event.sandbox,
        workspaces=event.workspaces,
        budget_usd=event.budget_usd,
        spent=run.spent.began(at, event.timeout_s),
    )


def _went_on(
    run: Run,
    event: events.UsageReported
    | events.AgentEnded
    | events.Denied
    | events.WorkCommitted
    | events.ScopeChecked
    | events.AttemptEnded
    | events.IntegrityDoubted
    | events.CheckEnded,
    package: PackageId,
    at: float,
) -> Run:
    return _spent_by(run, attempt_went_on(run.packages[package], event, at))


def _reviewed(run: Run, event: ReviewEvent) -> Run:
    return _spent_by(run, review_told(run.packages[event.package], event))


def _at_landing(
    run: Run, event: events.LandingStarted | events.LandingRefused | events.ConflictFound
) -> Run:
    state = run.packages[event.package]
    match event:
        case events.LandingStarted():
            return _with(run, replace(state, status=PackageStatus.LANDING))
        case events.LandingRefused():
            return _with(run, landing_refused(state, event))
        case events.ConflictFound():
            return _with(run, conflict_found(state, event))


def _spent_by(run: Run, after: PackageState) -> Run:
    """With what a package's last attempt has cost since."""
    more = after.attempts[-1].total_usd - run.packages[after.id].attempts[-1].total_usd
    return _with(replace(run, spent=replace(run.spent, usd=run.spent.usd + more)), after)


def _continued(run: Run, event: events.RunContinued) -> Run:
    packages = taken_up(run.packages, frozenset(event.adopted))
    run = replace(run, packages=packages, workspaces=event.workspaces or run.workspaces)
    return replace(run, status=RunStatus.RUNNING, finished_at=None, halt=None)


def _landed(run: Run, event: events.Landed, at: float) -> Run:
    state, tested = run.packages[event.package], run.packages[event.tested_with or event.package]
    return replace(_with(run, landed(state, event, at, tested.checks)), head=event.commit)


_BeyondPlan = events.DeviationNoted | events.PlanRevised | events.PackageAdded


def _beyond_plan(run: Run, event: _BeyondPlan) -> Run:
    """The run after its plan, or what is known beside it, changed."""
    match event:
        case events.DeviationNoted():
            return replace(run, deviations=(*run.deviations, event))
        case events.PlanRevised():
            packages = revised(run.packages, run.plan, event)
            return replace(run, packages=packages, revisions=(*run.revisions, event))
        case events.PackageAdded():
            packages = grown(run.packages, run.plan, [event.package])
            return replace(run, packages=packages, opened=(*run.opened, event))


def _further(run: Run, event: _BeyondPlan | QaEvent | events.QaSettled | _Order, at: float) -> Run:
    """The run after a change of its plan, a step of QA, or an order."""
    match event:
        case events.DeviationNoted() | events.PlanRevised() | events.PackageAdded():
            return _beyond_plan(run, event)
        case events.QaPlanned() | events.QaItemEnded() | events.QaEnded():
            return replace(run, trials=tried(run.trials, event, at))
        case events.QaSettled(package=package):
            return _with(run, settled(run.packages[package], event, at))
        case event:
            return _ordered(run, event, at)


_Order = (
    events.RunPaused
    | events.RunUnpaused
    | events.RunCancelled
    | events.LimitsChanged
    | events.PackageRequeued
    | events.QuestionAnswered
    | events.GateRefused
    | events.WorkAccepted
)


def _ordered(run: Run, event: _Order, at: float) -> Run:
    """The run after something that its owner ordered."""
    match event:
        case events.RunPaused(at_once=at_once):
            return replace(run, halt=Halt.NOW if at_once else Halt.DRAIN)
        case events.RunUnpaused():
            return replace(run, halt=None)
        case events.RunCancelled():
            return replace(run, halt=Halt.CANCEL)
        case events.LimitsChanged(max_agents=agents, budget_usd=budget):
            changed = replace(
                run,
                max_agents=run.max_agents if agents is None else agents,
                budget_usd=run.budget_usd if budget is None else budget,
            )
            return replace(changed, spent=run.spent.allowed(changed.budget_usd))
        case events.PackageRequeued(package=package):
            return _with(run, requeued(run.packages[package], event, at))
        case events.QuestionAnswered(package=package):
            return _with(run, answered(run.packages[package], event))
        case events.WorkAccepted(package=package):
            return _with(run, accepted(run.packages[package], event, at))
        case events.GateRefused(package=package, reason=reason):
            failed = replace(run.packages[package], status=PackageStatus.FAILED, reason=reason)
            return _with(run, replace(failed, question=""))


def _with(run: Run, state: PackageState) -> Run:
    return replace(run, packages=run.packages.changed(state))
