"""What a run leaves behind when it has ended: nothing that it no longer needs, and all the rest."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE"; echo ok > "src/$PLAIT_PACKAGE/x"'
NOTHING: dict[str, list[str]] = {"branches": [], "refs": [], "worktrees": []}


def worktrees(story: Story) -> list[Path]:
    """What lies in the folder of worktrees."""
    return sorted((story.repo / ".plait/worktrees").iterdir())


def test_after_success_worktrees_and_branches_of_packages_are_gone(story: Story) -> None:
    """What landed is on the run's branch; what was rejected on the way is kept and named."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", retry_budget=1))
    agent = f'{WRITE}; test "$PLAIT_PACKAGE$PLAIT_ATTEMPT" != wp-b1'

    outcome = story.run("p", agent, "--check", "echo built > made-by-a-check")

    assert outcome.code == 0, outcome.err
    report = story.report()
    run = report["run"]
    assert story.git("branch", "--list", "plait/*") == ""
    assert worktrees(story) == []
    assert len(story.git("worktree", "list").splitlines()) == 1
    assert report["kept"] == {**NOTHING, "refs": [f"refs/plait/keep/{run}/wp-b/1"]}
    assert f"kept    hidden refs: refs/plait/keep/{run}/wp-b/1" in outcome.out
    own = story.git("log", "--no-merges", "--format=%s", "main..openspec/p").splitlines()
    assert sorted(own)[:2] == ["Build wp-a", "Build wp-b"]
    assert story.plait("clean").out == "nothing to remove\n"
    assert story.plait("resume").code == 0


def test_without_success_everything_stays_and_is_named(story: Story) -> None:
    """Also the branch of what landed: the run can be gone on with, and is tidied up then."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"))
    agent = f'{WRITE}; test "$PLAIT_PACKAGE" = wp-a || test -e "$NOTES/go"'

    outcome = story.run("p", agent)

    assert outcome.code == 1
    report = story.report()
    run = report["run"]
    assert report["kept"] == {
        "branches": [f"plait/{run}/wp-a"],
        "refs": [f"refs/plait/keep/{run}/wp-b/1"],
        "worktrees": [str(each) for each in worktrees(story)],
    }
    assert f"kept    branches: plait/{run}/wp-a" in outcome.out
    assert "kept    worktrees: " in outcome.out
    for form in ("md", "html"):
        assert f"plait/{run}/wp-a" in story.plait("report", "--format", form).out
    (story.notes / "go").touch()
    assert story.plait("retry", run).code == 0
    assert story.plait("resume").code == 0
    assert story.git("branch", "--list", "plait/*") == ""
    assert worktrees(story) == []


def test_what_nothing_else_leads_to_or_somebody_uses_stays(story: Story) -> None:
    """A package's branch that somebody committed on, and one that is checked out."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"), Piece(id="wp-c", needs=["wp-a", "wp-b"]))
    own = story.root / "own"
    meddle = (
        'if test "$PLAIT_PACKAGE" = wp-c; then cd "$MAIN"; '
        'git update-ref "refs/heads/plait/$PLAIT_RUN/wp-a" '
        '$(git commit-tree -m more -p "plait/$PLAIT_RUN/wp-a" "plait/$PLAIT_RUN/wp-a^{tree}"); '
        f'git worktree add -q {own} "plait/$PLAIT_RUN/wp-b"; fi'
    )
    story.env["MAIN"] = str(story.repo)

    outcome = story.run("p", f"{WRITE}; ({meddle})")

    assert outcome.code == 0, outcome.err
    run = story.report()["run"]
    names = [f"plait/{run}/wp-a", f"plait/{run}/wp-b"]
    assert story.report()["kept"] == {**NOTHING, "branches": names}
    assert (own / "src/wp-b/x").exists()
    left = story.plait("clean", "--json").report()["left"]
    assert {each["name"]: each["code"] for each in left} == {
        names[0]: "BRANCH_NOT_SAFE",
        names[1]: "BRANCH_CHECKED_OUT",
    }


def test_worktrees_can_stay_for_the_next_run(story: Story) -> None:
    """`[workspace] keep`: the next run works in the same ones."""
    story.begin({"plait.toml": "[workspace]\nkeep = true\n"})
    story.plans("p", Piece(id="wp-a"))
    assert story.run("p", WRITE).code == 0
    stayed = worktrees(story)
    assert stayed
    assert story.git("branch", "--list", "plait/*") == ""
    assert story.report()["kept"] == {**NOTHING, "worktrees": [str(each) for each in stayed]}
