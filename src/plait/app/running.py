"""Compose ports, engine and faces, and run a plan to its report."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from plait import git
from plait.app import confining, delivering, features, versions
from plait.app.choosing import agents_of, new_run_id
from plait.app.composing import context_of
from plait.app.furnishing import large_files, layout, with_worktrees
from plait.app.outsiders import held_by
from plait.app.project import Project, SystemClock, fold_run
from plait.app.run_options import RunOptions
from plait.app.signals import until_signal
from plait.app.tidying import tidy
from plait.core.codec import decode, encode
from plait.core.event import RunInterrupted, RunStarted, Warned
from plait.core.handoff import Occasion
from plait.core.lease import Holder, Terms
from plait.core.plan import Plan, SourceStatus
from plait.core.revision import Revision
from plait.core.run import Run
from plait.engine import preflight
from plait.engine.claimed import Adopted
from plait.engine.context import Context, Places
from plait.engine.control import UnderWay, carry_out
from plait.engine.handing_over import hand_over
from plait.engine.holding import Holding, hold
from plait.engine.journal import Journal, Observer
from plait.engine.loop import execute
from plait.engine.preflight import Ground
from plait.engine.recovery import left_behind, reconcile, spared
from plait.engine.revise import revise
from plait.errors import PlaitError
from plait.git import GitTrunk, Repository, WorktreePool
from plait.ports import RunRow, Store

TERMS = Terms()


_ELSEWHERE = "switch that checkout to another branch, or use --fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orchestrator:
    """Who is to decide a run: under what name, in which store, and who watches."""

    holder: Holder
    store: Store
    observers: Sequence[Observer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the engine ended: the run as it stands, and the signal that stopped it, if one did."""

    run: Run
    stopped_by: int | None = None


async def start(
    project: Project, orchestrator: Orchestrator, plan: Plan, options: RunOptions
) -> Ended:
    """Start a run of a plan and drive it to its end.

    Raises:
        UsageError: `BRANCH_EXISTS`, `BRANCH_CHECKED_OUT`, `NO_SUCH_REF`, `UNKNOWN_AGENT`, …
        EnvironmentLack: `SANDBOX_MISSING`, …
    """
    run_id, store = new_run_id(SystemClock().now()), orchestrator.store
    # What is wrong is told before anything is made.
    agents = agents_of(options.roster, project.settings, options.review.reviewers)
    held, warned = confining.settle(options.held, agents)
    warned += await versions.outdated(project, agents)
    warned += features.settle(project, store, plan)
    options = replace(options, held=held)
    made, told = layout(project)
    async with _git(project, made) as (repository, workspaces, trunk):
        ground = await preflight.ground(
            store,
            trunk,
            plan,
            base=await repository.resolve(options.base),
            branch=options.branch,
            fresh=options.fresh,
        )
        await repository.require_free(ground.branch, hint=_ELSEWHERE)
        backend, lack = await with_worktrees(made.backend, workspaces, ground.base)
        if lack:
            options = replace(options, max_agents=1)
        told += (*lack, *await large_files(project, repository, workspaces, ground.base))
        options = replace(options, target=await delivering.target_of(repository, options.base))
        store.create_run(
            run_id, plan, branch=ground.branch, base=ground.base, options=encode(options)
        )
        async with hold(store, run_id, holder=orchestrator.holder, terms=TERMS) as holding:
            context = context_of(
                project,
                options,
                _journal(orchestrator, Run(id=run_id, plan=plan), holding),
                holding,
                repository=repository,
                workspaces=workspaces,
                trunk=trunk,
                backend=backend,
                requests=partial(store.requests, run_id),
            )
            await context.journal.record(_started(context, options, ground), *warned, *told)
            ended = await _drive(context, project, ground)
            await tidy(project, repository, workspaces, ended.run)
            return ended


async def continue_run(
    project: Project,
    orchestrator: Orchestrator,
    row: RunRow,
    meaning: Callable[[Run], Revision] | None = None,
) -> Ended:
    """Take an unfinished run up again, with the options it was started with.

    Args:
        project: The repository.
        orchestrator: Who drives it.
        row: The run.
        meaning: What another version of its plan means for it, if it is to go on with one.

    Raises:
        RunHeld: A living orchestrator decides it.
        UsageError: `TRUNK_MOVED`.
    """
    store = orchestrator.store
    options = decode(RunOptions, store.options(row.id))
    async with hold(store, row.id, holder=orchestrator.holder, terms=TERMS) as holding:
        # What an earlier orchestrator wrote is all there from here on: it writes no more.
        run = _with_stored_epochs(fold_run(store, row.id), store)
        left = await left_behind(run, Places(state=project.state, run=run.id))
        if meaning is not None:
            left = await spared(left, meaning(run).touched)
        lent = [Path(run.packages[each].attempts[-1].worktree) for each in left]
        made, told = layout(project)
        async with _git(project, made, branch=row.branch, adopted=lent) as (repo, pool, trunk):
            await repo.require_free(row.branch, hint=_ELSEWHERE)
            backend, lack = await with_worktrees(made.backend, pool, row.base)
            told += lack
            context = context_of(
                project,
                options,
                _journal(orchestrator, run, holding),
                holding,
                repository=repo,
                workspaces=pool,
                trunk=trunk,
                backend=backend,
                requests=partial(store.requests, row.id),
            )
            ground = await _ground_again(context, options, row, told)

            async def take_up() -> Sequence[Adopted]:
                steps, pid = store.steps(row.id), os.getpid()
                return await reconcile(context, holding.lease, pid=pid, left=left, steps=steps)

            async def change(adopted: Sequence[Adopted]) -> None:
                if meaning is not None:
                    await _revise(context, project, meaning, adopted)

            ended = await _drive(context, project, ground, take_up, change)
            await tidy(project, repo, pool, ended.run)
            return ended


