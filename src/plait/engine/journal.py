"""Record events and the state they change in one transaction, then tell whoever watches.

Writers queue up while a transaction is under way and share the next one: under load a commit
(one fsync) carries the events of many packages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import anyio
from anyio import to_thread

from plait.core.event import (
    TYPE_NAMES,
    BaselineCommitted,
    Event,
    Landed,
    PlanRevised,
    Recorded,
    RunContinued,
    RunStarted,
    subject,
)
from plait.core.lease import Lease
from plait.core.plan import PackageId, Plan
from plait.core.run import ACTIVE, Run, apply
from plait.core.step import steps_of
from plait.engine.holding import Holding
from plait.errors import PlaitError, RunTaken, StaleEpoch
from plait.ports import Advance, Clock, Store

_OF_ALL = RunStarted | RunContinued | PlanRevised
Observer = Callable[[Recorded, Run], None]


@dataclass(slots=True)
class _Entry:
    events: tuple[Event, ...]
    answers: tuple[tuple[int, str], ...] = ()
    change: Callable[[Plan], Plan] | None = None
    written: anyio.Event = field(default_factory=anyio.Event)
    failure: PlaitError | None = None


class Journal:
    """The one writer of a run. `run` is the fold of everything written so far."""

    def __init__(
        self,
        store: Store,
        run: Run,
        *,
        clock: Clock,
        observers: Sequence[Observer] = (),
        holding: Holding | None = None,
    ) -> None:
        self.run = run
        self._holding = holding
        self._run_epoch = holding.lease.epoch if holding is not None else 0
        self._store = store
        self._clock = clock
        self._observers = tuple(observers)
        self._waiting: list[_Entry] = []
        self._writing = anyio.Lock()
        self._changed = anyio.Event()

    def watch(self, observer: Observer) -> None:
        """Tell one more of each event from now on."""
        self._observers = (*self._observers, observer)

    async def record(self, *events: Event, answers: tuple[tuple[int, str], ...] = ()) -> None:
        """Write events, in order, in one transaction, with the answers to what was asked.

        Raises:
            StaleEpoch: An event is about an attempt that lost its claim; nothing was written.
            EnvironmentLack: The store cannot be written (`DISK_FULL`, …).
        """
        await self._enter(_Entry(events=events, answers=answers))

    async def revise(
        self,
        change: Callable[[Plan], Plan],
        *events: Event,
        answers: tuple[tuple[int, str], ...] = (),
    ) -> None:
        """Write events together with another version of the run's plan.

        Args:
            change: From the plan as it is when the transaction begins to the new one.
            events: What is told of it.
            answers: Those to what was asked.

        Raises:
            StaleEpoch: As `record` does.
            EnvironmentLack: As `record` does.
        """
        await self._enter(_Entry(events=events, change=change, answers=answers))

    async def _enter(self, entry: _Entry) -> None:
        self._waiting.append(entry)
        with anyio.CancelScope(shield=True):  # what has happened is written, come what may
            async with self._writing:
                if not entry.written.is_set():
                    batch, self._waiting = self._waiting, []
                    await self._write(batch)
        if entry.failure is not None:
            raise entry.failure

    async def claim(
        self, package: PackageId, *, holder: str, ttl_s: float, keys: Collection[str]
    ) -> Lease:
        """Claim a package, with its lock keys: its epoch rises by one.

        Raises:
            LeaseHeld: Another holder's lease lasts.
            LockHeld: Another package holds a key that conflicts.
        """
        async with self._writing:
            lease = await to_thread.run_sync(
                lambda: self._store.claim(
                    self.run.id,
                    package,
                    holder=holder,
                    ttl_s=ttl_s,
                    keys=keys,
                    run_epoch=self._run_epoch,
                )
            )
            if self._holding is not None:
                self._holding.held[package] = lease.epoch
            self.knows(package, lease.epoch)
        return lease

    def knows(self, package: PackageId, epoch: int) -> None:
        """Take note of a package's epoch, which rises with a claim and not with an event.

        All that is told of the package from now on is told under it.
        """
        state = self.run.packages[package]
        if epoch > state.epoch:
            self.run = replace(
                self.run, packages=self.run.packages.changed(replace(state, epoch=epoch))
            )

    async def release(self, package: PackageId, epoch: int) -> None:
        """Give a claim back that no event has told of.

        Raises:
            StaleEpoch: Somebody else has the package.
        """
        if self._holding is not None and self._holding.held.get(package) == epoch:
            del self._holding.held[package]
        await to_thread.run_sync(
            lambda: self._store.release(self.run.id, package, epoch, run_epoch=self._run_epoch)
        )

    async def changed(self) -> None:
        """Wait until something was recorded since the last call."""
        await self._changed.wait()
        self._changed = anyio.Event()

    def wake(self) -> None:
        """Let whoever waits in `changed` look again."""
        self._changed.set()

    async def _write(self, batch: list[_Entry]) -> None:
        try:
            await self._commit(batch)
        except StaleEpoch as stale:
            if len(batch) > 1:  # find the culprit; the others lose nothing
                for entry in batch:
                    await self._write([entry])
                return
            batch[0].failure = stale
        except PlaitError as error:
            if isinstance(error, RunTaken) and self._holding is not None:
                events = [event for entry in batch for event in entry.events]
                await self._holding.refused(", ".join(map(_named, events)), error)
            for entry in batch:
                entry.failure = error
        for entry in batch:
            entry.written.set()

    async def _commit(self, batch: list[_Entry]) -> None:
        advances, now = [], self._clock.now()
        draft = self.run
        plans: dict[int, Plan] = {}
        for entry in batch:
            if entry.change is not None:
                plans[draft.seq] = entry.change(draft.plan)
                draft = replace(draft, plan=plans[draft.seq])
            before = draft
            for event in entry.events:
                draft = apply(
                    draft, Recorded(seq=draft.seq + 1, at=now, run=self.run.id, event=event)
                )
            written = _advance(entry.events, before, draft, changed=entry.change is not None)
            advances.append(replace(written, answers=entry.answers))
        recorded = await to_thread.run_sync(
            lambda: self._store.advance(self.run.id, advances, run_epoch=self._run_epoch)
        )
        if self._holding is not None:
            for package in (name for each in advances for name in each.released):
                self._holding.held.pop(package, None)
        for each in recorded:
            plan = plans.get(self.run.seq)
            if plan is not None:
                self.run = replace(self.run, plan=plan)
            self.run = apply(self.run, each)
            for observer in self._observers:
                observer(each, self.run)
        self._changed.set()


def _advance(events: Sequence[Event], before: Run, after: Run, *, changed: bool = False) -> Advance:
    """The rows that these events change, as they stand after them; `changed`: the plan too.

    A package that is no longer at work, nor a candidate, holds nothing any more.
    """
    subjects = dict.fromkeys(package for package, _, _ in map(subject, events) if package)
    moved = any(isinstance(event, Landed | BaselineCommitted) for event in events)
    everything = any(isinstance(event, _OF_ALL) for event in events)
    packages = after.packages.values() if everything else [after.packages[p] for p in subjects]
    gone = [
        old.id
        for old in before.with_status(*ACTIVE)
        if (new := after.packages[old.id]).status not in ACTIVE and new.epoch == old.epoch
    ]
    return Advance(
        events=tuple(events),
        packages=tuple(packages),
        released=tuple(gone),
        steps=tuple(step for event in events for step in steps_of(event)),
        status=after.status,
        head=after.head if moved else None,
        plan=after.plan if changed else None,
    )


def _named(event: Event) -> str:
    """An event in short, for a note."""
    package, _, _ = subject(event)
    return f"{TYPE_NAMES[type(event)]} of {package}" if package else TYPE_NAMES[type(event)]
