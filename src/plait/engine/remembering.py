"""What a run remembers for later ones, and what of it goes into briefs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import anyio
from anyio import to_thread

from plait.core.event import Recorded
from plait.core.lessons import asked_for, lesson
from plait.core.plan import WorkPackage
from plait.core.remembered import MOST_FOUND, Memory, Recalled, ranked, terms_of
from plait.core.run import Run
from plait.engine.keepsakes import keep
from plait.engine.secrets import without_secrets
from plait.errors import PlaitError
from plait.ports.coordination import Coordination, CoordinationRows

LEAST = 0.2  # of a score; what fits a package less is no help to its agent


@dataclass(slots=True, kw_only=True)
class Remembering:
    """A run's memory of what failed and what helped.

    Args:
        coordination: Where it is kept; None: nowhere.
        records: Whether the run adds to it.
        briefs: How many memories a brief quotes at most.
    """

    coordination: Coordination | None = None
    records: bool = True
    briefs: int = 3
    _noted: list[Memory] = field(default_factory=list)
    _woken: anyio.Event = field(default_factory=anyio.Event)

    def notice(self, recorded: Recorded, run: Run) -> None:
        """Take note of an event, if there is something to be learned from it."""
        if self.coordination is None or not self.records:
            return
        learned = lesson(run, recorded.event)
        if learned is not None:
            self._noted.append(without_secrets(learned, ()))
            self._woken.set()

    async def tend(self) -> None:
        """Write down what was noted, as it comes; never returns."""
        while True:
            await self._woken.wait()
            self._woken = anyio.Event()
            await self.put_away()

    async def put_away(self) -> None:
        """Write down what was noted. What cannot be written is not worth a run."""
        noted, self._noted = self._noted, []
        if self.coordination is None or not noted:
            return

        def write(rows: CoordinationRows) -> None:
            for each in noted:
                keep(rows, each, now=rows.now)

        with suppress(PlaitError), anyio.CancelScope(shield=True):
            await to_thread.run_sync(self.coordination.transact, write)

    async def recalled(self, run: Run, package: WorkPackage) -> Sequence[Recalled]:
        """What is remembered that an agent at work on a package may want to know.

        What the package's own attempts in this run have left is in its feedback already.
        """
        coordination = self.coordination
        if coordination is None or not self.briefs:
            return ()
        state = run.packages[package.id]
        codes = [each.error_code for each in state.attempts if each.error_code]
        terms = terms_of(asked_for(package, codes))
        if not terms:
            return ()

        def look(rows: CoordinationRows) -> Sequence[Recalled]:
            found = rows.find_memories(terms, kind=None, tag="", most=MOST_FOUND)
            others = [each for each in found if (each.run, each.package) != (run.id, package.id)]
            return ranked(others, terms, now=rows.now, least=LEAST, most=self.briefs)

        with suppress(PlaitError):
            return await to_thread.run_sync(coordination.look, look)
        return ()
