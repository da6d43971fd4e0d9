"""Several candidates wait at once: they share tests, and nothing untested lands."""

from __future__ import annotations

import signal
from collections import Counter

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo "$PLAIT_PACKAGE" > "src/$PLAIT_PACKAGE/made.txt"'
NAMES = [f"wp-{letter}" for letter in "abcdefgh"]
# A package is verified once it has noted itself; the first merge result waits for all of them.
VERIFIED = 'test "$PLAIT_STAGE" = land || : > "$NOTES/$PLAIT_PACKAGE.verified"'
TOGETHER = 'until test "$(ls "$NOTES"/*.verified | wc -l)" -ge 8; do sleep 0.05; done'
SAY = 'say() { echo "$(git rev-parse "HEAD^{tree}") $1" >> "$NOTES/trees"; }'


def configure(story: Story, check: str, *, runners: int = 1, together: str = "always") -> None:
    """Checks of every merge result, after what the queue waits for."""
    command = f"{SAY}\nif test $PLAIT_STAGE = land; then {TOGETHER}; fi\n{check}"
    (story.repo / "plait.toml").write_text(
        f"[landing]\nrunners = {runners}\ntogether = '{together}'\n"
        f"[checks]\nland = ['''{command}''']\n"
    )


def plan(story: Story) -> None:
    """Eight packages that need nothing of each other."""
    story.begin()
    story.plans("add-eight", *(Piece(id=name, checks=[VERIFIED]) for name in NAMES))


def verdicts(story: Story) -> list[tuple[str, str]]:
    """Trees that the repository's check saw, in order, with what it said."""
    return [(tree, said) for tree, said in (line.split() for line in story.note("trees"))]


def require_tested(story: Story) -> list[str]:
    """Every first-parent tree was passed as that tree; the trees."""
    trees = story.first_parents("openspec/add-eight")
    assert set(trees) <= {tree for tree, said in verdicts(story) if said == "pass"}
    return trees


@pytest.mark.parametrize("runners", [1, 3])
def test_what_waits_lands_together(story: Story, runners: int) -> None:
    """Eight packages need fewer tests than eight, each is on the branch, with its own merge."""
    plan(story)
    configure(story, "say pass", runners=runners)
    outcome = story.run("add-eight", WRITE, "--max-agents", "8")
    assert outcome.code == 0, outcome.err
    trees = require_tested(story)
    assert len(trees) < 8
    log = "--format=%(trailers:key=Plait-Package,valueonly)"
    first_line = story.git("log", "--first-parent", log, "main..openspec/add-eight").split()
    assert sorted(first_line) == NAMES
    merges = story.git("rev-list", "--merges", "main..openspec/add-eight").split()
    ends = [story.git("rev-parse", f"{each}^2") for each in merges]
    single = "--format=%(trailers:key=Plait-Package,valueonly,separator=%x20)"
    own = [story.git("log", "-1", single, each) for each in ends]
    assert set(NAMES) <= set(own)
    for package in story.packages().values():
        assert package["status"] == "landed"
        assert package["files_modified"] == [f"src/{package['id']}/made.txt"]
        assert [each["passed"] for each in package["checks"] if each["name"].startswith("say")]


def test_the_culprit_falls_out_and_the_rest_lands(story: Story) -> None:
    """Two of eight break the sum: they are found, told why, and nobody else is held up."""
    plan(story)
    bad = "test ! -e src/wp-c/made.txt -a ! -e src/wp-f/made.txt"
    configure(story, f"if {bad}; then say pass; else say fail; exit 1; fi", runners=2)
    outcome = story.run("add-eight", WRITE, "--max-agents", "8")
    assert outcome.code == 1
    require_tested(story)
    statuses = {name: each["status"] for name, each in story.packages().items()}
    assert statuses == {name: "failed" if name in {"wp-c", "wp-f"} else "landed" for name in NAMES}
    for name in ("wp-c", "wp-f"):
        last = story.packages()[name]["attempts"][-1]
        assert last["error_code"] == "LANDING_FAILED"
        assert "say fail" in story.packages()[name]["reason"]


def test_a_flake_holds_nobody_back_and_is_told(story: Story) -> None:
    """A check that fails once of a tree and then passes ejects no one; the report names it."""
    plan(story)
    once = 'if test ! -e "$NOTES/flaked" && test -e src/wp-b/made.txt; then : > "$NOTES/flaked"; '
    configure(story, f"{once} say fail; exit 1; fi; say pass")
    outcome = story.run("add-eight", WRITE, "--max-agents", "8")
    assert outcome.code == 0, outcome.err
    require_tested(story)
    flakes = story.report()["flakes"]
    assert [each["name"].startswith("say") for each in flakes] == [True]
    assert "flaky" in outcome.err


def test_a_flaky_check_is_in_quarantine(story: Story) -> None:
    """Known to be one, it has a second run at once, also alone: no attempt is used up by it."""
    story.begin()
    first = '"$NOTES/$(git rev-parse "HEAD^{tree}")"'
    spared = 'test "$PLAIT_STAGE $PLAIT_PACKAGE" = "verify wp-a"'
    flaky = f"{spared} || test -e {first} || {{ : > {first}; exit 1; }}"
    story.plans(
        "add-eight",
        Piece(id="wp-a", checks=[flaky]),
        Piece(id="wp-b", needs=["wp-a"], checks=[flaky]),
    )
    outcome = story.run("add-eight", WRITE)
    assert outcome.code == 0, outcome.err
    assert [each["package"] for each in story.report()["flakes"]] == ["wp-a", "wp-b"]


def test_a_tree_that_was_tested_is_not_tested_again(story: Story) -> None:
    """A package that changes nothing lands on the tree of the one before it."""
    story.begin()
    (story.repo / "plait.toml").write_text('[checks.integrity]\nempty = "warn"\n')
    same = 'echo "$(git rev-parse "HEAD^{tree}")" >> "$NOTES/$PLAIT_STAGE"'
    story.plans(
        "add-eight",
        Piece(id="wp-a", checks=[same]),
        Piece(id="wp-b", needs=["wp-a"], checks=[same]),
    )
    outcome = story.run("add-eight", f"test $PLAIT_PACKAGE = wp-b || {{ {WRITE}; }}")
    assert outcome.code == 0, outcome.err
    assert len(story.note("land")) == 1
    assert "its tree was tested before" in outcome.err


def test_killed_between_the_branch_and_the_record_all_that_landed_is_known(story: Story) -> None:
    """The branch's own words tell which packages landed in one commit."""
    plan(story)
    configure(story, 'say pass; : > "$NOTES/tested"')
    agent = ["--agent", f"command:{WRITE}", "--yes", "--max-agents", "8"]
    child = story.starts("run", "add-eight", *agent)
    branch = story.repo / ".git" / "refs" / "heads" / "openspec" / "add-eight"
    wait_until(lambda: branch.exists() and bool(story.note("trees")))
    end_with(child, signal.SIGKILL)
    done = story.plait("resume")
    assert done.code == 0, done.err
    log = "--format=%(trailers:key=Plait-Package,valueonly)"
    landed = story.git("log", "--first-parent", log, "main..openspec/add-eight").split()
    assert Counter(landed) == Counter(NAMES)
    require_tested(story)
