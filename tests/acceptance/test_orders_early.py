"""Orders that come too early or too late: while a workspace is made, while a branch moves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.acceptance.conftest import Story, wait_until
from tests.fakes.plans import Piece

# The command on a disk so slow that a workspace takes until a file is there.
SLOW = """
import os, sys
from pathlib import Path
import anyio
from plait.git import WorktreePool
notes, quick = Path(os.environ["NOTES"]), WorktreePool.open
async def slow(self, base, **more):
    (notes / "opening").touch()
    while not (notes / "go").exists():
        await anyio.sleep(0.01)
    return await quick(self, base, **more)
WorktreePool.open = slow
from plait.__main__ import main
sys.exit(main())
"""
# The command with a branch that takes as long to move, once somebody wants its landing cut short.
LATE = """
import os, sys
from pathlib import Path
import anyio
from plait.engine.control import UnderWay
from plait.git import GitTrunk
notes, advance, end = Path(os.environ["NOTES"]), GitTrunk.advance, UnderWay.end
async def late(self, lease, *, old, new):
    (notes / "opening").touch()
    while not (notes / "go").exists():
        await anyio.sleep(0.01)
    await advance(self, lease, old=old, new=new)
async def ending(self, packages):
    (notes / "go").touch()
    await end(self, packages)
GitTrunk.advance, UnderWay.end = late, ending
from plait.__main__ import main
sys.exit(main())
"""
WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo ok > "src/$PLAIT_PACKAGE/made.txt"'


def begins(story: Story, program: str) -> Iterator[subprocess.Popen[str]]:
    """A run of two packages, one agent at a time, up to the place where it is held."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"))
    call = ("run", "p", "--yes", "--max-agents", "1", "--agent", f"command:{WRITE}")
    process = subprocess.Popen(
        [sys.executable, "-c", program, *call],
        cwd=story.repo,
        env=story.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((story.notes / "opening").exists)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def opening(story: Story) -> Iterator[subprocess.Popen[str]]:
    """A run that opens its first workspace."""
    yield from begins(story, SLOW)


@pytest.fixture
def moving(story: Story) -> Iterator[subprocess.Popen[str]]:
    """A run that moves its branch to the first landing."""
    yield from begins(story, LATE)


def test_a_run_is_cancelled_while_a_workspace_is_made(story: Story, opening) -> None:
    """The claim is given back, and all that is told of the package is told under its epoch."""
    cancelled = story.plait("cancel")
    assert cancelled.code == 0, cancelled.err
    _out, err = opening.communicate(timeout=60)
    assert opening.returncode == 1, err
    assert {each["status"] for each in story.packages().values()} == {"cancelled"}


def test_a_package_is_skipped_while_its_workspace_is_made(story: Story, opening) -> None:
    """It does not start, and the other one does."""
    skipped = story.plait("skip", "wp-a")
    assert skipped.code == 0, skipped.err
    (story.notes / "go").touch()
    _out, err = opening.communicate(timeout=60)
    assert opening.returncode == 0, err
    assert story.packages()["wp-b"]["status"] == "landed"


def test_a_package_that_lands_first_is_not_said_to_be_cancelled(story: Story, moving) -> None:
    """Whoever moves the branch says so, and the order is refused with what came first."""
    cancelled = story.plait("cancel", "wp-a")
    _out, err = moving.communicate(timeout=60)
    assert moving.returncode == 0, err
    assert story.packages()["wp-a"]["status"] == "landed"
    assert (cancelled.code, "error[ALREADY_DONE]" in cancelled.err) == (2, True), cancelled.out
