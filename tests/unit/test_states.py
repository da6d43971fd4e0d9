"""States of a run's packages: a mapping whose versions all stay, told apart quickly."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from plait.core.package import PackageState, PackageStatus
from plait.core.plan import PackageId
from plait.core.states import States, states_of

FEW = (PackageStatus.RUNNING, PackageStatus.VERIFIED)


def fresh(number: int) -> States:
    """So many pending packages."""
    return states_of((PackageState(id=PackageId(f"p{n}")) for n in range(number)), few=FEW)


@given(
    st.sampled_from([1, 2, 31, 32, 33, 1024, 1025, 2000]),
    st.lists(
        st.tuples(st.integers(0, 1999), st.sampled_from(list(PackageStatus)), st.integers(0, 3)),
        max_size=30,
    ),
)
def test_every_version_is_what_a_copied_mapping_would_be(
    number: int, changes: list[tuple[int, PackageStatus, int]]
) -> None:
    """Values, order, counts and selections; older versions do not change."""
    states = fresh(number)
    model = {state.id: state for state in states.values()}
    versions = [(states, dict(model))]
    for at, status, epoch in changes:
        package = PackageId(f"p{at % number}")
        changed = replace(states[package], status=status, epoch=epoch)
        states, model[package] = states.changed(changed), changed
        versions.append((states, dict(model)))
    for version, known in versions:
        assert list(version.items()) == list(known.items())
        for status in PackageStatus:
            expected = tuple(state for state in known.values() if state.status is status)
            assert version.at(status) == expected
            assert version.count(status) == len(expected)
        assert version.at(*FEW) == tuple(s for s in known.values() if s.status in FEW)
    first, last = versions[0], versions[-1]
    assert [state.id for state in last[0].differing(first[0])] == [
        name for name in model if last[1][name] is not first[1][name]
    ]


def test_another_runs_states_differ_in_all() -> None:
    """Versions are told apart only where they come of one another."""
    assert len(list(fresh(40).differing(fresh(40)))) == 40
    assert len(list(fresh(40).differing(None))) == 40


def test_what_is_not_there_is_a_key_error() -> None:
    """Neither read nor changed."""
    with pytest.raises(KeyError):
        fresh(3)[PackageId("x")]
    with pytest.raises(KeyError):
        fresh(3).changed(PackageState(id=PackageId("x")))
    assert len(States()) == 0
