"""The registry of features, on each kind of store."""

from __future__ import annotations

from typing import Any

from tests.contract.test_coordination import do, joined, refused
from tests.fakes.clock import ManualClock
from tests.fakes.runs import plan
from tests.unit.test_features import writing

from plait.core.event import RunId
from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.verb import Caller


def test_features_are_registered_by_who_works_on_them(desk: Desk, clock: ManualClock) -> None:
    """Others hear where they meet; a name is its agent's until its time is over."""
    ada, bob, boss = joined(desk), joined(desk, "bob"), joined(desk, "boss", trust=3)
    first = do(
        desk, ada, "register_feature", feature="search", paths=["src/search/"], keys=["db:schema:x"]
    )
    assert (first.paths, first.conflicts) == (("src/search/**",), ())
    again = {"feature": "export", "paths": ["docs/", "src/*/main.py"]}
    second = do(desk, bob, "register_feature", **again)
    assert [(each.feature, each.package) for each in second.conflicts] == [("search", "")]
    assert second.conflicts[0].common == "src/search/main.py"
    third = do(desk, bob, "register_feature", feature="other", keys=["db:schema:x"])
    assert [each.feature for each in third.conflicts] == ["search"]
    assert [each.feature for each in do(desk, Caller(), "list_features").features] == [
        "export", "other", "search",
    ]  # fmt: skip
    assert do(desk, Caller(), "get_feature", feature="search").conflicts != ()
    assert refused(desk, bob, "register_feature", feature="search", paths=["x"]).code == "NOT_YOURS"
    assert refused(desk, bob, "deregister_feature", feature="search").code == "NOT_YOURS"
    assert do(desk, bob, "deregister_feature", feature="other").was_registered
    assert not do(desk, bob, "deregister_feature", feature="other").was_registered
    assert do(desk, boss, "deregister_feature", feature="export").was_registered
    clock.advance(8 * 86_400)
    assert do(desk, Caller(), "list_features").features == ()
    assert refused(desk, Caller(), "get_feature", feature="search").code == "NO_SUCH_FEATURE"
    bob = joined(desk, "bob")
    assert do(desk, bob, "register_feature", feature="search", paths=["x"]).agent == "bob"


def test_runs_are_features_by_themselves(desk: Desk) -> None:
    """As long as they are not over, with what their packages are still to write."""
    store: Any = desk.store
    made = plan(writing("a", "src/a/**"), writing("b", "docs/**"))
    store.create_run(RunId("r1"), made, branch="b", base="0" * 40, options={})
    ada = joined(desk)
    told = do(desk, ada, "register_feature", feature="mine", paths=["docs/x.md"])
    assert [(each.feature, each.package, each.common) for each in told.conflicts] == [
        ("run:r1", "b", "docs/x.md")
    ]
    run = do(desk, ada, "get_feature", feature="run:r1")
    assert (run.title, run.paths) == (made.id, ("src/a/**", "docs/**"))
    assert [each.feature for each in run.conflicts] == ["mine"]
    assert refused(desk, ada, "get_feature", feature="run:r2").code == "NO_SUCH_FEATURE"


def test_claims_of_nothing_and_of_what_lies_outside_are_refused(desk: Desk) -> None:
    """And names that are none."""
    ada = joined(desk)
    assert refused(desk, ada, "register_feature", feature="x").code == "NOTHING_ASKED"
    assert refused(desk, ada, "register_feature", feature="x", paths=["../y"]).code == "OUTSIDE"
    assert refused(desk, ada, "register_feature", feature="run:x", paths=["y"]).code == (
        "INVALID_REQUEST"
    )
