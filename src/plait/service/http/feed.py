"""A run's events as they come, for any number of listeners: one look at the store for all."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import anyio
from anyio import to_thread

from plait.errors import PlaitError
from plait.service.runs import Runs

LOOK_S = 0.25  # between two looks at a run that somebody listens to
BEAT_S = 15.0  # of silence, after which a comment keeps the connection alive
AT_ONCE = 500  # events that are read at a time
KEPT = 1000  # events that are kept for all listeners

Numbered = tuple[int, bytes]


@dataclass(slots=True)
class _Channel:
    """The latest events of one run, and who waits for more."""

    last: int
    kept: deque[Numbered] = field(default_factory=lambda: deque(maxlen=KEPT))
    changed: anyio.Event = field(default_factory=anyio.Event)
    listeners: int = 0


@dataclass(slots=True)
class Feeds:
    """Events of runs, to be listened to.

    A listener has a place and no queue: who is slow reads what was missed from the store again,
    and nothing is held for it meanwhile.

    Args:
        runs: Where events are read.
    """

    runs: Runs
    closing: anyio.Event = field(default_factory=anyio.Event)
    _channels: dict[str, _Channel] = field(default_factory=dict)

    async def listen(self, run: str, after: int) -> AsyncIterator[bytes]:
        """Events behind a number as server-sent events, until the service ends; and signs of life.

        Raises:
            UsageError: `NO_SUCH_RUN`.
        """
        channel = self._channels.setdefault(run, _Channel(last=after))
        channel.listeners += 1
        try:
            yield b": plait\nretry: 2000\n\n"
            while not self.closing.is_set():
                changed = channel.changed
                if some := await self._behind(channel, run, after):
                    after = some[-1][0]
                    yield b"".join(_event(each) for each in some)
                    continue
                with anyio.move_on_after(BEAT_S) as waited:
                    await changed.wait()
                if waited.cancelled_caught:
                    yield b": here\n\n"
        finally:
            channel.listeners -= 1
            if not channel.listeners:
                self._channels.pop(run, None)

    async def watch(self) -> None:
        """Look for new events, as long as somebody listens; until cancelled."""
        while True:
            for run, channel in list(self._channels.items()):
                await self._look(run, channel)
            await anyio.sleep(LOOK_S)

    def close(self) -> None:
        """Let all streams end."""
        self.closing.set()
        for each in self._channels.values():
            each.changed.set()

    async def _look(self, run: str, channel: _Channel) -> None:
        try:
            some = await self._read(run, channel.last)
        except PlaitError:  # the store does not answer now: it is looked at again
            return
        if some:
            channel.kept.extend(some)
            channel.last = some[-1][0]
            channel.changed.set()
            channel.changed = anyio.Event()

    async def _behind(self, channel: _Channel, run: str, after: int) -> Sequence[Numbered]:
        if channel.kept and channel.kept[0][0] <= after + 1:
            return [each for each in channel.kept if each[0] > after][:AT_ONCE]
        return await self._read(run, after)

    async def _read(self, run: str, after: int) -> Sequence[Numbered]:
        def read() -> Sequence[Numbered]:
            return self.runs.events(run, after=after, most=AT_ONCE)

        return await to_thread.run_sync(read)


def _event(numbered: Numbered) -> bytes:
    number, data = numbered
    return b"id: %d\ndata: %s\n\n" % (number, data)
