"""JSON shapes that scripts rely on, and plans of all kinds as text."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.fakes.runs import package, plan
from tests.fakes.stories import search_plan, search_story
from tests.golden.test_plan_faces import FINDINGS, pay_plan, search_shape
from tests.golden.test_run_faces import package_rows, run_row

from plait.core.finding import Finding, Severity
from plait.core.plan import PackageId
from plait.faces.dry_run import dry_run_text
from plait.faces.findings_text import findings_text
from plait.faces.plan_json import check_json, show_json
from plait.faces.plan_text import explain_text, mermaid, show_text
from plait.faces.status_text import status_json


def test_show_json_has_the_documented_keys() -> None:
    """`plait show --json`: exactly the keys of the reference, at every level."""
    told = show_json(search_plan(), search_shape())
    assert set(told) == {
        *("id", "title", "format", "digest", "revisions", "contracts", "packages"),
        *("waves", "critical_path", "forecast", "hubs", "advice", "redundant"),
    }
    assert set(told["revisions"]) == {"plan", "contracts"}
    assert set(told["forecast"]) == {
        *("makespan_s", "lower_bound_s", "width", "agents", "work_s", "pays", "useful"),
        *("by_agents", "times"),
    }
    assert set(told["forecast"]["by_agents"][0]) == {"agents", "makespan_s", "busy"}
    assert set(told["advice"][0]) == {"kind", "packages", "message", "gain_s"}
    assert set(told["hubs"][0]) == {"path", "packages"}
    one = next(each for each in told["packages"] if each["id"] == "api")
    assert set(one) == {
        *("id", "source_id", "title", "kind", "status", "phase", "track", "group", "needs"),
        *("scope", "locks", "checks", "tier", "timeout_s", "retry_budget", "priority"),
        *("estimate_s", "span", "parent", "parallel", "optional", "tasks", "documents"),
    }
    assert set(one["needs"][0]) == {"id", "provenance", "note", "span"}
    assert set(one["scope"]) == {"write", "read", "deny", "confidence"}
    assert set(one["locks"]) == {"files", "keys"}
    assert {"name", "kind", "command"} <= set(one["checks"][0])
    assert set(one["span"]) == {"file", "line"}


def test_check_json_has_the_documented_keys() -> None:
    """`plait check --json`: exactly the keys of the reference; `valid` follows the errors."""
    told = check_json(search_plan(), FINDINGS, width=5, depth=4)
    assert set(told) == {"valid", "plan", "findings"}
    assert set(told["plan"]) == {
        *("id", "format", "files", "digest", "packages", "edges", "width", "depth")
    }
    for finding in told["findings"]:
        assert set(finding) == {
            *("code", "severity", "file", "line", "column", "where", "message", "hint")
        }
    assert told["valid"] is False
    assert check_json(search_plan(), FINDINGS[1:])["valid"] is True
    assert check_json(None, ())["valid"] is False
    assert check_json(None, ())["plan"] is None


def test_status_json_has_a_row_for_each_package() -> None:
    """`plait status --json`: the run's row and its packages', times as text."""
    run = search_story().run
    told = json.loads(status_json(run_row(run), package_rows(run)))
    assert [each["id"] for each in told["packages"]] == list(run.packages)
    assert told["created_at"] == "2026-09-21T14:13:20.000Z"


def test_hostile_findings_stay_on_their_line() -> None:
    """A message from a plan cannot fake a second finding or colour the screen."""
    finding = Finding(
        code="X",
        severity=Severity.ERROR,
        message="bad\nfile:1:1: error FAKE \x1b[32mall is well",
        hint="two\nlines",
    )
    lines = findings_text([finding]).splitlines()
    assert lines[0].startswith("plan: error X bad file:1:1:")
    assert lines[1:] == ["    hint: two", "    hint: lines", "Found 1 error."]
    assert "\x1b" not in "".join(lines)


def test_mermaid_labels_cannot_leave_their_quotes() -> None:
    """A title with quotes, brackets and line breaks stays one label."""
    drawn = mermaid(plan(package("a", title='x"] --> b; click a "javascript:y"\n<b>')))
    assert drawn.count("\n") == 2
    assert drawn.count('"') == 2
    assert "<b>" not in drawn


def test_dry_run_leaves_out_what_lies_outside() -> None:
    """A selected part names only its own packages; needs outside it count as done."""
    whole = pay_plan()
    part = replace(whole, packages=tuple(p for p in whole.packages if p.track == "C"))
    told = dry_run_text(part)
    assert "Ready to Execute (Group 2):\n- Track C: Tasks 9-10 (2 tasks)\n" in told
    assert "Waiting" not in told


def test_dry_run_falls_back_to_waves_when_groups_wait_on_each_other() -> None:
    """Groups that need one another in turn would leave nothing to begin with."""
    crossed = plan(
        package("a1", group="1"),
        package("b1", "a1", group="2"),
        package("a2", "b1", group="1"),
    )
    told = dry_run_text(crossed)
    assert "Ready to Execute (Wave 1):\n- Package a1 (1 package)\n" in told
    assert "- Wave 2: Package b1 (depends on Wave 1)" in told


def test_dry_run_of_a_plan_that_is_done() -> None:
    """Nothing is left: the total says so."""
    done = plan()
    assert dry_run_text(done) == "Execution Plan for p:\n\nTotal: 0 packages\n"


def test_explain_shows_both_directions() -> None:
    """An edge is told at the package that needs and at the package that is needed."""
    told = explain_text(plan(package("a"), package("b", "a")), package("a").id, {})
    assert "Needed by:\n  b  explicit" in told


def test_a_long_critical_path_is_cut_in_the_middle() -> None:
    """Its beginning and its end are what a reader looks for."""
    names = tuple(PackageId(f"p{n}") for n in range(30))
    shape = replace(search_shape(), critical_path=names)
    (line,) = [each for each in show_text(search_plan(), shape).splitlines() if "Critical" in each]
    assert line.endswith("p14 → p15 → … 11 more … → p27 → p28 → p29")
    assert line.startswith("Critical path (*): p0 → p1 → ")
