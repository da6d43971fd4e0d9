"""What did not land is found again, and given back."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.acceptance.conftest import Story, wait_until
from tests.fakes.plans import Piece

OUTSIDE = "mkdir -p src/wp-a; echo mine > src/wp-a/in.txt; printf 'a\\0b' > out.bin"


def refused(story: Story, agent: str = OUTSIDE) -> str:
    """A run whose one package wrote outside its scope; the run's id."""
    story.begin()
    story.plans("p", Piece(id="wp-a", write=["src/wp-a/**"]))
    assert story.run("p", agent).code == 1
    run: str = story.report()["run"]
    return run


def test_the_list_names_what_was_refused_and_why(story: Story) -> None:
    """Run, package, title, attempt, reason, files and size stand in the text and in the JSON."""
    run = refused(story)
    told = story.plait("recover")
    assert told.code == 0
    for part in (run, "wp-a", "Build wp-a", "SCOPE_VIOLATION", "out.bin", "2 files, 8 B"):
        assert part in told.out, told.out
    ((group,),) = (story.plait("recover", "--json").report()["runs"],)
    (kept,) = group["kept"]
    assert group["run"] == kept["run"] == run
    assert kept["where"] == "ref"
    assert kept["source"] == f"refs/plait/keep/{run}/wp-a/1"
    assert (kept["package"], kept["attempt"], kept["epoch"]) == ("wp-a", 1, 1)
    assert kept["code"] == "SCOPE_VIOLATION"
    assert kept["files"] == ["out.bin", "src/wp-a/in.txt"]
    assert kept["size"] == 8
    assert kept["base"] == story.git("rev-parse", "main")


def test_where_all_landed_nothing_is_listed(story: Story) -> None:
    """The branch of a package that landed is not work that was lost."""
    story.begin()
    story.plans("p", Piece(id="wp-a", write=["src/wp-a/**"]), Piece(id="wp-b", retry_budget=0))
    agent = "test $PLAIT_PACKAGE = wp-a || exit 1; mkdir -p src/wp-a; echo ok > src/wp-a/x"
    assert story.run("p", agent).code == 1
    assert "plait/" in story.git("branch", "--list", "plait/*")
    assert story.plait("recover", "--json").report() == {"runs": []}
    assert "nothing is kept" in story.plait("recover").out


def test_work_comes_back_as_a_branch_and_nothing_else_moves(story: Story) -> None:
    """A unique beginning of the run and any case of the package will do; the checkout stays."""
    run = refused(story)
    before = story.snapshot()
    done = story.plait("recover", run[:-1], "WP-A")
    assert done.code == 0, done.err
    assert story.git("show", "recovered/wp-a-1:src/wp-a/in.txt") == "mine"
    kept = story.git("rev-parse", f"refs/plait/keep/{run}/wp-a/1")
    assert story.git("rev-parse", "recovered/wp-a-1") == kept
    assert story.snapshot() == before
    again = story.plait("recover", run, "wp-a", "--json").report()
    assert (again["branch"], again["is_new"]) == ("recovered/wp-a-1", False)


def test_a_branch_that_is_there_is_not_overwritten(story: Story) -> None:
    """Exit 2 with the way out, and the branch is where it was."""
    run = refused(story)
    story.git("branch", "mine")
    head = story.git("rev-parse", "mine")
    done = story.plait("recover", run, "wp-a", "--branch", "mine")
    assert done.code == 2
    assert "BRANCH_EXISTS" in done.err
    assert "--branch NAME" in done.err
    assert story.git("rev-parse", "mine") == head
    bad = story.plait("recover", run, "wp-a", "--branch", "no..good")
    assert (bad.code, "BRANCH_INVALID" in bad.err) == (2, True)


def test_work_can_be_checked_out_elsewhere(story: Story) -> None:
    """`--worktree` makes a worktree of the user's; a folder that is not empty is refused."""
    run = refused(story)
    full = story.root / "full"
    full.mkdir()
    (full / "mine").write_text("precious")
    refusal = story.plait("recover", run, "wp-a", "--worktree", str(full))
    assert (refusal.code, "FOLDER_NOT_EMPTY" in refusal.err) == (2, True)
    assert story.git("branch", "--list", "recovered/*") == ""  # nothing is left half done
    there = story.root / "there"
    done = story.plait("recover", run, "wp-a", "--worktree", str(there))
    assert done.code == 0, done.err
    assert (there / "out.bin").read_bytes() == b"a\0b"
    assert str(there) in story.git("worktree", "list")


