"""`python -m bench [PART …]`: measure, then print a table of ratios."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from bench import (
    check,
    coordinator,
    dispatch,
    durable,
    handover,
    lag,
    logs,
    makespan,
    merging,
    overhead,
    queueing,
    sandbox,
    scale,
    starting,
    startup,
    workspaces,
)
from bench.ground import lay_ground
from bench.table import Row, print_rows

PARTS = (
    "overhead", "makespan", "starting", "startup", "sandbox", "check", "dispatch", "durable",
    "logs", "lag", "queue", "merging", "scale", "workspaces", "coordinator",
)  # fmt: skip


def main(argv: Sequence[str]) -> None:
    """Run the parts asked for (default: all). A missed target is printed, never an error."""
    told = _parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and clean up
    rows: list[Row] = []
    with lay_ground() as ground:
        print(f"{ground.told}\n")
        if "startup" in told.parts:
            rows += startup.measure(ground, repetitions=told.repetitions)
        if "sandbox" in told.parts:
            rows += sandbox.measure(ground, repetitions=told.repetitions)
        if "overhead" in told.parts:
            sizes = overhead.Sizes(
                files=told.files,
                packages=told.packages,
                rounds=told.rounds,
                max_agents=told.max_agents,
            )
            rows += overhead.measure(ground, sizes)
        if "dispatch" in told.parts:
            rows += dispatch.measure(ground, repetitions=told.starts)
            rows += handover.measure(ground, packages=told.starts)
        if "durable" in told.parts:
            rows += durable.measure()
        if "logs" in told.parts:
            rows += logs.measure(ground, rounds=2 if told.quick else 5, seconds=3.0)
        if "lag" in told.parts:
            rows += lag.measure(ground, packages=32 if told.quick else 96)
        if "makespan" in told.parts:
            rows += makespan.measure(ground, seeds=2 if told.quick else told.seeds)
        if "starting" in told.parts:
            rows += starting.measure(ground, real=1 if told.quick else starting.REAL)
        if "check" in told.parts:
            rows += check.measure(ground, repetitions=1 if told.quick else 3)
        if "queue" in told.parts:
            rows += queueing.measure()
        if "merging" in told.parts:
            rows += merging.measure(ground, rounds=2 if told.quick else 5)
        if "scale" in told.parts:
            small, large = told.sizes
            rows += scale.measure(ground, sizes=(small, large // 10 if told.quick else large))
        if "workspaces" in told.parts:
            creations = workspaces.CREATIONS // (10 if told.quick else 1)
            rows += workspaces.measure(ground, rounds=told.repetitions, creations=creations)
        if "coordinator" in told.parts:
            rows += coordinator.measure(tasks=480 if told.quick else coordinator.TASKS)
    print_rows(rows)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--quick", action="store_true", help="less of what takes long: seeds, checks, packages"
    )
    parser.add_argument("--seeds", type=int, default=5, help="plans for the makespan")
    parser.add_argument("--rounds", type=int, default=3, help="rounds for the overhead")
    parser.add_argument("--packages", type=int, default=40, help="packages for the overhead")
    parser.add_argument("--max-agents", type=int, default=6, help="agents for the overhead")
    parser.add_argument("--starts", type=int, default=200, help="agents started for the dispatch")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs=2,
        default=[100, 10_000],
        help="packages of the two plans for the scale",
    )
    parser.add_argument("--repetitions", type=int, default=15, help="start-ups of each kind")
    parser.add_argument(
        "--files", type=int, nargs="+", default=[1_000, 10_000], help="repositories' sizes"
    )
    told = parser.parse_args(argv)
    told.parts = told.parts or list(PARTS)
    unknown = [part for part in told.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part is called {unknown[0]!r}; parts: {', '.join(PARTS)}")
    return told


if __name__ == "__main__":
    main(sys.argv[1:])
