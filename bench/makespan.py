"""How near a real run comes to the shortest schedule there can be."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from statistics import mean

from bench.breakdown import Phases, phases_of
from bench.ground import Ground, plait
from bench.ideal import ideal_makespan
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
        runs = [_trial(ground, seed, jobs, agents) for seed, jobs in enumerate(plans, start=1)]
        ratios = [
            run.wall_s / lower_bound(jobs, agents) for run, jobs in zip(runs, plans, strict=True)
        ]
        ideal = mean(ideal_makespan(jobs, agents) / lower_bound(jobs, agents) for jobs in plans)
        print(f"  mean {mean(ratios):.3f}x the bound, {ideal:.3f}x of it by the schedule alone")
        print(runs[-1].told() + "\n")
        rows.append(
            Row(what=f"makespan, {agents} agents, to bound", ratio=mean(ratios), target=TARGET)
        )
    return rows


def _trial(ground: Ground, seed: int, jobs: Sequence[Job], agents: int) -> Phases:
    repository = make_repository(ground, "trial", files=FILES, beside={TASKS: tasks(jobs)})
    steps = ground.folder / "script.yaml"
    steps.write_bytes(script(jobs))
    told = ("--agent", f"scripted:{steps}", "--max-agents", str(agents), "--yes")
    argv = plait("run", TASKS, *told, "--allow-unchecked", "--json")
    run = phases_of(ground, argv, cwd=repository)
    shutil.rmtree(repository)
    bound, work = lower_bound(jobs, agents), sum(job.duration_s for job in jobs)
    print(
        f"  seed {seed}: {run.wall_s:6.2f} s, bound {bound:6.2f} s, {run.wall_s / bound:.3f}x, "
        f"utilisation {work / (agents * run.wall_s):4.0%}"
    )
    return run
