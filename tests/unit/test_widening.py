"""What an agent gets that asks to write beyond its scope."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.runs import begin, end, landed, package, plan, record, started

from plait.core.event import ScopeGranted, ScopeQueued, Verdict
from plait.core.graph import build
from plait.core.plan import Confidence, PackageId, Scope, WorkPackage
from plait.core.revision import compare
from plait.core.run import Run
from plait.core.widening import Answer, Ruling, Widen, asked_again, covered, granted, ruled

A, B, C, D = map(PackageId, "abcd")


def scoped(name: str, *needs: str, deny: tuple[str, ...] = (), **fields: Any) -> WorkPackage:
    """A package that may write its own folder."""
    scope = Scope(write=(f"src/{name}/**",), deny=deny, confidence=Confidence.DECLARED)
    return replace(package(name, *needs), scope=scope, **fields)


PLAN = plan(scoped("a", deny=("docs/secret/**",)), scoped("b"), scoped("c"), scoped("d", "a"))


def ask(run: Run, *paths: str, name: str = "a", **elsewhere: str) -> Answer:
    """What a package gets; `elsewhere` by path, with dots for what no name may hold."""
    state = run.packages[PackageId(name)]
    wish = Widen(package=name, epoch=state.epoch, paths=paths)
    return ruled(run, build(run.plan), wish, elsewhere)


def at_work(*names: str) -> Run:
    """A run in which these packages are at work."""
    run = started(PLAN)
    for name in names:
        run = record(run, begin(name))
    return run


def test_what_nobody_else_needs_is_granted():
    """A path that no scope holds; that of a package which needs this one, and begins after it."""
    run = at_work("a")
    assert ask(run, "docs/x.md").ruling is Ruling.GRANTED
    assert ask(run, "src/d/x.py").ruling is Ruling.GRANTED
    done = record(run, begin("b"), end("b"), landed("b"))
    assert ask(done, "src/b/x.py").ruling is Ruling.GRANTED
    assert ask(record(run, begin("b"), end("b", Verdict.REJECT)), "src/b/x.py").free == (
        "src/b/x.py",
    )


@pytest.mark.parametrize("names", [("a", "b"), ("a",)])
def test_what_others_have_or_will_have_is_waited_for(names):
    """Packages at work, and those that are still to come."""
    answer = ask(at_work(*names), "src/b/x.py")
    assert (answer.ruling, answer.behind) == (Ruling.QUEUED, (B,))
    assert "b (" in answer.waiting["src/b/x.py"]


def test_what_somebody_has_outside_the_run_is_waited_for():
    """A session's lock, a package of another run."""
    answer = ask(at_work("a"), "docs", docs="bob has locked file:docs")
    assert (answer.ruling, answer.reason) == (Ruling.QUEUED, "docs: bob has locked file:docs")


@pytest.mark.parametrize(
    "path", ["plait.toml", "*.toml", ".git/config", "**", ".plait/**", "docs/secret/key.md"]
)
def test_what_is_protected_or_denied_is_refused(path):
    """Also by a glob that holds such a path among others."""
    answer = ask(at_work("a"), path)
    assert answer.ruling is Ruling.REFUSED
    assert answer.refused[path]


def test_a_glob_is_granted_but_for_what_the_plan_denies():
    """The plan's denial stays."""
    run = at_work("a")
    assert ask(run, "docs/**").ruling is Ruling.GRANTED
    event = ScopeGranted(package=A, attempt=1, epoch=1, paths=("docs/**",))
    known = granted(run.plan, event).package(A)
    assert covered(known, "docs/x.md")
    assert not covered(known, "docs/secret/x.md")
    assert known.scope == PLAN.package(A).scope


def test_a_request_for_several_paths_is_split():
    """It is told which could be had alone; nothing is granted."""
    answer = ask(at_work("a", "b"), "docs/x.md", "src/b/x.py", "plait.toml")
    assert answer.ruling is Ruling.SPLIT
    assert (answer.free, [*answer.waiting], [*answer.refused]) == (
        ("docs/x.md",),
        ["src/b/x.py"],
        ["plait.toml"],
    )


def test_only_an_attempt_at_work_gets_anything():
    """Not one of an earlier claim, not a package that has not begun."""
    run = at_work("a")
    for name, epoch in (("a", 0), ("a", 2), ("b", 0), ("zz", 1)):
        wish = Widen(package=name, epoch=epoch, paths=("docs/x.md",))
        assert ruled(run, build(PLAN), wish, {}).ruling is Ruling.REFUSED


def test_two_that_would_wait_for_each_other_are_told_so():
    """The second who asks is refused."""
    run = at_work("a", "b")
    queued = ScopeQueued(package=A, attempt=1, epoch=1, paths=("src/b/x",), behind=(B,))
    run = record(run, queued)
    answer = ask(run, "src/a/x", name="b")
    assert answer.ruling is Ruling.REFUSED
    assert "waits for what this package has" in answer.reason


def test_what_is_queued_lasts_as_long_as_its_attempt():
    """Once granted, or once its attempt is over, it is not looked at any more."""
    queued = ScopeQueued(package=A, attempt=1, epoch=1, paths=("src/b/x",), behind=(B,))
    run = record(at_work("a", "b"), queued)
    assert asked_again(run) == (queued,)
    assert asked_again(record(run, end("a"))) == ()
    got = record(run, ScopeGranted(package=A, attempt=1, epoch=1, paths=("src/b/x",)))
    assert asked_again(got) == ()
    assert [each.paths for each in got.scopes.granted] == [("src/b/x",)]


def test_a_package_that_cannot_be_at_work_beside_it_is_not_waited_for():
    """It begins after this one in any case."""
    both = plan(scoped("a"), replace(scoped("b"), locks=replace(scoped("b").locks, keys=("db:x",))))
    first = replace(both.packages[0], locks=both.packages[1].locks)
    run = record(started(plan(first, both.packages[1])), begin("a"))
    assert ask(run, "src/b/x.py").ruling is Ruling.GRANTED


def test_grants_outlast_a_revision_of_the_plan():
    """They hold for the run; the package is not done again for them."""
    event = ScopeGranted(package=A, attempt=1, epoch=1, paths=("docs/**",))
    run = record(at_work("a"), event, end("a"), landed("a"))
    run = replace(run, plan=granted(run.plan, event))
    revision = compare(run, replace(PLAN, digest="sha256:2"), selected=[A, B, C, D])
    assert revision.plan.package(A).granted == ("docs/**",)
    assert revision.requeued == ()
