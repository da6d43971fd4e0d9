"""Agents outlive the orchestrator, and the next one takes them up where they are."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.acceptance.conftest import Story, end_with, lines, wait_until
from tests.fakes.plans import Piece
from tests.fakes.processes import living_below

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo ok > "src/$PLAIT_PACKAGE/made.txt"'
BEGIN = 'echo "$PLAIT_PACKAGE $PLAIT_EPOCH" >> "$NOTES/starts"'
# It works until the test says so; a minute at most, so that nothing is left if the test fails.
SLOW = lines(
    BEGIN,
    "echo begun > begun.txt",
    'n=0; while test ! -e "$NOTES/go" -a $n -lt 600; do sleep 0.1; n=$((n+1)); done',
    "rm begun.txt",
    WRITE,
)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 of the orchestrator."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def begun(story: Story, *packages: str) -> subprocess.Popen[bytes]:
    """A run whose agents are at work."""
    process = story.starts("run", "p", "--yes", "--agent", f"command:{SLOW}")
    wait_until(lambda: len(story.note("starts")) == len(packages))
    return process


def goes_on(resuming: subprocess.Popen[bytes]) -> str:
    """What a run says when it is taken up again; it has been by then."""
    assert resuming.stderr is not None
    for line in resuming.stderr:
        if b"goes on" in line:
            return line.decode()
    raise AssertionError("it did not go on")


def shims(story: Story) -> list[int]:
    """The process ids that shims noted."""
    notes = (story.repo / ".plait/runs").glob("*/*/*/alive.lock")
    told = [line.split() for note in notes for line in note.read_text().splitlines()]
    return [int(words[1]) for words in told if words[:1] == ["shim"]]


def test_an_agent_at_work_is_adopted_and_not_started_again(story: Story) -> None:
    """Kill -9 in mid-agent: it lives on, `resume` awaits it, same epoch, same attempt."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"), Piece(id="wp-c", needs=["wp-a"]))
    kill(begun(story, "wp-a", "wp-b"))
    resuming = story.starts("resume")
    assert "with 2 agents of before" in goes_on(resuming)
    (story.notes / "go").write_text("")
    _out, err = resuming.communicate(timeout=60)
    assert resuming.returncode == 0, err
    assert sorted(story.note("starts")) == ["wp-a 1", "wp-b 1", "wp-c 1"]
    for package in story.packages().values():
        assert package["status"] == "landed"
        assert [each["outcome"] for each in package["attempts"]] == ["pass"]
    assert living_below(story.root) == []
    slots = [each.name for each in (story.repo / ".plait/worktrees").iterdir()]
    assert not [name for name in slots if "retired" in name]
    assert story.git("for-each-ref", "refs/plait/keep") == ""


def test_what_an_agent_did_while_nobody_looked_is_taken_on_from_there(story: Story) -> None:
    """Its exit is there: commit, scope and checks follow, and no agent is started for it."""
    story.begin()
    story.plans("p", Piece(id="wp-a", checks=["test -f src/wp-a/made.txt"]))
    kill(begun(story, "wp-a"))
    (story.notes / "go").write_text("")
    wait_until(lambda: living_below(story.root) == [])
    outcome = story.plait("resume")
    assert outcome.code == 0, outcome.err
    assert story.note("starts") == ["wp-a 1"]
    assert story.packages()["wp-a"]["status"] == "landed"


def test_a_crash_in_the_checks_does_not_start_the_agent_again(story: Story) -> None:
    """The check that was at work is ended, what it left is not committed, and it runs again."""
    story.begin()
    check = lines(
        "echo left > src/wp-a/left.txt; echo x >> $NOTES/checks",
        'test -e "$NOTES/go" || sleep 300',
    )
    story.plans("p", Piece(id="wp-a", checks=[check]))
    agent = f"{BEGIN}; {WRITE}"
    process = story.starts("run", "p", "--yes", "--agent", f"command:{agent}")
    wait_until(lambda: bool(story.note("checks")))
    kill(process)
    (story.notes / "go").write_text("")
    outcome = story.plait("resume")
    assert outcome.code == 0, outcome.err
    assert story.note("starts") == ["wp-a 1"]
    assert living_below(story.root) == []
    landed = story.git("ls-tree", "-r", "--name-only", "openspec/p", "src")
    assert landed.split() == ["src/wp-a/made.txt"]
    assert [each["outcome"] for each in story.packages()["wp-a"]["attempts"]] == ["pass"]


