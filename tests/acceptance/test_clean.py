"""`plait clean` removes what is safe elsewhere, and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from tests.acceptance.conftest import Story, wait_until
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE"; echo ok > "src/$PLAIT_PACKAGE/x"'


def landed(story: Story) -> str:
    """A run that landed one package and failed at another; its id."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"))
    assert story.run("p", f"test $PLAIT_PACKAGE = wp-a || exit 1; {WRITE}").code == 1
    run: str = story.report()["run"]
    return run


def retired(story: Story) -> tuple[Path, str]:
    """A worktree that a crash left and in which somebody wrote on, and its slot's name."""
    story.begin({"plait.toml": "[workspace]\nkeep = true\n"})
    story.plans("p", Piece(id="wp-a"))
    agent = (
        'mkdir -p src/wp-a; echo half > src/wp-a/half; echo "$PPID $$" >> "$NOTES/on"; '
        'test "$(wc -l < "$NOTES/on")" -gt 1 || sleep 60'  # the second time it ends at once
    )
    process = story.starts("run", "p", "--yes", "--agent", f"command:{agent}")
    wait_until(lambda: bool(story.note("on")))
    shim_and_agent = map(int, story.note("on")[0].split())
    for number in (process.pid, *shim_and_agent):  # or the agent would be taken up again
        os.kill(number, signal.SIGKILL)
    process.communicate()
    worktrees = story.repo / ".plait" / "worktrees"
    with (worktrees / "w1/src/wp-a/half").open():  # somebody uses it
        assert story.run("p", WRITE).code == 0  # goes on, keeps the half work, sets it aside
    (folder,) = worktrees.glob(".retired-*")
    (folder / "late").write_text("precious")
    return folder, folder.name.removeprefix(".retired-")


def test_after_a_run_everything_goes_but_the_work(story: Story) -> None:
    """Worktrees and spent branches are removed, told in text or JSON; the run's branch stays."""
    run = landed(story)
    head = story.git("rev-parse", "openspec/p")
    done = story.plait("clean", "--json")
    assert done.code == 0, done.out
    told = done.report()
    assert told["branches"] == [{"name": f"plait/{run}/wp-a", "kept_ref": None}]
    assert told["left"] == []
    assert all(not Path(each["path"]).exists() for each in told["worktrees"])
    assert told["worktrees"]
    assert story.git("rev-parse", "openspec/p") == head
    assert story.plait("clean").out == "nothing to remove\n"


def test_work_that_is_nowhere_else_is_refused_with_the_way_to_keep_it(story: Story) -> None:
    """Exit 3, the path and the command are named; after the command, clean removes it."""
    folder, slot = retired(story)
    refusal = story.plait("clean")
    assert refusal.code == 3
    assert f"left {folder}: it holds work that is nowhere else [SLOT_NOT_SAFE]" in refusal.out
    assert f"`plait recover --from {slot}`" in refusal.out
    assert (folder / "late").read_text() == "precious"
    (left,) = story.plait("clean", "--json").report()["left"]
    assert (left["name"], left["code"]) == (str(folder), "SLOT_NOT_SAFE")
    assert story.plait("recover", "--from", slot, "--branch", "saved").code == 0
    assert story.git("show", "saved:late") == "precious"
    assert story.plait("clean").code == 0
    assert not folder.exists()


def test_the_fence_of_a_run_that_was_killed_goes(story: Story) -> None:
    """Its hidden ref leads nowhere that is new; the run can be gone on with all the same."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    agent = f'touch "$NOTES/on"; while ! test -e "$NOTES/go"; do sleep 0.05; done; {WRITE}'
    process = story.starts("run", "p", "--yes", "--agent", f"command:{agent}")
    wait_until((story.notes / "on").exists)
    process.kill()
    process.communicate()
    refs = ("for-each-ref", "--format=%(refname)", "refs/plait/trunk/")
    assert story.git(*refs)
    story.plait("clean")
    assert story.git(*refs) == ""
    (story.notes / "go").touch()
    assert story.plait("resume").code == 0
    assert story.git(*refs) == ""


def test_it_can_be_kept_and_removed_in_one_go(story: Story) -> None:
    """`--keep` puts it under a hidden ref that `plait recover` lists."""
    folder, slot = retired(story)
    done = story.plait("clean", "--keep")
    assert done.code == 0, done.out
    assert not folder.exists()
    assert story.git("show", f"refs/plait/keep/clean/{slot}:late") == "precious"
    assert f"refs/plait/keep/clean/{slot}" in story.plait("recover").out


def test_what_git_cannot_hold_stays_and_stops_nothing(story: Story) -> None:
    """A name that no tree can have: that folder is left, and all others go."""
    folder, _ = retired(story)
    (folder / "late").unlink()
    (folder / "git~1").write_text("precious")
    done = story.plait("clean", "--json")
    assert done.code == 3
    told = done.report()
    assert [each["code"] for each in told["left"]] == ["NOT_IN_GIT"]
    assert str(folder) in told["left"][0]["hint"]
    assert told["worktrees"]
    assert (folder / "git~1").exists()


def test_the_last_ref_to_landed_work_is_not_deleted(story: Story) -> None:
    """The run's branch is gone: the package's branch stays, or goes once it is kept."""
    run = landed(story)
    work = story.git("rev-parse", f"plait/{run}/wp-a")
    story.git("branch", "-q", "-D", "openspec/p")
    shutil.rmtree(story.repo / ".plait" / "worktrees")
    refusal = story.plait("clean", run)
    assert (refusal.code, "BRANCH_NOT_SAFE" in refusal.out) == (3, True)
    assert story.git("rev-parse", f"plait/{run}/wp-a") == work
    assert story.plait("clean", "--keep").code == 0
    assert story.git("branch", "--list", "plait/*") == ""
    assert story.git("rev-parse", f"refs/plait/keep/{run}/wp-a/1") == work
