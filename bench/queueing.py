"""The merge queue at work against what information theory allows, and against one at a time.

The queue is the real one, with the real fold of the run's events; what it asks of git and of
checks is played: a test takes one round, all that are under way end together, and a prefix is
red if it holds a candidate that is. The chance of that is learned from row to row, as it is in a
repository, and not known before the first. So rounds and tests can be counted, and thousands of
them take no time.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock

import anyio

from bench.table import Row
from plait.core.event import (
    AttemptEnded,
    AttemptStarted,
    Event,
    Landed,
    LandingRefused,
    Recorded,
    RunId,
    RunStarted,
    Verdict,
)
from plait.core.plan import Check, Digest, PackageId, Plan, WorkPackage
from plait.core.prefixes import bound
from plait.core.queue import OwnedCheck
from plait.core.run import ENDED, PackageState, Run, apply
from plait.core.schedule import compile_plan
from plait.engine import queue
from plait.engine.land import Placed
from plait.engine.verify import Red

COUNT = 64
CHANCES = (0.02, 0.05, 0.1, 0.2, 0.4)
RUNNERS = (1, 2, 4)
TRIALS = 40
SEED = 20_260_101
CHECK = OwnedCheck(check=Check(name="all", command="all"), owner=None)
SETTLED = 20  # looks at the event loop after which nothing more begins by itself


@dataclass(slots=True, kw_only=True)
class Play:
    """A run of candidates that are good or not, and what it took to tell."""

    faults: frozenset[PackageId]
    run: Run
    rounds: int = 0
    tests: int = 0
    seconds: int = 0  # second runs of a single check, to tell a flake
    waiting: list[anyio.Event] = field(default_factory=list)

    async def record(self, *events: Event) -> None:
        """Fold events into the run."""
        for event in events:
            recorded = Recorded(seq=self.run.seq + 1, at=0.0, run=self.run.id, event=event)
            self.run = apply(self.run, recorded)

    def wake(self) -> None:
        """There is no loop to wake."""

    async def try_out(
        self,
        _context: object,
        prefix: Sequence[Placed],
        _commit: str,
        _checks: Sequence[OwnedCheck],
        *,
        again: bool = False,
        **_more: object,
    ) -> Red | None:
        """A test: it ends with the round."""
        self.seconds += again
        self.tests += not again
        if not again:
            over = anyio.Event()
            self.waiting.append(over)
            try:
                await over.wait()
            finally:
                if over in self.waiting:
                    self.waiting.remove(over)
        red = any(each.id in self.faults for each in prefix)
        return Red(check=CHECK, reason="red") if red else None


def measure() -> list[Row]:
    """Play many rows of candidates at each chance, with one runner and with several."""
    print(f"merge queue, {COUNT} candidates at once, means of {TRIALS} rows")
    print(f"  {'':8}" + "".join(f"{f'chance {chance:g}':>26}" for chance in CHANCES))
    rows = []
    for runners in RUNNERS:
        worst, serial, told = 0.0, 0.0, []
        for chance in CHANCES:
            rounds, tests, seconds = _means(chance, runners)
            least = bound(COUNT, chance, runners)
            worst = max(worst, (tests if runners == 1 else rounds) / least)
            serial = max(serial, rounds / COUNT)
            told.append(f"{rounds:5.1f} rounds {tests:5.1f} tests +{seconds:4.1f}")
        print(f"  k = {runners:<4}" + "".join(f"{each:>26}" for each in told))
        what = "test runs" if runners == 1 else "rounds"
        target = 1.15 if runners == 1 else 1.3
        rows.append(
            Row(what=f"queue, k = {runners}, {what} to the bound", ratio=worst, target=target)
        )
        rows.append(Row(what=f"queue, k = {runners}, to serial", ratio=serial, target=1.05))
    print("  (+: second runs of one failed check, by which a flake is told)\n")
    return rows


def _means(chance: float, runners: int) -> tuple[float, float, float]:
    """Of rows in which as many candidates are bad as the chance says, all rows together."""
    bad = round(TRIALS * COUNT * chance)
    faults = [True] * bad + [False] * (TRIALS * COUNT - bad)
    random.Random(SEED).shuffle(faults)
    rows = [faults[start : start + COUNT] for start in range(0, len(faults), COUNT)]
    plays: list[Play] = []
    failed = 0
    for row in rows:
        plays.append(anyio.run(_play, row, runners, (COUNT * len(plays) - failed, failed)))
        failed += sum(row)
    return (
        sum(each.rounds for each in plays) / TRIALS,
        sum(each.tests for each in plays) / TRIALS,
        sum(each.seconds for each in plays) / TRIALS,
    )


async def _play(bad: Sequence[bool], runners: int, before: tuple[int, int]) -> Play:
    names = [PackageId(f"p{number:02d}") for number in range(COUNT)]
    plan = _plan(names)
    faults = frozenset(name for name, fault in zip(names, bad, strict=True) if fault)
    play = Play(faults=faults, run=Run(id=RunId("bench"), plan=plan))
    await play.record(*_before(plan, names))
    context: Any = SimpleNamespace(
        journal=play,
        plan=plan,
        compiled=compile_plan(plan),
        holding=SimpleNamespace(wanting=()),
        clock=SimpleNamespace(now=lambda: float(play.rounds)),
        runners=runners,
        together="always",
    )
    lease: Any = None
    landed, failed = before
    acting = queue.MergeQueue(context=context, lease=lease, landed=landed, failed=failed)
    deeds = {
        "place": _place,
        "join": _join,
        "checks_of": lambda *_: (CHECK,),
        "try_out": play.try_out,
        "publish": _publish,
        "refuse": _refuse,
    }
    with mock.patch.multiple(queue, **deeds):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(acting.tend)
            while any(state.status not in ENDED for state in play.run.packages.values()):
                acting.wake()
                for _ in range(SETTLED):
                    await anyio.lowlevel.checkpoint()
                play.rounds += bool(play.waiting)
                for over in tuple(play.waiting):
                    over.set()
            tasks.cancel_scope.cancel()
    return play


def _plan(names: Sequence[PackageId]) -> Plan:
    return Plan(
        id="bench",
        title="Many candidates",
        format="bench",
        feature="bench",
        branch="bench",
        digest=Digest("sha256:0"),
        files=(),
        packages=tuple(WorkPackage(id=each, source_id=each, title=each) for each in names),
    )


def _before(plan: Plan, names: Sequence[PackageId]) -> list[Event]:
    """All that happened until everything was a candidate."""
    events: list[Event] = [
        RunStarted(
            plan=plan.id,
            format=plan.format,
            digest=plan.digest,
            base="0",
            branch=plan.branch,
            packages=tuple(names),
            max_agents=COUNT,
        )
    ]
    for name in names:
        events += [
            AttemptStarted(
                package=name,
                attempt=1,
                epoch=1,
                agent="a",
                worktree="w",
                base="0",
                directory="d",
                setup_s=0.0,
            ),
            AttemptEnded(package=name, attempt=1, epoch=1, verdict=Verdict.PASS, commit=name),
        ]
    return events


async def _place(_context: object, candidate: PackageState, onto: str) -> Placed:
    commit = f"{onto}+{candidate.id}"
    return Placed(candidate=candidate, onto=onto, commit=commit, tree=commit, files=())


async def _join(_context: object, prefix: Sequence[Placed], _head: str) -> str:
    return prefix[-1].commit


async def _publish(
    context: Any, _lease: object, prefix: Sequence[Placed], commit: str, *, checked: bool
) -> None:
    await context.journal.record(
        *(
            Landed(
                package=each.id,
                attempt=1,
                epoch=1,
                commit=commit,
                tree=commit,
                files=(),
                unchecked=not checked,
            )
            for each in prefix
        )
    )


async def _refuse(context: Any, candidate: PackageState, code: str, reason: str) -> None:
    await context.journal.record(
        LandingRefused(
            package=candidate.id,
            attempt=1,
            epoch=1,
            verdict=Verdict.REJECT,
            error_code=code,
            reason=reason,
        )
    )
