"""Reviews: how a reviewer's result is read, what several say together, and what follows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from plait.core.consensus import (
    Agreement,
    Conclusion,
    agree,
    concluded,
    likeness,
    not_accepted,
)
from plait.core.review import (
    BadReviewError,
    Criticality,
    Disposition,
    Finding,
    FindingType,
    named,
    read_opinion,
)

WHOLE: dict[str, Any] = {
    "id": 1,
    "type": "correctness",
    "criticality": "high",
    "disposition": "fix",
    "description": "The sum is taken twice.",
    "file": "src/sum.py",
    "lines": [3, 5],
    "axis": "correctness",
    "severity": "critical",
    "resolution": "take it once",
}
FINDING = Finding(
    reviewer="one",
    type=FindingType.CORRECTNESS,
    criticality=Criticality.MEDIUM,
    disposition=Disposition.FIX,
    description="the sum of the row is taken twice",
    file="src/sum.py",
    first=3,
    last=5,
)
OTHER = replace(FINDING, reviewer="two")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
FINDINGS = st.builds(
    Finding,
    reviewer=st.sampled_from(["one", "two", "three"]),
    type=st.sampled_from(FindingType),
    criticality=st.sampled_from(Criticality),
    disposition=st.sampled_from(Disposition),
    description=st.sampled_from(["the sum is taken twice", "the sum is taken once", "no test"]),
    file=st.sampled_from(["", "a.py", "b.py"]),
    first=st.integers(0, 9),
    last=st.integers(9, 12),
    axis=st.sampled_from(["", "security", "performance"]),
    severity=st.sampled_from(["", "nit", "critical"]),
    absent=st.booleans(),
)


def read(data: object, root: str = "") -> tuple[Finding, ...]:
    """The findings of a result."""
    return read_opinion(json.dumps(data).encode(), reviewer="one", root=root).findings


def test_a_whole_finding_is_read() -> None:
    """Every field has its place."""
    (finding,) = read({"findings": [WHOLE]})
    assert finding == Finding(
        reviewer="one",
        type=FindingType.CORRECTNESS,
        criticality=Criticality.HIGH,
        disposition=Disposition.FIX,
        description="The sum is taken twice.",
        file="src/sum.py",
        first=3,
        last=5,
        axis="correctness",
        severity="critical",
        resolution="take it once",
    )
    assert finding.place == "src/sum.py:3-5"


def test_the_sources_own_names_for_place_and_lines_are_read() -> None:
    """`file_path` and `line_range` are the protocol's; one line may be a number alone."""
    bare = {key: value for key, value in WHOLE.items() if key not in {"file", "lines"}}
    told = {**bare, "file_path": "./src/sum.py", "line_range": {"start": 7, "end": 9}}
    (finding,) = read({"review_type": "implementation", "target": "a", "findings": [told]})
    assert (finding.file, finding.first, finding.last) == ("src/sum.py", 7, 9)
    (finding,) = read({"findings": [{**bare, "file": "/tree/src/sum.py", "lines": 7}]}, "/tree")
    assert finding.place == "src/sum.py:7"


def test_an_empty_list_is_a_review_that_found_nothing() -> None:
    """It counts; a result without the list does not."""
    assert read({"findings": []}) == ()
    with pytest.raises(BadReviewError, match='no "findings"'):
        read({"summary": "all good"})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"type": "bug"}, r"findings\[0\]\.type must be one of"),
        ({"criticality": "severe"}, "criticality must be one of low, medium"),
        ({"criticality": None}, "criticality is missing"),
        ({"disposition": ["fix"]}, "disposition must be one of"),
        ({"disposition": "ignore"}, "disposition must be one of"),
        ({"description": "  "}, "description must be a text that is not empty"),
        ({"description": 7}, "description must be a text"),
        ({"severity": "blocker"}, "severity must be one of"),
        ({"lines": [5, 3]}, "lines from 1, the first one first"),
        ({"lines": [0, 3]}, "lines from 1"),
        ({"lines": [True, True]}, "lines from 1"),
        ({"lines": [1, 2, 3]}, "a line's number"),
        ({"lines": "3-5"}, "lines from 1"),
        ({"lines": None, "line_range": [1, 2]}, "an object like"),
        ({"file": 3}, "file must be a text"),
        ({"file": None}, "names lines and no file"),
        ({"file": "a\0b"}, "a path"),
    ],
)
def test_a_wrong_value_makes_the_whole_review_invalid(change: dict[str, Any], told: str) -> None:
    """Nothing is guessed and nothing left out; the message names the place."""
    with pytest.raises(BadReviewError, match=told):
        read({"findings": [{**WHOLE, **change}]})


