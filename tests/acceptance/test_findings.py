"""`plait check` for people, for programs and for code hosts: the same findings, one exit code."""

from __future__ import annotations

import json

import pytest
from tests.acceptance.conftest import Story
from tests.fakes.sarif import VALIDATOR

TASKS = "documentation/features/export/tasks.md"
SOUND = "".join(f"- [ ] {n}. **Do part {n}**\n" for n in range(1, 31))
BROKEN = f"{SOUND}- [ ] 30. **Do it again**\n"


@pytest.mark.parametrize(("text", "code"), [(SOUND, 0), (BROKEN, 2)], ids=["sound", "broken"])
def test_sarif_holds_what_json_holds(story: Story, text: str, code: int) -> None:
    """As many results as findings, at the same lines, below the root wherever one stands."""
    story.begin({TASKS: text})
    told = story.plait("check", "export", "--sarif", "--repo", "documentation")
    listed = story.plait("check", "export", "--json")
    assert told.code == listed.code == code
    assert told.err == ""
    log = json.loads(told.out)
    VALIDATOR.validate(log)
    places = [
        (result["ruleId"], place["artifactLocation"]["uri"], place["region"]["startLine"])
        for result in log["runs"][0]["results"]
        for place in [result["locations"][0]["physicalLocation"]]
    ]
    findings = listed.report()["findings"]
    assert places == [(each["code"], each["file"], each["line"]) for each in findings]
    assert {place[1] for place in places} == {TASKS}


def test_alike_warnings_are_counted_unless_all_are_asked_for(story: Story) -> None:
    """Thirty packages of unknown scope take three lines and a count; `-v` lists them."""
    story.begin({TASKS: SOUND})
    brief, whole = story.plait("check", "export"), story.plait("check", "export", "-v")
    assert brief.code == whole.code == 0
    counted = f"{TASKS}: info UNKNOWN_SCOPE and 27 more, lines 4 to 30 (`plait check -v` shows all)"
    assert counted in brief.out.splitlines()
    assert brief.out.count("UNKNOWN_SCOPE") == 4
    assert whole.out.count("UNKNOWN_SCOPE") == 30
    assert brief.out.splitlines()[-1] == whole.out.splitlines()[-1]


def test_json_and_sarif_exclude_one_another(story: Story) -> None:
    """Two forms at once: exit 2, and nothing is checked."""
    story.begin({TASKS: SOUND})
    outcome = story.plait("check", "export", "--json", "--sarif")
    assert outcome.code == 2
    assert outcome.report()["error"]["code"] == "BAD_CALL"


def test_no_plan_is_an_error_and_no_sarif(story: Story) -> None:
    """What ends the command goes to standard error; standard output stays empty."""
    outcome = story.begin().plait("check", "nowhere", "--sarif")
    assert (outcome.code, outcome.out) == (2, "")
    assert "NO_SUCH_PLAN" in outcome.err
