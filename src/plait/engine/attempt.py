"""One try at one package: claim, workspace, brief, agent, commit, scope, checks, verdict.

The steps are the sources' package protocol (B1-B11), carried out by Plait: it takes the claim
and holds the locks (the schedule admits no two holders), looks at the scope and runs the
checks; the agent only edits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import anyio

from plait import process
from plait.core.event import (
    AgentEnded,
    AgentStatus,
    AttemptEnded,
    AttemptStarted,
    ScopeChecked,
    Stage,
    Verdict,
    Warned,
    WorkCommitted,
)
from plait.core.plan import PackageId, WorkPackage
from plait.core.queue import OwnedCheck, package_checks
from plait.core.run import ENDED, verdict_after_failure
from plait.core.verdict import judge_scope
from plait.engine.brief import brief
from plait.engine.context import Context, child_environment, write_json
from plait.engine.ticks import drop_ticked_boxes
from plait.engine.verify import Subject, run_checks
from plait.errors import EnvironmentLack, PlaitError
from plait.ports import Agent, AgentOutcome, AgentTask, Work, Workspace

LEASE_S = 24 * 3600.0  # one orchestrator holds a run's lock; the epoch is what fences
_GITLINK = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    """An attempt under way: everything its later steps need to know."""

    package: WorkPackage
    attempt: int
    epoch: int
    agent: Agent
    task: AgentTask
    workspace: Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """Why an attempt is not accepted; `final` forbids another."""

    code: str
    reason: str
    violations: tuple[str, ...] = ()
    blocked: str = ""


async def attempt(context: Context, package_id: PackageId) -> None:
    """Carry out one attempt to its verdict, whatever happens in it.

    Cancellation ends the agent, keeps its work under a hidden ref and leaves the package to be
    started again.
    """
    package = context.compiled.packages[package_id]
    agent = context.agent_for(package_id)
    clock = context.clock
    begun = clock.now()
    lease = await context.journal.claim(package_id, holder=context.holder, ttl_s=LEASE_S)
    workspace = await context.workspaces.open(context.journal.run.head)
    reusable = False
    try:
        claimed = _claimed(context, package, agent, lease.epoch, workspace)
        await context.journal.record(
            AttemptStarted(
                package=package_id,
                attempt=claimed.attempt,
                epoch=claimed.epoch,
                agent=agent.name,
                worktree=str(workspace.path),
                base=workspace.base,
                directory=context.places.relative(claimed.task.directory),
                setup_s=clock.now() - begun,
            )
        )
        reusable = await _work(context, claimed)
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True):
            await _keep(context, workspace, package_id, lease.epoch)
        raise
    finally:
        with anyio.CancelScope(shield=True):
            await context.workspaces.close(workspace, reusable=reusable)


def keep_ref(context: Context, package: PackageId, epoch: int) -> str:
    """The hidden ref that keeps what an attempt left."""
    return f"refs/plait/keep/{context.journal.run.id}/{package}/{epoch}"


def _claimed(
    context: Context, package: WorkPackage, agent: Agent, epoch: int, workspace: Workspace
) -> _Claimed:
    """Lay out the attempt's folder: brief, scope, a place for the result."""
    number = context.journal.run.packages[package.id].next_attempt
    directory = context.places.attempt(package.id, number)
    if directory.exists():  # of an attempt that a crash cut off: its number counts again
        directory.rename(directory.with_name(f"{number}.before-epoch-{epoch}"))
    directory.mkdir(parents=True)
    text = brief(
        context.compiled,
        context.journal.run,
        package,
        checks=package_checks(context.compiled, package.id, context.default_checks),
        deviations=context.deviations.get(package.id, ()),
        overrides=context.prompts,
    )
    task = AgentTask(
        run=context.journal.run.id,
        package=package.id,
        attempt=number,
        epoch=epoch,
        worktree=workspace.path,
        directory=directory,
        brief=text,
        brief_path=directory / "brief.md",
        scope_path=directory / "scope.json",
        result_path=directory / "result.json",
    )
    task.brief_path.write_text(text, encoding="utf-8")
    scope = package.scope
    write_json(
        task.scope_path,
        {
            "write": scope.write,
            "read": scope.read,
            "deny": scope.deny,
            "confidence": scope.confidence,
        },
    )
    return _Claimed(
        package=package,
        attempt=number,
        epoch=epoch,
        agent=agent,
        task=task,
        workspace=workspace,
    )


async def _work(context: Context, claimed: _Claimed) -> bool:
    """Agent, commit, scope, checks. Returns whether the workspace may be used again."""
    safe = True
    ended, outcome = await _run_agent(context, claimed)
    failure = _agent_failure(claimed, outcome)
    work: Work | None = None
    if failure is None:
        work, failure = await _commit(context, claimed)
    if failure is None and work is not None:
        failure = await _check(context, claimed, work)
    if failure is None and work is not None:
        ref = f"refs/heads/plait/{context.journal.run.id}/{claimed.package.id}"
        await context.workspaces.publish(ref, work.commit)
        await _end(context, claimed, Verdict.PASS, commit=work.commit)
    elif failure is not None:
        safe = await _reject(context, claimed, failure, work)
    return safe and not ended.lingering


async def _run_agent(context: Context, claimed: _Claimed) -> tuple[process.Exit, AgentOutcome]:
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
    ended = await process.run(
        invocation.argv,
        cwd=task.worktree,
        env=child_environment(variables),
        stdin=invocation.stdin,
        stdout=task.directory / "stdout.log",
        stderr=task.directory / "stderr.log",
        timeout_s=claimed.package.timeout_s,
    )
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
    for deviation in outcome.deviations:
        for affected in deviation.affects:
            told = f"{task.package}: {deviation.summary}"
            context.deviations.setdefault(PackageId(affected), []).append(told)
    return ended, outcome


