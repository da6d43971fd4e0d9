"""What `plait check` costs on wide plans, against comparing all globs pair by pair as texts."""

from __future__ import annotations

import fnmatch
import math
import re
import resource
import shutil
import time
from itertools import combinations
from pathlib import Path

from bench.ground import Ground, plait
from bench.table import Row
from bench.wide import GLOBS, OVERLAPS, WORK_PACKAGES, globs, wide_plan

SMALL, LARGE = 1_000, 10_000
FOUND_ERRORS = 2  # the exit code: a wide plan has overlaps
TARGET_PAIRWISE = 0.25
TARGET_GROWTH = 15.0


def measure(ground: Ground, *, repetitions: int) -> list[Row]:
    """CPU seconds beyond those of `plait --version`; the least of some repetitions."""
    idle = min(_cpu_s(ground, "--version", expect=0) for _ in range(repetitions + 1))
    costs = {size: _check_s(ground, size, repetitions) - idle for size in (SMALL, LARGE)}
    pairwise = _pairwise_s(SMALL)
    growth = costs[LARGE] / costs[SMALL]
    exponent = math.log(growth) / math.log(LARGE / SMALL)
    print(f"check, {GLOBS} globs a package, CPU beyond start-up")
    print(f"  {SMALL:6,} packages, globs compared pair by pair  {pairwise:7.2f} s")
    for size, cost in costs.items():
        print(f"  {size:6,} packages, plait check  {cost:25.2f} s")
    print(f"  growth: packages to the power of {exponent:.2f} (pair by pair: 2.00)\n")
    return [
        Row(
            what=f"check, {SMALL:,} packages, to pair by pair",
            ratio=costs[SMALL] / pairwise,
            target=TARGET_PAIRWISE,
        ),
        Row(
            what=f"check, {LARGE:,} packages, to {SMALL:,}",
            ratio=growth,
            target=TARGET_GROWTH,
        ),
    ]


def _check_s(ground: Ground, packages: int, repetitions: int) -> float:
    folder = ground.folder / f"wide-{packages}"
    for name, content in wide_plan(packages).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    plan = folder / WORK_PACKAGES
    took = min(_cpu_s(ground, "check", plan, expect=FOUND_ERRORS) for _ in range(repetitions))
    shutil.rmtree(folder)
    return took


def _cpu_s(ground: Ground, *arguments: str | Path, expect: int) -> float:
    """User and system time of one call of `plait`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ground.run(plait(*arguments), cwd=ground.folder, expect=expect)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _pairwise_s(packages: int) -> float:
    """The baseline: `fnmatch` of one glob on the other's text, both ways, for all pairs.

    Each glob is compiled once, which `fnmatch` itself does for the last few hundred only.
    """
    began = time.process_time()
    compiled = [
        [(glob, re.compile(fnmatch.translate(glob)).match) for glob in globs(number)]
        for number in range(packages)
    ]
    found = 0
    for mine, theirs in combinations(compiled, 2):
        found += any(
            a == b or match_a(b) or match_b(a) for a, match_a in mine for b, match_b in theirs
        )
    if found < OVERLAPS:
        raise SystemExit(f"the baseline found {found} overlaps, fewer than were made")
    return time.process_time() - began
