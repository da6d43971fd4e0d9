"""When dependants start: on candidates, on what has landed, or phase by phase.

Agents' times are drawn, and a test of a merge result takes a quarter of an agent's mean. Every
shape is played by a clock that only these times move, with the real decisions of when a package
starts; a few are run for real. Phases are the waves of a plan, which is the most that barriers
can allow: nobody starts before all of the wave before have landed.
"""

from __future__ import annotations

import heapq
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import geometric_mean

from bench.ground import Ground, plait
from bench.plans import PLAIT_YAML, WRITES_ITS_FILE, single_files
from bench.repositories import make_repository
from bench.shapes import Shape, shapes
from bench.table import Row
from plait.core.action import Finish, Limits, Start, StartDependents, UnknownScope
from plait.core.event import RunId
from plait.core.package import Attempt, PackageState, PackageStatus
from plait.core.plan import Digest, Edge, PackageId, Plan, WorkPackage
from plait.core.run import Run
from plait.core.schedule import compile_plan, decide
from plait.core.states import states_of

AGENTS = 6
SIGMA = 0.8
MEAN_S = 2.0  # of agents, where it is for real
TESTS = 0.25  # of that mean: a test of a merge result
SEED, PLAYS = 20_260_101, 60  # of all shapes together, at least one of each
MOST_REAL, MOST_WAVES = 24, 6  # packages and waves of a shape that is run for real
REAL, ROUNDS = 2, 2  # of each the quicker one counts
CONFIG = """\
[run]
start_dependents = "{start}"
[landing]
together = "always"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to start dependants."""

    name: str
    start: StartDependents
    phases: bool = False


VERIFIED = Way(name='"verified"', start=StartDependents.VERIFIED)
LANDED = Way(name='"landed"', start=StartDependents.LANDED)
PHASES = Way(name="phases", start=StartDependents.LANDED, phases=True)
WAYS = (VERIFIED, LANDED, PHASES)


