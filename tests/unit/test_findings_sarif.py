"""SARIF of findings: valid by the standard's schema, complete, safe whatever a plan says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from tests.fakes.sarif import VALIDATOR
from tests.golden.test_plan_faces import FINDINGS

from plait import __version__
from plait.core.catalogue import RULES
from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.faces.findings_sarif import findings_sarif


def run_of(*findings: Finding, file: str | None = None) -> Any:
    """The one run, after a trip through JSON and the schema."""
    told = json.loads(json.dumps(findings_sarif(findings, file=file)))
    VALIDATOR.validate(told)
    assert told["version"] == "2.1.0"
    (run,) = told["runs"]
    return run


def result_of(finding: Finding, file: str | None = None) -> Any:
    """The result of one finding."""
    (result,) = run_of(finding, file=file)["results"]
    return result


def warning(message: str = "look", **fields: Any) -> Finding:
    """A warning in a file."""
    values: dict[str, Any] = {"code": "NO_CHECKS", "severity": Severity.WARNING}
    return Finding(message=message, **{**values, "span": Span(file="a.md", line=3), **fields})


def fingerprints(*findings: Finding) -> list[str]:
    """Their fingerprints, in their order."""
    results = run_of(*findings)["results"]
    return [result["partialFingerprints"]["plaitFinding/v1"] for result in results]


def test_every_rule_of_the_catalogue_is_described():
    """The driver names itself, and each code has a meaning, a usual level and a page."""
    driver = run_of()["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("plait", __version__)
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"] == RULES[rule["id"]].meaning
        assert f"docs/reference/findings/{rule['id']}.md" in rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def test_every_finding_is_a_result_at_its_place():
    """Level, message with hint, file, line, column and element are the finding's."""
    run = run_of(*FINDINGS)
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]
    first = run["results"][0]
    assert first["message"]["text"] == "api needs db needs api\nhint: take one of these edges out"
    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {
            "uri": "openspec/changes/add-search/work-packages.yaml",
            "uriBaseId": "%SRCROOT%",
        },
        "region": {"startLine": 15, "startColumn": 18},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "packages[1].depends_on"}]
    assert run["columnKind"] == "unicodeCodePoints"


def test_a_result_points_to_its_rule():
    """The rule's place in the list and its id agree, for a plug-in's code too."""
    run = run_of(*FINDINGS, warning(code="LEDGER_ODD"))
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [rule["id"] for rule in rules[len(RULES) :]] == ["CYCLE", "LEDGER_ODD"]


def test_a_finding_without_a_place_is_the_plans():
    """It stands at the plan's main file, or nowhere if there is none."""
    finding = warning(span=None)
    (location,) = result_of(finding, file="plan.md")["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "plan.md"
    assert result_of(finding)["locations"] == []


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a plan/täsks#1.md", "a%20plan/t%C3%A4sks%231.md"),
        ("c:x.md", "c%3Ax.md"),
        ("50%.md", "50%25.md"),
    ],
)
def test_a_file_is_named_by_a_uri(file, uri):
    """What has a meaning in URIs is escaped."""
    (location,) = result_of(warning(span=Span(file=file)))["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {
        "uri": uri,
        "uriBaseId": "%SRCROOT%",
    }


def test_a_file_outside_the_repository_is_named_by_its_whole_path():
    """Such a file has no place below the root."""
    (location,) = result_of(warning(span=Span(file="/tmp/my plan.md")))["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "file:///tmp/my%20plan.md"}


def test_a_message_is_no_link_and_has_no_placeholder():
    """What a plan says cannot become a link or take an argument; line breaks stay out."""
    text = result_of(warning("[press](http://x.example)\n{0} \x1b[31m"))["message"]["text"]
    assert text == "[press] (http://x.example) {{0}} \N{REPLACEMENT CHARACTER}[31m"


def test_a_fingerprint_outlives_moved_lines():
    """Moving a finding, and what its message names by line, leaves its fingerprint."""
    here = warning("2 stands here, first at a.md:3:1 (line 3)")
    there = warning("2 stands here, first at a.md:40:1 (line 40)", span=Span(file="a.md", line=41))
    assert fingerprints(here) == fingerprints(there)


def test_fingerprints_tell_findings_apart():
    """Another code, file or message is another finding; of two that are alike each has its own."""
    one = warning()
    others = [
        replace(one, code="BAD_ID"),
        replace(one, span=Span(file="b.md")),
        replace(one, message="look there"),
        replace(one, span=Span(file="a.md", line=9)),
    ]
    assert len(set(fingerprints(one, *others))) == 5


@given(
    findings=st.lists(
        st.builds(
            Finding,
            code=st.sampled_from(["NO_CHECKS", "ODD_ONE"]),
            severity=st.sampled_from(Severity),
            message=st.text(max_size=40),
            span=st.none()
            | st.builds(Span, file=st.text(min_size=1), line=st.integers(1, 9), column=st.just(1)),
            where=st.text(max_size=9),
            hint=st.text(max_size=40),
        ),
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_findings_the_output_is_valid(findings):
    """All text, lone surrogates too, becomes SARIF that the schema takes, none is left out."""
    run = run_of(*findings)
    assert len(run["results"]) == len(findings)
    assert len(set(fingerprints(*findings))) == len(findings)
