"""What a package costs in a small plan and in a very large one; memory; looking at the store."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.ground import Ground, plait
from bench.plans import PLAIT_YAML, WRITES_ITS_FILE, single_files
from bench.table import Row

GROWTH_TARGET = 1.3
MEMORY_TARGET_MB = 400
STATUS_TARGET_S = 0.5
SMALL_ROUNDS = 5  # of the small plan, which is over in seconds; the median counts
FEW = 2_000  # more packages than this are run once
LOOKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """One run: its time and the memory of the orchestrator at its peak."""

    packages: int
    wall_s: float
    memory_mb: float


def measure(ground: Ground, *, sizes: tuple[int, int]) -> list[Row]:
    """Run both plans; beyond the cost of a plan of one package, compare what a package costs."""
    base = min(_trial(ground, 1).wall_s for _ in range(3))
    small, large = sizes
    print(f"scale: agents that write one file; a run of one package takes {base:.2f} s")
    costs, trials = {}, {}
    for size in (small, large):
        found = [_trial(ground, size, keep=size == large) for _ in range(_rounds(size))]
        trials[size] = sorted(found, key=lambda trial: trial.wall_s)[len(found) // 2]
        costs[size] = (trials[size].wall_s - base) / max(1, size - 1)
        print(
            f"  {size:6,} packages  {trials[size].wall_s:7.1f} s, "
            f"{costs[size] * 1_000:6.1f} ms a package, "
            f"peak memory {trials[size].memory_mb:4.0f} MB"
        )
    repository = ground.folder / "scale"
    print(f"  the repository then: {_stock(repository)}")
    beyond = _looks(ground, repository, large)
    shutil.rmtree(repository)
    peak = max(trial.memory_mb for trial in trials.values())
    return [
        Row(
            what=f"scale, a package of {large:,} to one of {small:,}",
            ratio=costs[large] / costs[small],
            target=GROWTH_TARGET,
        ),
        Row(
            what=f"scale, peak memory to {MEMORY_TARGET_MB} MB",
            ratio=peak / MEMORY_TARGET_MB,
            target=1.0,
        ),
        Row(
            what=f"scale, plait status beyond --help to {STATUS_TARGET_S} s",
            ratio=beyond / STATUS_TARGET_S,
            target=1.0,
        ),
    ]


def _rounds(size: int) -> int:
    return SMALL_ROUNDS if size <= FEW else 1


def _trial(ground: Ground, packages: int, *, keep: bool = False) -> _Trial:
    """Run a plan of so many packages in a repository of its own."""
    repository = ground.folder / "scale"
    if repository.exists():
        shutil.rmtree(repository)
    repository.mkdir()
    (repository / PLAIT_YAML).write_bytes(single_files(packages))
    ground.run(["git", "init", "-q"], cwd=repository)
    ground.run(["git", "add", "-A"], cwd=repository)
    ground.run(["git", "commit", "-q", "-m", "a plan"], cwd=repository)
    agent = ("--agent", f"command:{WRITES_ITS_FILE}")
    argv = plait("run", PLAIT_YAML, *agent, "--yes", "--allow-unchecked", "-q")
    wall_s, memory_mb = _run(ground, argv, cwd=repository)
    _require_work(repository, packages)
    if not keep:
        shutil.rmtree(repository)
    return _Trial(packages=packages, wall_s=wall_s, memory_mb=memory_mb)


def _run(ground: Ground, argv: list[str | Path], *, cwd: Path) -> tuple[float, float]:
    """Its wall time and the most memory that it, or a child, had at once."""
    began = time.perf_counter()
    child = subprocess.Popen(
        argv, cwd=cwd, env=ground.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _pid, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"exit code {child.returncode} from: {' '.join(map(str, argv))}")
    return time.perf_counter() - began, used.ru_maxrss / 1024


def _looks(ground: Ground, repository: Path, packages: int) -> float:
    """Print how long looking at the large store takes; how much longer `status` is than --help."""
    last = f"p{packages - 1:05d}"
    calls = {
        "plait --help": plait("--help"),
        "plait status": plait("status"),
        "plait report": plait("report"),
        f"plait logs {last}": plait("logs", last),
    }
    taken = {
        name: median(ground.run(argv, cwd=repository) for _ in range(LOOKS))
        for name, argv in calls.items()
    }
    for name, each in taken.items():
        print(f"  {name:18} {each:6.2f} s")
    print()
    return taken["plait status"] - taken["plait --help"]


def _stock(repository: Path) -> str:
    """How much of git's there is."""
    told = _git(repository, "count-objects")
    branches = len(_git(repository, "for-each-ref", "--format=x", "refs/heads/plait").split())
    return f"{told.strip()}, {branches:,} branches"


def _require_work(repository: Path, packages: int) -> None:
    listed = _git(repository, "ls-tree", "-r", "--name-only", "feat/bench", "parts/").split()
    if len(listed) != packages:
        raise SystemExit(f"the branch holds {len(listed)} of {packages} files")


def _git(repository: Path, *argv: str) -> str:
    return subprocess.run(
        ["git", *argv], cwd=repository, capture_output=True, text=True, check=True
    ).stdout
