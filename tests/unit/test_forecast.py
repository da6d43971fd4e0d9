"""Forecast and advice: what a plan takes, where one more agent no longer pays, what to change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from tests.fakes.runs import package, plan

from plait.core import graph as graphs
from plait.core.advice import Advice, AdviceKind, advise, hubs
from plait.core.forecast import (
    MOST_AGENTS,
    Forecast,
    Past,
    Times,
    forecast,
    past_of,
    times_of,
)
from plait.core.plan import (
    Confidence,
    PackageId,
    Plan,
    Scope,
    SourceStatus,
    WorkPackage,
)
from plait.core.schedule import DEFAULT_ESTIMATE_S, UnknownScope
from plait.core.serialise import serialise

SHARED, DECLARED, SERIAL = UnknownScope.SHARED, UnknownScope.DECLARED, UnknownScope.SERIAL


def taking(name: str, seconds: float, *needs: str, **more: object) -> WorkPackage:
    return package(name, *needs, estimate_s=seconds, **more)


def unknown(name: str, **more: object) -> WorkPackage:
    return taking(name, 60.0, scope=Scope(), **more)


def expected(whole: Plan, policy: UnknownScope = DECLARED, agents: int = 1) -> Forecast:
    return forecast(whole, graphs.build(whole), times_of(whole), policy, agents=agents)


def makespans(told: Forecast) -> list[float]:
    return [row.makespan_s for row in told.rows]


class TestTimes:
    def test_the_sources_estimate_counts_first_then_what_was_before(self) -> None:
        """Estimate, own time, the repository's usual one: in that order."""
        whole = plan(taking("a", 5.0), package("b"), package("c"), package("d"))
        past = Past(own={PackageId("a"): 7.0, PackageId("b"): 8.0}, typical_s=9.0)
        times = times_of(replace(whole), past)

        assert times.seconds == {"a": 5.0, "b": 8.0, "c": 9.0, "d": 9.0}
        assert (times.estimated, times.measured, times.typical, times.assumed) == (1, 1, 2, 0)
        assert times.known == {"a", "b"}

    def test_without_any_a_fixed_time_is_assumed_and_said_so(self) -> None:
        """Nothing is passed off as known."""
        times = times_of(plan(package("a")))
        assert times.seconds == {"a": DEFAULT_ESTIMATE_S}
        assert (times.assumed, times.known) == (1, frozenset())

    def test_what_does_not_run_takes_no_time(self) -> None:
        """A done package is in no sum."""
        times = times_of(plan(taking("a", 5.0, status=SourceStatus.DONE)))
        assert (times.seconds, times.estimated) == ({"a": 0.0}, 0)

    def test_the_past_is_the_latest_of_this_plan_and_the_median_of_all(self) -> None:
        """Other plans' packages of the same id tell nothing of this one's."""
        rows = [("p", "a", 4.0), ("q", "a", 100.0), ("p", "a", 9.0), ("p", "b", 6.0)]
        past = past_of("p", [(plan, PackageId(name), seconds) for plan, name, seconds in rows])
        assert past.own == {"a": 4.0, "b": 6.0}
        assert past.typical_s == 7.5
        assert past_of("p", []).typical_s is None


class TestForecast:
    def test_one_row_for_each_number_of_agents_until_one_more_gains_nothing(self) -> None:
        """Three alike need three; a fourth would have nothing to do."""
        told = expected(plan(*(taking(name, 60.0) for name in "abc")))
        assert makespans(told) == [180.0, 120.0, 60.0]
        assert [round(row.busy, 2) for row in told.rows] == [1.0, 0.75, 1.0]
        assert (told.pays, told.useful, told.work_s, told.bound_s) == (3, 3, 180.0, 60.0)

    def test_where_one_more_no_longer_pays(self) -> None:
        """A long chain beside a few crumbs: the second agent gains, the third next to nothing."""
        crumbs = [taking(f"c{n}", 1.0) for n in range(20)]
        told = expected(plan(taking("a", 100.0), *crumbs))
        assert (told.pays, told.useful) == (2, 2)
        more = expected(plan(taking("a", 100.0), *(taking(f"c{n}", 3.0) for n in range(36))))
        assert makespans(more)[:3] == [208.0, 105.0, 100.0]
        assert (more.pays, more.useful) == (2, 3)

    def test_as_many_rows_as_were_asked_about(self) -> None:
        """`--max-agents 6` has a row though two are enough."""
        told = expected(plan(taking("a", 60.0), taking("b", 60.0)), agents=4)
        assert makespans(told) == [120.0, 60.0, 60.0, 60.0]
        assert told.useful == 2
        assert told.row(100).makespan_s == 60.0

    def test_there_are_never_more_rows_than_fit(self) -> None:
        """A wide plan ends at the most agents that are considered."""
        told = expected(plan(*(taking(str(n), 60.0) for n in range(100))), agents=1000)
        assert len(told.rows) == MOST_AGENTS

    def test_an_empty_plan_takes_no_time(self) -> None:
        """Nothing divides by zero."""
        told = expected(plan())
        assert (makespans(told), told.work_s, told.useful) == ([0.0], 0.0, 1)

    def test_a_gate_needs_no_agent(self) -> None:
        """What takes no time is done at once, though all agents are at work."""
        whole = plan(taking("long", 9.0), package("gate"), taking("after", 9.0, "gate"))
        times = Times(seconds={**times_of(whole).seconds, PackageId("gate"): 0.0})
        told = forecast(whole, graphs.build(whole), times, DECLARED, only=2)
        assert makespans(told) == [9.0]

    @pytest.mark.parametrize(
        ("packages", "policy", "two_agents"),
        [
            pytest.param("uu", DECLARED, 120.0, id="unknown ones run alone"),
            pytest.param("uu", SHARED, 60.0, id="unless they may share"),
            pytest.param("UU", DECLARED, 60.0, id="marked ones run side by side"),
            pytest.param("UU", SERIAL, 120.0, id="not where all unknown run alone"),
            pytest.param("uk", DECLARED, 120.0, id="an unknown beside a known one"),
            pytest.param("UK", DECLARED, 60.0, id="both marked"),
            pytest.param("Uk", DECLARED, 120.0, id="one of them marked"),
            pytest.param("kk", SERIAL, 60.0, id="known ones are never in doubt"),
        ],
    )
    def test_unknown_scopes_take_their_turn(
        self, packages: str, policy: UnknownScope, two_agents: float
    ) -> None:
        """The forecast holds to what the schedule will do (u unknown, k known, capital marked)."""
        whole = plan(
            *(
                (unknown if kind in "uU" else taking)(
                    f"{kind}{at}",
                    **({} if kind in "uU" else {"seconds": 60.0}),
                    parallel=kind.isupper(),
                )
                for at, kind in enumerate(packages)
            )
        )
        told = forecast(whole, graphs.build(whole), times_of(whole), policy, only=2)
        assert makespans(told) == [two_agents]

    @given(st.lists(st.integers(1, 9), min_size=1, max_size=9))
    def test_more_agents_never_take_longer_on_independent_work_than_one(
        self, sizes: list[int]
    ) -> None:
        """One agent takes the sum; the last row is the longest package."""
        whole = plan(*(taking(str(at), float(size)) for at, size in enumerate(sizes)))
        told = expected(whole)
        assert makespans(told)[0] == sum(sizes)
        assert makespans(told)[-1] == max(sizes)
        assert told.pays <= told.useful <= len(told.rows)


