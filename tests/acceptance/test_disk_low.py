"""A disk that gets low stops new work before it is full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import Story, wait_until
from tests.fakes.plans import Piece

# wp-a fills the disk beside its worktree; wp-c, begun with it, ends only once that is so.
FILLS = """
mkdir -p "src/$PLAIT_PACKAGE"
echo "$PLAIT_PACKAGE" >> "$NOTES/started"
case "$PLAIT_PACKAGE" in
wp-a) while ! grep -q wp-c "$NOTES/started"; do sleep 0.05; done
      head -c 30000000 /dev/zero > "$BALLAST"; : > "$NOTES/filled" ;;
wp-c) while ! test -e "$NOTES/filled"; do sleep 0.05; done ;;
esac
echo ok > "src/$PLAIT_PACKAGE/made.txt"
"""


@pytest.fixture
def small(story: Story) -> Iterator[Path]:
    """A file system of 40 MB that holds the story's repository."""
    if os.geteuid() != 0:
        pytest.skip("a small file system needs root to mount")
    place = story.root / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40000000", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        story.repo = place / "repo"
        story.env["BALLAST"] = str(place / "ballast")
        story.begin({"plait.toml": '[workspace]\nmin_free = "12 MB"\nroom_wait = 30\n'})
        story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]), Piece(id="wp-c"))
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_what_is_under_way_lands_and_the_rest_is_resumed(story: Story, small: Path) -> None:
    """Two packages land on the low disk, the third never starts: exit 4, and resume ends it."""
    (story.repo / "plait.toml").write_text('[workspace]\nmin_free = "12 MB"\nroom_wait = 0.5\n')
    outcome = story.run("p", FILLS)
    assert outcome.code == 4, outcome.err
    assert "error[DISK_LOW]" in outcome.err
    assert "plait resume" in outcome.err
    landed = story.git("ls-tree", "-r", "--name-only", "openspec/p", "src").split()
    assert landed == ["src/wp-a/made.txt", "src/wp-c/made.txt"]
    assert sorted(story.note("started")) == ["wp-a", "wp-c"]
    warned = [each for each in story.report()["warnings"] if each["code"] == "DISK_LOW"]
    assert len(warned) == 1
    (small / "ballast").unlink()
    assert story.plait("resume").code == 0
    assert sorted(story.note("started")) == ["wp-a", "wp-b", "wp-c"]


def test_the_run_goes_on_once_there_is_room(story: Story, small: Path) -> None:
    """Space that somebody frees in time is seen: the run ends as if nothing had been."""
    process = story.starts("run", "p", "--yes", "--agent", f"command:{FILLS}", "--json")
    wait_until(lambda: _is_low(story))
    (small / "ballast").unlink()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.decode().count("DISK_LOW") == 1


def _is_low(story: Story) -> bool:
    """Whether the run has told that it waits."""
    report = story.plait("report", "--json")
    return report.code == 0 and "DISK_LOW" in report.out


def test_a_limit_that_no_disk_meets_is_told_at_once_and_can_be_lifted(story: Story) -> None:
    """Nothing starts, exit 4, one warning event; with 0 there is no limit."""
    story.begin({"plait.toml": '[workspace]\nmin_free = "4096 TiB"\nroom_wait = 0\n'})
    story.plans("p", Piece(id="wp-a"))
    agent = 'mkdir -p src/wp-a; echo ok > src/wp-a/x; echo on >> "$NOTES/started"'
    outcome = story.run("p", agent, "--json")
    assert outcome.code == 4
    assert outcome.out.count('"code": "DISK_LOW"') == 2  # the event, then the error
    assert story.note("started") == []
    (story.repo / "plait.toml").write_text("[workspace]\nmin_free = 0\n")
    assert story.plait("resume").code == 0
    assert story.note("started") == ["on"]