def test_a_patch_carries_every_byte(story: Story) -> None:
    """Applied to the base, the patch gives the kept tree, binary files and modes too."""
    agent = (
        "mkdir -p src/wp-a; head -c 5000 /dev/urandom > out.bin; printf '#!/bin/sh\\n' > 'a b'; "
        "chmod +x 'a b'; ln -s README.md link; printf 'no newline' > README.md"
    )
    run = refused(story, agent)
    story.git("config", "diff.noprefix", "true")
    patch = story.root / "work.patch"
    done = story.plait("recover", run, "wp-a", "--patch", str(patch))
    assert done.code == 0, done.err
    other = story.root / "other"
    story.git("worktree", "add", "-q", "--detach", str(other), "main")
    apply = ["git", "apply", "--index", str(patch)]
    subprocess.run(apply, cwd=other, env=story.env, check=True)
    tree = subprocess.run(
        ["git", "write-tree"], cwd=other, env=story.env, check=True, capture_output=True, text=True
    ).stdout.strip()
    assert tree == story.git("rev-parse", f"refs/plait/keep/{run}/wp-a/1^{{tree}}")
    printed = story.plait("recover", run, "wp-a", "--patch", "-")
    assert printed.out == patch.read_text()
    twice = story.plait("recover", run, "wp-a", "--patch", str(patch))
    assert (twice.code, "FILE_EXISTS" in twice.err) == (2, True)
    assert story.git("branch", "--list", "recovered/*") == ""


def test_each_attempt_can_be_had_by_its_epoch(story: Story) -> None:
    """Without `--epoch` the last one is meant; an epoch that is not kept is told."""
    story.begin()
    story.plans("p", Piece(id="wp-a", write=["src/**"], retry_budget=1, checks=["false"]))
    assert story.run("p", 'mkdir -p src; echo "$PLAIT_EPOCH" > src/epoch').code == 1
    run = story.report()["run"]
    assert story.plait("recover", run, "wp-a").code == 0
    assert story.git("show", "recovered/wp-a-2:src/epoch") == "2"
    assert story.plait("recover", run, "wp-a", "--epoch", "1").code == 0
    assert story.git("show", "recovered/wp-a-1:src/epoch") == "1"
    wrong = story.plait("recover", run, "wp-a", "--epoch", "7")
    assert (wrong.code, "epochs: 2, 1" in wrong.err) == (2, True)


def test_what_is_meant_wrongly_is_told(story: Story) -> None:
    """No such run, no such package, nothing kept of it, nothing named: exit 2, each with a code."""
    story.begin()
    story.plans("p", Piece(id="wp-a", write=["src/wp-a/**"]), Piece(id="wp-b"))
    other = "mkdir -p src/wp-b; echo > src/wp-b/b"
    agent = f'if test "$PLAIT_PACKAGE" = wp-a; then {OUTSIDE}; else {other}; fi'
    assert story.run("p", agent).code == 1
    run = story.report()["run"]
    for arguments, code in (
        (("1999", "wp-a"), "NO_SUCH_RUN"),
        (("1999",), "NO_SUCH_RUN"),
        ((run, "wp-z"), "UNKNOWN_PACKAGE"),
        ((run, "wp-b"), "NOTHING_KEPT"),
        (("--from", "refs/plait/keep/none"), "NOTHING_KEPT"),
    ):
        outcome = story.plait("recover", *arguments)
        assert (outcome.code, code in outcome.err) == (2, True), outcome.err
    assert story.plait("recover", run, "--epoch", "1").code == 2
    error = story.plait("recover", run, "wp-b", "--json").report()["error"]
    assert (error["code"], error["exit_code"]) == ("NOTHING_KEPT", 2)


