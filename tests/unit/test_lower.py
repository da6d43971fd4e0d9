"""From task lists to plans: what every format means by the same words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st
from tests.fakes.listed import FILE, edges, lowered, of, task

from plait.core import graph as graphs
from plait.core.finding import Severity
from plait.core.plan import (
    Confidence,
    Marker,
    PackageKind,
    Provenance,
    Scope,
    SourceStatus,
    Span,
)
from plait.plans.family import number_of
from plait.plans.orders import barriers, blocks, chain
from plait.plans.tasks import MAX_TASKS, Order, Ref, State


def codes(findings: list[object]) -> list[str]:
    return [getattr(finding, "code", "") for finding in findings]


def test_what_a_task_says_becomes_edges_that_know_where_they_come_from() -> None:
    """What a task says becomes edges that know where they come from."""
    plan, findings = lowered(
        task("1", 1), task("2", 2), task("3", 3), task("4", 4, "Task 1"), task("5", 5, "Tasks 2-4")
    )

    assert edges(plan)["4"] == {"1": "explicit"}
    assert edges(plan)["5"] == {"2": "range", "3": "range", "4": "range"}
    assert of(plan, "5").needs[0].span == Span(file=FILE, line=5, column=1)
    assert of(plan, "5").needs[0].note == "Tasks 2-4"
    assert findings == []


def test_a_number_behind_none_is_no_dependency() -> None:
    """A number behind none is no dependency."""
    plan, findings = lowered(task("1"), task("3"), task("4", 3, "None (can run parallel with 3)"))

    assert edges(plan)["4"] == {}
    assert findings == []


def test_what_a_phrase_names_in_vain_is_told_at_its_place() -> None:
    """What a phrase names in vain is told at its place."""
    plan, findings = lowered(task("1"), task("2", 7, "Tasks 1, 9"))

    assert edges(plan)["2"] == {"1": "explicit"}
    assert codes(findings) == ["UNKNOWN_REFERENCE"]
    assert findings[0].span == Span(file=FILE, line=7, column=10)


def test_a_range_over_a_hole_takes_what_exists() -> None:
    """A range over a hole takes what exists."""
    plan, findings = lowered(task("1"), task("3"), task("4", 4, "Tasks 1-3"))

    assert edges(plan)["4"] == {"1": "range", "3": "range"}
    assert codes(findings) == ["RANGE_HOLE"]


def test_a_phrase_that_names_no_task_is_told() -> None:
    """A phrase that names no task is told."""
    plan, findings = lowered(task("1"), task("2", 2, "Zod"))

    assert edges(plan)["2"] == {}
    assert codes(findings) == ["UNREAD_DEPENDENCY"]


def test_an_exact_reference_is_no_phrase() -> None:
    """An exact reference is no phrase."""
    ref = Ref(text="bd-1a-3", span=Span(file=FILE, line=2), exact=True)
    plan, findings = lowered(task("bd-1a"), task("bd-1a-3"), task("bd-2", 2, needs=(ref,)))

    assert edges(plan)["bd-2"] == {"bd-1a-3": "explicit"}
    assert findings == []


def test_a_loose_reference_may_name_what_is_elsewhere() -> None:
    """A loose reference may name what is elsewhere."""

    def needing(loose: bool) -> list[str]:
        ref = Ref(text="gone", span=Span(file=FILE), exact=True, loose=loose)
        return codes(lowered(task("1", needs=(ref,)))[1])

    assert needing(loose=True) == []
    assert needing(loose=False) == ["UNKNOWN_REFERENCE"]


@pytest.mark.parametrize(
    ("phrase", "labels"),
    [
        ("Phase 1 complete", {"phase": "Phase 1: Setup"}),
        ("Task Group A", {"group": "Task Group A: Backend"}),
        ("Track A completion", {"track": "A"}),
        ("Group 1", {"group": "1. API"}),
    ],
)
def test_a_phase_track_or_group_stands_for_its_tasks(phrase: str, labels: dict[str, str]) -> None:
    """A phase track or group stands for its tasks."""
    plan, findings = lowered(task("1.1", **labels), task("1.2", **labels), task("2.1", 3, phrase))

    assert set(edges(plan)["2.1"]) == {"1.1", "1.2"}
    assert findings == []


def test_labels_are_called_by_their_numbers() -> None:
    """Labels are called by their numbers."""
    labels = ["Phase 2: Core", "2. API", "Task Group A: x", "Track B", "User Story 3 (P1)", "Later"]
    assert [number_of(label) for label in labels] == ["2", "2", "A", "B", "3", None]


class TestParents:
    def test_a_task_with_parts_is_its_parts(self) -> None:
        """A task with parts is its parts."""
        box = Marker(span=Span(file=FILE), offset=3)
        plan, findings = lowered(
            task("1", markers=(box,)),
            task("1.1", 2, parent="1"),
            task("1.2", 3, parent="1"),
            task("2", 4, "Task 1"),
        )

        assert plan is not None
        assert [package.id for package in plan.packages] == ["1.1", "1.2", "2"]
        assert edges(plan)["2"] == {"1.1": "explicit", "1.2": "explicit"}
        assert [(w.source_id, w.parts, w.markers) for w in plan.wholes] == [
            ("1", ("1.1", "1.2"), (box,))
        ]
        assert of(plan, "1.1").parent == "1"
        assert findings == []

    def test_parts_inherit_what_the_whole_needs_and_says(self) -> None:
        """Parts inherit what the whole needs and says."""
        scope = Scope(write=("src/a.py",), confidence=Confidence.INFERRED)
        plan, _ = lowered(
            task("1"),
            task("2", 2, "1", phase="Core", role="backend", scope=scope, optional=True),
            task("2.1", 3, parent="2"),
            task("2.2", 4, parent="2"),
        )

        for name in ("2.1", "2.2"):
            package = of(plan, name)
            assert edges(plan)[name] == {"1": "explicit"}
            assert (package.phase, package.role, package.scope) == ("Core", "backend", scope)
            assert package.optional

    def test_the_parts_own_marks_hold_against_the_whole(self) -> None:
        """The parts own marks hold against the whole."""
        plan, findings = lowered(
            task("1", state=State.DONE), task("1.1", parent="1"), task("1.2", parent="1")
        )

        assert of(plan, "1.1").status is SourceStatus.PENDING
        assert codes(findings) == ["PARENT_CONTRADICTS_PARTS"]
        assert findings[0].severity is Severity.WARNING

    def test_an_optional_part_may_stay_open(self) -> None:
        """An optional part may stay open."""
        _, findings = lowered(
            task("1", state=State.DONE),
            task("1.1", parent="1", state=State.DONE),
            task("1.2", parent="1", optional=True),
        )
        assert findings == []

    def test_what_is_left_out_is_left_out_with_its_parts(self) -> None:
        """What is left out is left out with its parts."""
        plan, _ = lowered(task("1", state=State.SKIPPED), task("1.1", parent="1"))
        assert of(plan, "1.1").status is SourceStatus.SKIPPED

    def test_a_circle_of_parents_ends(self) -> None:
        """A circle of parents ends."""
        plan, _ = lowered(task("1", parent="2"), task("2", parent="1"), task("3"))
        assert plan is not None


class TestOrders:
    def test_a_list_is_taken_in_its_order(self) -> None:
        """A list is taken in its order."""
        tasks = [task("1"), task("2"), task("3")]
        plan, _ = lowered(*tasks, orders=tuple(chain(tasks)))
        assert edges(plan) == {"1": {}, "2": {"1": "track"}, "3": {"2": "track"}}

    def test_marked_tasks_run_side_by_side(self) -> None:
        """Marked tasks run side by side."""
        tasks = [task("1"), task("2", parallel=True), task("3", parallel=True), task("4")]
        plan, _ = lowered(*tasks, orders=tuple(blocks(tasks)))
        assert edges(plan)["3"] == {"1": "track"}
        assert edges(plan)["4"] == {"2": "track", "3": "track"}

    def test_its_own_words_free_a_task_from_the_orders(self) -> None:
        """Its own words free a task from the orders."""
        tasks = [task("1"), task("2"), task("3", 3, "Task 1"), task("4", needs=())]
        plan, _ = lowered(*tasks, orders=tuple(chain(tasks)))
        assert edges(plan)["3"] == {"1": "explicit"}
        assert edges(plan)["4"] == {}

    def test_an_order_may_bind_in_any_case(self) -> None:
        """An order may bind in any case."""
        tasks = [task("1"), task("2"), task("3", 3, "Task 1")]
        plan, _ = lowered(*tasks, orders=tuple(chain(tasks, relaxable=False)))
        assert edges(plan)["3"] == {"1": "explicit", "2": "track"}

    def test_the_words_of_a_whole_free_its_parts_only_from_what_lies_outside(self) -> None:
        """The words of a whole free its parts only from what lies outside."""
        tasks = [
            task("1"),
            task("2", needs=()),
            task("2.1", 3, parent="2"),
            task("2.2", 4, parent="2"),
        ]
        leaves = [tasks[0], *tasks[2:]]
        plan, _ = lowered(*tasks, orders=tuple(chain(leaves)))
        assert edges(plan) == {"1": {}, "2.1": {}, "2.2": {"2.1": "track"}}

    def test_a_phase_waits_for_the_one_before(self) -> None:
        """A phase waits for the one before."""
        first = [task("1", phase="A"), task("2", phase="A")]
        then = [task("3", phase="B")]
        plan, _ = lowered(*first, *then, orders=tuple(barriers([first, [], then])))
        assert edges(plan)["3"] == {"1": "phase", "2": "phase"}
        assert of(plan, "3").needs[0].note == "B follows"
        assert plan is not None
        assert plan.phased

    def test_of_a_circle_only_what_closes_it_gives_way(self) -> None:
        """Of a circle only what closes it gives way."""
        phases = [
            [task("1.1"), task("1.2", 2, "3.1")],
            [task("2.1"), task("2.2")],
            [task("3.1"), task("3.2")],
        ]
        everything = [each for phase in phases for each in phase]
        plan, findings = lowered(*everything, orders=tuple(barriers(phases)))

        assert plan is not None
        assert not graphs.find_cycle(graphs.build(plan))
        assert edges(plan)["2.1"] == {"1.1": "phase", "1.2": "phase"}
        assert edges(plan)["3.1"] == {}
        assert edges(plan)["3.2"] == {"2.1": "phase", "2.2": "phase"}
        assert set(codes(findings)) == {"WEAKER_ORDER_DROPPED"}

    def test_what_tasks_say_themselves_never_gives_way(self) -> None:
        """What tasks say themselves never gives way."""
        plan, _ = lowered(task("1", 1, "2"), task("2", 2, "1"))
        assert edges(plan) == {"1": {"2": "explicit"}, "2": {"1": "explicit"}}


class TestStates:
    @pytest.mark.parametrize(
        ("state", "status", "told"),
        [
            (State.OPEN, SourceStatus.PENDING, []),
            (State.ACTIVE, SourceStatus.PENDING, ["ACTIVE_IN_SOURCE"]),
            (State.BLOCKED, SourceStatus.PENDING, ["BLOCKED_IN_SOURCE"]),
            (State.DONE, SourceStatus.DONE, []),
            (State.SKIPPED, SourceStatus.SKIPPED, []),
        ],
    )
    def test_each_has_its_status(self, state: State, status: SourceStatus, told: list[str]) -> None:
        """Each has its status."""
        plan, findings = lowered(task("1", state=state))
        assert of(plan, "1").status is status
        assert codes(findings) == told

    def test_the_reason_is_told(self) -> None:
        """The reason is told."""
        _, findings = lowered(task("1", state=State.BLOCKED, reason="waits for the vendor"))
        assert "waits for the vendor" in findings[0].message

    def test_who_needs_what_is_left_out_starts_without_it(self) -> None:
        """Who needs what is left out starts without it."""
        _, findings = lowered(
            task("1", state=State.SKIPPED, reason="deferred"), task("2", 2, "Task 1")
        )
        assert codes(findings) == ["NEEDS_SKIPPED"]
        assert "deferred" in findings[0].message

    def test_conditional_work_is_skipped_and_not_awaited(self) -> None:
        """Conditional work is skipped and not awaited."""
        plan, findings = lowered(
            task("1"),
            task("CR-A", 2, "Task 1", kind=PackageKind.GATE),
            task("RW-A", 3, "CR-A (failed)", kind=PackageKind.FIX, reworks=("CR-A",)),
            task("2", 4, "CR-A, RW-A"),
        )
        assert of(plan, "RW-A").status is SourceStatus.SKIPPED
        assert edges(plan)["RW-A"] == {}
        assert edges(plan)["2"] == {"CR-A": "explicit"}
        assert codes(findings) == ["REWORK_NOT_AWAITED"]

    def test_a_gate_judges_all_before_it_up_to_the_gate_before(self) -> None:
        """A gate judges all before it up to the gate before."""
        tasks = [
            task("1"),
            task("2"),
            task("3", kind=PackageKind.CHECKPOINT),
            task("4"),
            task("5", kind=PackageKind.CHECKPOINT),
        ]
        plan, _ = lowered(*tasks, orders=tuple(chain(tasks)))
        assert of(plan, "3").guards == ("1", "2")
        assert of(plan, "5").guards == ("4",)


class TestIds:
    def test_a_second_task_of_one_id_gets_a_name_of_its_own(self) -> None:
        """A second task of one id gets a name of its own."""
        plan, findings = lowered(task("4", 1), task("4", 2), task("5", 3, "Task 4"))
        assert plan is not None
        assert [(p.id, p.source_id) for p in plan.packages][:2] == [("4", "4"), ("4-2", "4-2")]
        assert edges(plan)["5"] == {"4": "explicit"}
        assert codes(findings) == ["DUPLICATE_ID"]

    def test_an_id_that_modules_share_is_qualified(self) -> None:
        """An id that modules share is qualified."""
        plan, _ = lowered(
            task("1", module="api"), task("1", module="web app"), task("2", 3, "1", module="api")
        )
        assert edges(plan) == {"api/1": {}, "web-app/1": {}, "2": {"api/1": "explicit"}}

    def test_an_exact_reference_may_name_another_module(self) -> None:
        """An exact reference may name another module."""
        ref = Ref(text="api/1", span=Span(file=FILE), exact=True)
        plan, _ = lowered(task("1", module="api"), task("2", module="web", needs=(ref,)))
        assert edges(plan)["2"] == {"1": "explicit"}

    def test_characters_that_no_id_may_have_are_replaced(self) -> None:
        """Characters that no id may have are replaced."""
        plan, _ = lowered(task("AB 1"), task("AB-1"), task("接口"))
        assert plan is not None
        assert [package.id for package in plan.packages] == ["AB-1", "AB-1-2", "plan"]


def test_an_empty_list_is_told() -> None:
    """An empty list is told."""
    plan, findings = lowered()
    assert plan is None
    assert codes(findings) == ["NO_TASKS"]


def test_a_huge_list_is_refused_quickly() -> None:
    """A huge list is refused quickly."""
    many = [task(str(number)) for number in range(MAX_TASKS + 1)]
    plan, findings = lowered(*many)
    assert (plan, codes(findings)) == (None, ["PLAN_TOO_LARGE"])


def test_orders_that_multiply_are_refused() -> None:
    """Orders that multiply are refused."""
    first = [task(f"1.{n}") for n in range(1000)]
    then = [task(f"2.{n}") for n in range(1000)]
    started = time.process_time()
    plan, findings = lowered(*first, *then, orders=tuple(barriers([first, then])))
    assert (plan, codes(findings)) == (None, ["PLAN_TOO_DENSE"])
    assert time.process_time() - started < 2.0


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(list(Provenance)))),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=4),
)
def test_weaker_orders_never_leave_a_circle_that_stronger_words_do_not_make(
    weak: list[tuple[int, int, Provenance]], strong: list[tuple[int, int]]
) -> None:
    """Weaker orders never leave a circle that stronger words do not make."""
    said = {str(then): [f"Task {first}" for first, t in strong if t == then] for _, then in strong}
    tasks = [task(str(n), n + 1, *said.get(str(n), [])) for n in range(10)]
    strong_only, _ = lowered(*tasks)
    orders = tuple(
        Order(
            first=(str(first),),
            then=(str(then),),
            provenance=provenance,
            note="",
            span=Span(file=FILE),
            relaxable=False,
        )
        for first, then, provenance in weak
        if provenance in {Provenance.PHASE, Provenance.WAVE, Provenance.TRACK}
    )
    plan, _ = lowered(*tasks, orders=orders)
    assert plan is not None
    assert strong_only is not None
    if not graphs.find_cycle(graphs.build(strong_only)):
        assert not graphs.find_cycle(graphs.build(plan))
    for name, needs in edges(strong_only).items():
        assert set(needs) <= set(edges(plan)[name])
