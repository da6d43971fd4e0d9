"""A hundred thousand random pairs of globs: the exact answer agrees with brute force."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from tests.unit.test_scope import PATHS, is_path, reference

from plait.core.scope import witness

GLOBS = 448  # 448 * 447 / 2 = 100,128 pairs
NAMES = ("a", "b", "ab", ".a", "*", "?", "a*", "*b", "[ab]", "[!a]", "{a,b}", "a?", "**")


def globs() -> list[str]:
    """Different globs of one to four segments, the same in every run."""
    dice = random.Random(20_260_101)
    found: dict[str, None] = {}
    while len(found) < GLOBS:
        found["/".join(dice.choices(NAMES, k=dice.randint(1, 4)))] = None
    return list(found)


@pytest.mark.long
def test_a_hundred_thousand_pairs_agree_with_brute_force() -> None:
    """Whatever path of a small world two globs share, they overlap; and a witness is shared."""
    drawn = globs()
    patterns = [reference(glob) for glob in drawn]
    worlds = [
        sum(1 << at for at, path in enumerate(PATHS) if pattern.fullmatch(path))
        for pattern in patterns
    ]
    overlapping = 0
    for one, other in combinations(range(len(drawn)), 2):
        found = witness(drawn[one], drawn[other])
        if worlds[one] & worlds[other]:
            assert found is not None, (drawn[one], drawn[other])
        if found is not None:
            overlapping += 1
            assert is_path(found)
            assert patterns[one].fullmatch(found), (drawn[one], found)
            assert patterns[other].fullmatch(found), (drawn[other], found)
    assert 10_000 < overlapping < 90_000  # both answers were put to the test
