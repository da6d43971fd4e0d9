"""A plan whose format has no boxes: what landed is known by Plait's own record."""

from __future__ import annotations

from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo "$PLAIT_PACKAGE" > "src/$PLAIT_PACKAGE/made.txt"'


def landed(story: Story) -> Story:
    """Two packages landed, and their branch is merged."""
    story.begin()
    story.plans("add-export", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]))
    assert story.run("add-export", WRITE).code == 0
    story.git("merge", "-q", "openspec/add-export")
    story.git("branch", "-qD", "openspec/add-export")
    return story


def statuses(story: Story) -> dict[str, str]:
    """What `show` says of each package."""
    told = story.plait("show", "add-export", "--json")
    assert told.code == 0, told.out
    shown = told.report()
    return {package["id"]: package["status"] for package in shown["packages"]}


def test_what_was_merged_is_done(story: Story) -> None:
    """After the merge a plan with one more package runs that one only."""
    landed(story)
    story.plans(
        "add-export",
        Piece(id="wp-a"),
        Piece(id="wp-b", needs=["wp-a"]),
        Piece(id="wp-c", needs=["wp-b"]),
    )

    assert statuses(story) == {"wp-a": "done", "wp-b": "done", "wp-c": "pending"}
    checked = story.plait("check", "add-export").out
    assert "LANDED_BEFORE landed by earlier runs, and part of what is built on: wp-a, wp-b" in (
        checked
    )
    assert story.run("add-export", WRITE).code == 0
    assert {name: each["status"] for name, each in story.packages().items()} == {
        "wp-a": "done_before",
        "wp-b": "done_before",
        "wp-c": "landed",
    }


def test_what_was_not_merged_is_not_done(story: Story) -> None:
    """The record counts only where the commit is part of what is built on."""
    landed(story)
    assert statuses(story) == {"wp-a": "done", "wp-b": "done"}
    story.git("reset", "-q", "--hard", "HEAD~2")

    assert statuses(story) == {"wp-a": "pending", "wp-b": "pending"}


def test_a_package_that_reads_differently_is_done_again(story: Story) -> None:
    """And `check` says why."""
    landed(story)
    path = story.repo / "openspec/changes/add-export/work-packages.yaml"
    path.write_text(path.read_text().replace("what wp-b is for", "all that wp-b is for"))

    assert statuses(story) == {"wp-a": "done", "wp-b": "pending"}
    assert "warning CHANGED_SINCE_LANDING wp-b landed in run" in (
        story.plait("check", "add-export").out
    )


def test_a_repository_without_a_commit_can_be_checked(story: Story) -> None:
    """No commit, no history: nothing landed, and nothing fails."""
    landed(story)
    story.git("checkout", "-q", "--orphan", "empty")
    assert statuses(story) == {"wp-a": "pending", "wp-b": "pending"}
