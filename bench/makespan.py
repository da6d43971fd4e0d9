"""How near a real run comes to the shortest schedule there can be."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from statistics import mean

from bench.ground import Ground, plait
from bench.plans import TASKS, Job, layered_jobs, lower_bound, script, tasks
from bench.repositories import make_repository
from bench.table import Row

PACKAGES = 60
MEAN_S = 2.0
FILES = 200
AGENTS = (4, 8)
TARGET = 1.05


def measure(ground: Ground, *, seeds: int) -> list[Row]:
    """Run each seed's plan with 4 and with 8 agents; the clock runs from start to exit."""
    plans = [layered_jobs(seed, packages=PACKAGES, mean_s=MEAN_S) for seed in range(1, seeds + 1)]
    rows = []
    for agents in AGENTS:
        print(f"makespan, {PACKAGES} packages, {agents} agents, true durations as the bound")
        ratios = [_trial(ground, seed, jobs, agents) for seed, jobs in enumerate(plans, start=1)]
        print(f"  mean {mean(ratios):.3f}x the bound\n")
        rows.append(
            Row(what=f"makespan, {agents} agents, to bound", ratio=mean(ratios), target=TARGET)
        )
    return rows


def _trial(ground: Ground, seed: int, jobs: Sequence[Job], agents: int) -> float:
    repository = make_repository(ground, "trial", files=FILES, beside={TASKS: tasks(jobs)})
    steps = ground.folder / "script.yaml"
    steps.write_bytes(script(jobs))
    told = ("--agent", f"scripted:{steps}", "--max-agents", str(agents), "--yes")
    argv = plait("run", TASKS, *told, "--allow-unchecked", "-q")
    took = ground.run(argv, cwd=repository)
    shutil.rmtree(repository)
    bound, work = lower_bound(jobs, agents), sum(job.duration_s for job in jobs)
    print(
        f"  seed {seed}: {took:6.2f} s, bound {bound:6.2f} s, {took / bound:.3f}x, "
        f"utilisation {work / (agents * took):4.0%}"
    )
    return took / bound
