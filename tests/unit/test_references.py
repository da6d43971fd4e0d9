"""Dependency phrases as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from plait.plans.phrases import Noun
from plait.plans.references import Names, names_of, read

GATES = [f"{kind}-{track}" for track in "ABCDEF" for kind in ("CR", "PR", "RW")]
PLAN = names_of(
    [*map(str, range(1, 29)), *GATES, "CR1", "CR-FINAL"],
    {
        Noun.TRACK: {"A": ["1", "2"], "B": ["3"], "C": ["4"], "E": ["6"], "F": ["19"]},
        Noun.GROUP: {"1": ["4", "5"], "2": ["6"], "3": ["7"]},
        Noun.PHASE: {"1": ["1"], "2": ["2", "3"], "3": ["4"]},
    },
)


def ids(phrase: str, names: Names = PLAN) -> list[str]:
    return [hit.id for hit in read(phrase, names).hits]


def span(first: int, last: int) -> list[str]:
    return [str(n) for n in range(first, last + 1)]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("Task 4", ["4"]),
        ("Tasks 4-6", span(4, 6)),
        ("Tasks 2, 4-6", ["2", *span(4, 6)]),
        ("Tasks 9-14, 15-18", span(9, 18)),
        ("Tasks 15, 7, 8", ["15", "7", "8"]),
        ("16 and 13-15", ["16", *span(13, 15)]),
        ("4 - 6", span(4, 6)),
        ("Tasks 1 through 3", span(1, 3)),
        ("Track A completion", ["1", "2"]),
        ("Track A completion (Tasks 1-3)", span(1, 3)),
        ("Tracks B, C, E completion", ["3", "4", "6"]),
        ("Tracks A-C", span(1, 4)),
        ("Track A, B", span(1, 3)),
        ("Track F partial (Tasks 19-28)", span(19, 28)),
        ("Track A, CR-A, PR-A", ["1", "2", "CR-A", "PR-A"]),
        ("PR-A (approved)", ["PR-A"]),
        ("PR-A approved ", ["PR-A"]),
        ("PR-D and PR-E approved", ["PR-D", "PR-E"]),
        ("PR-A, PR-B, PR-C (all approved)", ["PR-A", "PR-B", "PR-C"]),
        ("CR-A and/or PR-A (failed)", ["CR-A", "PR-A"]),
        ("All PR tracks approved (PR-A through PR-F)", [f"PR-{t}" for t in "ABCDEF"]),
        ("All previous CR/PR approvals (PR-A, PR-B)", ["PR-A", "PR-B"]),
        ("CR-A–CR-C", ["CR-A", "CR-B", "CR-C"]),  # noqa: RUF001
        ("RW-B", ["RW-B"]),
        ("CR-1", ["CR1"]),
        ("Groups 1 & 2", ["4", "5", "6"]),
        ("Task Group 2 (all tables must exist)", ["6"]),
        ("Task Groups 1-3", ["4", "5", "6", "7"]),
        ("Phase 1 (types only; does not depend on Phase 2/3)", ["1"]),
        ("Phase 1 complete (runs in parallel with Phase 2/3)", ["1"]),
        ("Task 2, in parallel with Task 3", ["2"]),
        ("In parallel with Task 3, but after Task 2", ["2"]),
        ("Task 2; independent of Track B", ["2"]),
        ("Phases 1–2", span(1, 3)),  # noqa: RUF001
        ("Phase 1 complete", ["1"]),
        ("1 → 2", ["1", "2"]),
        ("all of Tasks 1-3", span(1, 3)),
        ("Task 3 (parallel with Task 4)", ["3"]),
        ("Node 20, Task 3", ["3"]),
        ("Zod", []),
        ("py.typed", []),
        ("React 18", []),
        ("plan.md", []),
    ],
)
def test_phrases(phrase: str, expected: list[str]) -> None:
    """Each phrase names exactly its ids, in its order, and nothing unknown."""
    found = read(phrase, PLAN)
    assert [hit.id for hit in found.hits] == expected
    assert not found.unknown
    assert not found.holes
    assert not found.null


@pytest.mark.parametrize(
    "phrase",
    [
        *["None", "none", "Nothing", "—", "-", "", "[]", "なし", "N/A", "No Dependencies"],
        "None (can run parallel with Task 3)",
    ],
)
def test_null_forms(phrase: str) -> None:
    """A phrase that says there is no dependency names none, whatever else it mentions."""
    found = read(phrase, PLAN)
    assert found.null
    assert found.hits == ()


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("T001–T004", ["T001", "T002", "T004"]),  # noqa: RUF001
        ("T001-T002（済）", ["T001", "T002"]),  # noqa: RUF001
        ("T001-004", ["T001", "T002", "T004"]),
        ("t1", ["T001"]),
        ("T0-001, AO-001", ["T0-001", "AO-001"]),
        ("1.1-1.3", ["1.1", "1.2", "1.2b", "1.3"]),
        ("1.1~2.1", ["1.1", "1.2", "1.2b", "1.3", "2.1"]),
        ("1.2〜1.3", ["1.2", "1.2b", "1.3"]),
    ],
)
def test_ids_of_other_formats(phrase: str, expected: list[str]) -> None:
    """A dash joins an id or counts a range: the ids that exist decide."""
    names = names_of(
        ["T001", "T002", "T004", "T0-001", "AO-001", "1.1", "1.2", "1.2b", "1.3", "2.1"]
    )
    assert ids(phrase, names) == expected


def test_all_is_what_stands_before() -> None:
    """The word "All" from an element names the elements before it."""
    assert [hit.id for hit in read("All", PLAN, before=3).hits] == ["1", "2", "3"]
    assert [hit.id for hit in read("all prior phases", PLAN, before=2).hits] == ["1", "2"]
    assert [hit.id for hit in read("全タスク", PLAN, before=1).hits] == ["1"]


def test_ranges_are_marked() -> None:
    """A hit knows whether a range named it."""
    assert [hit.ranged for hit in read("Task 1, 2-3", PLAN).hits] == [False, True, True]


def test_a_hole_is_told_not_filled() -> None:
    """Ids missing in a range are named, at most five, and the offset is the range's."""
    found = read("Task 1, 27-40", PLAN)
    assert [hit.id for hit in found.hits] == ["1", "27", "28"]
    assert [(h.text, h.offset, h.parts) for h in found.holes] == [
        ("27-40", 8, ("29", "30", "31", "32", "33"))
    ]


