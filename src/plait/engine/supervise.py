"""An agent's process: started under a shim or adopted with it, awaited, what it left read.

Nothing of what came of it is recorded here: whoever hired the agent tells it.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio

from plait import process
from plait.core.event import AGENT_LOST, AgentStatus
from plait.core.retry import BUDGET_SPENT, DISK_FULL
from plait.core.transcript import Account
from plait.engine.claimed import Claimed
from plait.engine.confining import confinement, privately
from plait.engine.context import Context, Ended, child_environment
from plait.engine.listening import Listening, listening
from plait.engine.mailbox import Mailbox, folder_of, has_mail
from plait.engine.pulse import Pulse
from plait.engine.secrets import secret_texts, without_secrets
from plait.engine.session import not_taken_up
from plait.engine.worker import offer_id, worked_outside
from plait.errors import PlaitError
from plait.ports import AgentOutcome, Invocation

GRACE_S = 5.0  # between SIGTERM and SIGKILL of an agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """How an agent ended, and what came of it; `Ended` if it was ended before its time.

    `account` sums up what it said, where that can be read; `peak` is the memory, in bytes, that
    its family took at most.
    """

    ended: process.Exit
    outcome: AgentOutcome | Ended
    account: Account | None = None
    peak: int | None = None


async def let_work(context: Context, claimed: Claimed) -> Worked:
    """Start an agent, or take over one that was adopted, and await its end.

    A cancellation ends the agent before it goes on.
    """
    task, run = claimed.task, context.journal.run
    if run.spent.reached is not None and claimed.kept is None:  # while it was being prepared
        never = process.Exit(code=None, duration_s=0.0, stopped="order")
        cut = Ended(code=BUDGET_SPENT, reason=run.spent.reached.reason)
        return Worked(ended=never, outcome=cut)
    listens = listening(context, claimed)
    context.memory.begins(claimed.package.id, claimed.provider)
    try:
        ended, pulse = await _ended(context, claimed, listens)
    finally:
        peak = context.memory.ends(claimed.package.id)
        if listens is not None:
            listens.close()
    account = None if listens is None else listens.own
    cut_short = _cut(claimed, ended, pulse, account)
    if cut_short is not None:
        return Worked(ended=ended, outcome=cut_short, account=account, peak=peak)
    status = None if pulse is None else pulse.status
    outcome = without_secrets(claimed.agent.outcome(task, ended, account), secrets_of(claimed))
    if pulse is not None and status is not None and not _waited(status, outcome):
        outcome = replace(outcome, status=status, summary=pulse.reason, limit=pulse.limit)
    elif ended.code is None and not (ended.timed_out or ended.lingering):
        outcome = replace(outcome, status=AgentStatus.NOT_STARTED, summary=ended.error)
    return Worked(ended=ended, outcome=outcome, account=account, peak=peak)


def _cut(
    claimed: Claimed, ended: process.Exit, pulse: Pulse | None, account: Account | None
) -> Ended | None:
    """Why the agent was ended before its time, at no fault of its own; None if it was not."""
    if pulse is not None and pulse.cut is not None:
        return pulse.cut
    if pulse is not None and pulse.status is not None:
        return None
    if ended.stopped:
        return Ended(code=AGENT_LOST, reason=ended.error or "it was ended from outside")
    if ended.no_space and ended.code:
        return Ended(code=DISK_FULL, reason="the disk was full as the agent ended")
    return not_taken_up(claimed, ended, account)


def _waited(status: AgentStatus, outcome: AgentOutcome) -> bool:
    """Whether an agent was quiet because it waited to be let in again: it may rest as well."""
    return status is AgentStatus.STALLED and outcome.status is AgentStatus.RATE_LIMITED


async def _ended(
    context: Context, claimed: Claimed, listens: Listening | None
) -> tuple[process.Exit, Pulse | None]:
    """How the agent ended; the pulse, if it was ended for a reason of ours."""
    try:
        kept = claimed.kept
        if kept is None:
            await privately(context, claimed)
            kept = _start(context, claimed)
    except ValueError as error:  # no process can be given such an argument
        return process.Exit(code=None, duration_s=0.0, error=str(error)), None
    mail = None
    if context.desk is not None and has_mail(claimed):
        mail = Mailbox(claimed=claimed, desk=context.desk)
    pulse = Pulse(context=context, claimed=claimed, kept=kept, listens=listens)
    try:
        context.holding.tend(claimed.package.id, kept)
        try:
            ended = await _by_itself(kept, pulse, mail) or await kept.end(GRACE_S)
        finally:
            await _take_back(context, claimed, mail)
    except PlaitError:
        with anyio.CancelScope(shield=True):
            await kept.end(GRACE_S)
        raise
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True):
            await kept.end(GRACE_S)
            await _hear_out(listens)
            await pulse.report(at_once=True)
        raise
    await _hear_out(listens)
    if ended.stopped:
        await pulse.report(at_once=True)
        return ended, pulse
    return ended, None  # it ended by itself, however late


async def _take_back(context: Context, claimed: Claimed, mail: Mailbox | None) -> None:
    """What others could still do with an attempt that is over."""
    with anyio.CancelScope(shield=True):
        if claimed.agent.can.outside:
            await context.outside.forget(claimed.package.id, offer_id(context, claimed))
        if mail is not None:
            await mail.close()


async def _hear_out(listens: Listening | None) -> None:
    if listens is not None:
        await listens.to_the_end()


async def _by_itself(kept: process.Kept, pulse: Pulse, mail: Mailbox | None) -> process.Exit | None:
    """Wait for the agent's own end; None if the watch says first that it must be ended."""
    ended: process.Exit | None = None
    failed: list[PlaitError] = []
    async with anyio.create_task_group() as tasks:

        async def look(watch: Callable[[], Awaitable[None]]) -> None:
            try:
                await watch()
            except PlaitError as error:  # told as itself, not as one of a group
                failed.append(error)
            tasks.cancel_scope.cancel()

        tasks.start_soon(look, pulse.until_it_must_end)
        if pulse.listens is not None:
            tasks.start_soon(look, pulse.listens.as_it_speaks)
        if pulse.claimed.agent.can.outside:
            tasks.start_soon(look, partial(_elsewhere, pulse))
        if mail is not None:
            tasks.start_soon(mail.serve)
        ended = await kept.ended()
        tasks.cancel_scope.cancel()
    if failed:
        raise failed[0]
    return ended