async def _ground_again(
    context: Context, options: RunOptions, row: RunRow, told: Sequence[Warned]
) -> Ground:
    """What a run that is taken up stands on; what was not told of it yet is told now."""
    run, store = context.journal.run, context.holding.store
    # Stopped before anything was done on a branch that was there: that begins now.
    exists = run.seq <= 1 and await context.trunk.head(row.branch) is not None
    carried = preflight.landed_before(store, run.plan, row.branch) if exists else ()
    ground = Ground(branch=row.branch, base=row.base, exists=exists, carried=carried)
    first = () if run.packages else (_started(context, options, ground),)  # not yet told
    if first or told:
        await context.journal.record(*first, *told)
    return ground


async def _revise(
    context: Context,
    project: Project,
    meaning: Callable[[Run], Revision],
    adopted: Sequence[Adopted],
) -> None:
    if not adopted:  # what was asked before, such as answers, holds for the new plan too
        await carry_out(context, UnderWay())
    with anyio.CancelScope(shield=bool(adopted)):  # it is the loop that ends agents in order
        revision = meaning(context.journal.run)
        await revise(context, context.holding.lease, revision, project.root)
    await hand_over(context, Occasion.REVISION)


def _journal(orchestrator: Orchestrator, run: Run, holding: Holding) -> Journal:
    return Journal(
        orchestrator.store,
        run,
        clock=SystemClock(),
        observers=orchestrator.observers,
        holding=holding,
    )


def _with_stored_epochs(run: Run, store: Store) -> Run:
    """The run with each package at its stored epoch: a claim may have had no event yet."""
    stored = {row.id: row.epoch for row in store.packages(run.id)}
    packages = run.packages
    for state in run.packages.values():
        if stored[state.id] > state.epoch:
            packages = packages.changed(replace(state, epoch=stored[state.id]))
    return replace(run, packages=packages)


async def _drive(context: Context, *how: Any) -> Ended:
    """Drive a run as `_driven` does, with the boards told of it beside that."""
    ended = await context.announcing.beside(context.journal, partial(_driven, context, *how))
    return replace(ended, run=context.journal.run)  # with what they could not be told


async def _driven(
    context: Context,
    project: Project,
    ground: Ground,
    take_up: Callable[[], Awaitable[Sequence[Adopted]]] | None = None,
    change: Callable[[Sequence[Adopted]], Awaitable[None]] | None = None,
) -> Ended:
    lease = context.holding.lease

    async def work() -> None:
        begun = context.journal.run.seq > 1
        branch_is_new = not ground.exists and await context.trunk.head(ground.branch) is None
        # From here to the loop nothing is awaited that a signal could cut short while there are
        # adopted agents: it ends them in order.
        adopted = await take_up() if take_up is not None else ()
        begun = begun or context.journal.run.baseline is not None
        if branch_is_new or (ground.exists and not begun):
            files = await preflight.differing(
                context.trunk, ground.base, preflight.plan_files(context.plan, project.root)
            )
            await preflight.baseline(context, lease, ground, files)
        if change is not None:
            await change(adopted)
        await execute(context, lease, adopted)

    await context.trunk.take(lease)  # before anybody looks where the branch is
    try:
        stopped_by = await until_signal(work)
    finally:  # whoever takes the run up, or cleans up, does it too
        with suppress(PlaitError), anyio.CancelScope(shield=True):
            await context.trunk.give_back(lease)
    if stopped_by is not None:
        await context.journal.record(RunInterrupted(signal=signal.Signals(stopped_by).name))
    await hand_over(context)
    return Ended(run=context.journal.run, stopped_by=stopped_by)


@asynccontextmanager
async def _git(
    project: Project,
    made: git.Layout,
    branch: str | None = None,
    adopted: Collection[Path] = (),
) -> AsyncIterator[tuple[Repository, WorktreePool, GitTrunk]]:
    """The repository and the two ports over it, put away at the end."""
    async with git.opened(project.root, project.state) as repository:
        await git.clear_stale_locks(repository, branch)
        pool = git.WorktreePool(
            repository,
            project.worktrees,
            state=project.state,
            adopted=adopted,
            layout=made,
        )
        async with (
            pool as workspaces,
            git.GitTrunk(repository) as trunk,
        ):
            yield repository, workspaces, trunk


def _started(context: Context, options: RunOptions, ground: Ground) -> RunStarted:
    plan = context.plan
    done = {p.id for p in plan.packages if p.status is SourceStatus.DONE} | set(ground.carried)
    done -= {p.id for p in plan.packages if p.own}  # what is on the branch is tried each time
    return RunStarted(
        plan=plan.id,
        format=plan.format,
        digest=plan.digest,
        base=ground.base,
        branch=ground.branch,
        packages=options.packages,
        done_before=tuple(each for each in options.packages if each in done),
        carried=ground.carried,
        max_agents=options.max_agents,
        agents=(*options.agents, *map(str, options.seats)),
        sandbox=confining.told(held_by(context)),
        workspaces=context.backend,
        budget_usd=options.budget_usd,
        timeout_s=options.timeout_s,
    )
