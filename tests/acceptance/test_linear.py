"""Where git makes no worktrees: agents work one at a time, and everything lands all the same."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.fakes.plans import Piece


def without_worktrees(story: Story, refused: str) -> None:
    """Put a git first in the path that refuses what has to do with worktrees."""
    real = shutil.which("git", path=story.env["PATH"])
    folder = story.root / "bin"
    folder.mkdir()
    program = folder / "git"
    program.write_text(
        '#!/bin/sh\ncase " $* " in\n'
        f'*" {refused} "*) echo "fatal: no worktrees here" >&2; exit 128;;\nesac\n'
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    story.env["PATH"] = f"{folder}:{story.env['PATH']}"


def two(story: Story) -> None:
    """A plan whose packages could be done side by side."""
    story.plans("add", Piece(id="wp-a", write=["a.txt"]), Piece(id="wp-b", write=["b.txt"]))


AGENT = (
    'echo "$PLAIT_PACKAGE" > $(echo $PLAIT_PACKAGE | cut -c4).txt; git status --short > /dev/null'
)


@pytest.mark.parametrize(
    "refused", ["worktree add", pytest.param("worktree", marks=pytest.mark.long)]
)
def test_a_run_goes_on_without_worktrees(story: Story, refused: str) -> None:
    """One agent at a time, which the run says, and why; nothing of it is left in git's folder."""
    story.begin()
    two(story)
    without_worktrees(story, refused)
    before = story.snapshot()
    done = story.run("add", AGENT)
    assert done.code == 0, done.err
    assert "at most 1 agent at once" in done.err
    assert "worktrees linear" in done.err
    report = story.report()
    assert report["workspaces"] == "linear"
    assert [each["code"] for each in report["warnings"]] == ["WORKTREES_MISSING"]
    assert {each["status"] for each in report["packages"]} == {"landed"}
    assert story.snapshot() == before
    assert list((story.repo / ".git" / "worktrees").glob("*")) == []
    assert list((story.repo / ".plait" / "worktrees").glob("w*")) == []


@pytest.mark.long
def test_a_folder_of_gits_that_cannot_be_made_is_borne_too(story: Story) -> None:
    """Such as one whose name is taken."""
    story.begin()
    two(story)
    (story.repo / ".git" / "worktrees").write_text("")
    assert story.run("add", AGENT).code == 0
    assert story.report()["workspaces"] == "linear"


@pytest.mark.long
def test_a_killed_run_goes_on_without_worktrees(story: Story) -> None:
    """What an agent wrote before is kept; each package lands once."""
    story.begin()
    two(story)
    without_worktrees(story, "worktree add")
    agent = f'[ -e "$NOTES/stop" ] || {{ touch "$NOTES/began"; sleep 60; }}; {AGENT}'
    running = story.starts("run", "add", "--yes", "--agent", f"command:{agent}")
    wait_until((story.notes / "began").exists)
    end_with(running, signal.SIGKILL)
    (story.notes / "stop").touch()
    for folder in Path("/proc").glob("[0-9]*"):
        _end_sleeper(folder, story)
    assert story.plait("resume").code == 0
    packages = story.packages()
    assert {each["status"] for each in packages.values()} == {"landed"}
    assert story.report()["workspaces"] == "linear"


def _end_sleeper(folder: Path, story: Story) -> None:
    """End the sleep of this story's agent, by its own id."""
    import os

    try:
        told = (folder / "cmdline").read_bytes()
        here = str((folder / "cwd").resolve()).startswith(str(story.repo))
    except OSError:
        return
    if told == b"sleep\x0060\x00" and here:
        os.kill(int(folder.name), signal.SIGTERM)