def measure(ground: Ground, *, real: int = REAL) -> list[Row]:
    """Play all shapes, run some; geometric means of the ratios."""
    known = shapes()
    print(f"when dependants start, {AGENTS} agents, tests of {TESTS:g} of an agent's mean time")
    played = [
        {way: _played(shape, way, _times(shape, draw)) for way in WAYS}
        for shape in known
        for draw in range(max(1, PLAYS // len(known)))
    ]
    rows = _rows(f"{len(known)} shapes played", played)
    ran = []
    for shape in sorted(filter(_is_small, known), key=_depth)[-real:]:
        times = _times(shape, 0)
        rounds = [{way: _run(ground, shape, way, times) for way in WAYS} for _ in range(ROUNDS)]
        took = {way: min(each[way] for each in rounds) for way in WAYS}
        told = ", ".join(f"{way.name} {seconds:.1f} s" for way, seconds in took.items())
        print(f"  {shape.name}: {len(shape.needs)} packages, {max(shape.waves) + 1} waves: {told}")
        ran.append(took)
    return [*rows, *_rows(f"{len(ran)} shapes run", ran)] if ran else rows


def _rows(what: str, taken: Sequence[dict[Way, float]]) -> list[Row]:
    rows = []
    for other in (LANDED, PHASES):
        ratios = [each[VERIFIED] / each[other] for each in taken]
        mean, least, most = geometric_mean(ratios), min(ratios), max(ratios)
        told = f'makespan, {what}, "verified" to {other.name}'
        print(f"  {told}: {mean:.2f}x, from {least:.2f}x to {most:.2f}x")
        rows.append(Row(what=told, ratio=mean, target=1.0))
    return rows


def _is_small(shape: Shape) -> bool:
    return len(shape.needs) <= MOST_REAL and max(shape.waves) < MOST_WAVES


def _depth(shape: Shape) -> tuple[int, int]:
    return max(shape.waves), sum(map(len, shape.needs))


def _times(shape: Shape, draw: int) -> list[float]:
    """The agents' times, with a mean of 1."""
    chance = random.Random(f"{SEED} {draw} {shape.needs}")
    return [chance.lognormvariate(-(SIGMA**2) / 2, SIGMA) for _ in shape.needs]


# -- played ----------------------------------------------------------------------------------------


def _played(shape: Shape, way: Way, times: Sequence[float]) -> float:
    """The makespan if carrying decisions out took no time.

    Candidates land together: whoever waits when a test begins is in it.
    """
    plan = _plan(shape.barred() if way.phases else shape)
    compiled = compile_plan(plan)
    limits = Limits(
        max_agents=AGENTS, start_dependents=way.start, unknown_scope=UnknownScope.SHARED
    )
    took = {each.id: seconds for each, seconds in zip(plan.packages, times, strict=True)}
    states = states_of(PackageState(id=each.id) for each in plan.packages)
    run = Run(id=RunId("played"), plan=plan, packages=states)
    now, ends = 0.0, list[tuple[float, PackageId]]()
    testing: tuple[float, list[PackageId]] | None = None
    while True:
        waiting = [each.id for each in run.with_status(PackageStatus.VERIFIED)]
        if testing is None and waiting:
            testing = (now + TESTS, waiting)
            for each in waiting:
                run = _at(run, each, PackageStatus.LANDING)
        for action in decide(compiled, run, limits):
            if isinstance(action, Finish):
                return now
            if not isinstance(action, Start):
                raise SystemExit(f"the bench's plan should only ever start packages: {action}")
            heapq.heappush(ends, (now + took[action.package], action.package))
            run = _at(run, action.package, PackageStatus.RUNNING)
        if testing is not None and (not ends or testing[0] <= ends[0][0]):
            now, landed = testing
            testing = None
            for each in landed:
                run = _at(run, each, PackageStatus.LANDED)
        else:
            now, package = heapq.heappop(ends)
            run = _at(run, package, PackageStatus.VERIFIED)


def _at(run: Run, package: PackageId, status: PackageStatus) -> Run:
    attempt = Attempt(
        number=1,
        epoch=1,
        agent="played",
        worktree="",
        base="",
        directory="",
        started_at=0.0,
        setup_s=0.0,
    )
    state = replace(run.packages[package], status=status, attempts=(attempt,))
    return replace(run, packages=run.packages.changed(state))


def _plan(shape: Shape) -> Plan:
    names = [PackageId(f"p{place:05d}") for place in range(len(shape.needs))]
    packages = tuple(
        WorkPackage(
            id=name,
            source_id=name,
            title=name,
            needs=tuple(Edge(id=names[each]) for each in needs),
        )
        for name, needs in zip(names, shape.needs, strict=True)
    )
    return Plan(
        id="played",
        title=shape.name,
        format="bench",
        feature="bench",
        branch="bench",
        digest=Digest("sha256:0"),
        files=(),
        packages=packages,
    )


# -- run -------------------------------------------------------------------------------------------


def _run(ground: Ground, shape: Shape, way: Way, times: Sequence[float]) -> float:
    """The makespan of the installed command, from start to exit."""
    needs = (shape.barred() if way.phases else shape).needs
    beside = {
        PLAIT_YAML: single_files(len(needs), dict(enumerate(needs))),
        "plait.toml": CONFIG.format(start=way.start).encode(),
    }
    for place, seconds in enumerate(times):
        beside[f"times/p{place:05d}"] = f"{seconds * MEAN_S:.3f}\n".encode()
    repository = make_repository(ground, "starting", files=200, beside=beside)
    agent = f'sleep "$(cat times/$PLAIT_PACKAGE)"; {WRITES_ITS_FILE}'
    check = f'test "$PLAIT_STAGE" != land || sleep {TESTS * MEAN_S}'
    argv = plait("run", PLAIT_YAML, "--yes", "--quiet", "--max-agents", str(AGENTS))
    took = ground.run([*argv, "--agent", f"command:{agent}", "--check", check], cwd=repository)
    shutil.rmtree(repository)
    return took
