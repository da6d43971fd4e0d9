"""Order, waves, critical path, cycles."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, strategies as st
from tests.fakes.runs import package, plan

from plait.core import graph as graphs
from plait.core.forecast import Times, forecast
from plait.core.plan import PackageId, Plan, SourceStatus
from plait.core.schedule import UnknownScope

DIAMOND = plan(package("d", "b", "c"), package("b", "a"), package("c", "a"), package("a"))


@st.composite
def any_plans(draw: st.DrawFn) -> Plan:
    """Plans of up to seven packages with any edges at all, cycles and self-loops included."""
    names = [f"p{n}" for n in range(draw(st.integers(0, 7)))]
    edges = st.sets(st.sampled_from(names), max_size=3) if names else st.just(set[str]())
    return plan(*(package(name, *sorted(draw(edges))) for name in names))


def reaches_itself(graph: graphs.Graph, start: PackageId) -> bool:
    """By depth-first search, independent of what is tested."""
    seen, stack = set(), list(graph.needs[start])
    while stack:
        each = stack.pop()
        if each == start:
            return True
        if each not in seen:
            seen.add(each)
            stack += graph.needs[each]
    return False


def test_order_follows_edges_and_else_the_plan() -> None:
    """What is needed comes first; among the free the plan's order holds."""
    assert graphs.order(graphs.build(DIAMOND)) == ("a", "b", "c", "d")


def test_waves_width_and_depth_of_a_diamond() -> None:
    """Two packages can run at once, in three waves."""
    graph = graphs.build(DIAMOND)
    assert graphs.waves(graph) == (("a",), ("b", "c"), ("d",))
    assert (graphs.width(graph), graphs.depth(graph)) == (2, 3)


def test_an_edge_to_nowhere_is_left_out() -> None:
    """A finding tells of it; the graph goes without."""
    assert graphs.build(plan(package("a", "nobody"))).needs == {"a": ()}


@given(any_plans())
def test_a_cycle_is_found_exactly_if_there_is_one(drawn: Plan) -> None:
    """What is found is a closed walk along real edges; without one the order is complete."""
    graph = graphs.build(drawn)
    cycle = graphs.find_cycle(graph)
    assert bool(cycle) is any(reaches_itself(graph, each) for each in graph.ids)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(b in graph.needs[a] for a, b in itertools.pairwise(cycle))
        with pytest.raises(ValueError, match="cycle"):
            graphs.order(graph)
        return
    ordered = graphs.order(graph)
    assert sorted(ordered) == sorted(graph.ids)
    place = {each: index for index, each in enumerate(ordered)}
    assert all(place[need] < place[each] for each in graph.ids for need in graph.needs[each])


@given(any_plans(), st.data(), st.integers(1, 4))
def test_no_forecast_beats_the_lower_bound_or_grahams_guarantee(
    drawn: Plan, data: st.DataObject, agents: int
) -> None:
    """List scheduling lies between the bound and work / m + (1 - 1/m) critical path."""
    graph = graphs.build(drawn)
    if graphs.find_cycle(graph):
        return
    times = {each: float(data.draw(st.integers(0, 9))) for each in graph.ids}
    path = graphs.critical_path(graph, times)
    longest = max(graphs.tails(graph, times).values(), default=0.0)
    assert sum(times[each] for each in path) == longest
    game = forecast(drawn, graph, Times(seconds=times), UnknownScope.SHARED, only=agents)
    told = game.rows[-1].makespan_s
    work = sum(times.values())
    assert graphs.lower_bound(graph, times, agents) <= told + 1e-9
    assert told <= work / agents + (1 - 1 / agents) * longest + 1e-9


def test_gates_and_what_is_done_take_no_time() -> None:
    """Estimates count only for what an agent will work on."""
    drawn = plan(
        package("a", estimate_s=5.0),
        package("b", status=SourceStatus.DONE, estimate_s=5.0),
        package("c"),
    )
    assert graphs.durations(drawn, 60.0) == {"a": 5.0, "b": 0.0, "c": 60.0}


def test_closure_goes_both_ways_and_leaves_the_start_out() -> None:
    """Everything that is needed, or that needs it."""
    graph = graphs.build(DIAMOND)
    assert graphs.closure(graph, [PackageId("d")], upwards=True) == {"a", "b", "c"}
    assert graphs.closure(graph, [PackageId("b")], upwards=False) == {"d"}


def test_a_chain_of_ten_thousand_is_no_problem() -> None:
    """Nothing recurses, nothing is quadratic."""
    names = [f"p{n}" for n in range(10_000)]
    chain = plan(package(names[0]), *(package(b, a) for a, b in itertools.pairwise(names)))
    graph = graphs.build(chain)
    assert graphs.depth(graph) == 10_000
    assert graphs.find_cycle(graph) == ()
    times = dict.fromkeys(graph.ids, 1.0)
    assert len(graphs.critical_path(graph, times)) == 10_000


@given(any_plans())
def test_an_edge_adds_nothing_exactly_if_the_rest_already_orders_it(drawn: Plan) -> None:
    """Without an edge that adds nothing the same packages still come before."""
    graph = graphs.build(drawn)
    if graphs.find_cycle(graph):
        return
    found = set(graphs.transitive_edges(graph))
    for each in graph.ids:
        for need in graph.needs[each]:
            others = [other for other in graph.needs[each] if other != need]
            reached = graphs.closure(graph, others, upwards=True)
            assert ((each, need) in found) is (need in reached)


@given(any_plans())
def test_ancestors_are_what_the_closure_upwards_is(drawn: Plan) -> None:
    """The bits of a package are the packages it needs, if only through others."""
    graph = graphs.build(drawn)
    if graphs.find_cycle(graph):
        return
    bits = graphs.ancestors(graph)
    for each in graph.ids:
        named = {other for place, other in enumerate(graph.ids) if bits[each] >> place & 1}
        assert named == graphs.closure(graph, [each], upwards=True)


@given(any_plans())
def test_beside_a_package_is_what_is_neither_before_nor_after_it(drawn: Plan) -> None:
    """By position, whatever packages are asked for, and however often."""
    graph = graphs.build(drawn)
    if graphs.find_cycle(graph):
        return
    asked = [*graph.ids[1:], *graph.ids[:2]]
    for each, bits in zip(asked, graphs.beside(graph, asked), strict=True):
        ordered = {each, *graphs.closure(graph, [each], upwards=True)}
        ordered |= graphs.closure(graph, [each], upwards=False)
        assert [bool(bits >> place & 1) for place in range(len(asked))] == [
            other not in ordered for other in asked
        ]


def test_a_cycle_far_down_a_long_way_is_found_soon() -> None:
    """Packages between two cycles, though they come first, cost no search of their own."""
    names = [f"p{n}" for n in range(3_000)]
    way = [package(a, b) for a, b in itertools.pairwise(names)]
    drawn = plan(
        *way, package("p2999", "x"), package("x", "y"), package("y", "x"),
        package("v", "w", "p0"), package("w", "v"), *(package(f"q{n}") for n in range(10)),
    )  # fmt: skip
    assert graphs.find_cycle(graphs.build(drawn)) in {("x", "y", "x"), ("v", "w", "v")}
