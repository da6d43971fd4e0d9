"""What a run has used up of time and money, folded from what happened."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.runs import RUN, begin, end, landed, package, plan

from plait.core.event import (
    AgentEnded,
    AgentStatus,
    AttemptLost,
    Event,
    LimitReached,
    LimitsChanged,
    PackageCancelled,
    Recorded,
    RunContinued,
    RunEnded,
    RunLimit,
    RunStarted,
    RunStatus,
    UsageReported,
)
from plait.core.limit import limit_reached, package_overspent
from plait.core.plan import PackageId
from plait.core.run import PackageStatus, Run, apply, conclude
from plait.core.schedule import Finish, Limits, Start, compile_plan, decide

A, B = PackageId("a"), PackageId("b")
PLAN = plan(package("a"), package("b"))


def began(**fields: float) -> Run:
    """A run with limits that began at second 100."""
    event = RunStarted(
        plan="p", format="f", digest="d", base="0", branch="b", packages=(A, B), **fields
    )
    return at(Run(id=RUN, plan=PLAN), 100.0, event)


def at(run: Run, now: float, *events: Event) -> Run:
    """The run after these events, all at that time."""
    for event in events:
        run = apply(run, Recorded(seq=run.seq + 1, at=now, run=RUN, event=event))
    return run


def used(cost: float | None, **fields: int) -> UsageReported:
    """What the agent on `a` says so far."""
    return UsageReported(package=A, attempt=1, epoch=1, cost_usd=cost, **fields)


def done(cost: float | None) -> AgentEnded:
    """What it says at the end."""
    return AgentEnded(
        package=A,
        attempt=1,
        epoch=1,
        status=AgentStatus.COMPLETED,
        exit_code=0,
        duration_s=1.0,
        cost_usd=cost,
    )


def test_money_is_counted_once_as_it_is_told() -> None:
    """Reports replace one another; an end that says nothing leaves the last one standing."""
    run = at(began(), 101.0, begin("a"), used(0.2), used(0.5, tokens_input=7))
    assert run.spent.usd == 0.5
    silent = at(run, 102.0, done(None)).packages[A].attempts[-1]
    assert (silent.cost_usd, silent.tokens_input) == (0.5, 7)
    run = at(run, 102.0, done(0.6))
    assert run.spent.usd == run.packages[A].cost_usd == 0.6


def test_the_cost_of_an_attempt_that_does_not_count_counts() -> None:
    """Money is gone, whether an attempt was used up or not."""
    lost = AttemptLost(package=A, attempt=1, epoch=1, reason="r")
    run = at(began(), 101.0, begin("a"), used(0.5), lost, begin("a", 1, 2), used(0.25))
    assert run.spent.usd == run.packages[A].cost_usd == 0.75
    assert run.packages[A].attempts_used == 1


def test_a_spent_budget_is_told_once_and_a_larger_one_lifts_it() -> None:
    """Nothing starts, the run is blocked; with more money what is left starts."""
    run = at(began(budget_usd=1.0), 101.0, begin("a"), used(0.99))
    assert limit_reached(run, 102.0) is None
    run = at(run, 102.0, used(1.0))
    told = limit_reached(run, 102.0)
    assert told is not None
    assert told.limit is RunLimit.BUDGET
    assert "--budget" in told.reason
    lost = AttemptLost(package=A, attempt=1, epoch=1, reason="r", error_code="BUDGET_SPENT")
    run = at(run, 103.0, told, lost)
    assert limit_reached(run, 103.0) is None
    assert decide(compile_plan(PLAN), run, Limits()) == (Finish(),)
    assert conclude(run) is RunStatus.BLOCKED
    run = at(run, 104.0, RunEnded(status=RunStatus.BLOCKED), RunContinued(pid=1))
    assert decide(compile_plan(PLAN), run, Limits()) == (Finish(),)
    same = at(run, 105.0, LimitsChanged(who="w", budget_usd=1.0))
    assert same.spent.reached is not None
    more = at(run, 105.0, LimitsChanged(who="w", budget_usd=2.0))
    assert decide(compile_plan(PLAN), more, Limits()) == (Start(package=A), Start(package=B))


def test_a_run_that_needs_no_more_money_is_not_blocked_by_it() -> None:
    """What the last agent cost may be all there was."""
    run = at(began(budget_usd=1.0), 101.0, begin("a"), done(1.0), begin("b"))
    assert limit_reached(run, 101.0) is not None
    run = at(began(budget_usd=1.0), 101.0, begin("b"), end("b"), landed("b"))
    run = at(run, 101.0, begin("a"), done(1.0))
    assert limit_reached(run, 101.0) is None


def test_time_counts_while_the_run_is_at_work() -> None:
    """A night between a crash and `resume` is no work; what was worked before it is."""
    run = began(timeout_s=60.0)
    assert limit_reached(run, 159.9) is None
    assert limit_reached(run, 160.0) is not None
    run = at(run, 140.0, begin("a"))
    run = at(run, 90_000.0, RunContinued(pid=1))
    assert limit_reached(run, 90_019.9) is None
    told = limit_reached(run, 90_020.0)
    assert told is not None
    assert told.limit is RunLimit.TIME


def test_a_run_whose_time_was_over_has_it_again_when_it_is_taken_up() -> None:
    """Who orders a retry wants it to be tried."""
    told = LimitReached(limit=RunLimit.TIME, reason="r")
    run = at(began(timeout_s=60.0), 160.0, told, PackageCancelled(package=A, reason="r"))
    assert decide(compile_plan(PLAN), run, Limits()) == (Finish(),)
    run = at(run, 500.0, RunContinued(pid=1))
    assert limit_reached(run, 559.0) is None
    assert run.packages[B].status is PackageStatus.PENDING


def test_a_package_asks_once_it_has_cost_what_it_may() -> None:
    """Without a limit never; at the limit with both sums."""
    run = began()
    assert package_overspent(run, 99.0, None) == ""
    assert package_overspent(run, 0.49, 0.5) == ""
    asked = package_overspent(run, 0.5, 0.5)
    assert "0.50 USD" in asked
    assert "plait retry" in asked


def test_a_report_tells_which_limit_was_reached() -> None:
    """With its reason, and for money as something that a person must settle."""
    from plait.core.report import build_report

    run = at(began(budget_usd=1.0), 101.0, begin("a"), used(1.0, tokens_output=3))
    report = build_report(replace(run, finished_at=102.0))
    assert report["limits"] == {"budget_usd": 1.0, "timeout_s": None, "reached": None}
    assert report["packages"][0]["cost_usd"] == 1.0
    assert report["packages"][0]["tokens"] == {"input": 0, "output": 3}
    told = LimitReached(limit=RunLimit.BUDGET, reason="spent")
    report = build_report(at(run, 102.0, told))
    assert report["limits"]["reached"] == {"limit": "budget", "reason": "spent"}
    expected = {"package": None, "severity": "BLOCKING", "summary": "spent", "raised_by": "plait"}
    assert report["escalations"][0].items() >= expected.items()