def test_what_an_interrupted_agent_wrote_is_listed_as_interrupted(story: Story) -> None:
    """SIGTERM ends the agent; its half-done work is there under its epoch."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    agent = 'mkdir -p src; echo half > src/half; : > "$NOTES/on"; sleep 3'
    process = story.starts("run", "p", "--yes", "--agent", f"command:{agent}")
    wait_until((story.notes / "on").exists)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    (group,) = story.plait("recover", "--json").report()["runs"]
    (kept,) = group["kept"]
    assert (kept["code"], kept["files"]) == ("INTERRUPTED", ["src/half"])
    assert story.plait("recover", group["run"], "wp-a").code == 0
    assert story.git("show", "recovered/wp-a-1:src/half") == "half"


def test_what_a_crash_left_in_a_worktree_is_found_there(story: Story) -> None:
    """After kill -9 the work is in a folder and nowhere else: listed, restored, and then kept."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    agent = 'mkdir -p src; echo half > src/half; echo "$PPID $$" >> "$NOTES/on"; sleep 3'
    process = story.starts("run", "p", "--yes", "--agent", f"command:{agent}")
    wait_until(lambda: bool(story.note("on")))
    shim_and_agent = map(int, story.note("on")[0].split())
    for number in (process.pid, *shim_and_agent):  # an agent that lives is still at work
        os.kill(number, signal.SIGKILL)
    process.communicate()
    (group,) = story.plait("recover", "--json").report()["runs"]
    (kept,) = group["kept"]
    assert (kept["where"], kept["code"], kept["package"]) == ("worktree", "NOT_KEPT", "wp-a")
    assert kept["files"] == ["src/half"]
    assert Path(kept["path"], "src/half").exists()
    assert story.git("for-each-ref", "refs/plait/keep") == ""  # looking changes nothing
    done = story.plait("recover", group["run"], "wp-a")
    assert done.code == 0, done.err
    assert story.git("show", "recovered/wp-a-1:src/half") == "half"
    (after,) = story.plait("recover", "--json").report()["runs"][0]["kept"]
    assert (after["where"], after["code"], after["epoch"]) == ("ref", "CRASHED", 1)


def test_a_name_that_is_no_text_is_told_all_the_same(story: Story) -> None:
    """A file's name need not be UTF-8: both lists are printed, and the work comes back."""
    run = refused(story, "echo x > \"$(printf 'odd\\377')\"")
    assert "odd" in story.plait("recover").out
    (kept,) = story.plait("recover", "--json").report()["runs"][0]["kept"]
    assert kept["files"] == ["odd\udcff"]
    assert story.plait("recover", run, "wp-a").code == 0
    assert "odd" in story.git("ls-tree", "-r", "--name-only", "recovered/wp-a-1")


def test_refs_outlive_the_store(story: Story) -> None:
    """Somebody deleted `.plait`: what the refs say of themselves is listed, and restored."""
    run = refused(story)
    subprocess.run(["rm", "-r", str(story.repo / ".plait")], check=True)
    (kept, *_) = story.plait("recover", "--json").report()["runs"][0]["kept"]
    assert (kept["run"], kept["package"], kept["epoch"]) == (run, "wp-a", 1)
    assert kept["files"] == ["out.bin", "src/wp-a/in.txt"]
    assert story.plait("recover", run, "wp-a").code == 0


def test_a_verified_package_of_an_interrupted_run_is_listed_by_its_branch(story: Story) -> None:
    """It passed its checks and the run was killed before it landed."""
    story.begin()
    slow = 'test "$PLAIT_STAGE" = verify || sleep 20'
    story.plans("p", Piece(id="wp-a", write=["src/**"], checks=[slow]))
    agent = "command:mkdir -p src; echo ok > src/x"
    process = story.starts("run", "p", "--yes", "--agent", agent)
    wait_until(lambda: "landing" in story.plait("status").out)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    found = story.plait("recover", "--json").report()["runs"][0]["kept"]
    (kept,) = [each for each in found if each["where"] == "branch"]
    assert (kept["code"], kept["files"]) == ("NOT_LANDED", ["src/x"])
    assert story.plait("recover", "--from", kept["source"], "--branch", "mine").code == 0
    assert story.git("show", "mine:src/x") == "ok"
