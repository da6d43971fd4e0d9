"""`make crash`: the whole suite, with what it did, how long that took, and what was wrong.

    python -m tests.crash [--short] [--seed N] [PART…]

Without `--short` there is beside the runs that are killed again and again a run of its own for
each point, killed there once at its first passing and once at some later one.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import local

from tests.crash.attacks import (
    Outcome,
    Point,
    alone,
    at_random,
    differing,
    in_a_row,
    prepared,
    recorded,
    undisturbed,
    with_clock,
    with_full_disk,
    with_locks,
    with_others,
)
from tests.crash.points import DECLARED, LANDING
from tests.crash.scene import Server, Story, new_folder
from tests.crash.stories import PATHS, ROW, SESSION, in_turn, wide
from tests.fakes.forge import CodeHost, serving

JOBS = 2
TIMES = 10  # runs for each other kind of disturbance
KILLS, KILLS_A_RUN = 50, 10

Task = Callable[[Server], Outcome]
_mine = local()


class Suite:
    """All attacks of one call, told as they end."""

    def __init__(self, seed: int) -> None:
        self.seed, self.wrong = seed, False
        self.servers: list[Server] = []

    def chance(self, what: str) -> Random:
        """Chance that is the same for the same seed."""
        return Random(f"{self.seed} {what}")

    def all_of(self, name: str, tasks: Iterable[Task]) -> list[Outcome]:
        """Carry attacks out, some at once, and tell of them as one."""
        began = time.monotonic()
        with ThreadPoolExecutor(JOBS) as pool:
            outcomes = list(pool.map(self._carried_out, tasks))
        runs, kills = sum(each.runs for each in outcomes), sum(each.kills for each in outcomes)
        faults = [f"{each.name}: {fault}" for each in outcomes for fault in each.faults]
        self.tell(name, f"{runs} runs, {kills} kills", began, faults)
        return outcomes

    def tell(self, name: str, what: str, began: float, faults: Iterable[str]) -> None:
        """One line, and one for each thing that is wrong."""
        wrong = list(faults)
        self.wrong |= bool(wrong)
        took = time.monotonic() - began
        verdict = f"{len(wrong)} WRONG" if wrong else "all as it should be"
        _say(f"{name:<28} {what:<28} {took:6.1f} s  {verdict}")
        for each in wrong:
            _say(f"    {each}")

    def _carried_out(self, task: Task) -> Outcome:
        if not hasattr(_mine, "server"):
            _mine.server = Server()
            self.servers.append(_mine.server)
        outcome: Outcome = task(_mine.server)
        return outcome


def points(suite: Suite) -> dict[str, Counter[str]]:
    """Runs that are killed at every point in a row; how often each passes each, undisturbed."""
    died, began = new_folder() / "died", time.monotonic()
    reached: set[str] = set()
    counts: dict[str, Counter[str]] = {}
    with Server() as server, serving(CodeHost("gitea")) as host:
        for name, story in in_turn(host):
            tree, passed = undisturbed(story, server)
            counts[name] = passed
            outcome = in_a_row(story, server, tree, died=died, name=name)
            suite.tell(f"in a row: {name}", f"{outcome.kills} kills", began, outcome.faults)
            reached |= {*passed, *outcome.reached}
            began = time.monotonic()
    known = len(reached & DECLARED)
    suite.tell("points reached / declared", f"{known} / {len(DECLARED)}", began, differing(reached))
    return counts


def singly(suite: Suite, counts: dict[str, Counter[str]]) -> None:
    """A run of six packages for each point, and a second one for a later passing.

    So it is with a run whose candidates stand in a row, at the points of landing.
    """
    landing = Counter({each: n for each, n in counts["row"].items() if each in LANDING})
    _singly(suite, "each point in a run", PATHS, counts["paths"])
    _singly(suite, "each of landing, in a row", ROW, landing)


def _singly(suite: Suite, name: str, story: Story, counts: Counter[str]) -> None:
    chance = suite.chance("points")
    with Server() as server:
        tree, _ = undisturbed(story, server)
    wanted = [Point(name=each, nth=1) for each in sorted(counts)]
    wanted += [
        Point(name=each, nth=chance.randint(2, count))
        for each, count in sorted(counts.items())
        if count > 1
    ]
    suite.all_of(name, (_alone(story, tree, each) for each in wanted))


def sessions(suite: Suite) -> None:
    """A run for each point at which an agent's session is prepared for its next attempt."""
    with Server() as server:
        tree, passed = recorded(SESSION, server)
    suite.all_of("a session prepared", (_alone(SESSION, tree, each) for each in prepared(passed)))


def _alone(story: Story, tree: str, point: Point) -> Task:
    return lambda server: alone(story, server, tree, point)


def randomly(suite: Suite) -> None:
    """Fifty random times on a run of forty packages."""
    story = wide(40)
    with Server() as server:
        tree, _ = undisturbed(story, server)

    def task(number: int) -> Task:
        chance = suite.chance(f"random {number}")
        return lambda server: at_random(story, server, tree, chance=chance, kills=KILLS_A_RUN)

    suite.all_of("random times, 40 packages", map(task, range(KILLS // KILLS_A_RUN)))


def otherwise(suite: Suite, parts: set[str]) -> None:
    """Agents, shims, the disk, git's locks and the clock, each at ten random points."""
    story = wide(12)
    with Server() as server:
        tree, _ = undisturbed(story, server)
    attacks: dict[str, Callable[[Server, Random], Outcome]] = {
        "agents": lambda server, chance: with_others(
            story, server, tree, chance=chance, mark="PLAIT_EPOCH=", name="agents killed"
        ),
        "shims": lambda server, chance: with_others(
            story, server, tree, chance=chance, mark="shim.py", name="shims killed"
        ),
        "disk": lambda server, chance: with_full_disk(story, server, tree, chance=chance),
        "locks": lambda server, chance: with_locks(story, server, tree, chance=chance),
        "clock": lambda server, chance: with_clock(story, server, tree, chance=chance),
    }
    for name, attack in attacks.items():
        if name == "disk" and name in parts and os.geteuid() != 0:
            _say("disk                         skipped: only root may mount a small disk")
        elif name in parts:
            suite.all_of(name, _tasks(suite, name, attack))


def _tasks(suite: Suite, name: str, attack: Callable[[Server, Random], Outcome]) -> Iterator[Task]:
    for number in range(TIMES):
        chance = suite.chance(f"{name} {number}")
        yield lambda server, chance=chance: attack(server, chance)  # type: ignore[misc]


PARTS = ("points", "singly", "sessions", "random", "agents", "shims", "disk", "locks", "clock")


def main() -> int:
    """Do what the arguments say; 1 if something was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--short", action="store_true", help="every point in a row, nothing else")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    told = parser.parse_args()
    if sys.platform != "linux":
        _say("skipped: processes are told apart by /proc")
        return 0
    parts = {"points"} if told.short else set(told.parts or PARTS)
    if odd := parts - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(odd))}")
    suite, began = Suite(told.seed), time.monotonic()
    _say(f"seed {told.seed}; `--seed {told.seed}` chooses the same moments again")
    counts = points(suite) if {"points", "singly"} & parts else {}
    if "singly" in parts:
        singly(suite, counts)
    if "sessions" in parts:
        sessions(suite)
    if "random" in parts:
        randomly(suite)
    if rest := parts - {"points", "singly", "sessions", "random"}:
        otherwise(suite, rest)
    for server in suite.servers:
        server.close()
    suite.tell(
        "all of it", ", ".join(sorted(parts))[:28], began, ["see above"] if suite.wrong else ()
    )
    return 1 if suite.wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