async def _elsewhere(pulse: Pulse) -> None:
    """Return once the wait for a worker from elsewhere has to be ended."""
    pulse.cut = await worked_outside(pulse.context, pulse.claimed)
    if pulse.cut is None:
        await anyio.sleep_forever()  # it ends by itself


def _start(context: Context, claimed: Claimed) -> process.Kept:
    task = claimed.task
    invocation = claimed.agent.invocation(task)
    texts = secret_texts(_environment(claimed, invocation), invocation.secrets)
    sandbox = context.sandboxes[claimed.provider]
    if sandbox.holds:
        confined = confinement(context, claimed, invocation)
        invocation = sandbox.confine(invocation, confined)
    for path, content in invocation.files.items():
        _write_private(path, content)
    if context.desk is not None and has_mail(claimed):
        folder_of(claimed).mkdir(exist_ok=True)
    return process.keep(
        invocation.argv,
        folder=task.directory,
        cwd=task.worktree,
        env={**_excluding(context, claimed), **_environment(claimed, invocation)},
        stdin=invocation.stdin,
        stdout=task.directory / "stdout.log",
        stderr=task.directory / "stderr.log",
        timeout_s=claimed.package.timeout_s,
        grace_s=GRACE_S,
        lease_s=context.holding.agent_s,
        secrets=texts,
    )


def _environment(claimed: Claimed, invocation: Invocation) -> dict[str, str]:
    """The agent's whole environment."""
    task = claimed.task
    variables = {
        **claimed.variables,
        **invocation.env,
        "PLAIT_RUN": task.run,
        "PLAIT_PACKAGE": task.package,
        "PLAIT_ATTEMPT": str(task.attempt),
        "PLAIT_EPOCH": str(task.epoch),
        "PLAIT_BRIEF": str(task.brief_path),
        "PLAIT_SCOPE": str(task.scope_path),
        "PLAIT_RESULT": str(task.result_path),
        "PLAIT_REQUESTS": str(folder_of(claimed)),
    }
    return child_environment(variables, inherit=invocation.inherit)


def secrets_of(claimed: Claimed) -> tuple[str, ...]:
    """What must not stand in what is told of the agent; also of one that was adopted."""
    invocation = claimed.agent.invocation(claimed.task)
    return secret_texts(_environment(claimed, invocation), invocation.secrets)


def _excluding(context: Context, claimed: Claimed) -> dict[str, str]:
    """Variables by which the agent's git leaves alone what Plait put beside the commit."""
    patterns = context.workspaces.excludes(claimed.workspace)
    if not patterns:
        return {}
    path = claimed.task.directory / "excludes"
    path.write_text(patterns, encoding="utf-8", errors="surrogateescape")
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.excludesFile",
        "GIT_CONFIG_VALUE_0": str(path),
    }


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody else may read: it may hold a key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
