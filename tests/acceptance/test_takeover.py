"""Several checkouts of one repository on one server: one of them decides a run, never two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import Story, lines, wait_until
from tests.fakes.plans import Piece, write_change
from tests.fakes.processes import living_below

# The command with leases that run out while a test can wait for it.
HASTY = """
import sys
import plait.app.running, plait.engine.watch
from plait.core.lease import Terms
plait.app.running.TERMS = Terms(lease_s=3.0, renew_s=0.5)
plait.engine.watch.WAIT_LOOK_S = 0.1
from plait.__main__ import main
sys.exit(main())
"""
WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo ok > "src/$PLAIT_PACKAGE/made.txt"'
BEGIN = 'echo "$PLAIT_PACKAGE $PLAIT_EPOCH" >> "$NOTES/starts"'
SLOW = lines(
    BEGIN,
    "echo begun > begun.txt",
    'n=0; while test ! -e "$NOTES/go" -a $n -lt 600; do sleep 0.1; n=$((n+1)); done',
    "rm begun.txt",
    WRITE,
)


class Checkouts:
    """A user's checkout, and another worktree of the same repository, on one server."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.other = story.root / "other"
        story.begin()
        story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]))
        story.plans("q", Piece(id="wp-z", keys=["db:schema:users"]))
        story.git("worktree", "add", "-q", "--detach", str(self.other))
        self.started: list[subprocess.Popen[bytes]] = []

    def starts(self, *argv: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        """Begin the command in a checkout, the first unless told, with leases of three seconds."""
        process = subprocess.Popen(
            [sys.executable, "-c", HASTY, *argv],
            cwd=cwd or self.story.repo,
            env=self.story.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def until_over(self, *argv: str, cwd: Path | None = None) -> tuple[int, str]:
        """Run the command to its end: its exit code and what it said."""
        process = self.starts(*argv, cwd=cwd)
        _out, err = process.communicate(timeout=120)
        return process.returncode, err.decode()


@pytest.fixture
def checkouts(story: Story, postgres_url: str) -> Iterator[Checkouts]:
    """Two checkouts; nothing that was started outlives the test."""
    story.env["PLAIT_DATABASE_URL"] = postgres_url
    made = Checkouts(story)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def noted(root: Path, package: str, what: str) -> int:
    """The process id of the first attempt's `shim` or `agent` in a checkout, 0 if not yet there."""
    found = [
        int(words[1])
        for note in (root / ".plait/runs").glob(f"*/{package}/1/alive.lock")
        for words in map(str.split, note.read_text().splitlines())
        if words[:1] == [what]
    ]
    return found[0] if found else 0


@pytest.mark.long
def test_a_zombie_orchestrator_lands_nothing_and_says_so(checkouts: Checkouts) -> None:
    """Stopped with shim and agent, taken over, continued: refused, and the run is as if alone."""
    story = checkouts.story
    zombie = checkouts.starts("run", "p", "--yes", "--agent", f"command:{SLOW}")
    wait_until(lambda: story.note("starts") == ["wp-a 1"])
    wait_until(lambda: noted(story.repo, "wp-a", "agent") > 0)
    shim = noted(story.repo, "wp-a", "shim")
    code, err = checkouts.until_over("resume", cwd=checkouts.other)
    assert code == 2, err
    assert "error[RUN_HELD]" in err
    assert f"process {zombie.pid} on" in err
    for pid in (zombie.pid, shim):
        os.kill(pid, signal.SIGSTOP)

    def taken_over() -> bool:
        process = checkouts.starts("resume", cwd=checkouts.other)
        wait_until(lambda: process.poll() is not None or len(story.note("starts")) > 1)
        return process.poll() is None

    wait_until(taken_over)
    taker = checkouts.started[-1]
    (story.notes / "go").write_text("")
    _out, err_b = taker.communicate(timeout=120)
    assert taker.returncode == 0, err_b
    before = story.git("for-each-ref", "refs/heads")

    for pid in (shim, zombie.pid):
        os.kill(pid, signal.SIGCONT)
    _out, err_b = zombie.communicate(timeout=120)

    assert zombie.returncode == 2, err_b
    assert b"error[RUN_TAKEN]" in err_b
    assert story.git("for-each-ref", "refs/heads") == before
    assert story.note("starts") == ["wp-a 1", "wp-a 2", "wp-b 1"]
    subjects = story.git("log", "--first-parent", "--format=%s", "main..openspec/p").splitlines()
    assert subjects == ["feat(p): Build wp-b", "feat(p): Build wp-a"]
    warnings = story.report()["warnings"]
    assert {each["code"] for each in warnings} == {"STALE_WRITE"}
    assert all(f"by process {zombie.pid} on" in each["message"] for each in warnings)
    assert living_below(story.root) == []
    assert story.git("fsck", "--strict", "--no-dangling") == ""


@pytest.mark.long
def test_a_key_of_a_run_that_nobody_decides_is_free_once_its_agent_is_gone(
    checkouts: Checkouts,
) -> None:
    """Another run waits for it and says so; the owner killed, its agent ends, though stopped."""
    story = checkouts.story
    owner = checkouts.starts("run", "q", "--yes", "--agent", f"command:{SLOW}")
    wait_until(lambda: noted(story.repo, "wp-z", "agent") > 0 and bool(story.note("starts")))
    write_change(checkouts.other, "r", [Piece(id="wp-y", keys=["db:schema:users"])])
    command = f"command:{BEGIN}; {WRITE}"
    waiting = checkouts.starts("run", "r", "--yes", "--agent", command, cwd=checkouts.other)
    wait_until(lambda: "waits: the lock key db:schema:users" in story.plait("status").out)
    assert "package wp-z of run" in story.plait("status").out
    assert waiting.poll() is None

    os.kill(noted(story.repo, "wp-z", "agent"), signal.SIGSTOP)
    owner.kill()
    owner.communicate()
    _out, err = waiting.communicate(timeout=120)

    assert waiting.returncode == 0, err
    assert story.note("starts") == ["wp-z 1", "wp-y 1"]
    assert living_below(story.root) == []
    (story.notes / "go").write_text("")
    owned = min(each.name for each in (story.repo / ".plait/runs").iterdir())
    code, told = checkouts.until_over("resume", owned)
    assert code == 0, told
    assert story.note("starts") == ["wp-z 1", "wp-y 1", "wp-z 2"]


def test_a_store_is_not_copied_while_another_checkout_decides_a_run(checkouts: Checkouts) -> None:
    """RUN_HELD with the process; at once in the checkout whose orchestrator was killed."""
    story = checkouts.story
    process = checkouts.starts("run", "q", "--yes", "--agent", f"command:{SLOW}")
    wait_until(lambda: bool(story.note("starts")))
    to = ("store", "copy", "--to", str(story.root / "copy.db"))
    refused = story.plait(*to, cwd=checkouts.other)
    process.kill()
    process.communicate()
    copied = story.plait(*to)
    assert refused.code == 2
    assert "error[RUN_HELD]" in refused.err
    assert f"process {process.pid} on" in refused.err
    assert copied.code == 0, copied.err
