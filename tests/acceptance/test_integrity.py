"""Work that weakens what judges it, checks of people and of a CI, results against the plan."""

from __future__ import annotations

import json
from typing import Any

from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

TEST = "def test_total():\n    assert 1 + 1 == 2\n"
WRITES = 'mkdir -p "src/$PLAIT_PACKAGE"; echo x > "src/$PLAIT_PACKAGE/made.txt"'


def steps(*more: dict[str, Any], command: str = "true", commands: int = 1) -> dict[str, Any]:
    """A package's verification: so many commands, and what else is given."""
    none: dict[str, Any] = {"artifacts": [], "result_keys": []}
    first = [{"name": "step 1", "kind": "command", "command": command, "evidence": none}] * commands
    rest = [{"evidence": none, **each} for each in more]
    return {"verification": {"tier_required": "A", "steps": [*first, *rest]}}


LOOK = {"name": "look", "kind": "manual", "manual_instructions": "Open the page and look."}
IN_CI = {
    "name": "pipeline",
    "kind": "ci",
    "ci": {"provider": "github", "workflow": "ci.yml", "required_checks": ["unit"]},
}


def test_a_deleted_test_holds_the_package_until_somebody_accepts_it(story: Story) -> None:
    """Exit 3 with the place; what is independent lands; yes takes the kept commit to the queue."""
    story.begin({"tests/test_total.py": TEST, "tests/test_old.py": TEST})
    asked = {"title": "Remove the tests of the old totals"}
    story.plans(
        "p",
        Piece(id="wp-a", write=["src/wp-a/**", "tests/test_total.py"]),
        Piece(id="wp-b", write=["src/wp-b/**", "tests/test_old.py"], extra=asked),
        Piece(id="wp-c", needs=["wp-a"]),
    )
    agent = f"""
echo "$PLAIT_PACKAGE" >> "$NOTES/starts"; {WRITES}
case "$PLAIT_PACKAGE" in wp-a) rm tests/test_total.py;; wp-b) rm tests/test_old.py;; esac
"""
    first = story.run("p", agent)
    assert first.code == 3, first.err
    assert "tests/test_total.py:1" in first.out
    assert "plait answer" in first.out
    report = story.report()
    packages = {each["id"]: each for each in report["packages"]}
    held = packages["wp-a"]
    assert (held["status"], held["attempts"][-1]["outcome"]) == ("blocked", "blocked")
    (doubt,) = held["integrity"]
    assert (doubt["code"], doubt["severity"], doubt["accepted"]) == ("TEST_DELETED", "error", False)
    assert (doubt["file"], doubt["line"]) == ("tests/test_total.py", 1)
    assert packages["wp-b"]["status"] == "landed"
    assert "as the plan asks" in packages["wp-b"]["integrity"][0]["message"]
    (told,) = report["escalations"]
    assert (told["type"], told["settled"]) == ("ACCEPTANCE_REQUIRED", False)
    assert story.git("diff", "--name-only", f"main...plait/{report['run']}/wp-a").split() == [
        "src/wp-a/made.txt",
        "tests/test_total.py",
    ]
    vague = story.plait("answer", "wp-a", "perhaps")
    assert (vague.code, "BAD_ANSWER" in vague.err) == (2, True)
    assert story.plait("answer", "wp-a", "yes, it was of no use").code == 0
    done = story.plait("resume")
    assert done.code == 0, done.err
    packages = story.packages()
    landed = packages["wp-a"]
    assert (landed["status"], len(landed["attempts"])) == ("landed", 1)
    assert landed["accepted"]["reason"] == "yes, it was of no use"
    assert landed["accepted"]["who"]
    assert landed["integrity"][0]["accepted"] is True
    assert sorted(story.note("starts")) == ["wp-a", "wp-b", "wp-c"]
    assert packages["wp-c"]["status"] == "landed"
    assert "test_total" not in story.git("ls-tree", "-r", "--name-only", "openspec/p")


