"""What a report tells of contracts, reviews, QA, cost and decisions, and how it is drawn."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.fakes.reports import report_of
from tests.fakes.runs import begin, end, landed, package, plan, record, started
from tests.fakes.stories import ended_story

from plait.core.event import QuestionAnswered
from plait.core.plan import Contracts, PackageId
from plait.core.report import build_report
from plait.core.run import Run
from plait.faces.qa_story import qa_lines
from plait.faces.report_audit import (
    agent_lines,
    contracts,
    decisions,
    is_reviewed,
    review_facts,
    review_lines,
    trial_lines,
)
from plait.faces.report_graph import MARKS, MOST, graph
from plait.faces.report_html import render_html
from plait.faces.report_rows import facts
from plait.faces.report_text import render_body, render_md

FINDING = {
    "id": 1,
    "type": "contract_mismatch",
    "criticality": "high",
    "description": "answers <b>201</b> | not 200",
    "disposition": "fix",
    "file_path": "src/a.py",
    "line_range": {"start": 3, "end": 9},
    "status": "confirmed",
}


def told(**more: Any) -> dict[str, Any]:
    """A run's report with further keys."""
    return {**json.loads(json.dumps(report_of(ended_story().run))), **more}


def of_contracts(*files: str) -> Run:
    """A run of two packages that build against contracts; each changes a file of its own."""
    pieces = plan(package("a"), package("b"))
    pieces = replace(pieces, contracts=Contracts(primary="api.yaml", files=files))
    return record(started(pieces), begin("a"), end("a"), landed("a", files=("a/x", "api.yaml")))


def test_who_changed_a_contract_is_told() -> None:
    """By path, with the package that landed the change."""
    report = build_report(of_contracts("api.yaml", "db.sql"))
    assert report["contracts"]["changes"] == [{"package": "a", "path": "api.yaml"}]
    assert report["contracts"]["kept"] is False
    assert contracts(report) == (
        "2 contracts at revision 1: api.yaml, db.sql",
        "api.yaml was changed by a",
    )
    none = build_report(started(plan(package("a"))))
    assert none["contracts"]["kept"] is None
    assert contracts(none) == ()


def test_findings_are_found_wherever_they_stand() -> None:
    """By package, under `reviews` or with the package; each once, with what is to be done."""
    report = told(reviews={"total_findings": 1, "packages": {"x": [FINDING]}, "by": {"fix": 1}})
    report["packages"][0]["review"] = {"verdict": "passed", "rounds": 2, "findings": [FINDING]}
    assert is_reviewed(report)
    name = report["packages"][0]["id"]
    assert review_facts(report) == (
        "total findings: 1",
        "by: 1 fix",
        f"{name}: verdict: passed, rounds: 2",
    )
    lines = review_lines(report)
    assert [line.package for line in lines] == ["", name]
    assert (lines[0].grade, lines[0].kind, lines[0].disposition, lines[0].place) == (
        "high",
        "contract mismatch",
        "fix, confirmed",
        "src/a.py:3-9",
    )


@pytest.mark.parametrize(
    ("entry", "name", "outcome", "says"),
    [
        ({"kind": "cli", "passed": True, "attempt": 2}, "cli, attempt 2", "passed", ""),
        ({"name": "login", "status": "failed", "error": "500"}, "login", "failed", "500"),
        (
            {"plan": "web", "passed": 3, "failed": 1, "failures": [{"name": "cart"}, "x"]},
            "web",
            "3 passed, 1 failed",
            "cart, x",
        ),
        ({}, "QA", "", ""),
    ],
)
def test_qa_is_told_as_far_as_it_is_understood(entry, name, outcome, says) -> None:
    """Whatever shape it has."""
    (line,) = trial_lines({"qa": [entry]})
    assert (line.name, line.outcome, line.told) == (name, outcome, says)


@pytest.mark.parametrize("odd", [[], ["x"], "text", {"a": {"b": [[{}]]}}, 7, None])
@pytest.mark.parametrize("render", [render_md, render_html, render_body])
def test_what_is_not_understood_breaks_nothing(render, odd) -> None:
    """Reviews and QA of another version."""
    assert render(told(reviews=odd, qa=odd))


def test_reviews_and_qa_stand_in_all_forms() -> None:
    """Escaped, in sections of their own; without them the report says `not reviewed`."""
    report = told(reviews={"findings": [FINDING]}, qa=[{"kind": "api", "status": "passed"}])
    markdown, page = render_md(report), render_html(report)
    assert "answers &lt;b&gt;201&lt;/b&gt; \\| not 200" in markdown
    assert "answers &lt;b&gt;201&lt;/b&gt; | not 200" in page
    for text in ("## Review", "## QA"):
        assert text in markdown
    assert ("review", "not reviewed") not in facts(report)
    assert ("review", "not reviewed") in facts(told())


