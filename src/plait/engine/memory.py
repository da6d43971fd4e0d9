"""The memory that agents at work take; starts wait while there is not enough for another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from plait import process
from plait.core.action import Action, Start
from plait.core.event import PackageWaits
from plait.core.memory import Growing, Peaks, shortfalls, spare
from plait.core.plan import PackageId
from plait.engine.journal import Journal

LOOK_S = 1.0
_MIB = 1024**2


@dataclass(slots=True)
class _Seen:
    provider: str
    now: int = 0
    peak: int = 0


@dataclass(slots=True, kw_only=True)
class Memory:
    """What agents take. `free` tells what is left of the machine's; None: it cannot be told.

    `told` are the peaks that adapters expect, by the agent as `--agent` names it.
    """

    free: Callable[[], int | None] = process.free_memory
    told: dict[str, int] = field(default_factory=dict)
    is_tight: bool = False
    _seen: dict[PackageId, _Seen] = field(default_factory=dict)
    _peaks: Peaks = field(default_factory=Peaks)

    def begins(self, package: PackageId, provider: str) -> None:
        """An agent begins to work on a package."""
        self._seen[package] = _Seen(provider)

    def takes(self, package: PackageId, memory: int) -> None:
        """So many bytes were seen just now."""
        seen = self._seen[package]
        seen.now, seen.peak = memory, max(seen.peak, memory)

    def peak(self, package: PackageId) -> int | None:
        """What a package's agent took at most; None if nobody has looked."""
        seen = self._seen.get(package)
        return seen.peak or None if seen is not None else None

    def ends(self, package: PackageId) -> int | None:
        """It is over; what it took at most."""
        peak = self.peak(package)
        self._seen.pop(package, None)
        return peak

    async def admit(
        self,
        journal: Journal,
        actions: Sequence[Action],
        *,
        busy: bool,
        starting: Sequence[PackageId],
        hired: Callable[[PackageId], str],
    ) -> Sequence[Action]:
        """The actions without the starts that must wait; each is told as its package's reason.

        Args:
            journal: Where it is told.
            actions: What core decided.
            busy: Whether something is under way; if nothing is, one may start.
            starting: Packages at work; the agents of some are still on their way.
            hired: Who would work on a package.
        """
        self.is_tight = False
        starts = [action.package for action in actions if isinstance(action, Start)]
        peaks = {each: self._expected(journal, hired(each)) for each in (*starts, *starting)}
        if not any(peaks[each] for each in starts):
            return actions
        free = self.free()
        if free is None:
            return actions
        growing = [
            Growing(now=seen.now, peak=max(seen.peak, self._expected(journal, seen.provider)))
            for seen in self._seen.values()
        ]
        growing += [Growing(now=0, peak=peaks[each]) for each in starting if each not in self._seen]
        wanted = [peaks[each] for each in starts]
        lacks = shortfalls(spare(free, growing), wanted, idle=not busy)
        waiting = {each: lack for each, lack in zip(starts, lacks, strict=True) if lack}
        self.is_tight = bool(waiting)
        for package in waiting:
            reason = (
                f"waits for memory: its agent may take {peaks[package] / _MIB:.0f} MiB, "
                "which would be too much beside those at work"
            )
            if journal.run.packages[package].reason != reason:
                await journal.record(PackageWaits(package=package, reason=reason))
        return [
            action
            for action in actions
            if not (isinstance(action, Start) and action.package in waiting)
        ]

    def _expected(self, journal: Journal, provider: str) -> int:
        return self._peaks.expected(journal.run, provider, self.told.get(provider, 0))