def test_what_people_and_a_ci_judge_is_asked_and_answered(story: Story) -> None:
    """In one run: work sent back, manual checks passed and failed, a CI's word taken."""
    story.begin({"tests/test_total.py": TEST})
    story.plans(
        "p",
        Piece(id="wp-back", write=["src/wp-back/**", "tests/**"]),
        Piece(id="wp-look", extra=steps(LOOK)),
        Piece(id="wp-white", extra=steps(LOOK)),
        Piece(id="wp-ci", extra=steps(IN_CI, commands=0)),
        Piece(id="wp-red", extra=steps(LOOK, command="false")),
    )
    agent = f"""
{WRITES}
if [ "$PLAIT_PACKAGE" = wp-back ] && ! grep -q "bring it back" "$PLAIT_BRIEF"; then
  rm tests/test_total.py
fi
"""
    bare = story.run("p", agent)
    assert (bare.code, "wp-ci" in bare.err) == (3, True)  # nothing tests its merge results
    first = story.run("p", agent, "--allow-unchecked")
    assert first.code == 3
    assert "Open the page and look." in first.out
    packages = story.packages()
    assert packages["wp-red"]["status"] == "failed"  # a red command asks nobody
    assert [each["name"] for each in packages["wp-look"]["checks"]] == ["step 1"]
    (told,) = [each for each in story.report()["escalations"] if each["package"] == "wp-ci"]
    assert told["type"] == "VERIFICATION_INFEASIBLE"
    assert "tier A" in told["summary"]
    assert "ci.yml" in told["details"]
    for package, text in (
        ("wp-back", "no: bring it back"),
        ("wp-look", "passes"),
        ("wp-white", "no, the page is white"),
        ("wp-ci", "yes: the pipeline is green"),
    ):
        assert story.plait("answer", package, text).code == 0
    assert story.plait("resume").code == 3
    packages = story.packages()
    assert (packages["wp-back"]["status"], len(packages["wp-back"]["attempts"])) == ("landed", 2)
    assert "integrity" not in packages["wp-back"]
    looked = packages["wp-look"]
    (judged,) = [each for each in looked["checks"] if each["name"] == "look"]
    assert (judged["kind"], judged["passed"], bool(judged["who"])) == ("manual", True, True)
    assert looked["tier"] == {"required": "A", "reached": "A"}
    assert (packages["wp-white"]["status"], len(packages["wp-white"]["attempts"])) == ("blocked", 2)
    assert "the page is white" in story.plait("logs", "wp-white", "--brief").out
    assert packages["wp-ci"]["tier"] == {"required": "A", "reached": "B"}


RESULT: dict[str, Any] = {
    "schema_version": 1,
    "feature_id": "p",
    "package_id": "wp-a",
    "plan_revision": 1,
    "contracts_revision": 1,
    "status": "completed",
    "locks": {"files": [], "keys": []},
    "scope": {"write_allow": ["src/wp-a/**"], "read_allow": ["**"], "deny": []},
    "files_modified": ["src/wp-a/made.txt"],
    "git": {"base": {"ref": "main"}, "head": {"commit": "0123456"}},
    "verification": {
        "tier": "A",
        "passed": True,
        "steps": [
            {
                "name": "step 1",
                "kind": "command",
                "passed": True,
                "command": "true",
                "exit_code": 0,
                "evidence": {"artifacts": ["README.md"], "metrics": {"done": True}},
            }
        ],
    },
    "escalations": [],
}


def test_results_are_held_against_the_plan(story: Story) -> None:
    """One of the work queue's form lands; one that widens, claims or contradicts is refused."""
    story.begin()
    steps_told: dict[str, Any] = RESULT["verification"]
    load = {"name": "load", "kind": "command", "passed": True, "command": "make load"}
    more = {**steps_told, "steps": [*steps_told["steps"], {**load, "exit_code": 0}]}
    red = {**steps_told, "steps": [{**steps_told["steps"][0], "command": "false"}]}
    results: dict[str, tuple[Any, str]] = {
        "wp-good": ({}, ""),
        "wp-wide": ({"scope": {"write_allow": ["src/**"], "deny": []}}, "RESULT_SCOPE_WIDENED"),
        "wp-late": ({"plan_revision": 2}, "RESULT_REVISION"),
        "wp-more": ({"verification": more}, "RESULT_CHECK_NOT_RUN"),
        "wp-red": ({"verification": red}, "VERIFICATION_FAILED"),
        "wp-claim": ({"files_modified": ["src/other.txt"]}, "ACCEPTANCE_REQUIRED"),
    }
    for name, (result, _) in results.items():
        scope = {"scope": {"write_allow": [f"src/{name}/**"], "deny": []}, "files_modified": []}
        text = json.dumps({**RESULT, "package_id": name, **scope, **result})
        (story.notes / f"{name}.json").write_text(text, encoding="utf-8")
    checks = {"wp-red": ["false"]}
    story.plans("p", *(Piece(id=name, checks=checks.get(name, ["true"])) for name in results))
    ended = story.run("p", f'{WRITES}; cp "$NOTES/$PLAIT_PACKAGE.json" "$PLAIT_RESULT"')
    assert ended.code == 3
    packages = story.packages()
    codes = {name: packages[name]["attempts"][-1].get("error_code", "") for name in results}
    assert codes == {name: code for name, (_, code) in results.items()}
    assert packages["wp-wide"]["checks"] == []
    assert packages["wp-wide"]["attempts"][-1]["kept_ref"]
    assert "It did not" in packages["wp-red"]["attempts"][-1]["reason"]
    assert packages["wp-claim"]["integrity"][0]["code"] == "CLAIMED_UNCHANGED"
    assert story.report()["warnings"] == []
