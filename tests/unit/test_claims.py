"""What results say of themselves, read and held against the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.runs import package, plan

from plait.core.claims import Claims, contradictions, read_claims
from plait.core.plan import Check, CheckKind, Confidence, Scope, WorkPackage
from plait.core.tiers import shortfall

UNIT = Check(name="unit", command="make unit")
LOOK = Check(name="look", kind=CheckKind.MANUAL, instructions="look")


def whose(**fields: Any) -> WorkPackage:
    """A package with a declared scope."""
    scope = Scope(
        write=("src/**", "docs/*.md"), deny=("src/gen/**",), confidence=Confidence.DECLARED
    )
    values: dict[str, Any] = {"scope": scope, "checks": (UNIT, LOOK), "tier": "A", **fields}
    return replace(package("a"), **values)


def codes(claims: Claims, **fields: Any) -> list[str]:
    """The codes of what a result gets wrong."""
    mine = whose(**fields)
    checks = [check for check in mine.checks if check.command]
    return [each.code for each in contradictions(claims, plan(mine), mine, checks)]


def claims(**data: Any) -> Claims:
    """What a result says that is well written."""
    read, warnings = read_claims(data)
    assert warnings == ()
    return read


def verified(*steps: dict[str, Any], passed: bool = True, tier: str = "A") -> Claims:
    """A result that tells of its verification."""
    return claims(verification={"tier": tier, "passed": passed, "steps": list(steps)})


def step(name: str = "unit", **fields: Any) -> dict[str, Any]:
    """A step that passed."""
    return {"name": name, "kind": "command", "passed": True, **fields}


@pytest.mark.parametrize(
    "write",
    [["src/**", "docs/*.md"], ["src/a.py"], ["./src/**"], ["src/sub/**"], ["src/*.py"], []],
)
def test_a_scope_may_be_told_narrower(write):
    """What lies in the plan's scope widens nothing."""
    assert codes(claims(scope={"write_allow": write, "deny": ["src/gen/**"]})) == []


@pytest.mark.parametrize("write", [["**"], ["src/**", "lib/a.py"], ["docs/**"], ["{src,lib}/**"]])
def test_a_scope_that_is_told_wider_is_refused(write):
    """A path, or a glob, that the plan's does not hold."""
    assert codes(claims(scope={"write_allow": write})) == ["RESULT_SCOPE_WIDENED"]
    assert codes(claims(scope={"write_allow": write}), scope=Scope()) == []


def test_what_is_denied_stays_denied():
    """A scope without it is wider."""
    assert codes(claims(scope={"write": ["src/**"], "deny": []})) == ["RESULT_SCOPE_WIDENED"]


def test_checks_that_did_not_run_are_no_claim():
    """Another check, another command, or all passed without one that the plan has."""
    assert codes(verified(step(command="make unit", exit_code=0))) == []
    assert codes(verified(step(), step("look", kind="manual"))) == []
    assert codes(verified(step("mine", command="make unit"))) == []
    assert codes(verified(step(), step("load", command="make load"))) == ["RESULT_CHECK_NOT_RUN"]
    assert codes(verified(step(command="true"))) == ["RESULT_CHECK_NOT_RUN"]
    assert codes(verified(step("look", kind="manual"))) == ["RESULT_CHECK_NOT_RUN"]
    assert codes(verified(step(), step("load", passed=False), passed=True)) == [
        "RESULT_CONTRADICTORY"
    ]
    assert codes(verified(step(exit_code=2))) == ["RESULT_CONTRADICTORY"]


def test_a_tier_is_not_lowered():
    """Neither by a result, nor by the kinds of the checks."""
    assert codes(verified(tier="B")) == ["RESULT_TIER_LOWERED"]
    assert codes(verified(tier="B"), tier="C") == []
    assert shortfall(whose(), [UNIT]) == ""
    assert "tier A" in shortfall(whose(checks=(LOOK,)), [])
    assert shortfall(whose(checks=(LOOK,), tier="C"), []) == ""
    assert shortfall(whose(checks=()), []) == ""


def test_a_result_of_any_content_is_read():
    """Whatever is wrong is a warning and left out."""
    odd: list[Any] = [None, 3, "x", [], {}, [3], {"a": 1}, True]
    keys = ("package_id", "plan_revision", "scope", "verification", "files_modified")
    for value in odd:
        read_claims(dict.fromkeys(keys, value))
        inner = {"tier": value, "passed": value, "steps": value, "write_allow": value}
        read_claims({"verification": inner, "scope": inner})
        read_claims({"verification": {"steps": [{"name": value, "evidence": value}]}})
    _, warnings = read_claims({"plan_revision": "2", "files_modified": [1]})
    assert len(warnings) == 2
