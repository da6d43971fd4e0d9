"""An agent at work, watched: what it uses up, whether it gets on, whether it may go on.

One that neither says nor changes anything for long is nudged (a stopped one goes on), and after
as long again ended. One is ended, too, at the limit of what its package or the run may cost, and
at the limits of its attempt.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

import anyio
from anyio import to_thread

from plait import process
from plait.core.event import AgentNudged, AgentStatus, UsageReported
from plait.core.limit import package_overspent
from plait.core.retry import BUDGET_SPENT
from plait.engine import growth
from plait.engine.claimed import Claimed
from plait.engine.context import Context, Ended
from plait.engine.listening import Listening
from plait.engine.meter import Meter
from plait.ports import Usage

LOOK_S = 1.0
REPORT_S = 2.0  # between two events about what an agent uses up
LOOKS_WHILE_QUIET = 4  # into the tree, in the time after which an agent counts as stalled


@dataclass(slots=True, kw_only=True)
class Pulse:
    """Looks after one agent. `cut` or `status` say why it must end, once it must."""

    context: Context
    claimed: Claimed
    kept: process.Kept
    listens: Listening | None = None
    cut: Ended | None = None
    status: AgentStatus | None = None
    reason: str = ""
    limit: str = ""  # the code of the limit that it went over
    _usage: Usage | None = field(default=None, init=False)
    _reported_at: float = field(default=0.0, init=False)
    _output: growth.Look = field(default=(), init=False)
    _tree: growth.Look = field(default=(), init=False)
    _grew_at: float = field(default=0.0, init=False)
    _looked_at: float = field(default=0.0, init=False)
    _nudged: bool = field(default=False, init=False)

    async def until_it_must_end(self) -> None:
        """Return once the agent has to be ended."""
        stall_s = self._stall_s()
        self._grew_at = self._looked_at = anyio.current_time()
        meter = Meter(
            context=self.context, claimed=self.claimed, kept=self.kept, listens=self.listens
        )
        while True:
            await self.report()
            self._look_at_limits()
            over = await meter.look(self._told()) if self.cut is None else None
            if over is not None and self.status is None:
                self.status, self.reason, self.limit = AgentStatus.LIMITED, over.reason, over.code
            if self.cut is None and self.status is None and stall_s:
                await self._look_for_stall(stall_s)
            if self.cut is not None or self.status is not None:
                return
            await anyio.sleep(min(LOOK_S, stall_s / LOOKS_WHILE_QUIET) if stall_s else LOOK_S)

    async def report(self, *, at_once: bool = False) -> None:
        """Record what the agent says it has used up, if that is news; else not too often."""
        if self.claimed.aside:
            return
        usage = self._told()
        now = anyio.current_time()
        due = at_once or self._reported_at == 0.0 or now - self._reported_at >= REPORT_S
        if usage is None or usage == self._usage or not due:
            return
        self._usage, self._reported_at = usage, now
        await self.context.journal.record(
            UsageReported(
                package=self.claimed.package.id,
                attempt=self.claimed.attempt,
                epoch=self.claimed.epoch,
                cost_usd=usage.cost_usd,
                tokens_input=usage.tokens_input,
                tokens_output=usage.tokens_output,
            )
        )

    def _told(self) -> Usage | None:
        """What it says in its result file, and above that in its output."""
        usage = self.claimed.agent.usage(self.claimed.task)
        heard = None if self.listens is None else self.listens.usage
        if usage is None or heard is None:
            return usage or heard
        said = {name: value for name, value in asdict(heard).items() if value is not None}
        return replace(usage, **said)

    def _look_at_limits(self) -> None:
        run = self.context.journal.run
        if run.spent.reached is not None:
            self.cut = Ended(code=BUDGET_SPENT, reason=run.spent.reached.reason)
            return
        cost = run.packages[self.claimed.package.id].cost_usd
        told = self._told() if self.claimed.aside else None  # not recorded as it grows
        cost += 0.0 if told is None else told.cost_usd or 0.0
        self.reason = package_overspent(run, cost, self.context.package_budget_usd)
        if self.reason:
            self.status = AgentStatus.OVERSPENT

    async def _look_for_stall(self, stall_s: float) -> None:
        now, task = anyio.current_time(), self.claimed.task
        output = growth.output(task.directory)
        grown, self._output = output != self._output, output
        step_s = stall_s / LOOKS_WHILE_QUIET
        if not grown and now - self._looked_at >= step_s:
            tree = await to_thread.run_sync(growth.tree, task.worktree)
            grown, self._tree, self._looked_at = tree != self._tree, tree, now
        if grown:
            self._grew_at, self._nudged = now, False
            return
        quiet_s = now - self._grew_at
        if quiet_s >= 2 * stall_s:
            self.status = AgentStatus.STALLED
            self.reason = f"the agent neither said nor changed anything for {quiet_s:.0f} s"
        elif quiet_s >= stall_s and not self._nudged:
            self._nudged = True
            self.kept.nudge()
            await self.context.journal.record(
                AgentNudged(
                    package=self.claimed.package.id,
                    attempt=task.attempt,
                    epoch=task.epoch,
                    quiet_s=round(quiet_s, 3),
                )
            )

    def _stall_s(self) -> float:
        """How long it may be quiet: never longer than it may work; 0: that is not looked at.

        A worker from elsewhere is heard of by its heartbeats.
        """
        if self.claimed.agent.can.outside:
            return 0.0
        return min(self.context.stall_s, self.claimed.package.timeout_s)