def _agent_failure(claimed: _Claimed, outcome: AgentOutcome) -> _Failure | None:
    blocking = next(
        (each for each in outcome.escalations if each.get("severity") == "BLOCKING"), None
    )
    match outcome.status:
        case AgentStatus.COMPLETED if blocking is None:
            return None
        case AgentStatus.TIMED_OUT:
            limit = claimed.package.timeout_s
            return _Failure(code="TIMEOUT", reason=f"the agent did not end within {limit:g} s")
        case AgentStatus.FAILED if blocking is None:
            return _Failure(code="AGENT_FAILED", reason=outcome.summary or "the agent failed")
        case _:
            summary = str(blocking.get("summary", "")) if blocking else ""
            question = outcome.question or summary or outcome.summary or "the agent is blocked"
            return _Failure(code="BLOCKED", reason=question, blocked=question)


async def _commit(context: Context, claimed: _Claimed) -> tuple[Work | None, _Failure | None]:
    """Commit what is left; compare everything the commits touched with the plan's scope."""
    package, run = claimed.package, context.journal.run
    message = f"{package.title}\n\nPlait-Run: {run.id}\nPlait-Package: {package.id}\n"
    try:
        work = await context.workspaces.commit(claimed.workspace, onto=run.head, message=message)
    except PlaitError as error:
        if isinstance(error, EnvironmentLack):
            raise
        # What an agent left may be something git cannot hold: that is its failure, not ours.
        return None, _Failure(code=error.code, reason=error.message)
    work = await drop_ticked_boxes(context, package.id, work, message)
    verdict = judge_scope(
        context.plan,
        package,
        work.touched | {change.path for change in work.changes},
        unfinished=_unfinished(context, package),
        gitlinks=[each.path for each in work.changes if each.new_mode == _GITLINK],
    )
    events: list[WorkCommitted | ScopeChecked | Warned] = [
        WorkCommitted(
            package=package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            commit=work.commit,
            files=tuple(change.path for change in work.changes),
        ),
        ScopeChecked(
            package=package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            violations=verdict.violations,
            deviations=verdict.deviations,
            ignored=work.ignored[:50],
        ),
    ]
    if not work.changes:
        events.append(
            Warned(
                code="NO_CHANGES",
                message=f"attempt {claimed.attempt} changed nothing",
                package=package.id,
            )
        )
    await context.journal.record(*events)
    if verdict.violations:
        shown = ", ".join(verdict.violations[:10])
        return work, _Failure(
            code="SCOPE_VIOLATION",
            reason=f"it wrote outside its scope: {shown}",
            violations=verdict.violations,
        )
    if not work.changes and work.commit == work.base:
        tree = await context.trunk.tree(work.base)
        empty = await context.trunk.commit(tree, parents=(work.base,), message=message)
        work = replace(work, commit=empty)
    return work, None


def _unfinished(context: Context, package: WorkPackage) -> list[WorkPackage]:
    states = context.journal.run.packages
    return [
        other
        for other in context.plan.packages
        if other.id != package.id
        and (state := states.get(other.id)) is not None
        and state.status not in ENDED
    ]


async def _check(context: Context, claimed: _Claimed, work: Work) -> _Failure | None:
    checks = [
        OwnedCheck(check=check, owner=claimed.package.id)
        for check in package_checks(context.compiled, claimed.package.id, context.default_checks)
    ]
    red = await run_checks(
        context,
        claimed.workspace,
        checks,
        Subject(
            stage=Stage.VERIFY,
            commit=work.commit,
            logs=claimed.task.directory / "checks",
            timeout_s=claimed.package.timeout_s,
            package=claimed.package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
        ),
    )
    return None if red is None else _Failure(code="VERIFICATION_FAILED", reason=red.reason)


async def _reject(
    context: Context, claimed: _Claimed, failure: _Failure, work: Work | None
) -> bool:
    """Keep the work, judge whether another attempt follows; whether all of it is kept."""
    safe = True
    if work is None:
        kept, safe = await _keep(context, claimed.workspace, claimed.package.id, claimed.epoch)
    else:
        kept = keep_ref(context, claimed.package.id, claimed.epoch)
        await context.workspaces.publish(kept, work.commit)
    state = context.journal.run.packages[claimed.package.id]
    verdict = verdict_after_failure(state, claimed.package.retry_budget)
    if failure.blocked:
        verdict = Verdict.BLOCKED
    await _end(context, claimed, verdict, failure=failure, kept=kept)
    return safe


async def _keep(
    context: Context, workspace: Workspace, package: PackageId, epoch: int
) -> tuple[str | None, bool]:
    """Snapshot a workspace; where git cannot hold what is in it, the folder itself is kept."""
    try:
        ref = keep_ref(context, package, epoch)
        return await context.workspaces.keep(workspace, ref), True
    except PlaitError as error:
        if isinstance(error, EnvironmentLack):
            raise
        told = f"git cannot hold what is in {workspace.path}, which is left as it is"
        await context.journal.record(
            Warned(code="WORK_NOT_KEPT", message=f"{told}: {error.message}", package=package)
        )
        return None, False


async def _end(
    context: Context,
    claimed: _Claimed,
    verdict: Verdict,
    *,
    commit: str | None = None,
    failure: _Failure | None = None,
    kept: str | None = None,
) -> None:
    await context.journal.record(
        AttemptEnded(
            package=claimed.package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            verdict=verdict,
            error_code=failure.code if failure else None,
            reason=failure.reason if failure else "",
            violations=failure.violations if failure else (),
            kept_ref=kept,
            commit=commit,
            question=failure.blocked if failure else "",
        )
    )