def advice(whole: Plan, agents: int = 4, policy: UnknownScope = DECLARED) -> tuple[Advice, ...]:
    arranged = serialise(whole, DEFAULT_ESTIMATE_S)
    graph, times = graphs.build(arranged), times_of(arranged)
    told = forecast(arranged, graph, times, policy, agents=agents)
    return advise(arranged, graph, times, told, agents=agents, policy=policy)


def inferred(name: str, *paths: str, seconds: float = 60.0, **more: object) -> WorkPackage:
    scope = Scope(write=paths, confidence=Confidence.INFERRED)
    return package(name, scope=scope, estimate_s=seconds, **more)


class TestAdvice:
    def test_a_package_that_is_most_of_the_critical_path_is_worth_splitting(self) -> None:
        """With its name and its share."""
        told = advice(plan(taking("x", 60.0), taking("y", 40.0, "x")))[0]
        assert (told.kind, told.gain_s) == (AdviceKind.SPLIT, 30.0)
        assert told.message == "split x: it is 60 % of the critical path"

    def test_what_is_only_assumed_is_not_worth_splitting(self) -> None:
        """A guess about times is no reason for advice."""
        assert advice(plan(package("x"), package("y", "x"))) == ()

    def test_two_that_are_parallel_but_for_a_file_are_named_with_it(self) -> None:
        """And what they cost."""
        told = advice(plan(inferred("y", "src/api.py"), inferred("z", "src/*.py")))[0]
        assert told.kind is AdviceKind.SHARED_FILE
        assert told.message.startswith("y and z are parallel in the plan and both write src/api.py")
        assert (told.packages, told.gain_s) == (("y", "z"), 60.0)

    def test_many_that_write_one_file_are_told_once(self) -> None:
        """One piece of advice a file, however many wait."""
        told, *others = advice(plan(*(inferred(name, "hub.py") for name in "abcdefg")), agents=7)
        assert not any(other.kind is AdviceKind.SHARED_FILE for other in others)
        assert told.message.startswith("a, b, c, d, e and 2 more are parallel in the plan and all")
        assert told.gain_s == 360.0

    def test_files_that_nobody_named_cost_time(self) -> None:
        """The gain is what sharing would bring."""
        told = advice(plan(*(unknown(name) for name in "abc")))[0]
        assert told.kind is AdviceKind.UNKNOWN_SCOPE
        assert told.gain_s == 120.0
        assert told.message.startswith("name the files of a, b and c")
        assert advice(plan(*(unknown(name) for name in "abc")), policy=SHARED) == ()

    def test_of_packages_alike_none_is_worth_splitting(self) -> None:
        """Each is all of a critical path, and halving one gains nothing."""
        assert advice(plan(*(taking(name, 60.0) for name in "abc"))) == ()

    def test_the_most_rewarding_comes_first(self) -> None:
        """Sorted by what it gains."""
        whole = plan(
            *(inferred(name, "hub.py") for name in "abc"),
            inferred("d", "x.py", seconds=10.0),
            inferred("e", "x.py", seconds=10.0),
        )
        assert next(told.packages for told in advice(whole)) == ("a", "b", "c")


def test_hubs_are_what_three_or_more_write() -> None:
    """Ordered or not, done packages left out."""
    whole = plan(
        inferred("a", "hub.py", "one.py"),
        inferred("b", "hub.py"),
        inferred("c", "hub.py", "one.py"),
        inferred("d", "one.py", status=SourceStatus.DONE),
    )
    assert [(hub.path, hub.packages) for hub in hubs(whole)] == [("hub.py", ("a", "b", "c"))]
