"""One task that hears all agents at work: to wake for each costs more than what each says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import anyio
from anyio import lowlevel

LISTEN_S = 0.25
TURN_S = 0.01  # for which agents are heard before others have their turn


class Ear(Protocol):
    """Listens to one agent."""

    def take(self) -> bool:
        """Take in some of what is there now; whether there is more. It raises nothing."""


@dataclass(slots=True)
class Ears:
    """All that listens in a run."""

    _open: dict[int, Ear] = field(default_factory=dict)
    _some: anyio.Event = field(default_factory=anyio.Event)

    def add(self, ear: Ear) -> None:
        """It is heard from now on."""
        self._open[id(ear)] = ear
        self._some.set()

    def remove(self, ear: Ear) -> None:
        """It is heard no longer."""
        self._open.pop(id(ear), None)

    async def hear(self) -> None:
        """Hear all of them until this is cancelled; nothing is done while there is none."""
        while True:
            if not self._open:
                self._some = anyio.Event()
                await self._some.wait()
            await anyio.sleep(LISTEN_S)
            ready: Iterable[Ear] = list(self._open.values())
            while ready:
                ready = await self._round(ready)

    async def _round(self, ready: Iterable[Ear]) -> list[Ear]:
        """Let each have a turn; those that have more to take in."""
        more = []
        until = anyio.current_time() + TURN_S
        for ear in ready:
            if id(ear) in self._open and ear.take():
                more.append(ear)
            if anyio.current_time() > until:
                await lowlevel.checkpoint()
                until = anyio.current_time() + TURN_S
        await lowlevel.checkpoint()
        return more
