"""What Plait's own decisions would reach if carrying them out took no time."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.plans import TASKS, Job, tasks
from plait.core.event import RunId
from plait.core.plan import PackageId, Plan
from plait.core.run import PackageState, PackageStatus, Run
from plait.core.schedule import Finish, Limits, Start, compile_plan, decide
from plait.core.states import states_of
from plait.plans.specflow import FORMAT
from plait.ports import PlanSource


def ideal_makespan(jobs: Sequence[Job], agents: int) -> float:
    """Seconds, by a clock that only the true durations move."""
    plan = _plan(jobs)
    compiled, limits = compile_plan(plan), Limits(max_agents=agents)
    took = {package.id: job.duration_s for package, job in zip(plan.packages, jobs, strict=True)}
    states = states_of(PackageState(id=each) for each in took)
    run = Run(id=RunId("ideal"), plan=plan, packages=states)
    now, ends = 0.0, list[tuple[float, PackageId]]()
    while True:
        for action in decide(compiled, run, limits):
            if isinstance(action, Finish):
                return now
            if not isinstance(action, Start):
                raise SystemExit(f"the bench's plan should only ever start packages: {action}")
            heapq.heappush(ends, (now + took[action.package], action.package))
            run = _at(run, action.package, PackageStatus.RUNNING)
        now, package = heapq.heappop(ends)
        run = _at(run, package, PackageStatus.LANDED)


def _at(run: Run, package: PackageId, status: PackageStatus) -> Run:
    state = replace(run.packages[package], status=status)
    return replace(run, packages=run.packages.changed(state))


def _plan(jobs: Sequence[Job]) -> Plan:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, TASKS)
        path.parent.mkdir(parents=True)
        path.write_bytes(tasks(jobs))
        source = PlanSource(root=Path(folder), path=path, name=TASKS, in_repository=True)
        plan = FORMAT.load(source).plan
    if plan is None:
        raise SystemExit("the bench's plan cannot be read")
    return plan
