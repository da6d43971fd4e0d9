"""What an attempt uses up, measured while its agent works, against what it may."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import anyio
from anyio import to_thread

from plait import process
from plait.core.ceiling import Consumed, Over, limits_of, over
from plait.engine.claimed import Claimed
from plait.engine.context import Context
from plait.engine.listening import Listening
from plait.ports import Usage

MEASURE_S = 2.0  # between two looks at memory
_LOGS = ("stdout.log", "stderr.log")


@dataclass(slots=True, kw_only=True)
class Meter:
    """Measures one attempt."""

    context: Context
    claimed: Claimed
    kept: process.Kept
    listens: Listening | None = None
    _memory: int = 0
    _due: float = field(default=0.0, init=False)

    async def look(self, usage: Usage | None) -> Over | None:
        """The limit that the attempt has gone over, if any. `usage` is what its agent says.

        What it took counts no more once it has said its last word: the work is done.
        """
        await self._measure()
        told = usage or Usage()
        limits = limits_of(self.claimed.task.profile.limits, self.context.agent_limits)
        if self.listens is not None and self.listens.account.finished is not None:
            limits = replace(limits, turns=None, tokens=None, cost_usd=None)
        return over(
            limits,
            Consumed(
                turns=0 if self.listens is None else self.listens.account.turns,
                tokens=(told.tokens_input or 0) + (told.tokens_output or 0),
                cost_usd=told.cost_usd or 0.0,
                memory=self._memory,
                output=self._output(),
            ),
        )

    async def _measure(self) -> None:
        if anyio.current_time() < self._due:
            return
        self._due = anyio.current_time() + MEASURE_S
        package = self.claimed.package.id
        above = self.context.memory.peak(package) or 0
        taken = await to_thread.run_sync(lambda: self.kept.memory(above=above))
        if taken is not None:
            self._memory = taken
            self.context.memory.takes(package, taken)

    def _output(self) -> int:
        size = 0
        for name in _LOGS:
            try:
                size += (self.claimed.task.directory / name).lstat().st_size
            except OSError:  # its agent took it away
                continue
        return size
