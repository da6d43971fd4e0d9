"""What is computed for `show`."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.runs import package, plan

from plait.app.shaping import max_agents, shape_of
from plait.config import Settings
from plait.core.schedule import DEFAULT_ESTIMATE_S
from plait.faces.plan_text import show_text


def test_edges_that_others_imply_are_told_on_request() -> None:
    """`show -v` names them; without them nothing changes in the order."""
    drawn = plan(package("a"), package("b", "a"), package("c", "a", "b"))
    text = show_text(drawn, shape_of(drawn, agents=2), verbose=True)
    assert "Edges that others already imply\n  c needs a\n" in text


def test_a_plan_without_estimates_says_what_is_assumed() -> None:
    """The forecast then takes a fixed time a package, and no estimate is passed off as one."""
    bare = plan(package("a"), package("b", "a"))
    shape = shape_of(bare, agents=2)
    assert not shape.is_known
    assert shape.makespan_s == shape.forecast.bound_s == 2 * DEFAULT_ESTIMATE_S
    assert "by an assumption (10 minutes a task)" in show_text(bare, shape)
    told = shape_of(plan(package("a", estimate_s=60.0)), agents=2)
    assert told.is_known
    assert told.makespan_s == 60.0


def test_the_plans_own_limit_replaces_the_default_but_not_what_is_set() -> None:
    """`max_agents` of a source stands below everything that a person says."""
    own = replace(plan(package("a")), max_agents=3)
    assert max_agents(own, Settings()) == 3
    assert max_agents(own, Settings(max_agents=9, origins={"max_agents": "plait.toml:2"})) == 9
    assert max_agents(plan(package("a")), Settings()) == 6
