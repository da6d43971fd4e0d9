"""Attempts that share a claim: an agent that goes on in its session."""

from __future__ import annotations

from tests.fakes.runs import begin, package, plan, record, started

from plait.core.event import AgentEnded, AgentStatus, AttemptEnded, Verdict
from plait.core.package import PackageState
from plait.core.plan import PackageId
from plait.core.step import of_attempt
from plait.core.transcript import Account
from plait.engine.listening import used_before

A = PackageId("a")


def worked(*attempts: tuple[int, int, float | None]) -> PackageState:
    """A package tried so often: the claim's epoch, tokens read, USD."""
    run = started(plan(package("a")))
    for number, (epoch, tokens, cost) in enumerate(attempts, start=1):
        key = {"package": A, "attempt": number, "epoch": epoch}
        run = record(
            run,
            begin("a", number, epoch),
            AgentEnded(
                **key,
                status=AgentStatus.COMPLETED,
                exit_code=0,
                duration_s=1.0,
                tokens_input=tokens,
                cost_usd=cost,
            ),
            AttemptEnded(**key, verdict=Verdict.REVISE),
        )
    return run.packages[A]


def test_attempts_are_told_apart_by_claim() -> None:
    """Those under one epoch are one session's."""
    state = worked((1, 5, None), (2, 10, 0.5), (2, 20, 0.25))
    assert [each.number for each in state.under(2)] == [2, 3]
    assert state.under(3) == ()


def test_what_a_session_had_used_up_is_that_of_its_own_attempts() -> None:
    """Not that of an earlier claim, and not the attempt's own."""
    state = worked((1, 5, None), (2, 10, 0.5), (2, 20, None), (2, 40, 1.0))
    assert used_before(state, 4, 2) == Account(tokens_input=30, cost_usd=0.5)
    assert used_before(state, 2, 2) == Account()


def test_steps_are_those_of_one_attempt() -> None:
    """What an earlier version wrote does not say whose it is, and counts."""
    done = {"agent": {"attempt": 1}, "brief": {"attempt": 2}, "commit": {"commit": "c"}}
    assert set(of_attempt(done, 2)) == {"brief", "commit"}
