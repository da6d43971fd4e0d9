"""Packages that may write the same path stand one after the other, with the reason."""

from __future__ import annotations

from hypothesis import given, strategies as st
from tests.fakes.runs import package, plan

from plait.core import graph as graphs
from plait.core.arrange import Arrangement, arrange
from plait.core.plan import (
    Confidence,
    Locks,
    PackageKind,
    Plan,
    Provenance,
    Scope,
    SourceStatus,
    WorkPackage,
)
from plait.core.scope import scopes_overlap
from plait.core.serialise import serialise


def writing(name: str, *paths: str, needs: tuple[str, ...] = (), **more: object) -> WorkPackage:
    scope = Scope(write=paths, confidence=Confidence.INFERRED)
    return package(name, *needs, scope=scope, **more)


def added(whole: Plan) -> dict[str, list[str]]:
    return {
        each.id: [edge.id for edge in each.needs if edge.provenance is Provenance.SCOPE]
        for each in serialise(whole, 600.0).packages
    }


def test_the_later_needs_the_earlier_and_says_why() -> None:
    """The later needs the earlier and says why."""
    made = serialise(plan(writing("a", "src/api.py"), writing("b", "src/*.py")), 600.0)
    (edge,) = made.packages[1].needs
    assert (edge.id, edge.provenance, edge.note) == (
        "a",
        Provenance.SCOPE,
        "both may write src/api.py",
    )


def test_the_longer_way_goes_first() -> None:
    """The longer way goes first."""
    whole = plan(writing("a", "x"), writing("b", "x"), writing("c", "y", needs=("b",)))
    assert added(whole) == {"a": ["b"], "b": [], "c": []}


def test_an_edge_that_others_imply_is_left_out() -> None:
    """An edge that others imply is left out."""
    whole = plan(writing("a", "x"), writing("b", "x"), writing("c", "x"))
    assert added(whole) == {"a": [], "b": ["a"], "c": ["b"]}


def test_what_is_ordered_already_gets_no_edge() -> None:
    """What is ordered already gets no edge."""
    assert added(plan(writing("a", "x"), writing("b", "x", needs=("a",))))["b"] == []


def test_what_does_not_run_or_is_unknown_gets_no_edge() -> None:
    """What does not run or is unknown gets no edge."""
    others = [
        writing("b", "x", status=SourceStatus.DONE),
        writing("c", "x", kind=PackageKind.INTEGRATE),
        package("d", scope=Scope(write=("x",), confidence=Confidence.UNKNOWN)),
    ]
    for other in others:
        assert set(map(tuple, added(plan(writing("a", "x"), other)).values())) == {()}


def test_a_plan_with_a_circle_is_left_alone() -> None:
    """A plan with a circle is left alone."""
    whole = plan(writing("a", "x", needs=("b",)), writing("b", "x", needs=("a",)))
    assert serialise(whole, 600.0) is whole


def test_optional_work_is_left_out_unless_asked_for() -> None:
    """Optional work is left out unless asked for."""
    whole = plan(package("a"), package("b", "a", optional=True))
    assert arrange(whole, Arrangement()).packages[1].status is SourceStatus.SKIPPED
    wanted = arrange(whole, Arrangement(optional=True))
    assert wanted.packages[1].status is SourceStatus.PENDING


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["a", "b", "c", "*", "d/**", "d/e"]), max_size=2),
            st.sets(st.integers(0, 7), max_size=2),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_afterwards_no_two_that_clash_could_run_at_once(
    rows: list[tuple[list[str], set[int]]],
) -> None:
    """Afterwards no two that clash could run at once."""
    whole = plan(
        *(
            writing(str(n), *paths, needs=tuple(str(m) for m in needs if m < n))
            for n, (paths, needs) in enumerate(rows)
        )
    )
    made = serialise(whole, 600.0)
    graph = graphs.build(made)
    before = graphs.ancestors(graph)
    for i, one in enumerate(made.packages):
        for j, other in enumerate(made.packages):
            if i != j and scopes_overlap(one.scope, other.scope):
                assert before[one.id] >> j & 1 or before[other.id] >> i & 1


def test_packages_that_hold_one_lock_stand_in_a_row() -> None:
    """Keys and locked files, with provenance `lock`; keys that cover one another too."""

    def row(*packages: WorkPackage) -> list[list[tuple[str, str]]]:
        made = serialise(plan(*packages), 600.0).packages
        return [[(edge.id, edge.provenance.value) for edge in each.needs] for each in made]

    assert row(package("a", keys=["k:x"]), package("b", keys=["k:x"]), package("c", keys=["k:x"]))[
        1:
    ] == [[("a", "lock")], [("b", "lock")]]
    assert row(package("a", keys=["flag:b/*"]), package("b", keys=["flag:b/x"]))[1] == [
        ("a", "lock")
    ]
    files = Locks(files=("gen/*.py",))
    assert row(package("a", locks=files), package("b", locks=Locks(files=("gen/a.py",))))[1] == [
        ("a", "lock")
    ]


def test_what_is_denied_is_no_reason_to_wait() -> None:
    """The last that claims a path may be denied the common part; the one before it is not."""

    def may(name: str, *deny: str) -> WorkPackage:
        scope = Scope(write=("src/*",), deny=deny, confidence=Confidence.INFERRED)
        return package(name, scope=scope)

    half = Scope(write=("src/a*",), confidence=Confidence.INFERRED)
    made = serialise(plan(may("p"), may("q", "src/a*"), package("r", scope=half)), 600.0)
    assert {each.id: [edge.id for edge in each.needs] for each in made.packages} == {
        "p": [],
        "q": ["p"],
        "r": ["p"],
    }


def test_ten_thousand_that_write_one_file_need_ten_thousand_edges() -> None:
    """Each waits for the one before it, and nothing is compared pair by pair."""
    made = serialise(plan(*(writing(f"p{n}", "one.txt") for n in range(10_000))), 600.0)
    assert sum(len(each.needs) for each in made.packages) == 9_999