def test_a_huge_range_costs_nothing() -> None:
    """A range is expanded over ids that exist, never by counting."""
    assert len(read("Tasks 1-999999999", PLAN).hits) == 28


@pytest.mark.parametrize("phrase", ["Task 99", "CR2", "CR-Z", "Track Z", "Tasks 6-4", "Phase 9"])
def test_unknown_references(phrase: str) -> None:
    """What looks like an id of this plan and is none is unknown, and names nothing."""
    found = read(phrase, PLAN)
    assert found.hits == ()
    assert len(found.unknown) == 1


def test_an_alias_names_its_id() -> None:
    """A step inside a task is named as the task."""
    assert ids("Task 4.2", names_of(["4"], aliases={"4.2": "4"})) == ["4"]


WORDS = st.sampled_from(
    [
        *["Task", "Tasks", "Track", "A", "B", "(", ")", "[", "]", ",", "-", "–", "and"],  # noqa: RUF001
        *["All", "none", "CR-A", "PR-F", "RW-B", "T001", "4", "4-6", "1.1", "through"],
        *["approved", "completion", "Group", "Phase", "全タスク", "→", "é", "9" * 11, "Zod"],
    ]
)


@given(st.lists(WORDS, max_size=25).map(" ".join) | st.text(max_size=80))
def test_reading_is_total(phrase: str) -> None:
    """Whatever the phrase, only ids that exist are named, each once."""
    found = ids(phrase)
    assert len(set(found)) == len(found)
    assert set(found) <= set(PLAN.order)


def test_ids_with_a_letter_in_them() -> None:
    """A group may be called 1.A: by itself, in lists and in ranges."""
    names = names_of(["1.A", "1.B", "1.C", "1.C.1"])
    assert ids("1.A, 1.C", names) == ["1.A", "1.C"]
    assert ids("1.A-1.C", names) == ["1.A", "1.B", "1.C"]
    assert ids("1.C.1", names) == ["1.C.1"]


def test_a_phrase_that_nobody_would_write_is_read_in_part_and_told() -> None:
    """What is beyond reason costs no time, and is not passed over in silence."""
    found = read("1, " * 50_000, names_of(["1"]))
    assert [hit.id for hit in found.hits] == ["1"]
    assert [(missing.text, missing.offset) for missing in found.unknown] == [
        ("what follows 20000 characters", 20_000)
    ]
