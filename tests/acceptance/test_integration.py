"""The integration gate: what waits for all, the whole judged once, what follows where it fails."""

from __future__ import annotations

import json
from typing import Any

from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

MAKE = 'mkdir -p "src/$PLAIT_PACKAGE"; echo x > "src/$PLAIT_PACKAGE/made.txt"'
BEGIN = 'echo "$PLAIT_PACKAGE $PLAIT_ATTEMPT" >> "$NOTES/starts"'
CONTRACT = "openspec/changes/p/contracts/README.md"
# What a pair of packages may each do, and both together must not: told only by the whole.
WHOLE = 'echo "$PLAIT_STAGE $(git rev-parse HEAD^{tree})" >> "$NOTES/whole"; test ! -e src/broken'


def config(check: str = WHOLE, more: str = "") -> dict[str, str]:
    """The settings of a repository whose whole is judged by a check of its own."""
    return {"plait.toml": f"[checks]\nintegration = [{json.dumps(check)}]\n{more}"}


def events(out: str, kind: str) -> list[dict[str, Any]]:
    """The events of a kind that `plait run --json` printed."""
    return [each for each in map(json.loads, out.splitlines()) if each["type"] == kind]


def openspec(story: Story, code: int) -> None:
    """A program of that name, which ends so."""
    program = story.root / "bin/openspec"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$PWD $*" >> "$NOTES/validated"; exit {code}\n')
    program.chmod(0o755)
    story.env["PATH"] = f"{program.parent}:{story.env['PATH']}"


def test_an_integration_comes_after_all_and_the_whole_is_judged_on_its_tree(story: Story) -> None:
    """By role it waits for what it does not name; nothing runs twice on a tree that it passed."""
    story.begin(config())
    count = 'echo "$PLAIT_STAGE $(git rev-parse HEAD^{tree})" >> "$NOTES/checked"'
    story.plans(
        "p",
        Piece(id="wp-a", checks=[count]),
        Piece(id="wp-slow", checks=[count]),
        Piece(id="wp-join", needs=["wp-a"], checks=[count], extra={"task_type": "integration"}),
    )
    shown = json.loads(story.plait("show", "p", "--json").out)
    join = next(each for each in shown["packages"] if each["id"] == "wp-join")
    assert [(each["id"], each["provenance"]) for each in join["needs"]] == [
        ("wp-a", "explicit"),
        ("wp-slow", "integration"),
    ]
    wait = 'test "$PLAIT_PACKAGE" != wp-join || test -e src/wp-slow/made.txt || exit 1'
    done = story.run("p", f"{BEGIN}; {wait}; {MAKE}", "--json")
    assert done.code == 0, done.err
    (judged,) = events(done.out, "integration_judged")
    final = story.git("rev-parse", "openspec/p^{tree}")
    assert (judged["data"]["verdict"], judged["data"]["tree"]) == ("pass", final)
    assert (judged["data"]["known"], len(judged["data"]["checks"])) == (1, 1)
    assert story.note("whole") == [f"integrate {final}"]
    assert story.note("checked").count(f"land {final}") == 1
    assert f"integrate {final}" not in story.note("checked")
    report = story.report()
    assert report["integration"]["status"] == "passed"
    assert [each["passed"] for each in report["integration"]["checks"]] == [True]
    assert [each["kind"] for each in report["timeline"]][-1] == "integrate"
    assert "whole   passed" in story.plait("resume").out


