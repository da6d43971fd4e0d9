"""What a policy has done, counted from outside: by the branch, and by what the check wrote down.

Nothing of Plait's is asked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

from bench.landing.yard import BRANCH, Yard


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What was found; the first ones name commits, the last are times in seconds."""

    landed: frozenset[str]
    twice: tuple[str, ...]
    untested: tuple[str, ...]
    red: tuple[str, ...]
    commits: int
    runs: int
    makespan_s: float

    @property
    def runs_each(self) -> float:
        """Test runs of merge results for each feature that landed."""
        return self.runs / max(1, len(self.landed))


def count(yard: Yard, *, makespan_s: float) -> Count:
    """Hold every commit of the branch's first-parent history against the check's own words.

    Where the branch has been, too: what its reflog names was published, if only for a moment.
    """
    notes = [json.loads(line) for line in yard.log.read_text(encoding="utf-8").splitlines()]
    passed = {each["tree"] for each in notes if each["verdict"] == "passed"}
    trees = dict(_trees(yard))
    head = yard.git("ls-tree", "-r", "--name-only", BRANCH).splitlines()
    tests = {each.name: f"tests/test_{each.name}.py" for each in yard.features}
    began = [each for each in notes if each["verdict"] == "began"]
    return Count(
        landed=frozenset(name for name, path in tests.items() if path in head),
        twice=_twice(yard),
        untested=tuple(commit for commit, tree in trees.items() if tree not in passed),
        red=tuple(commit for commit in trees if not _green(yard, commit)),
        commits=len(trees),
        runs=sum(each["stage"] == "land" for each in began),
        makespan_s=makespan_s,
    )


def _trees(yard: Yard) -> list[tuple[str, str]]:
    """The commits that the branch moved to, with their trees, the newest first."""
    base = yard.git("rev-parse", "HEAD")
    names = "--format=%H %T"
    told = yard.git("log", "--first-parent", names, f"{base}..{BRANCH}").splitlines()
    told += yard.git("log", "--walk-reflogs", names, BRANCH).splitlines()
    pairs = [(commit, tree) for commit, tree in map(str.split, told)]
    return [(commit, tree) for commit, tree in pairs if commit != base]


def _twice(yard: Yard) -> tuple[str, ...]:
    """The features that more than one commit of the first-parent history brings."""
    key = "--format=%(trailers:key=Plait-Package,valueonly)"
    told = Counter(yard.git("log", "--first-parent", key, f"HEAD..{BRANCH}").split())
    adding = ("log", "--first-parent", "--diff-filter=A", "--name-only", "--format=")
    added = Counter(yard.git(*adding, f"HEAD..{BRANCH}", "--", "tests").split())
    return tuple(name for name, times in [*told.items(), *added.items()] if times > 1)


def _green(yard: Yard, commit: str) -> bool:
    """Whether a commit's tests pass, now, on a quiet machine; no verdict of a run counts."""
    folder = yard.repo.with_name("looked-at")
    yard.git("worktree", "add", "--quiet", "--detach", folder, commit)
    env = {**os.environ, "YARDSTICK_BUSY": ""}
    argv = [sys.executable, "-B", "-m", "unittest", "discover", "-q", "-s", "tests", "-t", "."]
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, check=False)
    shutil.rmtree(folder)
    yard.git("worktree", "prune")
    return done.returncode == 0
