"""`make bench-landing`: a stack of patches through every policy, counted from outside.

    python -m bench.landing [--short] [--seed N] [POLICY…]

Ends with 1 where Plait broke a promise: a tree that nobody tested landed, a commit of the branch
is red, something landed twice, or less landed than one at a time.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.ground import Ground, lay_ground, plait
from bench.landing.audit import Count, count
from bench.landing.features import Feature, stack
from bench.landing.policies import OTHERS
from bench.landing.race import Race
from bench.landing.yard import MAX_AGENTS, PLAN, Yard, lay_yard

PACE_S, SHORT_PACE_S = 0.8, 0.1
ENDED = {0, 1, 3}  # some feature cannot land, whatever is done
REFUSED = 2
CONFIG = """\
[plan]
unknown_scope = "shared"
[retry]
backoff = 0
[run]
start_dependents = "{start}"
[landing]
runners = {runners}
together = "always"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """How Plait is set."""

    runners: int
    start: str = "landed"


OURS = {
    "Plait, k = 1": Ours(runners=1),
    "Plait, k = 2": Ours(runners=2),
    "Plait, k = 4": Ours(runners=4),
    'Plait, k = 2, "verified"': Ours(runners=2, start="verified"),
}
SHORT = ("one at a time", "green alone", 'Plait, k = 2, "verified"')


def main(argv: Sequence[str]) -> int:
    """Measure, print, and say whether every promise was kept."""
    told = _parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and clean up
    features = stack(short=told.short, seed=told.seed)
    pace_s = SHORT_PACE_S if told.short else PACE_S
    counts: dict[str, Count] = {}
    began = time.monotonic()
    with lay_ground() as ground:
        print(f"{ground.told}\n")
        print(
            f"{len(features)} features, {MAX_AGENTS} agents at once, "
            f"a test run takes {pace_s:g} s and some\n"
        )
        print(f"{'':26}{'landed':>8}{'commits':>9}{'untested':>10}{'red':>5}", end="")
        print(f"{'test runs':>11}{'each':>7}{'makespan':>11}  not landed")
        for number, name in enumerate(told.policies):
            counts[name] = _landed(ground, f"yard{number}", name, features, pace_s)
            _tell(name, counts[name], features)
    broken = list(_broken(counts))
    print(f"\nin {time.monotonic() - began:.0f} s; ", end="")
    print("every promise was kept" if not broken else "BROKEN:")
    for each in broken:
        print(f"  {each}")
    return 1 if broken else 0


def _landed(
    ground: Ground, folder: str, name: str, features: Sequence[Feature], pace_s: float
) -> Count:
    """What became of a stack under a policy."""
    if name in OTHERS:
        yard = lay_yard(ground, folder, features, pace_s=pace_s)
        began = time.monotonic()
        Race(yard).run(OTHERS[name])
        took = time.monotonic() - began
    else:
        ours = OURS[name]
        config = CONFIG.format(start=ours.start, runners=ours.runners)
        yard = lay_yard(ground, folder, features, pace_s=pace_s, config=config)
        took = _by_plait(yard)
    counted = count(yard, makespan_s=took)
    shutil.rmtree(ground.folder / folder)
    return counted


def _by_plait(yard: Yard) -> float:
    """Seconds that the installed command takes.

    All that it knows is gone then. Called once more it may do nothing, for the branch that it
    finds is not known to be its own.
    """
    took = _called(yard, ENDED)
    _forget(yard)
    _called(yard, {REFUSED})
    _forget(yard)
    return took


def _forget(yard: Yard) -> None:
    """The database goes, and the logs, the worktrees, the report."""
    shutil.rmtree(yard.repo / ".plait", ignore_errors=True)
    yard.git("worktree", "prune")


def _called(yard: Yard, ended: set[int]) -> float:
    seconds = " ".join(f"{each.name}) s={each.seconds};;" for each in yard.features)
    agent = f'case "$PLAIT_PACKAGE" in {seconds} esac; exec {yard.agent("$s")}'
    argv = plait("run", PLAN, "--agent", f"command:{agent}", "--yes", "--quiet")
    argv += ["--max-agents", str(MAX_AGENTS)]
    began = time.monotonic()
    done = subprocess.run(
        argv,
        cwd=yard.repo,
        env=yard.environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    took = time.monotonic() - began
    if done.returncode not in ended:
        raise SystemExit(f"plait ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return took


def _tell(name: str, counted: Count, features: Sequence[Feature]) -> None:
    print(f"{name:26}{len(counted.landed):8}{counted.commits:9}", end="")
    print(f"{len(counted.untested):10}{len(counted.red):5}{counted.runs:11}", end="")
    print(f"{counted.runs_each:7.2f}{counted.makespan_s:9.1f} s", end="")
    print(f"  {', '.join(each.name for each in features if each.name not in counted.landed)}")
    sys.stdout.flush()


def _broken(counts: dict[str, Count]) -> list[str]:
    """Plait's promises that were not kept; and whether they could be seen to be broken at all."""
    broken: list[str] = []
    serial = counts.get("one at a time")
    for name in OURS:
        if (counted := counts.get(name)) is None:
            continue
        wrong = {"untested": counted.untested, "red": counted.red, "twice": counted.twice}
        broken += [f"{name}: {what}: {', '.join(them)}" for what, them in wrong.items() if them]
        if serial is not None and len(counted.landed) < len(serial.landed):
            lost = ", ".join(sorted(serial.landed - counted.landed))
            broken.append(f"{name}: less landed than one at a time; of that not {lost}")
    naive = counts.get("green alone")
    if naive is not None and not (naive.untested and naive.red):
        broken.append(
            "what lands untested was not seen to be wrong: what counts here counts nothing"
        )
    return broken


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.landing", description=__doc__)
    every = (*OTHERS, *OURS)
    parser.add_argument("policies", nargs="*", metavar="POLICY", help=", ".join(every))
    parser.add_argument("--short", action="store_true", help="fewer features, three policies")
    parser.add_argument("--seed", type=int, default=0, help="another order, other times")
    told = parser.parse_args(argv)
    told.policies = told.policies or list(SHORT if told.short else every)
    if unknown := [each for each in told.policies if each not in every]:
        parser.error(f"there is no policy {unknown[0]!r}")
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
