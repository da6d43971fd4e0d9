"""The largest real plan, run for real with agents that write a file inside each scope."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from tests.acceptance.conftest import Story

CORPUS = Path(os.environ.get("PLAIT_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
CHANGE = "add-dynamic-authorization"
PLANS = CORPUS / "openspec-parallel"

# Writes one file that the scope's first glob allows, named after the package.
AGENT = (
    "python3 -c 'import json, os, pathlib, re; "
    'glob = json.load(open(os.environ["PLAIT_SCOPE"]))["write"][0]; '
    'name = re.sub(r"[*]+", os.environ["PLAIT_PACKAGE"], glob); '
    "path = pathlib.Path(name); path.parent.mkdir(parents=True, exist_ok=True); "
    'path.open("a").write(os.environ["PLAIT_PACKAGE"] + chr(10))\''
)


@pytest.mark.corpus
@pytest.mark.skipif(not PLANS.is_dir(), reason=f"no corpus of real plans at {CORPUS}")
def test_the_largest_real_plan_lands_whole(story: Story) -> None:
    """Every package lands, dependents start from what they need, the checkout is untouched."""
    story.begin()
    (source,) = (PLANS / "plans").glob(f"*{CHANGE}.work-packages.yaml")
    folder = story.repo / "openspec" / "changes" / CHANGE
    folder.mkdir(parents=True)
    text = source.read_text()
    commands = re.compile(
        r"^(?P<ind>\s*)command: *(?:[>|].*\n(?:(?P=ind)\s+.*\n|\s*\n)+|.*\n)", re.MULTILINE
    )
    text, replaced = commands.subn(
        lambda match: f'{match["ind"]}command: "git rev-parse HEAD"\n', text
    )
    assert replaced > 10
    (folder / "work-packages.yaml").write_text(text)
    (contracts,) = (PLANS / "contracts").glob(f"*{CHANGE}/contracts")
    shutil.copytree(contracts, folder / "contracts")
    story.git("add", "-A")
    story.git("commit", "-qm", "plan")
    before = story.snapshot()

    outcome = story.run(CHANGE, AGENT, "--max-agents", "4")

    assert outcome.code == 0, outcome.err
    assert story.snapshot() == before
    assert story.git("fsck", "--strict") == ""
    report = story.report()
    packages = {each["id"]: each for each in report["packages"]}
    assert len(packages) == 10
    assert {each["status"] for each in packages.values()} == {"landed"}
    plan = json.loads(story.plait("show", CHANGE, "--json").out)
    commits = "--format=%H %(trailers:key=Plait-Package,valueonly,separator=%x20)"
    log = story.git("log", "--no-merges", commits, f"main..openspec/{CHANGE}").splitlines()
    own = {name: commit for commit, name in (line.split(" ") for line in log)}
    for package in plan["packages"]:
        started = own[package["id"]]
        for need in package["needs"]:
            landed = packages[need["id"]]["commit"]
            story.git("merge-base", "--is-ancestor", landed, started)
