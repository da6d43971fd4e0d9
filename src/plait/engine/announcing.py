"""Sinks are told how a run goes, beside the loop: none of them ever holds it.

The journal's observer only takes note; each sink has a task of its own, which tells it one thing
after the other. One that fails is asked again later and later; when the run is over, each has a
few seconds to be told the rest, and what it was not told is one warning.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import anyio

from plait.core.announcement import Backlog, Call, Outcome, Reply
from plait.core.event import Recorded, Warned
from plait.core.retry import Backoff, delay_s
from plait.core.run import Run
from plait.engine.journal import Journal
from plait.errors import PlaitError
from plait.ports import Sink

CODE = "ANNOUNCE_FAILED"
GATHER_S = 0.05  # what happens together is told together
SLOW_AFTER = 5  # failures in a row, from which on a sink is left alone for long
LAST_TRIES = 3  # when the run is over
CLOSING_S = 6.0  # for all sinks together; what is left then is left to end by itself
_BACKOFF = Backoff(base_s=1.0, cap_s=60.0)
_LONGEST_REASON = 300

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Announcer:
    """Tells one sink. `interval_s`: between two calls; `patience_s`: when the run is over."""

    sink: Sink
    interval_s: float = 1.0
    patience_s: float = 5.0
    backlog: Backlog = field(init=False)
    reason: str = ""  # why the last call was not accepted
    unfit: bool = False  # its settings are wrong: it is not asked again
    _failures: int = 0
    _tries: int = 0
    _scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    _over: anyio.Event = field(default_factory=anyio.Event)
    _changed: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        self.backlog = Backlog(kind=self.sink.kind)

    def see(self, recorded: Recorded, run: Run) -> None:
        """Take note of an event; nothing is told here."""
        self.backlog.see(recorded, run)
        self._changed.set()

    def finish(self) -> None:
        """Nothing more happens: `work` tells what is left, as long as patience lasts, and ends."""
        self._scope.deadline = anyio.current_time() + self.patience_s
        self._over.set()
        self._changed.set()

    async def work(self) -> None:
        """Tell the sink what there is, until all is told after `finish`, or it is hopeless."""
        with self._scope:
            while not self.unfit and self._tries < LAST_TRIES:
                call = self.backlog.next()
                if call is not None:
                    pause_s = await self._told(call)
                    if self._tries < LAST_TRIES:
                        await self._rest(pause_s)
                elif self._over.is_set():
                    return
                else:
                    await self._changed.wait()
                    self._changed = anyio.Event()
                    await self._rest(GATHER_S)
        if self._scope.cancelled_caught:
            self.reason = self.reason or "it is too slow"

    def lack(self) -> Warned | None:
        """What the sink was not told, if there is anything."""
        owed = self.backlog.owed()
        if not owed and not self.unfit:
            return None
        what = f"how {owed.tickets} of {owed.of} tickets stand" if owed.tickets else "how it ended"
        if self.unfit:
            what = "anything more"
        told = f"{self.sink.name} ({self.sink.kind}) was not told {what}: {self.reason}"
        return Warned(code=CODE, message=told)

    async def _told(self, call: Call) -> float:
        """Tell one thing; for how long to leave the sink alone then."""
        over = self._over.is_set()
        reply = await self._reply(call)
        self.backlog.settle(call, reply.outcome)
        if reply.outcome is Outcome.ACCEPTED:
            self._failures = self._tries = 0
            return self.interval_s
        self.reason = " ".join(reply.reason.split())[:_LONGEST_REASON] or "no reason was given"
        self._failures += 1
        self._tries += over and reply.outcome is Outcome.FAILED
        self.unfit = reply.outcome is Outcome.UNFIT
        if reply.outcome is Outcome.REFUSED and self._failures < SLOW_AFTER:
            return self.interval_s
        waited = delay_s(_BACKOFF, self._failures, seed=f"{self.sink.name}/{call.key}")
        if self._failures >= SLOW_AFTER:
            waited = (_BACKOFF.cap_s + waited) / 2
        return max(waited, min(reply.wait_s, _BACKOFF.cap_s))

    async def _reply(self, call: Call) -> Reply:
        try:
            return await self.sink.tell(call)
        except Exception as error:  # noqa: BLE001 - what announces never fails a run
            return Reply(outcome=Outcome.FAILED, reason=f"{type(error).__name__}: {error}")

    async def _rest(self, seconds: float) -> None:
        """Wait; when the run is over, only as long as a retry needs."""
        with anyio.move_on_after(seconds):
            await self._over.wait()
            await anyio.sleep(min(seconds, 0.1 * self._tries))


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcing:
    """All sinks of a run."""

    announcers: Sequence[Announcer] = ()

    def see(self, recorded: Recorded, run: Run) -> None:
        """As an observer of the journal."""
        for each in self.announcers:
            each.see(recorded, run)

    async def beside(self, journal: Journal, work: Callable[[], Awaitable[T]]) -> T:
        """Do a run's work, with the sinks told of it meanwhile and for a while after it.

        Raises:
            PlaitError: As the work does; the sinks are put away, and told no more.
        """
        if not self.announcers:
            return await work()
        try:
            async with anyio.create_task_group() as tasks:
                for each in self.announcers:
                    tasks.start_soon(_tell, journal, each, name=f"announce {each.sink.name}")
                result = await work()
                for each in self.announcers:
                    each.finish()
        finally:
            await self._close()
        await _record(journal, [each for each in self.announcers if not each.unfit])
        return result

    async def _close(self) -> None:
        """Put the sinks away, all at once."""
        with anyio.move_on_after(CLOSING_S, shield=True):
            async with anyio.create_task_group() as tasks:
                for each in self.announcers:
                    tasks.start_soon(each.sink.close)


async def _tell(journal: Journal, announcer: Announcer) -> None:
    """Tell one sink; should it come out that its settings are wrong, that is said at once."""
    await announcer.work()
    if announcer.unfit:
        with suppress(PlaitError):  # the loop meets the same
            await _record(journal, [announcer])


async def _record(journal: Journal, announcers: Sequence[Announcer]) -> None:
    warned = [told for told in (each.lack() for each in announcers) if told is not None]
    if warned:
        await journal.record(*warned)