@pytest.mark.parametrize(
    "raw",
    [b"", b"looks good to me", b"[]", b"null", b'{"findings": {}}', b'{"findings": [1]}',
     b'{"findings": [], "findings": []}', b'{"findings": [NaN]}', b"\xff\xfe", b"[" * 100_000,
     b'{"findings": [], "accepts": [{"id": "p1"}]}', b'{"findings": [], "summary": 3}'],
)  # fmt: skip
def test_what_is_no_review_is_refused(raw: bytes) -> None:
    """Garbage of every kind is one error, and no other one."""
    with pytest.raises(BadReviewError):
        read_opinion(raw, reviewer="one")


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_else_is_raised(raw: bytes) -> None:
    """Whatever the file holds: findings, or that error."""
    try:
        opinion = read_opinion(raw, reviewer="one")
    except BadReviewError:
        return
    assert isinstance(opinion.findings, tuple)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={key: JSON | st.just(value) for key, value in WHOLE.items()},
        ),
        max_size=2,
    )
)
def test_findings_that_are_read_are_whole(items: list[dict[str, Any]]) -> None:
    """A finding that was read says what, how grave, what to do; and never too little."""
    try:
        found = read_opinion(json.dumps({"findings": items}).encode(), reviewer="one").findings
    except (BadReviewError, ValueError):
        return
    assert len(found) == len(items)
    for each in found:
        assert each.description
        assert not each.first or each.file
        assert each.first <= each.last


def test_a_reviewer_accepts_what_plait_found_by_its_id() -> None:
    """With a reason; it stands unless every reviewer accepts it."""
    raw = json.dumps({"findings": [], "accepts": [{"id": "p1", "reason": "it was a duplicate"}]})
    said = read_opinion(raw.encode(), reviewer="one").accepts
    first, second = named((replace(FINDING, reviewer="plait", code="TEST_DELETED"), FINDING), "p")
    assert not_accepted((first, second), [said]) == (second,)
    assert not_accepted((first,), [said, {}]) == (first,)
    assert not_accepted((first,), []) == (first,)


def test_who_accepts_or_mentions_in_passing_blocks_nothing() -> None:
    """Nor does what is about a file that does not exist."""
    assert FINDING.blocks
    assert not replace(FINDING, disposition=Disposition.ACCEPT).blocks
    assert not replace(FINDING, severity="nit").blocks
    assert not replace(FINDING, absent=True).blocks


def test_two_who_find_the_same_confirm_one_another() -> None:
    """By place and type, though in other words and some lines apart."""
    near = replace(OTHER, first=6, last=8, description="adds everything up once too often")
    (thing,) = agree([FINDING, near])
    assert thing.agreement is Agreement.CONFIRMED
    assert thing.disposition is Disposition.FIX


def test_two_who_find_different_things_confirm_nothing() -> None:
    """Other lines, another file, another side: each stands alone, and blocks alone."""
    for change in (
        {"first": 40, "last": 41},
        {"file": "src/other.py"},
        {"axis": "security"},
    ):
        other = replace(OTHER, **change)
        found = agree([replace(FINDING, axis="performance"), other])
        assert [each.agreement for each in found] == [Agreement.UNCONFIRMED] * 2
        assert all(each.blocks for each in found)


