"""One try at one package: claim, workspace, brief, agent, commit, scope, checks, verdict.

The steps are the sources' package protocol (B1-B11): Plait claims, holds locks, judges the scope
and runs the checks; the agent only edits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio

from plait.core.event import (
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    Verdict,
)
from plait.core.limit import package_overspent
from plait.core.plan import PackageId
from plait.core.retry import (
    PACKAGE_BUDGET_SPENT,
    USES_UP_NOTHING,
    Sequel,
    after_cut,
    after_failure,
)
from plait.core.roster import EXTERNAL
from plait.core.run import PackageStatus
from plait.core.step import StepName
from plait.engine.agent import run_agent
from plait.engine.ci import judged_in_ci
from plait.engine.claimed import (
    Adopted,
    Claimed,
    Failure,
    as_granted,
    lay_out,
    lodger,
    make_ready,
    taken_up,
)
from plait.engine.conflicts import asked, laid_out
from plait.engine.context import Context, Ended
from plait.engine.escalate import agent_failure, end_rejected, judged
from plait.engine.ground import ground_of
from plait.engine.inspection import checked, committed
from plait.engine.keeping import keep, keep_ref
from plait.engine.review import review
from plait.engine.session import prepare, resumable
from plait.engine.withholding import withheld
from plait.errors import StaleEpoch
from plait.ports import Work, Workspace


async def attempt(context: Context, package_id: PackageId, provider: str = "") -> None:
    """Carry out one attempt to its verdict, whatever happens in it.

    By `provider`, or by whom the roster says.

    Cancellation ends the agent, keeps its work under a hidden ref and leaves the package to be
    started again.

    Raises:
        LeaseHeld, LockHeld: Somebody outside the run holds the package, or a lock key of its.
        StaleEpoch: Somebody else has claimed the package since.
        NoGroundError: What it needs cannot be merged before it has landed.
    """
    clock, holding = context.clock, context.holding
    begun = clock.now()
    lease = await context.journal.claim(
        package_id,
        holder=holding.lease.holder,
        ttl_s=holding.terms.lease_s,
        keys=context.compiled.packages[package_id].locks.keys,
    )
    try:
        await context.outside.require_unlocked(context.compiled.packages[package_id])
        ground = await ground_of(context, package_id)
        once = provider == EXTERNAL
        workspace = await context.workspaces.open(ground.commit, once=once)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await context.journal.release(package_id, lease.epoch)
        raise

    async def begin() -> Claimed:
        package = context.compiled.packages[package_id]
        known = await context.remembering.recalled(context.journal.run, package)
        claimed = lay_out(context, package, lease.epoch, workspace, provider, known=known)
        claimed = await laid_out(context, await make_ready(context, claimed))
        await context.journal.record(
            AttemptStarted(
                package=package_id,
                attempt=claimed.attempt,
                epoch=claimed.epoch,
                agent=claimed.agent.name,
                worktree=str(workspace.path),
                base=workspace.base,
                directory=context.places.relative(claimed.task.directory),
                setup_s=max(0.0, clock.now() - begun),
                provider=claimed.provider,
                sandbox=context.sandboxes[claimed.provider].name,
                built_on=tuple(ground.built_on),
                built_on_epochs=tuple(ground.built_on.values()),
            )
        )
        return claimed

    await _carry_out(context, package_id, lease.epoch, workspace, begin)


async def take_up(context: Context, adopted: Adopted) -> None:
    """Carry out the rest of an attempt that an earlier orchestrator began: same epoch, same place.

    It goes on after the last step that has an outcome; a check that passed on the commit is not
    run again.
    """
    last = context.journal.run.packages[adopted.package].attempts[-1]
    workspace = adopted.workspace

    async def begin() -> Claimed:
        claimed = taken_up(context, adopted)
        commit = adopted.done.get(StepName.COMMIT, {}).get("commit")
        fixes = last.reviewed.fixes
        if fixes and fixes[-1].commit == commit:  # it had not been committed: it begins anew
            await keep(context, workspace, adopted.package, last.epoch)
        if commit is not None:  # checks may have run since, and left things behind
            await context.workspaces.checkout(workspace, commit)
        return claimed

    await _carry_out(context, adopted.package, last.epoch, workspace, begin)


async def _carry_out(
    context: Context,
    package: PackageId,
    epoch: int,
    workspace: Workspace,
    begin: Callable[[], Awaitable[Claimed]],
) -> None:
    """From the agent to the verdict; whatever happens, the workspace is put away."""
    reusable = False
    try:
        claimed: Claimed | None = await begin()
        while claimed is not None:  # it goes on where its agent goes on in its session
            reusable, claimed = await _work(context, claimed)
    except (anyio.get_cancelled_exc_class(), StaleEpoch):
        with anyio.CancelScope(shield=True):
            kept, _ = await keep(context, workspace, package, epoch)
            await _tell_ended(context, package, epoch, kept)
        raise
    finally:
        with anyio.CancelScope(shield=True):
            log = context.places.run_folder() / package / "left.log"
            await context.lodgings.leave(lodger(package, epoch), log)
            await context.workspaces.close(workspace, reusable=reusable)
            await context.outside.leave(context.workspaces, package)


async def _tell_ended(context: Context, package: PackageId, epoch: int, kept: str | None) -> None:
    """That the attempt was ended by an order, if it was and had begun."""
    ended, state = context.ended.get(package), context.journal.run.packages[package]
    working = {PackageStatus.RUNNING, PackageStatus.VERIFYING}
    if ended is None or state.epoch != epoch or state.status not in working:
        return
    await context.journal.record(
        AttemptLost(
            package=package,
            attempt=state.attempts[-1].number,
            epoch=epoch,
            reason=ended.reason,
            kept_ref=kept,
            error_code=ended.code,
        )
    )


async def _work(context: Context, claimed: Claimed) -> tuple[bool, Claimed | None]:
    """Agent, commit, scope, checks, integrity, review, checks of a code host.

    Returns:
        Whether the workspace may be used again; the attempt that follows in it, if one does.
    """
    safe, following = True, None
    if claimed.unready is not None:
        return await _reject(context, claimed, claimed.unready, None)
    ended, outcome = await run_agent(context, claimed)
    # Nobody knows when a worker from elsewhere is over: nobody else works where it did.
    lingering, asks = ended.lingering or claimed.agent.can.outside, ""
    if isinstance(outcome, Ended):
        return await _lose(context, claimed, outcome) and not lingering, None
    failure = agent_failure(claimed, outcome, judged(context, claimed, outcome))
    if failure is not None and failure.code in USES_UP_NOTHING:
        told = Ended(code=failure.code, reason=failure.reason)
        return await _lose(context, claimed, told) and not lingering, None
    work: Work | None = None
    claimed = as_granted(context, claimed)
    if failure is None:
        work, failure = await committed(context, claimed)
    if failure is None and work is not None and claimed.agent.can.outside:
        claimed = await _apart(context, claimed, work.commit)
    if failure is None and work is not None:
        failure = await checked(context, claimed, work, outcome.claims)
    unheard = ""
    if failure is None and work is not None:
        looked = await review(context, claimed, work, outcome.claims)
        lingering = lingering or looked.lingering
        if looked.cut is not None:
            return await _lose(context, claimed, looked.cut) and not lingering, None
        work, failure, asks = looked.work, looked.failure, looked.asks
    if failure is None and work is not None:
        failure, unheard = await judged_in_ci(context, claimed, work)
    if failure is None and work is not None:
        await _pass(context, claimed, work, asks, unheard)
    elif failure is not None:
        session = "" if lingering else resumable(context, claimed)
        safe, following = await _reject(context, claimed, failure, work, session)
    return safe and not lingering, following


async def _apart(context: Context, claimed: Claimed, commit: str) -> Claimed:
    """The attempt in a workspace that its worker, who may still be there, cannot write."""
    room = await context.outside.apart(
        context.workspaces, claimed.package.id, claimed.workspace, commit
    )
    return replace(claimed, workspace=room, task=replace(claimed.task, worktree=room.path))


async def _pass(context: Context, claimed: Claimed, work: Work, asks: str, unheard: str) -> None:
    """Make it a candidate, unless a person is asked first.

    `asks` is why reviewers want that, `unheard` why a code host's checks are not known.
    """
    ref = f"refs/heads/plait/{context.journal.run.id}/{claimed.package.id}"
    await context.trunk.publish(context.holding.lease, ref, work.commit)
    if await withheld(context, claimed, work, asks, unheard):
        return
    await context.journal.record(
        AttemptEnded(
            package=claimed.package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            verdict=Verdict.PASS,
            commit=work.commit,
        )
    )


async def _reject(
    context: Context, claimed: Claimed, failure: Failure, work: Work | None, session: str = ""
) -> tuple[bool, Claimed | None]:
    """Keep the work, judge whether another attempt follows.

    Returns:
        Whether all of the work is kept; the attempt that follows in the same `session`, if so.
    """
    safe = True
    if work is None:
        kept, safe = await keep(context, claimed.workspace, claimed.package.id, claimed.epoch)
    else:
        kept = keep_ref(context, claimed.package.id, claimed.epoch)
        await context.workspaces.publish(kept, work.commit)
    state = (run := context.journal.run).packages[claimed.package.id]
    sequel = after_failure(
        state,
        failure.code,
        run=run.id,
        retry_budget=claimed.package.retry_budget,
        now=context.clock.now(),
        backoff=context.backoff,
        providers=context.limits.roster.providers(claimed.package),
        violations=failure.violations,
        session="" if work is None else session,
    )
    if sequel.verdict is Verdict.REVISE and not failure.blocked:
        spent = package_overspent(run, state.cost_usd, context.package_budget_usd)
        if spent:  # another attempt would cost more still
            told = f"{failure.reason}\n\n{spent}"
            failure = replace(failure, code=PACKAGE_BUDGET_SPENT, reason=told, blocked=spent)
    failure = await asked(context, claimed, failure, sequel)
    sequel = Sequel(verdict=Verdict.BLOCKED) if failure.blocked else sequel
    if sequel.session and failure.fix is None and work is not None:
        prepared = await prepare(context, claimed, sequel.session, failure, work)
        if prepared is not None:
            following, begun = prepared
            await end_rejected(context, claimed, sequel, failure, kept, begun)
            return safe, following
    await end_rejected(context, claimed, sequel, failure, kept)
    return safe, None


async def _lose(context: Context, claimed: Claimed, cut: Ended) -> bool:
    """Leave the package to be started again, unless that came to nothing often enough."""
    run, package = context.journal.run, claimed.package.id
    sequel = after_cut(
        run.packages[package],
        cut.code,
        run=run.id,
        now=context.clock.now(),
        backoff=context.backoff,
        providers=context.limits.roster.providers(claimed.package),
    )
    if sequel is None:
        lost = Failure(code=cut.code, reason=cut.reason)
        return (await _reject(context, claimed, lost, None))[0]
    kept, safe = await keep(context, claimed.workspace, package, claimed.epoch)
    await context.journal.record(
        AttemptLost(
            package=package,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            reason=cut.reason,
            kept_ref=kept,
            error_code=cut.code,
            not_before=sequel.not_before,
        )
    )
    return safe
