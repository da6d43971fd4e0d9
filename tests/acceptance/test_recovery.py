"""A crash at the worst moment costs time, never truth."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo ok > "src/$PLAIT_PACKAGE/made.txt"'


def forget_since(story: Story, kind: str) -> None:
    """Take the store back to just before an event, as if the crash had come then."""
    with closing(sqlite3.connect(story.repo / ".plait" / "plait.db")) as database, database:
        ((seq,),) = database.execute("SELECT min(seq) FROM event WHERE type = ?", (kind,))
        database.execute("DELETE FROM event WHERE seq >= ?", (seq,))
        database.execute("UPDATE run SET seq = ?, status = 'running', head = base", (seq - 1,))
        database.execute("UPDATE package SET status = 'landing'")


def test_a_landing_that_was_not_recorded_is_read_off_the_branch(story: Story) -> None:
    """The branch moved and Plait died before it wrote that down: it lands once all the same."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    assert story.run("p", WRITE).code == 0
    head = story.git("rev-parse", "openspec/p")
    forget_since(story, "landed")
    outcome = story.plait("resume")
    assert outcome.code == 0, outcome.err
    assert story.git("rev-parse", "openspec/p") == head
    package = story.packages()["wp-a"]
    assert package["status"] == "landed"
    assert package["commit"] == head
    assert len(package["attempts"]) == 1


def test_a_branch_that_somebody_moved_meanwhile_is_not_built_upon(story: Story) -> None:
    """A head that is no landing of this run is a person's: exit 2, and it stays."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    assert story.run("p", WRITE).code == 0
    forget_since(story, "landed")
    story.git("branch", "-f", "openspec/p", story.git("commit-tree", "main^{tree}", "-m", "mine"))
    head = story.git("rev-parse", "openspec/p")
    outcome = story.plait("resume")
    assert outcome.code == 2
    assert "TRUNK_MOVED" in outcome.err
    assert story.git("rev-parse", "openspec/p") == head


def test_a_clone_that_lacks_the_runs_commits_is_told_how_to_get_them(story: Story) -> None:
    """TRUNK_MOVED with a command that brings them; after it, the clone finishes the run."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]))
    clone = story.root / "clone"
    story.git("clone", "-q", str(story.repo), str(clone))
    story.env["PLAIT_DATABASE_URL"] = str(story.root / "shared.db")
    slow = 'test $PLAIT_PACKAGE = wp-b && ! test -e "$NOTES/go" && sleep 300'
    agent = f'echo $PLAIT_PACKAGE >> "$NOTES/starts"; {slow}; {WRITE}'
    process = story.starts("run", "p", "--yes", "--agent", f"command:{agent}")
    wait_until(lambda: "wp-b" in story.note("starts"))
    assert end_with(process, signal.SIGINT)[0] == 130
    (story.notes / "go").touch()
    refused = story.plait("resume", cwd=clone)
    assert (refused.code, "TRUNK_MOVED" in refused.err) == (2, True)
    command = refused.err[refused.err.index("git fetch") : refused.err.index("; then resume")]
    fetch = " ".join(command.split()).replace("REPOSITORY", str(story.repo))
    subprocess.run(fetch, shell=True, cwd=clone, env=story.env, check=True)
    done = story.plait("resume", cwd=clone)
    assert done.code == 0, done.err


@pytest.mark.long
def test_killed_again_and_again_each_package_lands_once(story: Story) -> None:
    """Kill -9 at many moments; the last call finishes, and nothing landed twice."""
    story.begin()
    pieces = [
        Piece(id=f"wp-{n}", needs=[f"wp-{n - 2}"] if n > 1 else [], checks=["test -d src"])
        for n in range(6)
    ]
    story.plans("p", *pieces)
    call = ("run", "p", "--yes", "--max-agents", "3", "--agent", f"command:sleep 0.1; {WRITE}")
    for number in range(8):
        process = story.starts(*call)
        wait_until(lambda: story.plait("status").code == 0)  # however slow the machine is
        time.sleep(0.15 + 0.12 * number)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    outcome = story.plait(*call)
    assert outcome.code == 0, outcome.err
    subjects = story.git("log", "--first-parent", "--format=%s", "main..openspec/p").splitlines()
    assert sorted(subjects) == [f"feat(p): Build wp-{n}" for n in range(6)]
    assert story.git("fsck", "--strict", "--no-dangling") == ""
    landed = story.git("ls-tree", "-r", "--name-only", "openspec/p", "src").split()
    assert landed == [f"src/wp-{n}/made.txt" for n in range(6)]