def test_words_tell_where_no_lines_are_named() -> None:
    """The same words about the same file are the same thing; other words are not."""
    whole = replace(OTHER, first=0, last=0)
    assert likeness(FINDING, whole) > 0.6
    assert likeness(FINDING, replace(whole, description="there is no test of it at all")) < 0.6


def test_one_reviewer_never_confirms_itself() -> None:
    """Its findings stay apart, however alike."""
    assert len(agree([FINDING, replace(FINDING, last=6)])) == 2


def test_serious_dissent_is_for_a_person_and_other_dissent_is_for_the_graver_view() -> None:
    """One accepts what the other wants fixed."""
    accepting = replace(OTHER, disposition=Disposition.ACCEPT)
    (mild,) = agree([FINDING, accepting])
    assert (mild.agreement, mild.disposition) == (Agreement.DISAGREEMENT, Disposition.FIX)
    (grave,) = agree([FINDING, replace(accepting, criticality=Criticality.CRITICAL)])
    assert grave.disposition is Disposition.ESCALATE
    told = concluded([grave], fixes=0, rounds=3, before=None)
    assert told.conclusion is Conclusion.ASK
    assert "disagree" in told.reason


@pytest.mark.parametrize(
    ("disposition", "conclusion"),
    [
        (Disposition.ACCEPT, Conclusion.PASSED),
        (Disposition.FIX, Conclusion.FIX),
        (Disposition.REGENERATE, Conclusion.REGENERATE),
        (Disposition.ESCALATE, Conclusion.ASK),
    ],
)
def test_what_follows_is_what_the_gravest_finding_asks_for(
    disposition: Disposition, conclusion: Conclusion
) -> None:
    """Also where nobody confirms it, however little else was found."""
    found = agree([replace(FINDING, disposition=disposition)])
    assert concluded(found, fixes=0, rounds=1, before=None).conclusion is conclusion


def test_fixes_end_when_they_are_used_up_or_no_longer_help() -> None:
    """Then a person is asked, and told which of the two it is."""
    found = agree([FINDING, replace(FINDING, file="src/other.py")])
    assert concluded(found, fixes=1, rounds=3, before=3).conclusion is Conclusion.FIX
    stuck = concluded(found, fixes=1, rounds=3, before=2)
    assert stuck.conclusion is Conclusion.ASK
    assert "2 of 2" in stuck.reason
    over = concluded(found, fixes=3, rounds=3, before=3)
    assert over.conclusion is Conclusion.ASK
    assert "after 3 fixes" in over.reason


@given(
    st.lists(FINDINGS, max_size=8).flatmap(
        lambda row: st.tuples(st.just(row), st.permutations(row))
    )
)
def test_the_order_of_reports_makes_no_difference(
    rows: tuple[list[Finding], list[Finding]],
) -> None:
    """The same findings in another order: the same things, in the same order."""
    assert agree(rows[0]) == agree(rows[1])


@given(st.lists(FINDINGS, max_size=8))
def test_nothing_that_was_found_is_lost(found: list[Finding]) -> None:
    """But for what is about no file, each finding is in one thing, and blocks there as alone."""
    things = agree(found)
    assert sum(len(each.findings) for each in things) == sum(not each.absent for each in found)
    assert any(each.blocks for each in things) == any(each.blocks for each in found)
    for each in things:
        reviewers = [finding.reviewer for finding in each.findings]
        assert len(reviewers) == len(set(reviewers))


@given(st.lists(FINDINGS, max_size=6), st.integers(0, 5), st.integers(0, 5))
def test_every_loop_of_fixes_ends(found: list[Finding], rounds: int, first: int) -> None:
    """A fix follows only where the count has fallen and fixes are left."""
    things = agree(found)
    blocking = sum(each.blocks for each in things)
    told = concluded(things, fixes=first, rounds=rounds, before=blocking)
    assert told.conclusion is not Conclusion.FIX
    assert (told.conclusion is Conclusion.PASSED) == (blocking == 0)
    again = concluded(things, fixes=rounds, rounds=rounds, before=blocking + 1)
    assert again.conclusion is not Conclusion.FIX
