"""Runs, folded from what happened."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st
from tests.fakes.runs import begin, end, landed, package, plan, record, started

from plait.core.event import (
    AgentEnded,
    AgentStatus,
    AttemptLost,
    AttemptStarted,
    BaselineCommitted,
    CheckEnded,
    Event,
    GateAsked,
    GatePassed,
    Landed,
    LandingRefused,
    LandingStarted,
    PackageCancelled,
    PackageSkipped,
    Recorded,
    RunContinued,
    RunEnded,
    RunInterrupted,
    RunStatus,
    ScopeChecked,
    Stage,
    Verdict,
    Warned,
    WorkCommitted,
)
from plait.core.plan import PackageId
from plait.core.run import (
    ACTIVE,
    ENDED,
    SATISFIED,
    PackageState,
    PackageStatus,
    Run,
    apply,
    conclude,
    fold,
    verdict_after_failure,
)

A = PackageId("a")
PLAN = plan(package("a"), package("b", "a"), package("c"))


def possible(state: PackageState) -> list[Event]:
    """What can happen next to a package."""
    name, number, epoch = state.id, state.next_attempt, state.epoch
    match state.status:
        case PackageStatus.PENDING:
            return [
                begin(name, number, epoch + 1),
                PackageSkipped(package=name, reason="r"),
                PackageCancelled(package=name, reason="r"),
            ]
        case PackageStatus.RUNNING:
            return [
                AgentEnded(
                    package=name,
                    attempt=number,
                    epoch=epoch,
                    status=AgentStatus.COMPLETED,
                    exit_code=0,
                    duration_s=2.0,
                ),
                AttemptLost(package=name, attempt=number, epoch=epoch, reason="r"),
            ]
        case PackageStatus.VERIFYING:
            return [end(name, verdict, epoch=epoch) for verdict in Verdict]
        case PackageStatus.VERIFIED:
            return [LandingStarted(package=name, attempt=number, epoch=epoch, onto="h")]
        case PackageStatus.LANDING:
            refused = [
                LandingRefused(
                    package=name, attempt=1, epoch=epoch, verdict=v, error_code="X", reason="r"
                )
                for v in (Verdict.REVISE, Verdict.REJECT)
            ]
            return [landed(name, epoch=epoch), *refused]
        case _:
            return []


@st.composite
def histories(draw: st.DrawFn) -> list[Recorded]:
    """What may happen in a run of three packages, stops of Plait included."""
    run = started(PLAN)
    log: list[Recorded] = []
    for _ in range(draw(st.integers(0, 25))):
        choices = [event for state in run.packages.values() for event in possible(state)]
        stops = [RunContinued(pid=1), RunInterrupted(signal="SIGINT")]
        event = draw(st.sampled_from([*choices, *stops]))
        gap = draw(st.integers(1, 3))
        log.append(Recorded(seq=run.seq + gap, at=float(len(log)), run=run.id, event=event))
        run = apply(run, log[-1])
    return log


@given(log=histories())
@settings(max_examples=80)
def test_every_history_keeps_what_a_run_promises(log):
    """Whatever the order of events: numbers, heads and attempts agree with what happened."""
    run = started(PLAN)
    begun = dict.fromkeys(run.packages, 0)
    cut_off = dict.fromkeys(run.packages, 0)
    head = run.head
    for recorded in log:
        before, run = run, apply(run, recorded)
        assert run.seq == recorded.seq > before.seq
        assert list(run.packages) == list(before.packages)
        match recorded.event:
            case AttemptStarted(package=name):
                begun[name] += 1
            case AttemptLost(package=name):
                cut_off[name] += 1
            case RunContinued():
                assert not run.with_status(
                    PackageStatus.RUNNING, PackageStatus.VERIFYING, PackageStatus.LANDING
                )
                for name, state in before.packages.items():
                    lost = state.status in {PackageStatus.RUNNING, PackageStatus.VERIFYING}
                    cut_off[name] += lost
                    if state.status in ENDED or state.status is PackageStatus.VERIFIED:
                        assert run.packages[name] == state
            case Landed(commit=commit):
                head = commit
            case _:
                pass
        assert run.head == head
        for name, state in run.packages.items():
            assert len(state.attempts) == begun[name]
            assert state.attempts_used == begun[name] - cut_off[name]
            assert state.next_attempt == state.attempts_used + 1
            assert state.epoch == begun[name]


@given(log=histories(), cut=st.integers(0, 25))
@settings(max_examples=50)
def test_folding_in_two_parts_is_folding_at_once(log, cut):
    """A run read from the store up to some event goes on as if it had never been away."""
    run = started(PLAN)
    assert fold(fold(run, log[:cut]), log[cut:]) == fold(run, log)


def test_every_status_is_pending_active_or_ended():
    """The three groups have no gap and no overlap, and what satisfies a need has ended."""
    assert {PackageStatus.PENDING} | ACTIVE | ENDED == set(PackageStatus)
    assert not ACTIVE & ENDED
    assert SATISFIED < ENDED


def test_a_run_begins_with_its_packages_pending_but_what_was_done():
    """What the source has as done satisfies needs from the start."""
    run = started(PLAN, done=["a"], max_agents=3)
    assert run.packages[A].status is PackageStatus.DONE_BEFORE
    assert [state.id for state in run.with_status(PackageStatus.PENDING)] == ["b", "c"]
    assert (run.base, run.head, run.max_agents) == ("0" * 40, "0" * 40, 3)


def test_an_attempt_gathers_what_is_told_of_it():
    """From its start to its verdict, an attempt holds agent, commit, scope and reason."""
    run = record(
        started(PLAN),
        begin(),
        AgentEnded(
            package=A,
            attempt=1,
            epoch=1,
            status=AgentStatus.COMPLETED,
            exit_code=0,
            duration_s=2.0,
            summary="did it",
            cost_usd=0.1,
        ),
        WorkCommitted(package=A, attempt=1, epoch=1, commit="c1", files=("a/x", "b/y")),
        ScopeChecked(package=A, attempt=1, epoch=1, violations=("b/y",)),
        end(A, Verdict.REVISE, error_code="SCOPE_VIOLATION", reason="b/y", kept_ref="refs/k"),
    )
    (attempt,) = run.packages[A].attempts
    assert (attempt.agent_s, attempt.summary, attempt.cost_usd) == (2.0, "did it", 0.1)
    assert (attempt.commit, attempt.files, attempt.violations) == ("c1", ("a/x", "b/y"), ("b/y",))
    assert (attempt.outcome, attempt.error_code) == (Verdict.REVISE, "SCOPE_VIOLATION")
    assert (attempt.started_at, attempt.finished_at, attempt.kept_ref) == (2.0, 6.0, "refs/k")
    assert run.packages[A].status is PackageStatus.PENDING
    assert run.packages[A].commit is None


def test_a_new_attempt_starts_with_a_clean_sheet():
    """Checks and reasons of the last attempt do not stick to the next."""
    check = CheckEnded(
        stage=Stage.VERIFY,
        name="t",
        command="false",
        passed=False,
        exit_code=1,
        duration_s=0.1,
        log="l",
        commit="c1",
        package=A,
    )
    run = record(
        started(PLAN), begin(), check, end(A, Verdict.REVISE, reason="red", error_code="X")
    )
    assert run.packages[A].checks
    state = record(run, begin(attempt=2, epoch=2)).packages[A]
    assert (state.checks, state.reason, state.error_code) == ((), "", None)


def test_a_check_of_no_package_is_the_baselines():
    """It belongs to the run."""
    check = CheckEnded(
        stage=Stage.BASELINE,
        name="t",
        command="true",
        passed=True,
        exit_code=0,
        duration_s=0.1,
        log="l",
        commit="0",
    )
    run = record(started(PLAN), BaselineCommitted(commit="b1", files=("p",)), check)
    assert run.head == "b1"
    assert [each.name for each in run.baseline_checks] == ["t"]


def test_a_refused_landing_marks_its_attempt():
    """The attempt passed, but what it made did not land: it counts, and the package goes back."""
    refused = LandingRefused(
        package=A, attempt=1, epoch=1, verdict=Verdict.REVISE, error_code="CONFLICT", reason="x"
    )
    landing = LandingStarted(package=A, attempt=1, epoch=1, onto="h")
    state = record(started(PLAN), begin(), end(), landing, refused).packages[A]
    assert (state.status, state.commit) == (PackageStatus.PENDING, None)
    assert (state.attempts[0].outcome, state.attempts_used) == (Verdict.REVISE, 1)


def test_a_landing_clears_the_reason_and_moves_the_head():
    """A landed package carries its commit and no trouble of old."""
    run = record(started(PLAN), begin(), end(), landed(unchecked=True))
    state = run.packages[A]
    assert (state.status, state.commit, state.files) == (PackageStatus.LANDED, "m-a", ("x",))
    assert (state.reason, state.unchecked, run.head) == ("", True, "m-a")


def test_a_gate_passes_or_waits_for_a_person():
    """A gate that passed satisfies as a landing does; one that asks is blocked."""
    run = record(started(PLAN), GatePassed(package=A, reason="passed by checks"))
    assert run.packages[A].status is PackageStatus.LANDED
    run = record(started(PLAN), GateAsked(package=A, question="ready?"))
    assert (run.packages[A].status, run.packages[A].question) == (PackageStatus.BLOCKED, "ready?")


def test_a_continued_run_is_not_over():
    """An interrupted run that is taken up again runs, and keeps its warnings."""
    warned = Warned(code="C", message="m")
    run = record(started(PLAN), warned, RunInterrupted(signal="SIGINT"))
    assert (run.status, run.finished_at) == (RunStatus.INTERRUPTED, 3.0)
    run = record(run, RunContinued(pid=2))
    assert (run.status, run.finished_at, run.warnings) == (RunStatus.RUNNING, None, (warned,))
    run = record(run, RunEnded(status=RunStatus.FAILED))
    assert (run.status, run.finished_at) == (RunStatus.FAILED, 5.0)


def ended(*statuses: PackageStatus, benign: bool = False) -> Run:
    """A run whose packages stand so."""
    packages = {
        PackageId(f"p{n}"): PackageState(id=PackageId(f"p{n}"), status=status, benign=benign)
        for n, status in enumerate(statuses)
    }
    return Run(id=started(PLAN).id, plan=PLAN, packages=packages)


@pytest.mark.parametrize(
    ("statuses", "what"),
    [
        (("landed", "done_before"), RunStatus.SUCCEEDED),
        ((), RunStatus.SUCCEEDED),
        (("landed", "failed"), RunStatus.PARTIAL),
        (("landed", "skipped"), RunStatus.PARTIAL),
        (("done_before", "failed"), RunStatus.FAILED),
        (("cancelled",), RunStatus.FAILED),
        (("landed", "failed", "blocked"), RunStatus.BLOCKED),
    ],
)
def test_what_a_finished_run_is_called(statuses, what):
    """Blocked wins over failed; partial is when something landed beside a failure."""
    assert conclude(ended(*map(PackageStatus, statuses))) is what


def test_a_benign_skip_is_no_failure():
    """Rework that was not called for leaves the run a success."""
    assert conclude(ended(PackageStatus.SKIPPED, benign=True)) is RunStatus.SUCCEEDED


@pytest.mark.parametrize("budget", [0, 1, 3])
def test_attempts_are_at_most_one_more_than_the_budget(budget):
    """A failure is followed by another attempt until the budget is spent; cut-off ones are free."""
    run = record(started(PLAN), begin(), RunContinued(pid=1))
    for number in range(1, budget + 2):
        state = run.packages[A]
        assert state.next_attempt == number
        run = record(run, begin(attempt=number, epoch=number + 1))
        verdict = verdict_after_failure(run.packages[A], budget)
        assert verdict is (Verdict.REJECT if number == budget + 1 else Verdict.REVISE)
        run = record(run, end(A, verdict, attempt=number))
    assert run.packages[A].status is PackageStatus.FAILED


def test_an_adopted_attempt_goes_on_and_its_checks_start_over():
    """What is adopted keeps its status, attempt and budget; the rest of what ran is cut off."""
    run = record(started(PLAN), begin(), begin("b"))
    run = record(run, RunContinued(pid=2, adopted=(PackageId("a"),)))
    kept, lost = run.packages[PackageId("a")], run.packages[PackageId("b")]
    assert (kept.status, kept.attempts[-1].interrupted, kept.checks) == (
        PackageStatus.RUNNING,
        False,
        (),
    )
    assert (lost.status, lost.attempts[-1].interrupted) == (PackageStatus.PENDING, True)


def test_a_lost_attempt_uses_up_nothing():
    """The package starts again under the same number; what was kept can be found."""
    event = AttemptLost(
        package=PackageId("a"), attempt=1, epoch=1, reason="killed", kept_ref="refs/plait/keep/x"
    )
    state = record(started(PLAN), begin(), event).packages[PackageId("a")]
    assert (state.status, state.next_attempt) == (PackageStatus.PENDING, 1)
    lost = state.attempts[-1]
    assert (lost.interrupted, lost.error_code, lost.kept_ref) == (
        True,
        "AGENT_LOST",
        "refs/plait/keep/x",
    )
