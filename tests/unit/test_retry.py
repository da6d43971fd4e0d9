"""What follows a failure: another attempt or none, when, and by whom."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.fakes.runs import RUN, begin, package, plan, record, started

from plait.core.event import AGENT_LOST, AttemptEnded, AttemptLost, ProviderParked, Verdict
from plait.core.package import PackageState
from plait.core.plan import PackageId, PackageKind
from plait.core.retry import (
    AGENT_FAILED,
    AGENT_NOT_STARTED,
    AGENT_UNAUTHORISED,
    LONGEST_PARKING_S,
    OFTEN,
    RATE_LIMITED,
    STALLED,
    TIMEOUT,
    VERIFICATION_FAILED,
    Backoff,
    Remedy,
    Sequel,
    after_cut,
    after_failure,
    code_of,
    delay_s,
    parked_until,
    remedy,
)
from plait.core.roster import Roster, Seat, ready_at, whom
from plait.core.schedule import Limits, Start, Wait, compile_plan, decide
from plait.core.spent import Parked
from plait.core.transcript import FinishKind

A = PackageId("a")
NOW = 1000.0
BACKOFF = Backoff(base_s=1.0, cap_s=60.0)


def tried(*attempts: tuple[str, str], violations: tuple[str, ...] = ()) -> PackageState:
    """A package whose attempts were made by these agents and ended with these codes."""
    run = started(plan(package("a")))
    for number, (provider, code) in enumerate(attempts, start=1):
        run = record(
            run,
            replace(begin("a", number, number), provider=provider),
            AttemptEnded(
                package=A,
                attempt=number,
                epoch=number,
                verdict=Verdict.REVISE,
                error_code=code,
                violations=violations,
            ),
        )
    return run.packages[A]


@given(
    st.text(max_size=20),
    st.integers(0, 10_000),
    st.floats(0, 100, allow_nan=False),
    st.floats(0, 1000, allow_nan=False),
)
def test_a_delay_is_bounded_and_the_same_for_the_same_attempt(
    seed: str, tries: int, base_s: float, cap_s: float
) -> None:
    """It never exceeds the doubled base nor the cap, and nothing but its seed draws it."""
    backoff = Backoff(base_s=base_s, cap_s=cap_s)
    delay = delay_s(backoff, tries, seed=seed)
    assert 0 <= delay <= min(cap_s, base_s * 2.0 ** min(tries, 64))
    assert delay_s(backoff, tries, seed=seed) == delay


def test_delays_are_spread_over_their_whole_range() -> None:
    """Packages that failed together do not come back together, and on the average halfway."""
    delays = sorted(delay_s(BACKOFF, 4, seed=f"run/wp-{each}/1") for each in range(1000))
    assert 7 < sum(delays) / 1000 < 9  # of 16 s
    assert max(after - before for before, after in pairwise(delays)) < 0.5


@pytest.mark.parametrize(
    ("code", "providers", "expected"),
    [
        ("VERIFICATION_FAILED", ("x", "y"), Remedy.FRESH),
        ("LANDING_FAILED", ("x",), Remedy.FRESH),
        ("SCOPE_VIOLATION", ("x", "y"), Remedy.FRESH),
        (TIMEOUT, ("x",), Remedy.FRESH),
        (STALLED, ("x",), Remedy.FRESH),
        (STALLED, ("x", "y"), Remedy.ELSEWHERE),
        (AGENT_FAILED, ("x",), Remedy.LATER),
        (AGENT_FAILED, ("x", "y"), Remedy.ELSEWHERE),
        (AGENT_NOT_STARTED, ("x",), Remedy.NEVER),
        (AGENT_NOT_STARTED, ("x", "y"), Remedy.ELSEWHERE),
        (code_of(FinishKind.AUTH), ("x",), Remedy.NEVER),
        (code_of(FinishKind.AUTH), ("x", "y"), Remedy.ELSEWHERE),
        (code_of(FinishKind.BUDGET_CAP), ("x", "y"), Remedy.NEVER),
        (code_of(FinishKind.TURN_CAP), ("x",), Remedy.FRESH),
        (code_of(FinishKind.TURN_CAP), ("x", "y"), Remedy.ELSEWHERE),
        (code_of(FinishKind.DENIED), ("x",), Remedy.FRESH),
        (code_of(FinishKind.API_ERROR), ("x",), Remedy.LATER),
        (code_of(FinishKind.API_ERROR), ("x", "y"), Remedy.ELSEWHERE),
        (code_of(FinishKind.CRASHED), ("x",), Remedy.LATER),
        (code_of(FinishKind.CANCELLED), ("x",), Remedy.LATER),
        (code_of(FinishKind.OK), ("x",), Remedy.LATER),  # it says itself that it failed
        (code_of(None), ("x",), Remedy.LATER),
    ],
)
def test_the_remedy_follows_from_what_failed(
    code: str, providers: tuple[str, ...], expected: Remedy
) -> None:
    """What is new to the agent is tried at once; where the agent failed, another one, or later."""
    assert remedy(tried(("x", code)), code, providers=providers) is expected


def test_what_the_work_came_to_is_told_in_the_agents_session() -> None:
    """Where it can go on; not after a failure of the agent itself, nor without an attempt left."""
    state = tried(("x", VERIFICATION_FAILED))
    for code, expected in (
        (VERIFICATION_FAILED, Remedy.SESSION),
        ("SCOPE_VIOLATION", Remedy.SESSION),
        (AGENT_FAILED, Remedy.LATER),
        (TIMEOUT, Remedy.FRESH),
    ):
        assert remedy(state, code, providers=("x",), session="s") is expected
    for budget, verdict, session in ((5, Verdict.REVISE, "s"), (0, Verdict.REJECT, "")):
        found = after_failure(
            state,
            VERIFICATION_FAILED,
            run=RUN,
            retry_budget=budget,
            now=NOW,
            backoff=BACKOFF,
            session="s",
        )
        assert (found.verdict, found.session, found.not_before) == (verdict, session, 0.0)


def test_the_same_paths_are_refused_three_times_at_most() -> None:
    """A package that will not stay inside its scope stops before its budget does."""
    paths = ("etc/passwd",)
    for times, expected in ((1, Remedy.FRESH), (2, Remedy.FRESH), (3, Remedy.NEVER)):
        state = tried(*[("x", "SCOPE_VIOLATION")] * times, violations=paths)
        assert remedy(state, "SCOPE_VIOLATION", violations=paths) is expected
        assert remedy(state, "SCOPE_VIOLATION", violations=("other",)) is Remedy.FRESH


@given(st.integers(0, 5), st.integers(1, 8), st.sampled_from([AGENT_FAILED, STALLED, "RED"]))
def test_attempts_are_never_more_than_the_budget_allows(budget: int, made: int, code: str) -> None:
    """Whatever failed, and whatever the delay, the budget decides; a first retry comes soon."""
    state = tried(*[("x", code)] * made)
    sequel = after_failure(
        state, code, run=RUN, retry_budget=budget, now=NOW, backoff=BACKOFF, providers=("x",)
    )
    expected = Verdict.REVISE if made < 1 + budget else Verdict.REJECT
    assert sequel.verdict is expected
    assert sequel.not_before <= NOW + min(60.0, 2.0 ** (made - 1))
    if expected is Verdict.REJECT or code != AGENT_FAILED:
        assert sequel.not_before == 0.0


@pytest.mark.parametrize("code", sorted(OFTEN))
def test_what_costs_no_attempt_costs_one_in_the_end(code: str) -> None:
    """Lost agents and rate limits are forgiven so many times in a row, not for ever."""
    run = started(plan(package("a")))
    for number in range(1, OFTEN[code] + 1):
        run = record(run, begin("a", 1, number))
        state = run.packages[A]
        sequel = after_cut(state, code, run=RUN, now=NOW, backoff=BACKOFF, providers=("scripted",))
        if number == OFTEN[code]:
            assert sequel is None
        else:
            assert sequel is not None
            assert state.attempts_used == 1
            lost = AttemptLost(package=A, attempt=1, epoch=number, reason="r", error_code=code)
            run = record(run, lost)
            assert run.packages[A].attempts_used == 0


@pytest.mark.parametrize("code", [AGENT_NOT_STARTED, AGENT_UNAUTHORISED])
def test_an_agent_that_cannot_begin_costs_nothing_while_another_is_left(code: str) -> None:
    """Each of the others is tried once; then the package has failed."""
    state = tried(("x", code))
    both = ("x", "y")
    given_ = {"run": RUN, "now": NOW, "backoff": BACKOFF}
    assert after_cut(state, code, providers=both, **given_) == Sequel(verdict=Verdict.REVISE)
    state = tried(("x", code), ("y", code))
    assert after_cut(state, code, providers=both, **given_) is None


@pytest.mark.parametrize("code", [AGENT_NOT_STARTED, AGENT_UNAUTHORISED])
def test_an_agent_that_could_not_begin_is_not_asked_again_while_there_is_another(code: str) -> None:
    """Its turn does not come round; a key that was refused once is refused the next time."""
    both = ("x", "y")
    assert whom(both, tried(("x", code)), (), NOW) == "y"
    assert whom(both, tried(("x", code), ("y", AGENT_FAILED)), (), NOW) == "y"
    assert whom(("x",), tried(("x", code)), (), NOW) == "x"
    parked = (Parked(provider="y", since=NOW, until=NOW + 5, reason="r"),)
    state = tried(("x", code), ("y", RATE_LIMITED))
    assert whom(both, state, parked, NOW) is None
    assert ready_at(both, state, parked, NOW) == NOW + 5


@pytest.mark.parametrize(
    ("after_s", "at", "least", "most"),
    [
        (30.0, None, NOW + 30, NOW + 30),
        (None, NOW + 90, NOW + 90, NOW + 90),
        (None, None, NOW, NOW + 1),
        (0.0, None, NOW, NOW + 1),
        (None, NOW - 5, NOW, NOW + 1),
        (1e12, None, NOW + LONGEST_PARKING_S, NOW + LONGEST_PARKING_S),
    ],
)
def test_an_agent_rests_until_it_is_told_to_come_back(
    after_s: float | None, at: float | None, least: float, most: float
) -> None:
    """What it says holds, within bounds: nobody comes back at once for ever, or never."""
    state = tried(("x", RATE_LIMITED))
    until = parked_until(state, run=RUN, now=NOW, backoff=BACKOFF, after_s=after_s, at=at)
    assert least <= until <= most


ROSTER = Roster(
    seats=(
        Seat(provider="first"),
        Seat(provider="ui", pattern="wp-ui*"),
        Seat(provider="second"),
    )
)


def test_a_pattern_names_who_works_and_plain_names_serve_the_rest() -> None:
    """In the order they were given; a name stands once."""
    assert ROSTER.providers(package("wp-ui-1")) == ("ui",)
    assert ROSTER.providers(package("wp-api")) == ("first", "second")


@pytest.mark.parametrize(
    ("condition", "fields"),
    [
        ({"pattern": "api-*", "kind": "integrate"}, {"kind": PackageKind.INTEGRATE}),
        ({"role": "front*"}, {"role": "frontend"}),
        ({"archetype": "migration"}, {"archetype": "migration"}),
        ({"trust": 3}, {"trust": 4}),
        ({"track": "A", "phase": "1*", "group": "g"}, {"track": "A", "phase": "1 x", "group": "g"}),
    ],
)
def test_conditions_name_who_works(condition: dict[str, Any], fields: dict[str, Any]) -> None:
    """All conditions of a seat must hold; then it comes before those that serve everybody."""
    seats = (
        Seat(provider="all"),
        Seat(provider="one", **condition),
        Seat(provider="two", kind="qa"),
    )
    roster = Roster(seats=seats)
    assert roster.providers(package("api-x", **fields)) == ("one",)
    assert roster.providers(package("api-x")) == ("all",)
    both = roster.providers(package("api-x", **{**fields, "kind": PackageKind.QA}))
    assert both == (("two",) if "kind" in condition else ("one", "two"))


def test_who_works_next_follows_from_who_failed_and_who_rests() -> None:
    """The first; after its own failure the next in a circle; never one that rests."""
    both = ("first", "second")
    rests = (Parked(provider="second", since=NOW, until=NOW + 5, reason=""),)
    assert whom(both, tried(), (), NOW) == "first"
    assert whom(both, tried(("first", AGENT_FAILED)), (), NOW) == "second"
    assert whom(both, tried(("second", AGENT_LOST)), (), NOW) == "first"
    assert whom(both, tried(("second", "VERIFICATION_FAILED")), (), NOW) == "second"
    assert whom(both, tried(("first", AGENT_FAILED)), rests, NOW) == "first"
    assert whom(("second",), tried(), rests, NOW) is None
    assert ready_at(("second",), tried(), rests, NOW) == NOW + 5
    assert ready_at(("second",), tried(), rests, NOW + 5) == 0.0


def test_a_wait_that_another_clock_told_is_over() -> None:
    """Where the clock was set back by an hour, nothing waits for an hour more."""
    rests = (Parked(provider="x", since=NOW + 3600, until=NOW + 3605, reason=""),)
    assert ready_at(("x",), tried(), rests, NOW) == 0.0
    late = replace(tried(("x", AGENT_FAILED)), not_before=1e6)
    assert ready_at(("x",), late, (), 10.0) == 1e6
    assert ready_at(("x",), late, (), -3600.0) == 0.0


def test_a_package_waits_for_its_time_and_others_start() -> None:
    """Before `not_before` it is passed over, then started; the loop is told when to look."""
    run = started(plan(package("a"), package("b")))
    ended = AttemptEnded(
        package=A, attempt=1, epoch=1, verdict=Verdict.REVISE, not_before=50.0, error_code="X"
    )
    run = record(run, begin("a"), ended)
    compiled = compile_plan(run.plan)
    b = Start(package=PackageId("b"))
    assert decide(compiled, run, Limits(), now=49.0) == (b, Wait(until=50.0))
    assert decide(compiled, run, Limits(), now=50.0) == (Start(package=A), b)
    assert Start(package=A) in decide(compiled, run, Limits())


def test_nothing_starts_whose_agents_all_rest() -> None:
    """A run in which only parked agents are left waits; it is not stuck, and not over."""
    run = started(plan(package("a"), package("b")))
    run = record(run, ProviderParked(provider="x", until=90.0, reason="rate"))
    run = record(run, ProviderParked(provider="x", until=60.0, reason="rate"))
    seats = (Seat(provider="x"), Seat(provider="y", pattern="b"))
    limits = Limits(roster=Roster(seats=seats))
    compiled = compile_plan(run.plan)
    b = Start(package=PackageId("b"))
    assert decide(compiled, run, limits, now=59.0) == (b, Wait(until=60.0))
    only_x = Limits(roster=Roster(seats=seats[:1]))
    assert decide(compiled, run, only_x, now=59.0) == (Wait(until=60.0),)
    assert len(decide(compiled, run, only_x, now=60.0)) == 2
