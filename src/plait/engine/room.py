"""Starts wait while the disk is low; what is under way goes on and may free some of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from plait.core.action import Action, Start
from plait.core.disk import Shortage, admitted, shortage
from plait.core.event import Warned
from plait.engine.journal import Journal
from plait.errors import EnvironmentLack
from plait.ports import Disk

WAIT_S = 15.0  # with nothing under way; what is deleted in the background may take some
LOOK_S = 0.5
_MIB = 1024**2


@dataclass(slots=True, kw_only=True)
class Room:
    """What the disk allows. Without a disk, or with a limit of 0, it allows everything."""

    disk: Disk | None = None
    min_free: int | None = None
    wait_s: float = WAIT_S
    _checkout: int | None = None
    _is_told: bool = False
    _is_tight: bool = False
    _idle_since: float | None = None

    async def admit(
        self, journal: Journal, actions: Sequence[Action], *, busy: bool, starting: int
    ) -> Sequence[Action]:
        """The actions without the starts that must wait; told once, as `DISK_LOW`.

        Args:
            journal: Where it is told.
            actions: What core decided.
            busy: Whether something is under way.
            starting: Attempts whose workspaces are being opened.

        Raises:
            EnvironmentLack: `DISK_LOW`, nothing is under way and no room was made in time.
        """
        self._is_tight = False
        if self.disk is None or self.min_free == 0:
            return actions
        if not any(isinstance(action, Start) for action in actions):
            return actions
        if self._checkout is None:
            self._checkout = await self.disk.checkout_bytes(journal.run.head)
        spaces = self.disk.spaces()
        short = shortage(spaces, checkout=self._checkout, min_free=self.min_free)
        if short is None:
            self._idle_since = None
            return admitted(
                actions,
                spaces,
                checkout=self._checkout,
                min_free=self.min_free,
                starting=starting,
            )
        self._is_tight = True
        if not self._is_told:
            self._is_told = True
            told = f"{_told(short)}; nothing more starts until there is"
            await journal.record(Warned(code="DISK_LOW", message=told))
        self._wait(short, busy=busy)
        return [action for action in actions if not isinstance(action, Start)]

    async def changed(self, journal: Journal, *, within_s: float | None = None) -> None:
        """Wait until something was recorded; while starts wait, no longer than a moment.

        With `within_s`, for so many seconds at most.
        """
        waits = [
            each for each in (within_s, LOOK_S if self._is_tight else None) if each is not None
        ]
        with anyio.move_on_after(min(waits, default=None)):
            await journal.changed()

    def _wait(self, short: Shortage, *, busy: bool) -> None:
        now = anyio.current_time()
        if busy or self._idle_since is None:
            self._idle_since = now
        if now - self._idle_since >= self.wait_s:
            raise EnvironmentLack(
                f"{_told(short)}, and nothing is under way that could free some",
                code="DISK_LOW",
                where=short.place,
                hint="free some space (`plait clean` removes old worktrees), then `plait resume`; "
                "`[workspace] min_free` in plait.toml sets the limit, 0 lifts it",
            )


def _told(short: Shortage) -> str:
    free, needed = short.free / _MIB, short.needed / _MIB
    return f"the disk is low: {free:.0f} MiB are free, {needed:.0f} MiB must be"
