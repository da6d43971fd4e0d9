"""Batching: what becomes one package, what stays apart, and that nothing is lost by it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.fakes.runs import package, plan

from plait.core import graph as graphs
from plait.core.batch import Batching, batch
from plait.core.plan import (
    Check,
    Confidence,
    Edge,
    Marker,
    PackageId,
    PackageKind,
    Plan,
    Scope,
    SourceStatus,
    Span,
    Whole,
    WorkPackage,
)

AUTO, GROUP, TASK = Batching.AUTO, Batching.GROUP, Batching.TASK


def of_track(name: str, *needs: str, track: str = "A", **more: Any) -> WorkPackage:
    return package(name, *needs, track=track, **more)


def batches(made: Plan) -> list[tuple[str, ...]]:
    return [each.tasks or (each.source_id,) for each in made.packages]


def test_small_tasks_in_a_row_become_one_package() -> None:
    """Small tasks in a row become one package."""
    made = batch(plan(of_track("1"), of_track("2", "1"), of_track("3", "2")), AUTO)
    assert batches(made) == [("1", "2", "3")]
    assert made.packages[0].id == "1"


def test_task_by_task_leaves_all_as_they_are() -> None:
    """Task by task leaves all as they are."""
    whole = plan(of_track("1"), of_track("2", "1"))
    assert batch(whole, TASK) is whole


def test_who_waits_for_one_of_a_batch_waits_for_the_batch() -> None:
    """Who waits for one of a batch waits for the batch."""
    made = batch(plan(of_track("1"), of_track("2", "1"), package("9", "2")), AUTO)
    assert [edge.id for edge in made.packages[1].needs] == ["1"]


def test_a_batch_needs_what_its_first_task_needs() -> None:
    """A batch needs what its first task needs."""
    made = batch(plan(package("0"), of_track("1", "0"), of_track("2", "1", "0")), AUTO)
    assert batches(made) == [("0",), ("1", "2")]
    assert [edge.id for edge in made.packages[1].needs] == ["0"]


@pytest.mark.parametrize(
    "apart",
    [
        pytest.param([of_track("1"), of_track("2")], id="they could run side by side"),
        pytest.param(
            [of_track("1"), of_track("2", "1"), package("9", "1")], id="others wait for the first"
        ),
        pytest.param(
            [package("0"), of_track("1"), of_track("2", "1", "0")], id="the second waits for others"
        ),
        pytest.param([of_track("1"), of_track("2", "1", track="B")], id="of different tracks"),
        pytest.param([package("1"), package("2", "1")], id="of no track"),
        pytest.param([of_track("1"), of_track("2", "1", role="qa")], id="for different roles"),
        pytest.param(
            [of_track("1"), of_track("2", "1", checks=(Check(name="t", command="t"),))],
            id="with different checks",
        ),
        pytest.param([of_track("1"), of_track("2", "1", estimate_s=7200.0)], id="not small"),
        pytest.param(
            [of_track("1"), of_track("2", "1", kind=PackageKind.GATE)], id="one is a gate"
        ),
        pytest.param(
            [of_track("1", status=SourceStatus.DONE), of_track("2", "1")], id="one is done"
        ),
        pytest.param(
            [
                of_track("1"),
                of_track("2", "1", scope=Scope(write=("x",), confidence=Confidence.INFERRED)),
            ],
            id="one is declared, the other inferred",
        ),
        pytest.param([of_track("1", "2"), of_track("2", "1")], id="they go in a circle"),
        pytest.param([of_track("1"), of_track("1", "1")], id="ids are not unique"),
    ],
)
def test_these_stay_apart(apart: list[WorkPackage]) -> None:
    """These stay apart."""
    made = batch(plan(*apart), AUTO)
    assert [each.id for each in made.packages] == [each.id for each in apart]


def test_a_batch_is_no_longer_than_three_hours() -> None:
    """A batch is no longer than three hours."""
    row = [of_track("1")] + [of_track(str(n), str(n - 1)) for n in range(2, 10)]
    made = batch(plan(*row), AUTO)
    assert batches(made) == [("1", "2", "3", "4", "5", "6"), ("7", "8", "9")]
    assert [edge.id for edge in made.packages[1].needs] == ["1"]


def test_a_phase_that_waits_for_every_task_is_no_reason_to_stay_apart() -> None:
    """A phase that waits for every task is no reason to stay apart."""
    made = batch(
        plan(of_track("1"), of_track("2", "1"), package("8", "1", "2"), package("9", "1", "2")),
        AUTO,
    )
    assert batches(made) == [("1", "2"), ("8",), ("9",)]
    assert [edge.id for edge in made.packages[1].needs] == ["1"]


def test_what_is_done_is_no_reason_to_stay_apart() -> None:
    """What is done is no reason to stay apart."""
    made = batch(
        plan(package("0", status=SourceStatus.DONE), of_track("1"), of_track("2", "1", "0")), AUTO
    )
    assert batches(made) == [("0",), ("1", "2")]


def test_a_batch_has_all_that_its_tasks_have() -> None:
    """A batch has all that its tasks have."""

    def inferred(path: str) -> Scope:
        return Scope(write=(path,), confidence=Confidence.INFERRED)

    def box(offset: int) -> Marker:
        return Marker(span=Span(file="tasks.md"), offset=offset)

    first = of_track(
        "1", scope=inferred("a"), markers=(box(1),), estimate_s=600.0, requirements=("R1",)
    )
    second = of_track(
        "2", "1", scope=inferred("b"), markers=(box(2),), estimate_s=900.0, requirements=("R2",)
    )
    (made,) = batch(plan(first, second), AUTO).packages

    assert made.scope == Scope(write=("a", "b"), confidence=Confidence.INFERRED)
    assert made.markers == (box(1), box(2))
    assert made.estimate_s == 1500.0
    assert made.requirements == ("R1", "R2")
    assert made.timeout_s == first.timeout_s + second.timeout_s
    assert made.title == "Build 1; Build 2"
    assert "## 1 Build 1" in made.description
    assert "## 2 Build 2" in made.description


def test_one_task_whose_files_are_unknown_makes_the_batch_unknown() -> None:
    """One task whose files are unknown makes the batch unknown."""
    known = of_track("1", scope=Scope(write=("a",), confidence=Confidence.INFERRED))
    (made,) = batch(plan(known, of_track("2", "1", scope=Scope())), AUTO).packages
    assert made.scope == Scope(write=("a",), confidence=Confidence.UNKNOWN)


def test_the_parts_of_a_whole_go_by_its_name() -> None:
    """The parts of a whole go by its name."""
    from dataclasses import replace

    whole = Whole(source_id="1", title="The parser", parts=(PackageId("1.1"), PackageId("1.2")))
    parts = [package("1.1", parent="1"), package("1.2", "1.1", parent="1")]
    made = batch(replace(plan(*parts), wholes=(whole,)), AUTO)

    assert made.packages[0].title == "The parser"
    assert made.wholes[0].parts == ("1.1",)


def test_gates_judge_the_batch() -> None:
    """Gates judge the batch."""
    gate = package("G", "2", kind=PackageKind.GATE, guards=(PackageId("1"), PackageId("2")))
    made = batch(plan(of_track("1"), of_track("2", "1"), gate), AUTO)
    assert made.packages[1].guards == ("1",)


class TestGroup:
    def test_a_group_is_one_package_whatever_its_size(self) -> None:
        """A group is one package whatever its size."""
        row = [of_track("1", estimate_s=9e4), of_track("2"), package("9", "1"), of_track("3", "1")]
        made = batch(plan(*row), GROUP)
        assert batches(made) == [("1", "2", "3"), ("9",)]

    def test_as_far_as_no_circle_comes_of_it(self) -> None:
        """As far as no circle comes of it."""
        row = [of_track("1"), package("x", "1"), of_track("2", "x"), of_track("3", "2")]
        made = batch(plan(*row), GROUP)
        assert batches(made) == [("1",), ("x",), ("2", "3")]

    def test_nor_by_two_groups_together(self) -> None:
        """Nor by two groups together."""
        row = [
            of_track("1"),
            of_track("2", "1", track="B"),
            of_track("3", track="B"),
            of_track("4", "3"),
        ]
        made = batch(plan(*row), GROUP)
        assert not graphs.find_cycle(graphs.build(made))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    size = draw(st.integers(1, 9))
    return plan(
        *(
            of_track(
                str(n),
                *(str(m) for m in draw(st.sets(st.integers(0, n - 1), max_size=3))) if n else (),
                track=draw(st.sampled_from("AB")),
            )
            for n in range(size)
        )
    )


@given(plans(), st.sampled_from([AUTO, GROUP]))
def test_no_task_is_lost_and_no_order_broken(whole: Plan, mode: Batching) -> None:
    """No task is lost and no order broken."""
    made = batch(whole, mode)

    assert sorted(t for tasks in batches(made) for t in tasks) == sorted(
        each.source_id for each in whole.packages
    )
    graph = graphs.build(made)
    assert not graphs.find_cycle(graph)
    into = {task: each.id for each in made.packages for task in each.tasks or (each.source_id,)}
    before = graphs.ancestors(graph)
    bits = {each: 1 << at for at, each in enumerate(graph.ids)}
    for each in whole.packages:
        for edge in each.needs:
            one, other = into[each.id], into[edge.id]
            assert one == other or before[one] & bits[other]


@given(plans())
def test_alone_auto_loses_no_parallelism(whole: Plan) -> None:
    """Packages that could run at once still can: batching joins only what is in a row."""
    made = batch(whole, AUTO)
    into = {task: each.id for each in made.packages for task in each.tasks or (each.source_id,)}
    was, now = graphs.build(whole), graphs.build(made)
    earlier, later = graphs.ancestors(was), graphs.ancestors(now)
    for one in whole.packages:
        for other in whole.packages:
            if one.id == other.id or into[one.id] == into[other.id]:
                continue
            ordered = later[into[one.id]] >> now.ids.index(into[other.id]) & 1
            last = [each for each in whole.packages if into[each.id] == into[other.id]][-1]
            first = next(each for each in whole.packages if into[each.id] == into[one.id])
            if ordered:
                assert earlier[first.id] >> was.ids.index(last.id) & 1


def test_edges_keep_their_provenance() -> None:
    """Edges keep their provenance."""
    edge = Edge(id=PackageId("1"), note="said so", span=Span(file="t", line=4))
    late = WorkPackage(id=PackageId("9"), source_id="9", title="9", needs=(edge,))
    made = batch(plan(of_track("1"), of_track("2", "1"), late), GROUP)
    assert made.packages[1].needs == (edge,)
