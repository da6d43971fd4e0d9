"""Is every path within the plan's scope?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.runs import package, plan

from plait.core.plan import Confidence, Scope, SourceFile
from plait.core.verdict import judge_scope, only_ticks_boxes

PLAN = replace(
    plan(package("a"), package("b")), files=(SourceFile(path="plan/tasks.md", sha256="0"),)
)
INFERRED = Scope(write=("a/**",), confidence=Confidence.INFERRED)
UNKNOWN = Scope(confidence=Confidence.UNKNOWN)


def test_a_declared_scope_binds() -> None:
    """Every path outside it is a violation, in order."""
    verdict = judge_scope(PLAN, package("a"), ["a/x", "z", "b/x"])
    assert verdict.violations == ("b/x", "z")
    assert verdict.deviations == ()


def test_outside_an_inferred_scope_a_write_is_a_deviation() -> None:
    """It is a violation only where it meets another unfinished package or a protected path."""
    verdict = judge_scope(
        PLAN,
        package("a", scope=INFERRED),
        ["a/x", "b/x", "c/x", "plan/tasks.md", "plait.toml"],
        unfinished=lambda: [package("b")],
    )
    assert verdict.violations == ("b/x", "plait.toml", "plan/tasks.md")
    assert verdict.deviations == ("c/x",)


def test_an_unknown_scope_is_everything_but_protected_paths() -> None:
    """Plait's own files and the plan's are not for agents."""
    verdict = judge_scope(PLAN, package("a", scope=UNKNOWN), ["x", ".plait/plait.db"])
    assert verdict.violations == (".plait/plait.db",)
    assert verdict.deviations == ()


@pytest.mark.parametrize("scope", [Scope(write=("**",), confidence=Confidence.DECLARED), UNKNOWN])
def test_an_embedded_repository_is_a_violation_anywhere(scope: Scope) -> None:
    """What it holds can be neither seen nor tested."""
    verdict = judge_scope(PLAN, package("a", scope=scope), ["a/inner"], gitlinks=["a/inner"])
    assert verdict.violations == ("a/inner",)


@pytest.mark.parametrize(
    ("before", "after", "only"),
    [
        (b"- [ ] 1. x\n", b"- [x] 1. x\n", True),
        (b"- [ ] 1. x\r\n  * [ ] y\r\n", b"- [x] 1. x\r\n  * [-] y\r\n", True),
        (b"- [ ] 1. x\n", b"- [x] 1. y\n", False),
        (b"- [ ] 1. x\n", b"- [ ] 1. x\n", False),
        (b"a [ ] b\n", b"a [x] b\n", False),
    ],
)
def test_ticking_a_box_is_told_from_editing_a_plan(before: bytes, after: bytes, only: bool) -> None:
    """Only the mark in a list item's box may differ."""
    assert only_ticks_boxes(before, after) is only
