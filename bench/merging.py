"""Merging many candidates into a large repository, against `git merge --no-ff` in a worktree.

What is timed is what the queue does of each candidate before its tests: the merge onto the one
before it, what that changes, and its commit. git's own way builds the same history in a
checkout, one merge after the other.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from statistics import median

from bench.ground import Ground
from bench.repositories import make_repository
from bench.table import Row
from bench.workspaces import environment
from plait.git import GitTrunk, discover
from plait.ports import Merged
from plait.process import run_main

FILES, CANDIDATES, CHANGED = 10_000, 64, 3
TARGET = 0.1


def measure(ground: Ground, *, rounds: int) -> list[Row]:
    """Both ways in turn, round after round; both must come to the same tree."""
    root = make_repository(ground, "merging", files=FILES)
    with environment(ground):
        candidates = _candidates(root)
        times: dict[str, list[float]] = {"git merge --no-ff": [], "the queue": []}
        for _ in range(rounds):
            took, tree = _in_worktree(root, candidates)
            times["git merge --no-ff"].append(took)
            took, same = run_main(_by_queue, root, candidates)
            times["the queue"].append(took)
            if tree != same:
                raise AssertionError(f"{tree} is not {same}")
    shutil.rmtree(root, ignore_errors=True)
    print(f"merging {CANDIDATES} candidates, {FILES:,} files, medians of {rounds}")
    for name, each in times.items():
        print(f"  {name:44} {median(each) / CANDIDATES * 1e3:8.2f} ms each")
    print()
    ratio = median(times["the queue"]) / median(times["git merge --no-ff"])
    what = f"merging {CANDIDATES} candidates, {FILES:,} files, to git merge"
    return [Row(what=what, ratio=ratio, target=TARGET)]


def _candidates(root: Path) -> list[str]:
    """Commits on one base; each changes files of its own, and adds one."""
    paths = sorted(root.glob("packages/**/*.py"))
    base, found = _git(root, "rev-parse", "HEAD"), []
    for number in range(CANDIDATES):
        _git(root, "checkout", "--quiet", "--detach", base)
        for path in paths[number * CHANGED : (number + 1) * CHANGED]:
            path.write_text(f"{path.read_text()}# {number}\n")
        added = root / f"added/{number}.txt"
        added.parent.mkdir(exist_ok=True)
        added.write_text(f"{number}\n")
        _git(root, "add", "--all")
        _git(root, "commit", "--quiet", "--message", f"candidate {number}")
        found.append(_git(root, "rev-parse", "HEAD"))
    _git(root, "checkout", "--quiet", "--detach", base)
    return found


def _in_worktree(root: Path, candidates: list[str]) -> tuple[float, str]:
    tree = root.with_name("merged")
    _git(root, "worktree", "add", "--quiet", "--detach", str(tree), "HEAD")
    began = time.perf_counter()
    for each in candidates:
        _git(tree, "merge", "--quiet", "--no-ff", "--no-edit", each)
    took = time.perf_counter() - began
    made = _git(tree, "rev-parse", "HEAD^{tree}")
    _git(root, "worktree", "remove", "--force", str(tree))
    return took, made


async def _by_queue(root: Path, candidates: list[str]) -> tuple[float, str]:
    repository = await discover(root)
    async with GitTrunk(repository) as trunk:
        began, onto, tree = time.perf_counter(), repository.head, ""
        for each in candidates:
            merged = await trunk.merge(onto, each)
            assert isinstance(merged, Merged)
            tree = merged.tree
            await trunk.changed(onto, tree)
            onto = await trunk.commit(tree, parents=(onto, each), message="landing\n")
        return time.perf_counter() - began, tree


def _git(root: Path, *argv: str) -> str:
    done = subprocess.run(["git", *argv], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()
