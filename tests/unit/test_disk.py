"""Starts wait while the disk is low, one after the other where it is nearly so."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from plait.core.action import Finish, Skip, Start
from plait.core.disk import LEAST_BYTES, Shortage, Space, admitted, needed_bytes, shortage
from plait.core.plan import PackageId

GIB = 1024**3


def space(free: int, total: int = 100 * GIB, place: str = "/d") -> Space:
    """A file system in short."""
    return Space(place=place, free=free, total=total)


def starts(number: int) -> list[Start]:
    """So many ready packages."""
    return [Start(package=PackageId(f"p{n}")) for n in range(number)]


@pytest.mark.parametrize(
    ("total", "checkout", "min_free", "needed"),
    [
        (100 * GIB, 0, None, LEAST_BYTES),
        (100 * GIB, 10, None, LEAST_BYTES),
        (100 * GIB, GIB, None, 2 * GIB),  # twice the checkout, where that is more
        (GIB, 10, None, GIB // 10),  # a small disk
        (GIB, GIB, None, 2 * GIB),
        (100 * GIB, GIB, 7, 7),  # the owner's word
        (100 * GIB, GIB, 0, 0),
    ],
)
def test_how_much_must_be_free(total, checkout, min_free, needed):
    """Half a gibibyte or a tenth of a small disk, or two checkouts; or what the owner says."""
    assert needed_bytes(space(1, total), checkout=checkout, min_free=min_free) == needed


def test_the_tightest_place_is_told():
    """Of several file systems that are low, the one that lacks most."""
    places = [space(90, place="/a"), space(20, place="/b"), space(500, place="/c")]
    found = shortage(places, checkout=0, min_free=100)
    assert found == Shortage(place="/b", free=20, needed=100)
    assert shortage(places, checkout=0, min_free=10) is None
    assert shortage(places, checkout=0, min_free=0) is None


@pytest.mark.parametrize(
    ("free", "starting", "begun"),
    [(99, 0, 0), (100, 0, 1), (149, 0, 1), (150, 0, 2), (199, 1, 1), (100, 1, 0), (9999, 0, 5)],
)
def test_each_further_start_needs_a_checkouts_worth(free, starting, begun):
    """The threshold for the first, a checkout more for each; those on their way count."""
    kept = admitted(starts(5), [space(free)], checkout=50, min_free=100, starting=starting)
    assert kept == tuple(starts(5)[:begun])


def test_only_starts_wait():
    """Whatever else core decided is done on a full disk too, in its order."""
    skip = Skip(package=PackageId("x"), reason="it needs y")
    actions = [skip, *starts(2), Finish()]
    kept = admitted(actions, [space(0)], checkout=1, min_free=None, starting=0)
    assert kept == (skip, Finish())


@given(
    free=st.integers(0, 10**13),
    checkout=st.integers(0, 10**10),
    min_free=st.none() | st.integers(1, 10**12),
)
def test_a_run_that_may_start_can_start_one(free, checkout, min_free):
    """No shortage: at least one start is let through. Shortage: none. So a run never hangs."""
    places = [space(free)]
    short = shortage(places, checkout=checkout, min_free=min_free)
    kept = admitted(starts(3), places, checkout=checkout, min_free=min_free, starting=0)
    assert bool(kept) is (short is None)
