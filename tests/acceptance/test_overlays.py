"""Overlay worktrees with the installed command: under each sandbox, and through a kill -9."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.fakes.repositories import unmount_all

from plait import sandbox
from plait.git import overlay_lack

PLAN = """\
version: 1
id: laid
packages:
  - {id: a, title: A, write: a/**, checks: ["test -f a/made -a ! -e old"]}
"""
AGENT = "mkdir -p a; echo x > a/made; rm -f old; until test -e a/go; do sleep 0.05; done"


def mounts(story: Story) -> list[str]:
    """What is mounted in the user's repository."""
    table = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return [line.split()[1] for line in table if line.split()[1].startswith(str(story.repo))]


@pytest.mark.parametrize("tier", sandbox.NAMES)
def test_overlays_go_with_each_sandbox_and_outlive_a_kill(story: Story, tier: str) -> None:
    """The work of before the kill lands; the first line and the report say how; no mount stays."""
    if lack := overlay_lack(story.root) or sandbox.find(tier).probe():
        pytest.skip(lack)
    story.begin({"plait.yaml": PLAN.replace("a/**", "[a/**, old]"), "old": "old\n"})
    (story.repo / "plait.toml").write_text('[workspace]\nbackend = "overlay"\n')
    agent = f"command:{AGENT}"
    options = ("--agent", agent, "--sandbox", tier, "--yes")
    begun = story.starts("run", "plait.yaml", *options)
    tree = story.repo / ".plait/worktrees/w1"
    try:
        wait_until(lambda: (tree / "a/made").exists() and not (tree / "old").exists())
        _code, _out, told = end_with(begun, signal.SIGKILL)
        assert f"sandbox {tier}, worktrees overlay" in told
        assert mounts(story) == [str(tree)]
        (tree / "a/go").touch()
        done = story.plait("resume")
        assert done.code == 0, done.err
        report = story.report()
        assert report["packages"][0]["files_modified"] == ["a/go", "a/made", "old"]
        assert report["workspaces"] == "overlay"
        assert report["totals"]["setup_s"] > 0
        assert not mounts(story)
    finally:
        unmount_all(story.repo)


def test_what_asks_for_overlays_in_vain_goes_on_with_a_pool(story: Story) -> None:
    """It says why, in the run and in the report."""
    story.begin({"plait.yaml": PLAN})
    (story.repo / "plait.toml").write_text(
        '[workspace]\nbackend = "overlay"\nsparse = ["a"]\n', encoding="utf-8"
    )
    done = story.run("plait.yaml", "mkdir -p a; echo x > a/made")
    assert done.code == 0, done.err
    assert "worktrees pool" in done.err
    assert [each["code"] for each in story.report()["warnings"]] == ["OVERLAY_MISSING"]
