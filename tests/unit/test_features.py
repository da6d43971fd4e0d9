"""Where features that are worked on side by side meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.fakes.runs import package, plan

from plait.core.features import (
    Feature,
    findings,
    meetings,
    of_feature,
    of_plan,
    of_run,
)
from plait.core.plan import Confidence, Locks, Scope, SourceStatus, WorkPackage


def writing(name: str, *write: str, **fields: Any) -> WorkPackage:
    """A package that may write there."""
    scope = Scope(write=write, deny=fields.pop("deny", ()), confidence=Confidence.DECLARED)
    return replace(package(name), scope=scope, **fields)


def feature(*paths: str, keys: tuple[str, ...] = ()) -> Feature:
    """A registered feature."""
    return Feature(id="f", title="", agent="ada", until=9.0, created_at=0.0, paths=paths, keys=keys)


def test_globs_are_compared_exactly():
    """What only looks alike does not meet; what is denied neither; the path is told."""
    mine = of_plan(plan(writing("a", "src/*/a.py"), writing("b", "docs/**", deny=("docs/x/**",))))
    theirs = (of_feature(feature("src/web/", "docs/x/y.md")),)
    (met,) = meetings(mine, theirs)
    assert (met.mine.package, met.theirs.owner) == ("a", "f")
    assert met.common.startswith("src/web/")
    assert met.common.endswith("a.py")


def test_a_folder_stands_for_all_below_it():
    """Also where it was named without a slash."""
    mine = of_plan(plan(writing("a", "src/web/page.ts")))
    assert len([*meetings(mine, (of_feature(feature("src/web")),))]) == 1


def test_keys_meet_too():
    """Of registered features; runs wait for keys by themselves."""
    locked = replace(writing("a", "x"), locks=Locks(keys=("db:schema:users",)))
    (met,) = meetings(of_plan(plan(locked)), (of_feature(feature(keys=("db:schema:users",))),))
    assert "db:schema:users" in met.common


def test_only_what_is_still_to_be_written_counts():
    """Of a run packages that are not over, of a plan those that are to run; no unknown scopes."""
    unknown = replace(package("c"), scope=Scope())
    other = plan(writing("a", "x"), writing("b", "x"), unknown)
    areas = of_run("r", other, [("a", "landed"), ("b", "blocked"), ("c", "running")])
    assert [each.package for each in areas] == ["b"]
    done = replace(writing("a", "x"), status=SourceStatus.DONE)
    assert findings(plan(done), areas) == ()
    assert findings(plan(unknown), areas) == ()


def test_a_package_has_one_finding_with_the_first_that_is_in_its_way():
    """How many more there are is told."""
    other = plan(writing("x", "src/**"), writing("y", "src/a.py"))
    areas = of_run("r1", other, [("x", "running"), ("y", "pending")])
    (found,) = findings(plan(writing("a", "src/a.py")), areas)
    assert found.code == "FEATURE_CONFLICT"
    assert found.message == ("a may write src/a.py, and so may package x of run r1 (p), and 1 more")
