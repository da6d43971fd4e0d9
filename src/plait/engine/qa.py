"""An attempt at QA: the full plan on the landed tree, and what follows from what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anyio

from plait.core.consequence import with_fix
from plait.core.event import (
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    Event,
    PackageAdded,
    PackageSkipped,
    QaEnded,
    QaItemEnded,
    QaKind,
    QaPlanned,
    QaSettled,
    QaStatus,
    QaVerdict,
    Verdict,
    Warned,
)
from plait.core.plan import PackageId
from plait.core.qa import (
    MOST_TRIES,
    NOT_PASSED,
    NOT_RUN,
    QaItem,
    Scenario,
    Trial,
    is_open,
    verdict,
)
from plait.core.qa_plan import QaPlan, plan_of
from plait.core.qa_refine import fix_of, superseded
from plait.core.qa_report import question, reports
from plait.core.run import PackageStatus
from plait.engine.claimed import Tried, lodger
from plait.engine.context import Context
from plait.engine.escalate import in_full, must_be_accepted
from plait.engine.furnish import set_up
from plait.engine.keeping import keep_ref
from plait.engine.lodging import LodgingFailed
from plait.engine.qa_agent import ask_agent, qa_agent
from plait.engine.qa_ground import repository_of
from plait.engine.qa_trial import Desk, Served, serving, tried
from plait.errors import StaleEpoch
from plait.ports import Workspace

LOG = "stdout.log"  # where people look for what an attempt said
SERVED = QaItem(id="service", scenario=Scenario(name="is served", kind=QaKind.API))
PLAIT = "plait"  # who works on it, where no agent joins in


async def try_out(context: Context, package: PackageId) -> None:
    """Try the landed tree once, whatever happens in it.

    Cancellation ends what is under way and leaves QA to be started again.

    Raises:
        LeaseHeld: Somebody outside the run holds the package.
        StaleEpoch: Somebody else has claimed it since.
    """
    begun, holding = context.clock.now(), context.holding
    lease = await context.journal.claim(
        package, holder=holding.lease.holder, ttl_s=holding.terms.lease_s, keys=()
    )
    epoch = lease.epoch
    log = context.places.run_folder() / package / "left.log"
    workspace: Workspace | None = None
    reusable = False
    try:
        workspace = await context.workspaces.open(context.journal.run.head)
        reusable = await _work(context, package, epoch, workspace, begun)
    except BaseException as error:
        with anyio.CancelScope(shield=True):
            if context.journal.run.packages[package].status is PackageStatus.PENDING:
                await context.journal.release(package, epoch)  # nothing has begun
            elif isinstance(error, (anyio.get_cancelled_exc_class(), StaleEpoch)):
                await _tell_ended(context, package, epoch)
        raise
    finally:
        with anyio.CancelScope(shield=True):
            await context.lodgings.leave(lodger(package, epoch), log)
            if workspace is not None:
                await context.workspaces.close(workspace, reusable=reusable)


async def _work(
    context: Context, package: PackageId, epoch: int, workspace: Workspace, begun: float
) -> bool:
    """One try, from what there is to try to what follows; whether nothing of it lives on."""
    state, known = context.journal.run.packages[package], context.compiled.packages[package]
    plan = plan_of(await repository_of(workspace.path), context.qa, context.plan)
    agent = qa_agent(context, known)
    if not plan.items and not agent:
        await context.journal.release(package, epoch)
        reason = "nothing to try: no command line, API or page was found; `[qa]` can name them"
        told = PackageSkipped(package=package, reason=reason, benign=known.optional)
        await context.journal.record(told)
        return True
    directory = context.places.attempt(package, state.next_attempt)
    if directory.exists():  # of an attempt that a crash cut off: its number counts again
        directory.rename(directory.with_name(f"{directory.name}.before-epoch-{epoch}"))
    directory.mkdir(parents=True)
    desk = Desk(
        package=known,
        attempt=state.next_attempt,
        epoch=epoch,
        number=state.attempts_used + 1,
        workspace=workspace,
        directory=directory,
        port=0,
    )
    desk, lack = await _furnished(context, desk)
    await context.journal.record(
        AttemptStarted(
            package=package,
            attempt=desk.attempt,
            epoch=epoch,
            agent=context.agents[agent].name if agent else PLAIT,
            worktree=str(workspace.path),
            base=workspace.base,
            directory=context.places.relative(directory),
            setup_s=max(0.0, context.clock.now() - begun),
            provider=agent,
            sandbox=context.sandboxes[agent].name if agent else "none",
        ),
        QaPlanned(
            package=package,
            attempt=desk.attempt,
            epoch=epoch,
            commit=workspace.base,
            number=desk.number,
            of=MOST_TRIES,
            items=(*(each.scenario.name for each in plan.items), *([agent] if agent else ())),
        ),
    )
    await _carry_out(context, desk, plan, agent, lack)
    await _tell_ended_try(context, desk)
    await _follow(context, desk)
    return not desk.lingering


async def _furnished(context: Context, desk: Desk) -> tuple[Desk, str]:
    """With ports and databases of its own, set up; why that failed, if it did."""
    log, who = desk.directory / "setup.log", lodger(desk.package.id, desk.epoch)
    try:
        lodging = await context.lodgings.take(who, log)
        desk = replace(desk, variables=lodging.variables, port=context.lodgings.further(who))
    except LodgingFailed as failed:
        return desk, failed.message
    lack = await set_up(
        context,
        desk.workspace,
        desk.commit,
        variables=desk.variables,
        log=log,
        timeout_s=desk.package.timeout_s,
    )
    return desk, lack


async def _carry_out(context: Context, desk: Desk, plan: QaPlan, agent: str, lack: str) -> None:
    """Each item of the plan, then the QA agent; all that came of it is told as it comes."""
    if lack:
        plan = replace(plan, items=tuple(replace(each, lack=lack) for each in plan.items))
    nobody = Served()
    for item in plan.items:
        if not item.is_served:
            await context.journal.record(await tried(context, desk, plan, item, nobody))
    served = [each for each in plan.items if each.is_served]
    wanted = bool(agent) or not all(each.lack for each in served)
    async with serving(context, desk, plan if wanted and not lack else QaPlan(items=())) as service:
        for item in served:
            await context.journal.record(await tried(context, desk, plan, item, service))
        if agent and not lack:
            if service.wrong and not served:
                await context.journal.record(await tried(context, desk, plan, SERVED, service))
            url = desk.url(plan) if plan.serve and not service.wrong else ""
            await context.journal.record(*await ask_agent(context, desk, url, agent))


async def _tell_ended_try(context: Context, desk: Desk) -> None:
    """Write the reports down, and say what came of the try."""
    trial = context.journal.run.trials[-1]
    ended = QaEnded(
        package=desk.package.id,
        attempt=desk.attempt,
        epoch=desk.epoch,
        commit=desk.commit,
        verdict=verdict(trial.items),
        number=desk.number,
        of=MOST_TRIES,
        duration_s=max(0.0, context.clock.now() - trial.started_at),
    )
    mark = f"-attempt-{desk.number}.md"
    kinds = dict.fromkeys(each.kind.value for each in trial.items)
    names = [f"qa-report-{kind}{mark}" for kind in kinds]
    paths = tuple(context.places.relative(desk.directory / name) for name in names)
    await context.journal.record(replace(ended, reports=paths))
    texts = reports(context.journal.run, desk.package.id)
    for name in names:
        await anyio.Path(desk.directory / name).write_text(texts[name], encoding="utf-8")
    async with await anyio.open_file(desk.directory / LOG, "a", encoding="utf-8") as log:
        await log.write("\n".join(texts[name] for name in names))


async def _follow(context: Context, desk: Desk) -> None:
    """What follows: it lands, something is mended first, a person is asked, or it is over."""
    trial = context.journal.run.trials[-1]
    came = verdict(trial.items)
    open_ended = is_open(trial.items) and came is not QaVerdict.FAIL
    last = desk.number >= MOST_TRIES
    if open_ended and last:
        await _ask(context, desk, trial, f"has no answer after {MOST_TRIES} attempts")
    elif open_ended:
        await _end(context, desk, Verdict.REVISE, NOT_RUN, "its agent left no usable answer")
    elif came is QaVerdict.FAIL and last:
        await _ask(context, desk, trial, f"still fails after {MOST_TRIES} attempts")
    elif came is QaVerdict.FAIL:
        await _refine(context, desk, trial)
    elif came is QaVerdict.NOT_RUN:
        await _not_run(context, desk, trial)
    else:
        await _pass(context, desk, trial)


async def _pass(context: Context, desk: Desk, trial: Trial) -> None:
    """On to the queue with the results, where the format wants them; else it is over."""
    run, package = context.journal.run, desk.package
    over: list[Event] = list(_missed_by_nobody(context, desk, "QA passed without it"))
    left = trial.of(QaStatus.NOT_RUN)
    if left:
        shown = "; ".join(f"{each.name}: {each.reason}" for each in left[:5])
        told = f"QA passed without {len(left)} items that were not run: {shown}"
        over.append(Warned(code=NOT_RUN, message=told, package=package.id))
    commit = await _results(context, desk)
    if commit is None:
        reason = f"passed in attempt {desk.number} of {MOST_TRIES}"
        await context.journal.record(*over, QaSettled(package=package.id, reason=reason))
        return
    ref = f"refs/heads/plait/{run.id}/{package.id}"
    await context.trunk.publish(context.holding.lease, ref, commit)
    await context.journal.record(*over, _ended(desk, Verdict.PASS, commit=commit))


async def _refine(context: Context, desk: Desk, trial: Trial) -> None:
    """A narrow package mends what failed; then the full plan is tried again."""
    qa = desk.package
    fix, why = fix_of(context.journal.run, qa, trial)
    if fix is not None and not context.limits.roster.providers(fix):
        fix, why = None, "no agent is named that could mend it"
    if fix is None:
        await _ask(context, desk, trial, f"fails, and {why}")
        return
    opened, reason = fix, f"QA failed: {_failures(trial.items)}"
    await context.journal.revise(
        lambda plan: with_fix(plan, opened, qa.id),
        _ended(desk, Verdict.REVISE, code=NOT_PASSED, reason=reason),
        PackageAdded(package=opened.id, needed_by=qa.id, reason=reason),
    )


async def _ask(context: Context, desk: Desk, trial: Trial, why: str) -> None:
    """Stop with every failure; what would land is held until somebody accepts it."""
    package = desk.package
    state = context.journal.run.packages[package.id]
    again = len(state.under(desk.epoch)) > 1
    whose = Tried(package=package.id, attempt=desk.attempt, epoch=desk.epoch, again=again)
    told = trial.ended.reports if trial.ended else ()
    failure, raised = must_be_accepted(whose, question(trial, why=why, reports=told))
    commit = await _results(context, desk)
    kept = None
    if commit is not None:
        kept = keep_ref(context, package.id, desk.epoch)
        await context.workspaces.publish(kept, commit)
    logs = context.places.relative(desk.directory)
    reason = in_full(failure, attempt=desk.attempt, kept_ref=kept, logs=logs)
    ended = _ended(desk, Verdict.BLOCKED, code=NOT_PASSED, reason=reason, commit=commit)
    asks = {state.id for state in context.journal.run.with_status(PackageStatus.BLOCKED)}
    over = _missed_by_nobody(context, desk, "it changed nothing, and QA asks itself")
    await context.journal.record(
        *(each for each in over if each.package in asks),
        *raised,
        replace(ended, kept_ref=kept, question=failure.blocked),
    )


def _missed_by_nobody(context: Context, desk: Desk, reason: str) -> tuple[PackageSkipped, ...]:
    """That fixes which came to nothing are not needed."""
    lost = superseded(context.journal.run, desk.package)
    return tuple(PackageSkipped(package=each, reason=reason, benign=True) for each in lost)


async def _not_run(context: Context, desk: Desk, trial: Trial) -> None:
    """Nothing could be run: no success. Who did not ask for QA goes on without it."""
    shown = "; ".join(f"{each.name}: {each.reason}" for each in trial.items[:5])
    reason = f"not run: {shown}"
    ended = _ended(desk, Verdict.REJECT, code=NOT_RUN, reason=reason)
    then: list[Event] = []
    if desk.package.optional:
        then = [
            Warned(code=NOT_RUN, message=f"QA was {reason}", package=desk.package.id),
            PackageSkipped(package=desk.package.id, reason=reason, benign=True),
        ]
    await context.journal.record(ended, *then)


async def _end(context: Context, desk: Desk, judged: Verdict, code: str, reason: str) -> None:
    await context.journal.record(_ended(desk, judged, code=code, reason=reason))


async def _results(context: Context, desk: Desk) -> str | None:
    """A commit of the results on the landed tree; None where the format has no place for them."""
    place = context.plan.qa_results
    if not place:
        return None
    texts = reports(context.journal.run, desk.package.id)
    files = {f"{place}/{name}": text.encode("utf-8", "replace") for name, text in texts.items()}
    tree = await context.trunk.edit(await context.trunk.tree(desk.commit), files)
    message = (
        f"{desk.package.title}\n\nPlait-Run: {context.journal.run.id}\n"
        f"Plait-Package: {desk.package.id}\n"
    )
    return await context.trunk.commit(tree, parents=(desk.commit,), message=message)


def _ended(
    desk: Desk,
    judged: Verdict,
    *,
    code: str | None = None,
    reason: str = "",
    commit: str | None = None,
) -> AttemptEnded:
    return AttemptEnded(
        package=desk.package.id,
        attempt=desk.attempt,
        epoch=desk.epoch,
        verdict=judged,
        error_code=code,
        reason=reason,
        commit=commit,
    )


def _failures(items: Sequence[QaItemEnded]) -> str:
    bad = [each for each in items if each.status is QaStatus.FAILED]
    return "; ".join(f"{each.name}: {each.reason}" for each in bad[:5])


async def _tell_ended(context: Context, package: PackageId, epoch: int) -> None:
    """That the attempt was ended by an order, if it was and had begun."""
    ended, state = context.ended.get(package), context.journal.run.packages[package]
    if ended is None or state.epoch != epoch or state.status is not PackageStatus.RUNNING:
        return
    await context.journal.record(
        AttemptLost(
            package=package,
            attempt=state.attempts[-1].number,
            epoch=epoch,
            reason=ended.reason,
            error_code=ended.code,
        )
    )
