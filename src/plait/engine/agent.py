"""The agent of an attempt: started under a shim or adopted with it, awaited, read."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import anyio

from plait import process
from plait.core.event import AGENT_LOST, AgentEnded, AgentStatus, ProviderParked, Warned
from plait.core.retry import BUDGET_SPENT, DISK_FULL, parked_until
from plait.core.step import StepName
from plait.core.transcript import Account, FinishKind
from plait.engine.claimed import Claimed
from plait.engine.confining import confinement, privately
from plait.engine.context import Context, Ended, child_environment
from plait.engine.escalate import agent_told, judged
from plait.engine.listening import Listening, listening
from plait.engine.pulse import Pulse
from plait.engine.secrets import secret_texts, without_secrets
from plait.engine.session import not_taken_up
from plait.errors import PlaitError
from plait.ports import AgentOutcome, Invocation

GRACE_S = 5.0  # between SIGTERM and SIGKILL of an agent


async def run_agent(
    context: Context, claimed: Claimed
) -> tuple[process.Exit, AgentOutcome | Ended]:
    """Await the agent's end and record what came of it; `Ended` if it was ended before its time.

    A cancellation ends the agent before it goes on.
    """
    task, run = claimed.task, context.journal.run
    if run.spent.reached is not None and claimed.kept is None:  # while it was being prepared
        never = process.Exit(code=None, duration_s=0.0, stopped="order")
        return never, Ended(code=BUDGET_SPENT, reason=run.spent.reached.reason)
    listens = listening(context, claimed)
    context.memory.begins(task.package, claimed.provider)
    try:
        ended, pulse = await _ended(context, claimed, listens)
    finally:
        peak = context.memory.ends(task.package)
        if listens is not None:
            listens.close()
    account = None if listens is None else listens.own
    if pulse is not None and pulse.cut is not None:
        return ended, pulse.cut
    status = None if pulse is None else pulse.status
    if ended.stopped and status is None:
        reason = ended.error or "it was ended from outside"
        return ended, Ended(code=AGENT_LOST, reason=reason)
    if ended.no_space and ended.code and status is None:
        return ended, Ended(code=DISK_FULL, reason="the disk was full as the agent ended")
    if status is None and (lost := not_taken_up(claimed, ended, account)) is not None:
        return ended, lost
    outcome = without_secrets(claimed.agent.outcome(task, ended, account), secrets_of(claimed))
    if pulse is not None and status is not None and not _waited(status, outcome):
        outcome = replace(outcome, status=status, summary=pulse.reason, limit=pulse.limit)
    elif ended.code is None and not (ended.timed_out or ended.lingering):
        outcome = replace(outcome, status=AgentStatus.NOT_STARTED, summary=ended.error)
    warned = [
        Warned(code="RESULT_INVALID", message=warning, package=task.package)
        for warning in outcome.warnings
    ]
    missing = [
        key
        for key in claimed.package.result_keys
        if key not in outcome.outputs and key not in outcome.claims.outputs
    ]
    if context.strict_results and missing and outcome.status is AgentStatus.COMPLETED:
        outcome = replace(
            outcome,
            status=AgentStatus.FAILED,
            summary=f"the result file lacks {', '.join(missing)}",
        )
    if StepName.AGENT in claimed.done:
        return ended, outcome  # its end was told before it was adopted
    await context.journal.record(
        *warned,
        replace(_agent_ended(claimed, ended, outcome, account), peak_memory=peak),
        *_parked(context, claimed, outcome),
        *_unmeasured(context, claimed, outcome),
        *agent_told(claimed, outcome, judged(context, claimed, outcome)),
    )
    return ended, outcome


def _waited(status: AgentStatus, outcome: AgentOutcome) -> bool:
    """Whether an agent was quiet because it waited to be let in again: it may rest as well."""
    return status is AgentStatus.STALLED and outcome.status is AgentStatus.RATE_LIMITED


def _agent_ended(
    claimed: Claimed, ended: process.Exit, outcome: AgentOutcome, account: Account | None
) -> AgentEnded:
    finish = outcome.finish
    if finish is None and account is not None and account.finished is not None:
        finish = account.finished.kind
    stopped = ended.stopped or ended.timed_out
    if account is not None and finish in {None, FinishKind.CRASHED}:
        if stopped:  # some have time to say so, some have not: it is no crash either way
            finish = FinishKind.CANCELLED
        elif ended.code is not None:
            finish = FinishKind.CRASHED
    return AgentEnded(
        package=claimed.package.id,
        attempt=claimed.attempt,
        epoch=claimed.epoch,
        status=outcome.status,
        exit_code=ended.code,
        duration_s=ended.duration_s,
        summary=outcome.summary,
        question=outcome.question,
        cost_usd=outcome.cost_usd,
        tokens_input=outcome.tokens_input,
        tokens_output=outcome.tokens_output,
        session=outcome.session or ("" if account is None else account.session),
        finish="" if finish is None else finish.value,
    )


def _parked(context: Context, claimed: Claimed, outcome: AgentOutcome) -> list[ProviderParked]:
    """That an agent must rest which was refused for its rate: told before another one starts."""
    if outcome.status is not AgentStatus.RATE_LIMITED:
        return []
    run = context.journal.run
    until = parked_until(
        run.packages[claimed.package.id],
        run=run.id,
        now=context.clock.now(),
        backoff=context.backoff,
        after_s=outcome.retry_after_s,
        at=outcome.retry_at,
    )
    reason = outcome.summary or "it was refused for its rate"
    return [ProviderParked(provider=claimed.provider, until=until, reason=reason)]


def _unmeasured(context: Context, claimed: Claimed, outcome: AgentOutcome) -> list[Warned]:
    """That a budget holds nobody who does not say what he costs; told once."""
    run = context.journal.run
    known = run.packages[claimed.package.id].attempts[-1].cost_usd is not None
    told = any(warned.code == "COST_UNKNOWN" for warned in run.warnings)
    limited = run.budget_usd is not None or context.package_budget_usd is not None
    if known or told or not limited or outcome.cost_usd is not None:
        return []
    message = f"{claimed.agent.name} does not say what it costs, so no budget limits it"
    return [Warned(code="COST_UNKNOWN", message=message)]


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
    pulse = Pulse(context=context, claimed=claimed, kept=kept, listens=listens)
    try:
        context.holding.tend(claimed.package.id, kept)
        ended = await _by_itself(kept, pulse) or await kept.end(GRACE_S)
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


async def _hear_out(listens: Listening | None) -> None:
    if listens is not None:
        await listens.to_the_end()


async def _by_itself(kept: process.Kept, pulse: Pulse) -> process.Exit | None:
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
        ended = await kept.ended()
        tasks.cancel_scope.cancel()
    if failed:
        raise failed[0]
    return ended


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
