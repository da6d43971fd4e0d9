"""Which prefixes of the queue are tested: the culprit is found, and in few tests."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, strategies as st

from plait.core.prefixes import LEAST_HAZARD, MOST_HAZARD, Row, bound, hazard, next_tests

CHANCES = st.floats(min_value=LEAST_HAZARD, max_value=MOST_HAZARD)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """What may be known of a row."""
    count = draw(st.integers(1, 80))
    red = draw(st.integers(0, count))
    green = draw(st.integers(0, (red or count + 1) - 1))
    inside = st.integers(green + 1, (red - 1) if red else count)
    running = draw(st.frozensets(inside, max_size=3)) if (red or count + 1) - green > 1 else ()
    return Row(count=count, green=green, red=red, running=frozenset(running))


@given(rows(), CHANCES, st.integers(1, 8))
def test_only_what_tells_something_is_tested(row: Row, chance: float, runners: int) -> None:
    """Each length lies between what is green and what is red, and is not tested already."""
    lengths = next_tests(row, chance, runners)
    assert len(lengths) <= max(0, runners - len(row.running))
    assert list(lengths) == sorted(set(lengths))
    assert not row.running.intersection(lengths)
    assert all(row.green < each < (row.red or row.count + 1) for each in lengths)


@given(rows(), CHANCES, st.integers(1, 8))
def test_there_is_always_a_next_test_or_an_answer(row: Row, chance: float, runners: int) -> None:
    """Nothing stands still: a test begins, or one runs, or there is nothing left to find."""
    found = row.culprit or row.green == row.count
    assert found or row.running or next_tests(row, chance, runners)


@given(st.lists(st.booleans(), min_size=1, max_size=40), CHANCES, st.integers(1, 4), st.randoms())
def test_the_first_culprit_is_found_whatever_order_tests_end_in(
    faults: list[bool], chance: float, runners: int, order: random.Random
) -> None:
    """Tests that end one at a time, in any order, lead to the first fault, or to none."""
    row = Row(count=len(faults))
    for _ in range(10 * len(faults)):
        begun = next_tests(row, chance, runners)
        row = Row(count=row.count, green=row.green, red=row.red, running=row.running.union(begun))
        if row.culprit or row.green == row.count:
            break
        length = order.choice(sorted(row.running))
        row = row.failed(length) if any(faults[:length]) else row.passed(length)
    first = faults.index(True) + 1 if any(faults) else 0
    assert (row.culprit, row.green) == ((first, first - 1) if first else (0, len(faults)))


def rounds_and_tests(count: int, chance: float, runners: int, seed: int) -> tuple[float, float]:
    """Rounds of tests, and tests, until all candidates are judged; the mean of many rows."""
    draw, trials = random.Random(seed), 200
    rounds = tests = 0
    for _ in range(trials):
        faults = [draw.random() < chance for _ in range(count)]
        while faults:
            row = Row(count=len(faults))
            while not row.culprit and row.green < row.count:
                begun = next_tests(row, chance, runners)
                rounds, tests = rounds + 1, tests + len(begun)
                for length in begun:
                    row = row.failed(length) if any(faults[:length]) else row.passed(length)
            faults = faults[row.culprit :] if row.culprit else []
    return rounds / trials, tests / trials


@pytest.mark.parametrize("chance", [0.02, 0.05, 0.1, 0.2, 0.4])
def test_few_tests_are_enough(chance: float) -> None:
    """Near the bound of information, and never worse than one after the other."""
    alone, tests = rounds_and_tests(64, chance, 1, seed=3)
    assert alone <= 1.15 * bound(64, chance, 1)
    assert tests <= 1.05 * 64
    for runners in (2, 4):
        rounds, _ = rounds_and_tests(64, chance, runners, seed=4)
        assert rounds <= 1.3 * bound(64, chance, runners)


def test_the_hazard_is_learned() -> None:
    """It begins at what is usual, follows what is seen, and never says never."""
    assert hazard(0, 0) == pytest.approx(0.04)
    assert hazard(0, 10_000) == LEAST_HAZARD
    assert hazard(50, 50) > 0.4
    assert hazard(10_000, 0) == MOST_HAZARD
