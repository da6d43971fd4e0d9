"""The merge queue at work: the policy is `core.prefixes`, the deeds are `engine.land`.

Candidates stand in a row of provisional merges. Prefixes of the row are tested, several at once
where there are runners; a green one is published at once, what a red one tells narrows the
search, and the candidate that is found to turn the row red falls out, after the check that
failed has failed once more. Everything behind it is merged anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

import anyio
from anyio.abc import TaskGroup

from plait.core.ahead import unlanded
from plait.core.event import FlakeFound, LandingStarted
from plait.core.lease import TrunkLease
from plait.core.plan import PackageId, Plan
from plait.core.prefixes import Row, hazard, next_tests
from plait.core.queue import candidates
from plait.core.run import Halt, PackageState, PackageStatus
from plait.engine.context import Context
from plait.engine.land import (
    Misfit,
    Placed,
    ask_for,
    checks_of,
    join,
    place,
    publish,
    refuse,
    send_back,
    try_out,
)
from plait.engine.lost import lose
from plait.engine.tested import Tested
from plait.engine.unfit import Unfit
from plait.engine.verify import Red
from plait.errors import StaleEpoch

LONGEST_ROW = 256
MOST_FLAKES = 2  # of one candidate, until it is no longer believed that time helps
SLOW_S = 10.0  # a test run that takes as long is worth sharing
Refusal = Callable[[Context, PackageState], Awaitable[None]]
_WAITS = {PackageStatus.VERIFIED, PackageStatus.LANDING}


class Together(StrEnum):
    """Whether several candidates may land as one commit."""

    AUTO = "auto"  # where a test run takes long
    ALWAYS = "always"
    NEVER = "never"


@dataclass(slots=True, kw_only=True)
class _Test:
    """A test under way of the row up to `last`."""

    last: Placed
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    over: anyio.Event = field(default_factory=anyio.Event)


@dataclass(slots=True, kw_only=True)
class MergeQueue:
    """One run's queue. `landed` and `failed` count what came of candidates, for the hazard."""

    context: Context
    lease: TrunkLease
    landed: int = 0
    failed: int = 0
    _row: list[Placed] = field(default_factory=list, init=False)
    _tests: list[_Test] = field(default_factory=list, init=False)
    _red: dict[PackageId, Red] = field(default_factory=dict, init=False)
    _unfit: Unfit = field(default_factory=Unfit, init=False)
    _flakes: dict[PackageId, int] = field(default_factory=dict, init=False)
    _slowest_s: float = field(default=0.0, init=False)
    _tested: Tested = field(default_factory=Tested, init=False)
    _plan: Plan | None = field(default=None, init=False)
    _turn: anyio.Lock = field(default_factory=anyio.Lock, init=False)
    _woken: anyio.Event = field(default_factory=anyio.Event, init=False)

    def wake(self) -> None:
        """Look again: something may have changed."""
        self._woken.set()

    @property
    def tested(self) -> Tested:
        """What passed on which tree."""
        return self._tested

    @property
    def packages(self) -> frozenset[PackageId]:
        """What stands in the row."""
        return frozenset(each.id for each in self._row)

    async def tend(self) -> None:
        """Carry the policy out; never returns.

        Raises:
            RunTaken: The run is decided elsewhere.
            PlaitError: The environment failed.
        """
        async with anyio.create_task_group() as tasks:
            while True:
                await self._woken.wait()
                self._woken = anyio.Event()
                async with self._turn:
                    await self._look(tasks)

    async def withdraw(self, packages: frozenset[PackageId]) -> None:
        """Take candidates out of the row; a landing that moves the branch by now is landed."""
        async with self._turn:
            places = [number for number, each in enumerate(self._row) if each.id in packages]
            ended = self._cut(min(places)) if places else []
        for each in ended:
            await each.over.wait()

    # -- in turn -------------------------------------------------------------------------------

    async def _look(self, tasks: TaskGroup) -> None:
        run = self.context.journal.run
        if run.halt in {Halt.NOW, Halt.CANCEL}:
            self._cut(0)
            return
        if self._plan is not self.context.plan:  # scopes, checks and names may be others
            self._cut(0)
            self._plan = self.context.plan
        for number, each in enumerate(self._row):
            state = run.packages.get(each.id)
            known = state is not None and (state.epoch, state.commit) == (
                each.candidate.epoch,
                each.candidate.commit,
            )
            if state is None or not known or state.status not in _WAITS:
                self._cut(number)
                break
        await self._place_more()
        self._start(tasks)

    async def _place_more(self) -> None:
        """Append what waits; what does not fit waits until those before it are gone."""
        for candidate in candidates(self.context.compiled, self.context.journal.run):
            if len(self._row) >= (LONGEST_ROW if self._shares() else 1):
                return
            if self._unfit.waits(candidate, self._row) or candidate.id in self.packages:
                continue
            if candidate.id in self.context.holding.wanting:  # another run has its lock keys
                continue
            if not unlanded(self.context.journal.run.packages, candidate) <= self.packages:
                continue  # it lands only behind what it was built on
            onto = self._row[-1].commit if self._row else self.context.journal.run.head
            fitted = await place(self.context, candidate, onto)
            if isinstance(fitted, Misfit) and self._row:
                await self._unfit.add(self.context, candidate, fitted, self._row)
                continue
            if candidate.status is PackageStatus.VERIFIED:
                started = LandingStarted(
                    package=candidate.id,
                    attempt=candidate.attempts[-1].number,
                    epoch=candidate.epoch,
                    onto=onto,
                )
                try:
                    await self.context.journal.record(started)
                except StaleEpoch as stale:
                    await lose(self.context, stale)
                    continue
            if isinstance(fitted, Misfit):
                await self._refuse(candidate.id, partial(send_back, onto=onto, misfit=fitted))
            else:
                self._row.append(fitted)

    def _shares(self) -> bool:
        """Whether several may land as one commit."""
        wanted = Together(self.context.together)
        return wanted is Together.ALWAYS or (wanted is Together.AUTO and self._slowest_s >= SLOW_S)

    def _start(self, tasks: TaskGroup) -> None:
        """Start the tests that tell the most."""
        row = self._known()
        if row.culprit:
            if not self._tests:
                self._begin(tasks, self._row[0], again=True)
            return
        chance = hazard(self.failed, self.landed)
        for length in next_tests(row, chance, self.context.runners):
            self._begin(tasks, self._row[length - 1])

    def _begin(self, tasks: TaskGroup, last: Placed, *, again: bool = False) -> None:
        started = _Test(last=last)
        self._tests.append(started)
        deed = self._doubt if again else self._try
        tasks.start_soon(deed, started, name=f"land {last.id}")

    def _known(self) -> Row:
        places = {each.id: number for number, each in enumerate(self._row, start=1)}
        reds = [places[each] for each in self._red if each in places]
        running = frozenset(places[each.last.id] for each in self._tests)
        return Row(count=len(self._row), red=min(reds, default=0), running=running)

    def _cut(self, place: int) -> list[_Test]:
        """Forget the row from there on; the tests that this ends."""
        gone, self._row = self._row[place:], self._row[:place]
        ended = [each for each in self._tests if any(each.last is last for last in gone)]
        self._end(ended)
        for each in gone:
            self._red.pop(each.id, None)
        self._unfit.look_again()
        return ended

    def _end(self, tests: list[_Test]) -> None:
        for each in tests:
            self._tests.remove(each)
            each.scope.cancel()

    def _prefix(self, last: Placed) -> list[Placed]:
        """The row up to there; empty if that place is gone."""
        for number, each in enumerate(self._row, start=1):
            if each is last:
                return self._row[:number]
        return []

    # -- tests ---------------------------------------------------------------------------------

    async def _try(self, started: _Test) -> None:
        """Test a prefix, and publish it if it is green."""
        context, last = self.context, started.last
        try:
            with started.scope:
                prefix = self._prefix(last)
                head = context.journal.run.head
                commit = await join(context, prefix, head)
                checks = checks_of(context, prefix)
                began = context.clock.now()
                left = self._tested.left(last.tree, checks)
                red = await try_out(context, prefix, commit, left)
                self._tested.add(last.tree, checks if red is None else ())
                self._slowest_s = max(self._slowest_s, context.clock.now() - began)
                async with self._turn:
                    if started not in self._tests:
                        return
                    self._tests.remove(started)
                    if red is not None:
                        self._turned_red(last, red)
                        return
                    prefix = self._prefix(last)
                    if context.journal.run.head != head:
                        commit = await join(context, prefix, context.journal.run.head)
                    await self._publish(prefix, commit, checked=bool(checks))
        finally:
            self._over(started)

    def _turned_red(self, last: Placed, red: Red) -> None:
        """What is behind need not be tested: it would be red as well."""
        self._red[last.id] = red
        length = len(self._prefix(last))
        self._end([each for each in self._tests if len(self._prefix(each.last)) > length])

    async def _publish(self, prefix: list[Placed], commit: str, *, checked: bool) -> None:
        try:
            await publish(self.context, self.lease, prefix, commit, checked=checked)
        except StaleEpoch as stale:
            self._cut(0)
            await lose(self.context, stale)
            return
        self.landed += len(prefix)
        self._row = self._row[len(prefix) :]
        self._unfit.look_again()
        gone = [each for each in self._tests if not self._prefix(each.last)]
        self._end(gone)  # shorter prefixes: they landed with it
        for each in prefix:
            self._red.pop(each.id, None)

    async def _doubt(self, started: _Test) -> None:
        """A culprit's failed check again, on its tree and on what it is to land on.

        What fails twice falls out; a check that changed its mind is told, and the whole tree is
        tested again.
        """
        context, first = self.context, started.last
        try:
            with started.scope:
                red, head = self._red[first.id], context.journal.run.head
                commit = await join(context, [first], head)
                again = await try_out(context, [first], commit, [red.check], again=True)
                on_base: Red | None = None
                if again is not None and red.check.owner != first.id:
                    on_base = await try_out(
                        context, [first], head, [red.check], again=True, on_base=True
                    )
                async with self._turn:
                    if started not in self._tests:
                        return
                    self._tests.remove(started)
                    await self._judge(first, red, again, on_base)
        finally:
            self._over(started)

    async def _judge(self, first: Placed, red: Red, again: Red | None, on_base: Red | None) -> None:
        del self._red[first.id]
        changed_its_mind = again is None
        if changed_its_mind:
            await self._tell_flake(first, red)
            self._flakes[first.id] = self._flakes.get(first.id, 0) + 1
            if self._flakes[first.id] <= MOST_FLAKES:
                return
        self._cut(0)
        if again is not None and again.lack:
            await self._refuse(first.id, partial(ask_for, red=again))
            return
        reason = red.reason
        if changed_its_mind:
            reason += "\n\nIt passed when it was run again, but never with all the others."
        if on_base is not None:
            reason += (
                "\n\nIt fails on what has landed as well, which had passed it: it may not be "
                "this package that breaks it."
            )
            await self._tell_flake(first, on_base)
        self.failed += 1
        await self._refuse(first.id, partial(refuse, code="LANDING_FAILED", reason=reason))

    async def _tell_flake(self, first: Placed, red: Red) -> None:
        await self.context.journal.record(
            FlakeFound(
                package=first.id,
                attempt=first.candidate.attempts[-1].number,
                epoch=first.candidate.epoch,
                name=red.check.check.name,
                command=red.check.check.command,
                commit=first.commit,
                log=red.log,
            )
        )

    async def _refuse(self, package: PackageId, deed: Refusal) -> None:
        state = self.context.journal.run.packages[package]
        if state.status is not PackageStatus.LANDING:
            return  # it was cancelled, or is claimed elsewhere
        try:
            await deed(self.context, state)
        except StaleEpoch as stale:
            await lose(self.context, stale)

    def _over(self, started: _Test) -> None:
        if started in self._tests:
            self._tests.remove(started)
        started.over.set()
        self.wake()
        self.context.journal.wake()
