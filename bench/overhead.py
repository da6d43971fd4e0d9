"""What Plait costs per package when the agent costs nothing, against the naive loop."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.breakdown import Phases, phases_of
from bench.ground import Ground, plait
from bench.plans import WORK_PACKAGES, work_packages
from bench.repositories import clone, make_repository
from bench.table import Row

NAIVE = Path(__file__).with_name("naive.sh")
AGENT = (
    "mkdir -p added/$PLAIT_PACKAGE && cd added/$PLAIT_PACKAGE && "
    "for each in 1 2 3 4; do echo $PLAIT_PACKAGE > $each.txt; done"
)
FILES_A_PACKAGE = 4
TARGETS = {1_000: 0.5, 10_000: 0.25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much to measure; `files` lists the sizes of the repositories."""

    files: list[int]
    packages: int
    rounds: int
    max_agents: int


def measure(ground: Ground, sizes: Sizes) -> list[Row]:
    """Time both sides, interleaved, on fresh clones; print medians and where the time goes."""
    rows = []
    for files in sizes.files:
        plan = work_packages(sizes.packages)
        template = make_repository(ground, f"template-{files}", files=files, beside=plan)
        naive, product = _interleave(ground, template, sizes)
        ratio = median(product) / median(naive)
        print(f"overhead, {files:,} files, {sizes.packages} packages, medians of {sizes.rounds}")
        print(f"  naive loop  {_per_package(naive, sizes)}")
        print(f"  plait run   {_per_package(product, sizes)}, {sizes.max_agents} agents at once")
        print(_phases(ground, template, sizes).told() + "\n")
        target = TARGETS[min(TARGETS, key=lambda size: abs(size - files))]
        rows.append(Row(what=f"overhead, {files:,} files, to naive", ratio=ratio, target=target))
        shutil.rmtree(template)
    return rows


def _interleave(ground: Ground, template: Path, sizes: Sizes) -> tuple[list[float], list[float]]:
    naive: list[float] = []
    product: list[float] = []
    for number in range(sizes.rounds + 1):  # the first warms both up and is not counted
        sides = [(_naive, naive), (_product, product)]
        for side, times in sides if number % 2 else reversed(sides):
            repository = clone(ground, template, "trial")
            took = side(ground, repository, sizes)
            shutil.rmtree(repository)
            if number:
                times.append(took)
    return naive, product


def _naive(ground: Ground, repository: Path, sizes: Sizes) -> float:
    trees = ground.folder / "trees"
    trees.mkdir()
    told: list[str | Path] = [repository, trees, str(sizes.packages), AGENT]
    took = ground.run(["/bin/sh", NAIVE, *told], cwd=ground.folder)
    _require_work(repository, "integration", sizes)
    shutil.rmtree(trees)
    return took


def _product(ground: Ground, repository: Path, sizes: Sizes) -> float:
    took = ground.run(_call(sizes, "-q"), cwd=repository)
    _require_work(repository, "openspec/bench", sizes)
    return took


def _call(sizes: Sizes, form: str) -> list[str | Path]:
    agents = str(sizes.max_agents)
    told = ("--agent", f"command:{AGENT}", "--max-agents", agents, "--yes", "--allow-unchecked")
    return plait("run", WORK_PACKAGES, *told, form)


def _phases(ground: Ground, template: Path, sizes: Sizes) -> Phases:
    """Where the time goes, from the events of one more run."""
    repository = clone(ground, template, "trial")
    try:
        return phases_of(ground, _call(sizes, "--json"), cwd=repository)
    finally:
        shutil.rmtree(repository)


def _require_work(repository: Path, branch: str, sizes: Sizes) -> None:
    """Both sides must have landed every file, or there is nothing to compare."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", branch, "added/"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    landed, expected = len(listed.stdout.split()), FILES_A_PACKAGE * sizes.packages
    if landed != expected:
        raise SystemExit(f"{branch} holds {landed} of {expected} files: nothing to compare")


def _per_package(times: list[float], sizes: Sizes) -> str:
    each = [time / sizes.packages * 1_000 for time in times]
    return f"{median(each):8.1f} ms a package ({min(each):.1f} to {max(each):.1f})"
