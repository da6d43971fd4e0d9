"""The agent of an attempt: started under a shim or adopted with it, awaited, read."""

from __future__ import annotations

from dataclasses import replace

import anyio

from plait import process
from plait.core.event import AgentEnded, AgentStatus, Warned
from plait.core.plan import PackageId
from plait.core.step import StepName
from plait.engine.claimed import Claimed, Failure
from plait.engine.context import Context, child_environment
from plait.ports import AgentOutcome

GRACE_S = 5.0  # between SIGTERM and SIGKILL of an agent


async def run_agent(context: Context, claimed: Claimed) -> tuple[process.Exit, AgentOutcome | None]:
    """Await the agent's end and record what came of it; None if it was cut short from outside.

    A cancellation ends the agent before it goes on.
    """
    task = claimed.task
    ended = await _ended(context, claimed)
    if ended.stopped:
        return ended, None
    outcome = claimed.agent.outcome(task, ended)
    warned = [
        Warned(code="RESULT_INVALID", message=warning, package=task.package)
        for warning in outcome.warnings
    ]
    missing = [key for key in claimed.package.result_keys if key not in outcome.outputs]
    if context.strict_results and missing and outcome.status is AgentStatus.COMPLETED:
        outcome = replace(
            outcome,
            status=AgentStatus.FAILED,
            summary=f"the result file lacks {', '.join(missing)}",
        )
    for deviation in outcome.deviations:
        for affected in deviation.affects:
            told = f"{task.package}: {deviation.summary}"
            context.deviations.setdefault(PackageId(affected), []).append(told)
    if StepName.AGENT in claimed.done:
        return ended, outcome  # its end was told before it was adopted
    await context.journal.record(
        *warned,
        AgentEnded(
            package=task.package,
            attempt=task.attempt,
            epoch=task.epoch,
            status=outcome.status,
            exit_code=ended.code,
            duration_s=ended.duration_s,
            summary=outcome.summary,
            question=outcome.question,
            cost_usd=outcome.cost_usd,
            tokens_input=outcome.tokens_input,
            tokens_output=outcome.tokens_output,
        ),
    )
    return ended, outcome


def agent_failure(claimed: Claimed, outcome: AgentOutcome) -> Failure | None:
    blocking = next(
        (each for each in outcome.escalations if each.get("severity") == "BLOCKING"), None
    )
    match outcome.status:
        case AgentStatus.COMPLETED if blocking is None:
            return None
        case AgentStatus.TIMED_OUT:
            limit = claimed.package.timeout_s
            return Failure(code="TIMEOUT", reason=f"the agent did not end within {limit:g} s")
        case AgentStatus.FAILED if blocking is None:
            return Failure(code="AGENT_FAILED", reason=outcome.summary or "the agent failed")
        case _:
            summary = str(blocking.get("summary", "")) if blocking else ""
            question = outcome.question or summary or outcome.summary or "the agent is blocked"
            return Failure(code="BLOCKED", reason=question, blocked=question)


async def _ended(context: Context, claimed: Claimed) -> process.Exit:
    try:
        kept = claimed.kept or _start(context, claimed)
    except ValueError as error:  # no process can be given such an argument
        return process.Exit(code=None, duration_s=0.0, error=str(error))
    try:
        context.holding.tend(claimed.package.id, kept)
        return await kept.ended()
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True):
            await kept.end(GRACE_S)
        raise


def _start(context: Context, claimed: Claimed) -> process.Kept:
    task = claimed.task
    invocation = claimed.agent.invocation(task)
    variables = {
        **invocation.env,
        "PLAIT_RUN": task.run,
        "PLAIT_PACKAGE": task.package,
        "PLAIT_ATTEMPT": str(task.attempt),
        "PLAIT_EPOCH": str(task.epoch),
        "PLAIT_BRIEF": str(task.brief_path),
        "PLAIT_SCOPE": str(task.scope_path),
        "PLAIT_RESULT": str(task.result_path),
    }
    return process.keep(
        invocation.argv,
        folder=task.directory,
        cwd=task.worktree,
        env=child_environment(variables),
        stdin=invocation.stdin,
        stdout=task.directory / "stdout.log",
        stderr=task.directory / "stderr.log",
        timeout_s=claimed.package.timeout_s,
        grace_s=GRACE_S,
        lease_s=context.holding.agent_s,
    )