def test_who_decided_what_is_told() -> None:
    """Approvals, and answers with the question."""
    answer = QuestionAnswered(package=PackageId("a"), question="Which?", answer="This", who="Ada")
    run = record(started(plan(package("a"))), begin("a"), answer)
    assert decisions(report_of(run))[1:] == ("Ada answered a: Which? — This",)


def test_each_agents_share_is_told() -> None:
    """Attempts, landings and cost by agent; together they are the run's."""
    report = told()
    lines = agent_lines(report)
    assert sum(line.attempts for line in lines) == sum(
        len(each["attempts"]) for each in report["packages"]
    )
    assert sum(each["cost_usd"] for each in report["agents"]) == pytest.approx(
        report["totals"]["cost_usd"]
    )


def test_a_pull_requests_text_has_a_limit() -> None:
    """The longest part that folds goes first, and is named; at last the text is cut."""
    report = told()
    whole = render_body(report)
    assert "<summary>Checks</summary>" in whole
    assert whole.count("<details>") == whole.count("</details>")
    shorter = render_body(report, len(whole) - 1)
    assert len(shorter) < len(whole)
    assert "Left out here for its length: " in shorter
    assert len(render_body(report, 200)) <= 200


def sheets(count: int, *, chain: bool = False) -> list[ET.Element]:
    """The graph of so many packages, as elements."""
    names = [f"package-{number}-of-a-long-name" for number in range(count)]
    pieces = [
        package(name, *([names[place - (1 if chain else 4)]] if place >= 4 else []))
        for place, name in enumerate(names)
    ]
    report = build_report(started(plan(*pieces)))
    drawn = graph(report, {})
    return [ET.fromstring(each) for each in re.findall(r"<svg viewBox.*?</svg>", drawn, re.DOTALL)]


@pytest.mark.parametrize("chain", [True, False])
def test_no_page_of_paper_cuts_a_package(chain: bool) -> None:
    """Of sixty packages each stands on one sheet, whole; the sheets fit a page and together."""
    found = sheets(60, chain=chain)
    end, names = 0.0, []
    for sheet in found:
        _, top, wide, high = map(float, sheet.attrib["viewBox"].split())
        assert top == end
        assert high <= 450
        assert wide <= 800
        end = top + high
        for node in sheet.iter("g"):
            if "node" in node.attrib["class"]:
                x, y = map(float, re.findall(r"[\d.]+", node.attrib["transform"]))
                assert top < y
                assert y + 42 < end
                assert 0 <= x <= wide - 150
                names.append(node.findtext("title"))
    assert len(names) == len(set(names)) == 60


def test_the_graph_leaves_out_what_follows_from_the_rest() -> None:
    """C needs b, which needs a: there is no arrow from a to c. Without needs nothing is drawn."""
    run = started(plan(package("a"), package("b", "a"), package("c", "a", "b")))
    assert graph(build_report(run), {}).count('class="tip"') == 2
    assert graph(build_report(started(plan(package("a"), package("b")))), {}) == ""
    assert "too many to draw" in graph(
        {"packages": [{"id": str(n), "status": "x", "needs": ["0"]} for n in range(MOST + 2)]}, {}
    )


def test_a_graph_of_an_odd_report_is_drawn_all_the_same() -> None:
    """Needs in a circle, or of what the run has not; an earlier version tells none."""
    odd = [
        {"id": "a", "status": "landed", "needs": ["b", "gone"]},
        {"id": "b", "status": "new", "needs": ["a"]},
        {"id": "c", "status": "failed"},
    ]
    assert graph({"packages": odd}, {}).count("<rect") == 3


def test_states_are_told_apart_without_colour() -> None:
    """Each has a mark of its own."""
    assert len(set(MARKS.values())) == len(MARKS)


def test_every_try_of_qa_is_told_with_its_items() -> None:
    """In the tables of the report; at the end of a run only the last one."""
    items = [
        {"kind": "cli", "name": "adds", "status": "failed", "reason": "it\nsubtracts"},
        {"kind": "web", "name": "page", "status": "not_run", "reason": "no browser"},
        {"kind": "api", "name": "gets", "status": "passed"},
    ]
    tries = [{"attempt": 3, "of": 3, "status": "fail", "items": items}]
    told_ = [(line.name, line.outcome, line.told) for line in trial_lines({"qa": tries})]
    assert told_ == [
        ("attempt 3", "fail", ""),
        ("cli: adds", "failed", "it"),
        ("web: page", "not run", "no browser"),
        ("api: gets", "passed", ""),
    ]
    assert qa_lines({"qa": tries}) == [
        "failed in try 3 of 3: 1 passed, 1 failed, 1 not run",
        "adds: it",
        "page: no browser",
    ]
    for odd in (None, [], "x", [7], [{"status": "odd"}], {"a": 1}):
        assert qa_lines({"qa": odd}) == []
