"""Plans composed for the bench: OpenSpec work packages, specflow tasks with a script."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

CHANGE = "openspec/changes/bench"
WORK_PACKAGES = f"{CHANGE}/work-packages.yaml"
TASKS = "documentation/features/bench/tasks.md"
FAN = (1, 3)
SKIP = 0.15
SIGMA = 1.0
ESTIMATE_SIGMA = 0.5
CONTRACT = """\
openapi: 3.1.0
info: {title: bench, version: "1"}
paths: {}
"""


def work_packages(packages: int) -> Mapping[str, bytes]:
    """The files of an OpenSpec change: independent packages, disjoint scopes, no commands."""
    plan = {
        "schema_version": 1,
        "feature": {"id": "bench", "plan_revision": 1},
        "contracts": {
            "revision": 1,
            "openapi": {"primary": "contracts/api.yaml", "files": ["contracts/api.yaml"]},
        },
        "packages": [_package(f"wp-{number:03d}") for number in range(packages)],
    }
    return {
        WORK_PACKAGES: yaml.safe_dump(plan, sort_keys=False).encode(),
        f"{CHANGE}/contracts/api.yaml": CONTRACT.encode(),
        f"{CHANGE}/proposal.md": b"# Bench\n\nEach package adds four files.\n",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One package of a makespan plan; `needs` are places in the list, times are seconds."""

    needs: tuple[int, ...]
    duration_s: float
    estimate_s: float


def layered_jobs(seed: int, *, packages: int, mean_s: float) -> list[Job]:
    """A random graph of 3 to 6 layers with lognormal durations and noisy estimates."""
    chance = random.Random(seed)
    depth = chance.randint(3, 6)
    layers = sorted([*range(depth), *(chance.randrange(depth) for _ in range(packages - depth))])
    jobs = []
    for layer in layers:
        # the mean of a lognormal is exp(mu + sigma^2 / 2)
        duration = mean_s * chance.lognormvariate(-(SIGMA**2) / 2, SIGMA)
        jobs.append(
            Job(
                needs=_needs(chance, layers, layer),
                duration_s=duration,
                estimate_s=duration * chance.lognormvariate(0, ESTIMATE_SIGMA),
            )
        )
    return jobs


def lower_bound(jobs: Sequence[Job], agents: int) -> float:
    """No schedule is shorter: the critical path, or all work spread evenly over the agents."""
    ends: list[float] = []
    for job in jobs:  # what a job needs stands before it
        ends.append(job.duration_s + max((ends[each] for each in job.needs), default=0.0))
    return max(*ends, sum(job.duration_s for job in jobs) / agents)


def tasks(jobs: Sequence[Job]) -> bytes:
    """The jobs as specflow's task list; a second is written as an hour."""
    lines = ["# Tasks: bench", ""]
    for number, job in enumerate(jobs):
        lines += [f"- [ ] {_id(number)} **Write part {number + 1}** ({job.estimate_s:.2f}h)"]
        lines += [f"  - Files: `{_file(number)}`"]
        if job.needs:
            lines += [f"  - _Dependencies: {', '.join(map(_id, job.needs))}_"]
    return ("\n".join(lines) + "\n").encode()


def script(jobs: Sequence[Job]) -> bytes:
    """What the scripted agent does: each package writes its file and takes its time."""
    steps = {
        _id(number): [
            {"write": {"path": _file(number), "text": f"{number}\n"}},
            {"sleep": job.duration_s},
        ]
        for number, job in enumerate(jobs)
    }
    return yaml.safe_dump(steps, sort_keys=False).encode()


def _id(number: int) -> str:
    return f"1.{number + 1}"


def _file(number: int) -> str:
    return f"parts/part_{number + 1:02d}.txt"


def _needs(chance: random.Random, layers: Sequence[int], layer: int) -> tuple[int, ...]:
    """One to three of the layer before, now and then one of a layer further up."""
    if layer == 0:
        return ()
    above = [place for place, each in enumerate(layers) if each == layer - 1]
    needs = set(chance.sample(above, min(len(above), chance.randint(*FAN))))
    if layer > 1 and chance.random() < SKIP:
        needs.add(chance.choice([place for place, each in enumerate(layers) if each < layer - 1]))
    return tuple(sorted(needs))


def _package(name: str) -> Mapping[str, Any]:
    return {
        "package_id": name,
        "title": f"Add four files for {name}",
        "task_type": "implement",
        "description": "Add four files.",
        "depends_on": [],
        "priority": 5,
        "locks": {"files": [], "keys": []},
        "scope": {"write_allow": [f"added/{name}/**"], "read_allow": ["**"], "deny": []},
        "worktree": {"name": name},
        "timeout_minutes": 60,
        "retry_budget": 1,
        "min_trust_level": 2,
        "verification": {
            "tier_required": "C",
            "steps": [
                {
                    "name": "look",
                    "kind": "manual",
                    "manual_instructions": "Look at the four files.",
                    "evidence": {"artifacts": [], "result_keys": ["looked"]},
                }
            ],
        },
        "outputs": {"result_keys": ["looked"]},
    }


def single_files(packages: int, needs: Mapping[int, Sequence[int]] | None = None) -> bytes:
    """A `plait.yaml` whose packages write one file each, a hundred to a folder.

    `needs` are the places of what a package needs; without it none needs any.
    """
    lines = ["version: 1", "id: bench", "packages:"]
    for number in range(packages):
        lines += [
            f"  - id: p{number:05d}",
            f"    title: Write part {number}",
            f"    write: parts/{number // 100:03d}/{number:05d}.txt",
        ]
        wanted = ", ".join(f"p{each:05d}" for each in (needs or {}).get(number, ()))
        if wanted:
            lines += [f"    needs: [{wanted}]"]
    return ("\n".join(lines) + "\n").encode()


PLAIT_YAML = "plait.yaml"
WRITES_ITS_FILE = (
    "number=${PLAIT_PACKAGE#p} && folder=parts/${number%??} && "
    "mkdir -p $folder && echo $PLAIT_PACKAGE > $folder/$number.txt"
)
