"""The audit's chain: what follows what, and what is told of one that was tampered with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from plait.core.audit import EVENTS as AUDITED, ORIGIN, Entry, Fact, audited, breaks, chained
from plait.core.event import EVENTS, DeliveryEnded, DeliveryOutcome, RunContinued

ROWS = chained(
    [Fact(kind="asked", who=f"person {n}", run="r", data={"n": n}) for n in range(6)],
    number=0,
    previous=ORIGIN,
    at=1.5,
)


def told(rows: list[Entry] | tuple[Entry, ...], count: int = 6) -> list[tuple[int, str]]:
    """What is found, as number and words."""
    return [(each.number, each.how) for each in breaks(rows, count)]


def test_a_chain_is_whole():
    """Each row follows the one before it, also where they were added one by one."""
    assert told(ROWS) == []
    first = chained([Fact(kind="a", who="x")], number=0, previous=ORIGIN, at=1.0)
    second = chained([Fact(kind="b", who="y")], number=1, previous=first[0].hash, at=2.0)
    assert told((*first, *second), 2) == []
    assert told([], 0) == []


@pytest.mark.parametrize(
    "changed",
    [{"who": "somebody else"}, {"data": '{"n":9}'}, {"at": 1.6}, {"kind": "x"}, {"run": "s"},
     {"previous": ORIGIN}],
)  # fmt: skip
def test_a_changed_row_is_named(changed):
    """Whatever of it was changed."""
    rows = [*ROWS[:3], replace(ROWS[3], **changed), *ROWS[4:]]
    assert told(rows) == [(4, "was changed")]


def test_a_row_that_was_changed_with_its_hash_breaks_the_next_one():
    """Its own hash is right then; what follows it knows another."""
    other = chained([Fact(kind="z", who="z")], number=3, previous=ROWS[2].hash, at=9.0)
    assert told([*ROWS[:3], *other, *ROWS[4:]]) == [(5, "does not follow the row before it")]


def test_removed_rows_are_named():
    """In the middle by their numbers, at the end by the count."""
    assert told(ROWS[1:]) == [(1, "is missing")]
    assert told([*ROWS[:2], *ROWS[4:]]) == [(3, "to row 4 are missing")]
    assert told(ROWS[:-1]) == [(6, "is missing")]
    assert told([]) == [(1, "to row 6 are missing")]


def test_reordered_rows_are_named():
    """A row that took another's number was changed."""
    rows = [*ROWS[:2], replace(ROWS[3], number=3), replace(ROWS[2], number=4), *ROWS[4:]]
    follows = "does not follow the row before it"
    assert told(rows) == [(3, "was changed"), (4, "was changed"), (5, follows)]


def test_rows_that_plait_did_not_write_are_named():
    """They are more than were counted."""
    assert [number for number, _ in told(ROWS, 5)] == [6]


def test_of_events_those_are_audited_that_people_answer_for():
    """A delivery is one; that a run goes on is none."""
    event = DeliveryEnded(outcome=DeliveryOutcome.OPENED, commit="c", url="u")
    fact = audited("r", event)
    assert fact is not None
    assert (fact.kind, fact.who, fact.data["url"]) == ("delivery_ended", "plait", "u")
    assert audited("r", RunContinued(pid=1)) is None
    assert set(EVENTS) >= AUDITED


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=8),
    st.data(),
)
def test_no_single_change_goes_unseen(facts, data):
    """Of any chain, any row taken out, or any text in it changed, is found."""
    rows = chained(
        [Fact(kind=kind, who=who) for kind, who in facts], number=0, previous=ORIGIN, at=0.1
    )
    assert list(breaks(rows, len(rows))) == []
    place = data.draw(st.integers(0, len(rows) - 1))
    assert list(breaks([*rows[:place], *rows[place + 1 :]], len(rows)))
    changed = replace(rows[place], who=rows[place].who + "x")
    assert list(breaks([*rows[:place], changed, *rows[place + 1 :]], len(rows)))