def test_a_whole_that_fails_is_put_right_by_one_narrow_package(story: Story) -> None:
    """What failed is its check, what landed its scope; then all of it is judged again."""
    story.begin(config("test $(cat src/*/made.txt | sort | uniq -d | wc -l) = 0"))
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", write=["src/wp-b/**", CONTRACT]))
    mend = 'cat "$PLAIT_SCOPE" > "$NOTES/scope"; cp "$PLAIT_BRIEF" "$NOTES/brief"'
    agent = f"""{BEGIN}
case "$PLAIT_PACKAGE" in
integration-fix-1) {mend}; echo y > src/wp-b/made.txt
  mkdir -p $(dirname {CONTRACT}); echo None. > {CONTRACT};;
wp-b) {MAKE}; rm {CONTRACT};;
*) {MAKE};;
esac
"""
    done = story.run("p", agent, "--json")
    assert done.code == 0, done.err
    first, second = events(done.out, "integration_judged")
    assert (first["data"]["verdict"], first["data"]["fix"]) == ("revise", "integration-fix-1")
    assert first["data"]["problems"] == [f"CONTRACT_MISSING {CONTRACT}: what landed removed it"]
    assert (second["data"]["verdict"], second["data"]["validated"]) == ("pass", "plait check")
    scope = json.loads("\n".join(story.note("scope")))
    assert sorted(scope["write"]) == [CONTRACT, "src/wp-a/made.txt", "src/wp-b/made.txt"]
    brief = "\n".join(story.note("brief"))
    assert "does not pass" in brief
    assert "uniq -d" in brief
    assert "what landed removed it" in brief
    report = story.report()
    fix = next(each for each in report["packages"] if each["id"] == "integration-fix-1")
    assert (fix["status"], fix["kind"]) == ("landed", "fix")
    assert report["integration"]["status"] == "passed"


def test_a_whole_that_could_not_be_mended_is_no_success_until_it_passes(story: Story) -> None:
    """The package that was opened fails, a person goes on without it and is asked, then judges."""
    story.begin(config('test -e "$NOTES/healed" || ! test -e src/wp-a/made.txt'))
    story.plans("p", Piece(id="wp-a"))
    first = story.run("p", f"{BEGIN}; {MAKE}; echo $PLAIT_ATTEMPT >> src/wp-a/made.txt")
    assert first.code == 1, first.out
    assert "whole   did not pass" in first.out
    assert story.note("starts") == ["wp-a 1", "integration-fix-1 1", "integration-fix-1 2"]
    assert story.plait("skip", "integration-fix-1").code == 0
    asked = story.plait("resume")
    assert asked.code == 3, asked.out
    assert "plait answer" in asked.out
    report = story.report()
    assert (report["status"], report["integration"]["status"]) == ("blocked", "asked")
    (question,) = [each for each in report["escalations"] if not each["settled"]]
    assert (question["id"], question["package"]) == ("integration", None)
    (story.notes / "healed").touch()
    assert story.plait("retry", "integration").code == 0
    assert story.plait("resume").code == 0


def test_contracts_and_the_change_are_looked_at_across_packages(story: Story) -> None:
    """Who makes a contract, who builds on it, who began with another text; OpenSpec's program."""
    story.begin()
    openspec(story, 0)
    builds = {"description": f"Build on {CONTRACT}."}
    story.plans(
        "p",
        Piece(id="wp-api", write=["src/wp-api/**", CONTRACT], checks=["sleep 0.1"]),
        Piece(id="wp-ui", extra=builds),
        Piece(id="wp-late", needs=["wp-api"], extra=builds),
    )
    change = f'test "$PLAIT_PACKAGE" != wp-api || echo "Others." > {CONTRACT}'
    done = story.run("p", f"{MAKE}; {change}")
    assert done.code == 0, done.err
    report = story.report()
    (use,) = report["contracts"]["uses"]
    assert use == {
        "path": CONTRACT,
        "producers": ["wp-api"],
        "consumers": ["wp-ui", "wp-late"],
        "changed_by": ["wp-api"],
        "built_before": ["wp-ui"],
    }
    assert report["integration"]["validated"] == "openspec validate --strict"
    (call,) = story.note("validated")
    assert call.endswith(" validate p --strict")
    assert "wp-ui began with another text of it" in story.plait("report").out


def test_what_cannot_run_here_asks_at_once_and_yes_lets_the_branch_stay(story: Story) -> None:
    """A program that is missing is nobody's fault: no package is opened.

    Nor is a change that OpenSpec found wrong before anything landed: that is only told.
    """
    story.begin(config("no-such-program --check"))
    openspec(story, 1)
    story.plans("p", Piece(id="wp-a"))
    first = story.run("p", f"{BEGIN}; {MAKE}")
    assert first.code == 3, first.out
    vague = story.plait("answer", "integration", "perhaps")
    assert (vague.code, "BAD_ANSWER" in vague.err) == (2, True)
    assert "no-such-program" in first.out
    assert story.plait("answer", "integration", "yes, it is run elsewhere").code == 0
    done = story.plait("resume")
    assert done.code == 0, done.out
    report = story.report()
    assert report["integration"]["status"] == "accepted"
    assert report["integration"]["accepted"]["reason"] == "yes, it is run elsewhere"
    assert report["integration"]["validated"].endswith("which fails as it did before")
    assert "CHANGE_INVALID" in [each["code"] for each in report["warnings"]]
    assert report["decisions"][-1]["answer"] == "yes, it is run elsewhere"
    assert story.note("starts") == ["wp-a 1"]
