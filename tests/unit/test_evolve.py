"""A frozen value with some fields changed."""

from __future__ import annotations

import dataclasses

import pytest

from plait.core.evolve import replace
from plait.core.package import PackageState
from plait.core.plan import PackageId


def test_it_does_what_dataclasses_do() -> None:
    """What is named is changed, the rest and the value itself stay."""
    state = PackageState(id=PackageId("a"))
    changed = replace(state, epoch=2, reason="so")
    assert changed == dataclasses.replace(state, epoch=2, reason="so")
    assert state == PackageState(id=PackageId("a"))


def test_a_field_that_is_none_is_refused() -> None:
    """A slip of the pen is no silent nothing."""
    slip = {"epohc": 2}
    with pytest.raises(TypeError, match="'epohc'"):
        replace(PackageState(id=PackageId("a")), **slip)