def test_a_step_that_was_done_is_not_done_again(story: Story) -> None:
    """Killed in the second check: resumed, the agent and the first check have run just once."""
    story.begin()
    first = 'echo "$PLAIT_STAGE" >> "$NOTES/first"'
    second = (
        'echo "$PLAIT_STAGE" >> "$NOTES/second"; while ! test -e "$NOTES/go"; do sleep 0.02; done'
    )
    story.plans("p", Piece(id="wp-a", checks=[first, second]))
    agent = f'echo on >> "$NOTES/started"; {WRITE}'
    process = story.starts("run", "p", "--yes", "--agent", f"command:{agent}")
    wait_until(lambda: story.note("second") == ["verify"])
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    (story.notes / "go").touch()
    outcome = story.plait("resume")
    assert outcome.code == 0, outcome.err
    assert story.note("started") == ["on"]
    assert story.note("first") == ["verify", "land"]
    assert story.note("second") == ["verify", "verify", "land"]
    with closing(sqlite3.connect(story.repo / ".plait" / "plait.db")) as database:
        rows = database.execute("SELECT name, epoch FROM step WHERE package = 'wp-a'").fetchall()
    steps = ("workspace", "locks", "brief", "agent", "commit", "scope", "checks", "publish", "land")
    assert sorted(rows) == sorted((name, 1) for name in steps)


def test_a_brief_tells_of_a_name_that_is_no_utf8(story: Story) -> None:
    """A file of odd bytes outside the scope is named in the next brief, with escapes."""
    story.begin()
    story.plans("p", Piece(id="wp-a", retry_budget=1))
    odd = """test "$PLAIT_ATTEMPT" = 1 && : > "$(printf 'odd-\\377')" """
    outcome = story.run(
        "p", f'{odd}; grep -q odd- "$PLAIT_BRIEF" && echo told > "$NOTES/told"; {WRITE}'
    )
    assert outcome.code == 0, outcome.err
    assert story.note("told") == ["told"]


def test_a_run_that_was_stopped_before_its_first_event_builds_on_what_landed(story: Story) -> None:
    """On the branch of an earlier run: what that landed is not done again, and plan files count."""
    story.begin()
    plan = story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"))
    agent = f'echo "$PLAIT_PACKAGE" >> "$NOTES/started"; {WRITE}'
    assert story.run("p", agent, "--package", "wp-a").code == 0
    base = story.git("rev-parse", "openspec/p")
    (plan.parent / "proposal.md").write_text("# What it is for, told anew\n")
    assert story.run("p", agent).code == 0
    with closing(sqlite3.connect(story.repo / ".plait" / "plait.db")) as database, database:
        ((run,),) = database.execute("SELECT id FROM run ORDER BY number DESC LIMIT 1")
        for table in ("event", "step"):
            database.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
        database.execute(
            "UPDATE run SET seq = 0, status = 'running', head = base WHERE id = ?", (run,)
        )
        database.execute(
            "UPDATE package SET status = 'pending', attempts = 0, epoch = 0 WHERE run = ?", (run,)
        )
    story.git("branch", "-f", "openspec/p", base)
    outcome = story.plait("resume")
    assert outcome.code == 0, outcome.err
    assert story.note("started") == ["wp-a", "wp-b", "wp-b"]
    assert "told anew" in story.git("show", "openspec/p:openspec/changes/p/proposal.md")
