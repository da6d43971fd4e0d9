"""What an attempt may use up, and whether there is memory for another one."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from tests.fakes import runs

from plait.core.ceiling import Consumed, limits_of, over
from plait.core.event import AgentEnded, AgentStatus, AttemptStarted
from plait.core.memory import Growing, Peaks, shortfalls, spare
from plait.core.plan import PackageId
from plait.core.profile import AgentLimits
from plait.core.retry import Remedy, remedy

A = PackageId("a")


@pytest.mark.parametrize(
    ("limits", "consumed", "code"),
    [
        (AgentLimits(turns=3), Consumed(turns=4), "TURN_LIMIT"),
        (AgentLimits(tokens=10), Consumed(tokens=11), "TOKEN_LIMIT"),
        (AgentLimits(cost_usd=0.5), Consumed(cost_usd=0.51), "COST_LIMIT"),
        (AgentLimits(memory=1 << 30), Consumed(memory=(1 << 30) + 1), "MEMORY_LIMIT"),
        (AgentLimits(output=100), Consumed(output=101), "OUTPUT_LIMIT"),
    ],
)
def test_a_limit_is_gone_over_and_not_only_reached(limits, consumed, code):
    """Each has its code; what is exactly at a limit is within it, and without one all is."""
    found = over(limits, consumed)
    assert found is not None
    assert found.code == code
    assert "may" in found.reason
    assert over(AgentLimits(), consumed) is None
    at = {
        name: value
        for name in ("turns", "tokens", "cost_usd", "memory", "output")
        if (value := getattr(limits, name)) is not None
    }
    assert over(limits, Consumed(**at)) is None


def test_an_agents_own_limits_go_before_the_common_ones():
    """Each by itself."""
    own, common = AgentLimits(turns=5), AgentLimits(turns=9, output=7)
    assert limits_of(own, common) == AgentLimits(turns=5, output=7)


def test_what_follows_a_limit():
    """Another agent where there is one; otherwise another try, but not where it costs again."""
    state = runs.started(runs.plan(runs.package("a"))).packages[A]
    for code in ("TURN_LIMIT", "TOKEN_LIMIT", "MEMORY_LIMIT", "OUTPUT_LIMIT"):
        assert remedy(state, code) is Remedy.FRESH
        assert remedy(state, code, providers=["x", "y"]) is Remedy.ELSEWHERE
    assert remedy(state, "COST_LIMIT", providers=["x", "y"]) is Remedy.NEVER


def test_a_peak_is_learned_from_attempts_of_the_same_agent():
    """Before one has ended, what the adapter says holds; then the highest that was seen."""
    run = runs.started(runs.plan(runs.package("a")))
    assert Peaks().expected(run, "x", 7) == 7
    for number, peak in enumerate((100, 300, 200), start=1):
        key = {"package": A, "attempt": number, "epoch": number}
        run = runs.record(
            run,
            AttemptStarted(
                **key, agent="x", worktree="", base="", directory="", setup_s=0.0, provider="x"
            ),
            AgentEnded(
                **key, status=AgentStatus.FAILED, exit_code=1, duration_s=1.0, peak_memory=peak
            ),
        )
    assert Peaks().expected(run, "x", 7) == 300
    assert Peaks().expected(run, "y", 7) == 7


def test_starts_are_admitted_while_all_can_grow():
    """Who works may still grow; each start takes its share; an idle run starts one anyway."""
    left = spare(1000, [Growing(now=100, peak=400), Growing(now=50, peak=20)])
    assert left == 700
    assert shortfalls(left, [300, 300, 300], idle=False) == [0, 0, 200]
    assert shortfalls(100, [300, 0], idle=False) == [200, 0]
    assert shortfalls(100, [300, 300], idle=True) == [0, 500]


@given(left=st.integers(-10, 10**6), peaks=st.lists(st.integers(0, 10**6), min_size=1))
def test_an_idle_run_never_waits(left, peaks):
    """Whatever is free, one start goes on."""
    assert shortfalls(left, peaks, idle=True)[0] == 0
