"""Packages that begin before what they need has landed, on a provisional merge of it."""

from __future__ import annotations

import signal

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.fakes.plans import Piece

SETTINGS = "[run]\nstart_dependents = 'verified'\n[retry]\nbackoff = 0\n"
UNTIL = 'until test -e "$NOTES/{0}"; do sleep 0.05; done'
LANDS = 'test "$PLAIT_STAGE" = verify || '
WRITE = (
    'mkdir -p "src/$PLAIT_PACKAGE" && echo "$PLAIT_ATTEMPT" > "src/$PLAIT_PACKAGE/made.txt"; '
    'echo "$PLAIT_PACKAGE" >> "$NOTES/began"; : > "$NOTES/$PLAIT_PACKAGE.began"; '
    'test "$PLAIT_PACKAGE" = wp-a || { test -e src/wp-a/made.txt || exit 1; cat src/wp-a/made.txt '
    '>> "$NOTES/seen"; }'
)


def chain(story: Story, first: list[str], second: list[str] | None = None) -> None:
    """`wp-b` needs `wp-a`; the checks of each, and what they saw as trees."""
    story.begin({"plait.toml": SETTINGS})
    say = 'echo "$(git rev-parse "HEAD^{tree}")" >> "$NOTES/trees"'
    story.plans(
        "add-two",
        Piece(id="wp-a", checks=[*first, say], retry_budget=1),
        Piece(id="wp-b", needs=["wp-a"], checks=[*(second or ["true"]), say]),
    )


def require_landed(story: Story) -> None:
    """Both are on the branch, each by its own merge of a tested tree, `wp-a` first."""
    trees = story.first_parents("openspec/add-two")
    assert len(trees) == 2
    assert set(trees) <= set(story.note("trees"))
    told = story.git("log", "--reverse", "--first-parent", "--format=%s", "main..openspec/add-two")
    assert [line.partition(" Build ")[2] for line in told.splitlines()] == ["wp-a", "wp-b"]
    for name, each in story.packages().items():
        assert each["status"] == "landed"
        assert each["files_modified"] == [f"src/{name}/made.txt"]


def test_it_begins_on_what_is_still_being_tested(story: Story) -> None:
    """The merge result of the first is green only once the second is at work."""
    chain(story, [LANDS + UNTIL.format("wp-b.began")])
    outcome = story.run("add-two", WRITE)
    assert outcome.code == 0, outcome.err
    require_landed(story)
    assert story.note("seen") == ["1"]


@pytest.mark.parametrize("until", ["wp-b.began", "wp-b.verified"])
def test_what_stood_on_a_package_that_falls_out_begins_anew(story: Story, until: str) -> None:
    """At no cost of an attempt: on the tree of the first package's second attempt."""
    red = 'test "$(cat src/wp-a/made.txt)" = 2'
    slow = 'test "$(cat src/wp-a/made.txt)" = 2 || until test -e "$NOTES/wp-a.fell"; do '
    slow += "sleep 0.05; done"
    verified = ': > "$NOTES/wp-b.verified"'
    fell = ': > "$NOTES/wp-a.fell"; exit 1'
    chain(
        story,
        [f"{LANDS}{{ {UNTIL.format(until)}; {red} || {{ {fell}; }}; }}"],
        [verified, slow] if until == "wp-b.began" else [verified],
    )
    outcome = story.run("add-two", WRITE)
    assert outcome.code == 0, outcome.err
    require_landed(story)
    attempts = story.packages()["wp-b"]["attempts"]
    assert [each.get("error_code") for each in attempts] == ["BASE_FELL_OUT", None]
    assert attempts[0]["kept_ref"]
    assert story.git("show", "openspec/add-two:src/wp-b/made.txt") == "1"
    assert story.note("seen")[-1] == "2"


def test_it_is_skipped_if_what_it_stood_on_fails(story: Story) -> None:
    """The first never lands; nor does what was built on it, though its own checks passed."""
    chain(story, [f"{LANDS}{{ {UNTIL.format('wp-b.began')}; exit 1; }}"])
    outcome = story.run("add-two", WRITE)
    assert outcome.code == 1
    packages = story.packages()
    assert [each["status"] for each in packages.values()] == ["failed", "skipped"]
    assert story.git("rev-list", "--count", "main..openspec/add-two") == "0"


def test_a_run_that_was_killed_goes_on_with_it(story: Story) -> None:
    """Killed while the second stands verified on the first, whose merge result is being tested."""
    chain(story, [LANDS + UNTIL.format("go")], [': > "$NOTES/wp-b.verified"'])
    argv = ("run", "add-two", "--agent", f"command:{WRITE}", "--yes")
    running = story.starts(*argv)
    wait_until((story.notes / "wp-b.verified").exists)
    end_with(running, signal.SIGKILL)
    (story.notes / "go").touch()
    outcome = story.plait("resume")
    assert outcome.code == 0, outcome.err
    require_landed(story)
    assert story.note("began") == ["wp-a", "wp-b"]