def test_ctrl_c_after_an_adoption_ends_what_was_adopted(story: Story) -> None:
    """Agents of before obey as one's own do, and what they did is kept."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    kill(begun(story, "wp-a"))
    resuming = story.starts("resume")
    goes_on(resuming)
    code, _out, err = end_with(resuming, signal.SIGINT)
    assert code == 130, err
    assert living_below(story.root) == []
    kept = story.git("for-each-ref", "--format=%(refname)", "refs/plait/keep").split()
    assert "begun.txt" in story.git("ls-tree", "-r", "--name-only", kept[0])
    (story.notes / "go").write_text("")
    assert story.plait("resume").code == 0
    assert story.note("starts") == ["wp-a 1", "wp-a 2"]


def test_agents_of_a_killed_run_are_left_alone_by_others(story: Story) -> None:
    """`clean`, and a run of another plan, leave the worktree of a living agent as it is."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    story.plans("q", Piece(id="wp-z"))
    kill(begun(story, "wp-a"))
    told = story.plait("clean").out
    assert "SLOT_IN_USE" in told
    assert story.run("q", WRITE).code == 0
    (story.notes / "go").write_text("")
    first = min(each.name for each in (story.repo / ".plait/runs").iterdir())
    outcome = story.plait("resume", first)
    assert outcome.code == 0, outcome.err
    assert story.note("starts") == ["wp-a 1"]


@pytest.mark.parametrize("orchestrated", [True, False])
def test_a_killed_shim_costs_an_attempt_but_no_budget(story: Story, orchestrated: bool) -> None:
    """Its agent is ended, what it did is kept, and the package lands in the next attempt."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    process = begun(story, "wp-a")
    if not orchestrated:
        kill(process)
    os.kill(shims(story)[0], signal.SIGKILL)
    if not orchestrated:
        process = story.starts("resume")
    wait_until(lambda: len(story.note("starts")) == 2)
    (story.notes / "go").write_text("")
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert story.note("starts") == ["wp-a 1", "wp-a 2"]
    package = story.packages()["wp-a"]
    assert [each["outcome"] for each in package["attempts"]] == ["interrupted", "pass"]
    kept = story.git("for-each-ref", "--format=%(refname)", "refs/plait/keep").split()
    assert "begun.txt" in story.git("ls-tree", "-r", "--name-only", kept[0])
    assert living_below(story.root) == []


@pytest.mark.long
def test_a_package_whose_agents_are_lost_again_and_again_fails(story: Story) -> None:
    """Three times; then it is not tried for ever."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    suicide = f"{BEGIN}; kill -KILL $PPID; sleep 60"
    outcome = story.run("p", suicide)
    assert outcome.code == 1
    assert story.note("starts") == ["wp-a 1", "wp-a 2", "wp-a 3"]
    package = story.packages()["wp-a"]
    assert package["attempts"][-1]["error_code"] == "AGENT_LOST"
    assert living_below(story.root) == []


@pytest.mark.long
def test_killed_at_random_each_agent_starts_once_an_epoch(story: Story) -> None:
    """Kill -9 at eight moments: no epoch sees two starts, each package lands, nobody is left."""
    story.begin()
    pieces = [Piece(id=f"wp-{n}", needs=[f"wp-{n - 2}"] if n > 1 else []) for n in range(6)]
    story.plans("p", *pieces)
    agent = f"{BEGIN}; sleep 0.4; {WRITE}"
    call = ("run", "p", "--yes", "--max-agents", "3", "--agent", f"command:{agent}")
    moments = random.Random(4)
    for _ in range(8):
        process = story.starts(*call)
        assert process.stderr is not None
        for _line in range(moments.randint(1, 6)):  # however slow the machine is
            process.stderr.readline()
        time.sleep(moments.uniform(0, 0.2))
        kill(process)
    outcome = story.plait(*call)
    assert outcome.code in {0, 1}, outcome.err
    starts = story.note("starts")
    assert len(starts) == len(set(starts))
    assert {package["status"] for package in story.packages().values()} <= {
        "landed",
        "done_before",
    }
    landed = story.git("ls-tree", "-r", "--name-only", "openspec/p", "src").split()
    assert landed == [f"src/wp-{n}/made.txt" for n in range(6)]
    assert living_below(story.root) == []
    assert story.git("fsck", "--strict", "--no-dangling") == ""
    assert not list((story.repo / ".git").rglob("*.lock"))


def test_living_below_sees_what_it_should(story: Story) -> None:
    """The count of processes that these tests rely on counts."""
    with subprocess.Popen(["sleep", "60"], cwd=story.notes) as process:
        assert living_below(story.root) == ["sleep 60"]
        process.kill()
    assert living_below(Path(story.root)) == []
