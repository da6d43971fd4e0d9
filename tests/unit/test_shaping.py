"""What is computed for `show`."""

from __future__ import annotations

from tests.fakes.runs import package, plan

from plait.app.shaping import shape_of
from plait.core.schedule import DEFAULT_ESTIMATE_S
from plait.faces.plan_text import show_text


def test_edges_that_others_imply_are_told_on_request() -> None:
    """`show -v` names them; without them nothing changes in the order."""
    drawn = plan(package("a"), package("b", "a"), package("c", "a", "b"))
    text = show_text(drawn, shape_of(drawn, agents=2), verbose=True)
    assert "Edges that others already imply\n  c needs a\n" in text


def test_a_plan_without_estimates_says_what_is_assumed() -> None:
    """The forecast then takes a fixed time a package, and no estimate is passed off as one."""
    bare = shape_of(plan(package("a"), package("b", "a")), agents=2)
    assert bare.assumed_s == DEFAULT_ESTIMATE_S
    assert bare.makespan_s == bare.lower_bound_s == 2 * DEFAULT_ESTIMATE_S
    told = shape_of(plan(package("a", estimate_s=60.0)), agents=2)
    assert told.assumed_s is None
    assert told.makespan_s == 60.0
