"""Who works on what starts: the run's own agents, and workers from elsewhere."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, strategies as st
from tests.fakes.runs import package, plan, record, started
from tests.unit.test_schedule import begin

from plait.core.plan import PackageId
from plait.core.roster import EXTERNAL, Roster, Seat
from plait.core.run import Run
from plait.core.schedule import Finish, Limits, Outside, Start, Wait, compile_plan, decide

OWN = Limits(max_agents=2, roster=Roster(seats=(Seat(provider="command"),)))
ONLY = Limits(max_agents=2, roster=Roster(seats=(Seat(provider=EXTERNAL),)))


def chosen(run: Run, limits: Limits, outside: Outside, **more: object) -> list[tuple[str, str]]:
    """What starts now, and by whom."""
    actions = decide(compile_plan(run.plan), run, limits, outside=outside, **more)
    return [(each.package, each.provider) for each in actions if isinstance(each, Start)]


def test_who_came_to_work_is_served_first_and_beside_the_runs_own() -> None:
    """Three workers and two agents: five packages start, the first of them outside."""
    run = started(plan(*(package(each) for each in "abcdef")))
    told = chosen(run, OWN, Outside(waiting=(2, 2, 2)))
    assert [each for each, by in told if by == EXTERNAL] == ["a", "b", "c"]
    assert [each for each, by in told if by == ""] == ["d", "e"]


def test_workers_from_elsewhere_do_not_count_against_the_limit() -> None:
    """What they work on leaves the run's own agents free."""
    run = started(plan(*(package(each) for each in "abcd")))
    run = record(run, replace(begin("a"), provider=EXTERNAL))
    assert chosen(run, OWN, Outside()) == [("b", ""), ("c", "")]
    lent = frozenset({PackageId("b")})
    told = chosen(run, OWN, Outside(starting=lent), starting=lent)
    assert told == [("c", ""), ("d", "")]


def test_a_package_that_wants_more_trust_is_not_theirs() -> None:
    """The one who is trusted with least of those who may is taken."""
    run = started(plan(replace(package("a"), trust=3), package("b")))
    assert chosen(run, OWN, Outside(waiting=(2,))) == [("a", ""), ("b", EXTERNAL)]
    assert chosen(run, OWN, Outside(waiting=(2, 3))) == [("a", EXTERNAL), ("b", EXTERNAL)]


def test_what_a_rule_gives_to_an_agent_is_not_theirs() -> None:
    """Unless the rule names them."""
    seats = (Seat(provider="claude", pattern="a*"), Seat(provider="command"))
    run = started(plan(package("a"), package("b")))
    limits = Limits(max_agents=1, roster=Roster(seats=seats))
    assert chosen(run, limits, Outside(waiting=(2, 2))) == [("a", ""), ("b", EXTERNAL)]
    theirs = Roster(seats=(Seat(provider=EXTERNAL, pattern="a*"), Seat(provider="command")))
    assert chosen(run, Limits(max_agents=1, roster=theirs), Outside(waiting=(2,))) == [
        ("a", EXTERNAL),
        ("b", ""),
    ]


def test_a_run_that_is_left_to_them_waits_and_says_for_what() -> None:
    """It is not over, and nothing can never start."""
    run = started(plan(package("a"), package("b", "a")))
    actions = decide(compile_plan(run.plan), run, ONLY)
    assert [each.outside for each in actions if isinstance(each, Wait)] == [("a",)]
    assert not any(isinstance(each, Finish) for each in actions)


@given(
    st.lists(st.integers(0, 4), max_size=6),
    st.integers(1, 4),
    st.lists(st.sampled_from([None, 0, 1, 2, 3, 4]), min_size=1, max_size=8),
)
def test_nobody_gets_two_and_nothing_is_given_twice(
    waiting: list[int], own: int, wants: list[int | None]
) -> None:
    """As many start outside as may, each for one who may have it; no more inside than are free."""
    packages = (replace(package(f"p{n}"), trust=trust) for n, trust in enumerate(wants))
    run = started(plan(*packages))
    limits = replace(OWN, max_agents=own)
    told = chosen(run, limits, Outside(waiting=tuple(waiting)))
    assert len({each for each, _ in told}) == len(told)
    outside = [wants[int(each[1:])] or 0 for each, by in told if by == EXTERNAL]
    assert len(told) - len(outside) <= own
    left = sorted(waiting)
    for trust in sorted(outside, reverse=True):
        assert left.pop() >= trust
