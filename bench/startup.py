"""How long `plait --help` and `plait status` take, against an interpreter that does nothing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from statistics import median

from bench.ground import Ground, plait
from bench.overhead import AGENT
from bench.plans import WORK_PACKAGES, work_packages
from bench.repositories import make_repository
from bench.table import Row

FILES = 50
PACKAGES = 3
TARGETS = {"plait --help": 6.0, "plait status": 25.0}


def measure(ground: Ground, *, repetitions: int) -> list[Row]:
    """Interleave all three in a repository with one finished run, after a warm-up of each."""
    plan = work_packages(PACKAGES)
    repository = make_repository(ground, "startup", files=FILES, beside=plan)
    told = ("--agent", f"command:{AGENT}", "--yes", "--allow-unchecked", "-q")
    ground.run(plait("run", WORK_PACKAGES, *told), cwd=repository)
    calls: dict[str, list[str | Path]] = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "plait --help": plait("--help"),
        "plait status": plait("status"),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(repetitions + 1):  # the first writes the bytecode and is not counted
        for name, argv in calls.items():
            took = ground.run(argv, cwd=repository)
            if number:
                times[name].append(took)
    shutil.rmtree(repository)
    base = median(times["python -c pass"])
    print(f"start-up, medians of {repetitions}")
    for name, taken in times.items():
        print(f"  {name:15} {median(taken) * 1_000:7.1f} ms  {median(taken) / base:5.1f}x")
    print()
    return [
        Row(what=f"{name}, to python -c pass", ratio=median(times[name]) / base, target=target)
        for name, target in TARGETS.items()
    ]
