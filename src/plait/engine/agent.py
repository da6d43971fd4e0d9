"""The agent of an attempt: awaited, and what came of it told."""

from __future__ import annotations

from dataclasses import replace

from plait import process
from plait.core.event import AgentEnded, AgentStatus, ProviderParked, Warned
from plait.core.retry import parked_until
from plait.core.step import StepName
from plait.core.transcript import FinishKind
from plait.engine.claimed import Claimed
from plait.engine.context import Context, Ended
from plait.engine.escalate import agent_told, judged
from plait.engine.supervise import Worked, let_work
from plait.ports import AgentOutcome


async def run_agent(
    context: Context, claimed: Claimed
) -> tuple[process.Exit, AgentOutcome | Ended]:
    """Await the agent's end and record what came of it; `Ended` if it was ended before its time.

    A cancellation ends the agent before it goes on.
    """
    worked = await let_work(context, claimed)
    ended, outcome = worked.ended, worked.outcome
    if isinstance(outcome, Ended):
        return ended, outcome
    task = claimed.task
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
        _agent_ended(claimed, ended, outcome, worked),
        *parked(context, claimed, outcome),
        *_unmeasured(context, claimed, outcome),
        *agent_told(claimed, outcome, judged(context, claimed, outcome)),
    )
    return ended, outcome


def _agent_ended(
    claimed: Claimed, ended: process.Exit, outcome: AgentOutcome, worked: Worked
) -> AgentEnded:
    account, finish = worked.account, outcome.finish
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
        peak_memory=worked.peak,
    )


def parked(context: Context, claimed: Claimed, outcome: AgentOutcome) -> list[ProviderParked]:
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
