"""What an agent reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.runs import package, plan, record, started
from tests.unit.test_schedule import begin

from plait.core.event import AttemptEnded, Verdict
from plait.core.plan import Check, PackageId
from plait.core.schedule import compile_plan
from plait.engine.brief import brief, render
from plait.errors import UsageError

UNIT = Check(name="unit", command="make test")


def test_a_section_stands_only_if_its_value_is_not_empty() -> None:
    """`{{#name}}` brackets what an empty value would leave bare."""
    text = "{{#why}}\n## Why\n{{why}}\n{{/why}}\nend"
    assert render(text, {"why": ""}) == "end"
    assert render(text, {"why": "so"}) == "## Why\nso\nend"


def test_an_unknown_name_in_a_prompt_is_an_error_that_lists_the_known_ones() -> None:
    """A repository's own template cannot silently lose a value."""
    with pytest.raises(UsageError) as caught:
        render("{{nmae}}", {"name": "x"}, where="here.md")
    assert caught.value.code == "BAD_PROMPT"
    assert "name" in caught.value.hint


def test_values_are_not_templates() -> None:
    """A plan's text with braces is shown as it is, not filled in."""
    assert render("{{a}}", {"a": "{{b}}", "b": "secret"}) == "{{b}}"


def test_the_brief_tells_scope_checks_and_why_the_last_attempt_failed(tmp_path: Path) -> None:
    """The second attempt knows the reason, the paths and where the rejected work is."""
    run = started(plan(package("a", retry_budget=1, description="Do it.")))
    refused = AttemptEnded(
        package=PackageId("a"),
        attempt=1,
        epoch=1,
        verdict=Verdict.REVISE,
        error_code="SCOPE_VIOLATION",
        reason="it wrote outside its scope",
        violations=("b/x",),
        kept_ref="refs/plait/keep/r/a/1",
    )
    first = brief(
        compile_plan(run.plan), run, run.plan.packages[0], checks=[UNIT], overrides=tmp_path
    )
    run = record(run, begin("a"), refused)
    second = brief(
        compile_plan(run.plan), run, run.plan.packages[0], checks=[UNIT], overrides=tmp_path
    )
    assert "attempt 1 of 2" in first
    assert "Why the last attempt" not in first
    assert "`a/**`" in first
    assert "`make test`" in first
    assert "attempt 2 of 2" in second
    assert "it wrote outside its scope" in second
    assert "- `b/x`" in second
    assert "refs/plait/keep/r/a/1" in second


def test_a_repository_may_bring_its_own_prompt(tmp_path: Path) -> None:
    """A file of the same name in the overrides folder replaces the shipped template."""
    (tmp_path / "implement.md").write_text("Only {{package}}.")
    run = started(plan(package("a")))
    text = brief(compile_plan(run.plan), run, run.plan.packages[0], checks=(), overrides=tmp_path)
    assert text == "Only a."
