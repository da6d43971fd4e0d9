"""Take a run up again after a crash: agents that live are adopted, and the branch is believed.

What landed is told by the branch; what an agent did, by the files of its shim.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from plait import process
from plait.core.event import BaselineCommitted, Landed, PackageWaits, RunContinued
from plait.core.lease import TrunkLease
from plait.core.plan import PackageId
from plait.core.run import PackageStatus, Run
from plait.core.step import Done, of_attempt
from plait.engine.claimed import Adopted
from plait.engine.context import Context, Places
from plait.engine.lodging import saved
from plait.engine.supervise import GRACE_S
from plait.errors import LockHeld, PlaitError, UsageError
from plait.ports import Commit


async def left_behind(run: Run, places: Places) -> Mapping[PackageId, process.Kept]:
    """The agents of attempts in flight that live, or ended by themselves while nobody looked.

    Everything else that the run left at work is ended: what nobody supervises, and checks.
    """
    found: dict[PackageId, process.Kept] = {}
    for state in run.with_status(PackageStatus.RUNNING, PackageStatus.VERIFYING):
        kept = process.adopt(places.state / state.attempts[-1].directory)
        if kept is None:  # it was never started
            continue
        if run.plan.package(state.id).own:  # what its agent tried is not served any more
            if kept.living:
                await kept.end(GRACE_S)
            continue
        if not kept.living:
            ended = await kept.ended()
            if ended.stopped or ended.lingering:
                continue
        found[state.id] = kept
    await process.end_strays("PLAIT_RUN", run.id, spare=found.values())
    return found


async def spared(
    left: Mapping[PackageId, process.Kept], touched: Collection[PackageId]
) -> Mapping[PackageId, process.Kept]:
    """Without the agents of packages that the plan says something else of; these are ended.

    What they did stays in their workspaces, which are kept before they are used again.
    """
    for package, kept in left.items():
        if package in touched and kept.living:
            await kept.end(GRACE_S)
    return {package: kept for package, kept in left.items() if package not in touched}


async def reconcile(
    context: Context,
    lease: TrunkLease,
    *,
    pid: int,
    left: Mapping[PackageId, process.Kept],
    steps: Mapping[PackageId, Done],
) -> tuple[Adopted, ...]:
    """Take an unfinished run up again, and what `left_behind` found where it still has a place.

    The branch moves before its landing is recorded; a crash in between is told by the branch's
    head, whose trailers name the run and the package.

    Raises:
        UsageError: `TRUNK_MOVED`, the branch is neither where the run left it nor one landing on.
    """
    run, trunk = context.journal.run, context.trunk
    await _require_commits(context, lease)
    head = await trunk.head(lease.branch)
    if head is None and run.head not in {"", run.base}:
        raise _moved(lease, run, "is not here any more")
    if head is not None and head != run.head:
        commit = await trunk.describe(head)
        await context.journal.record(*await _missed(context, lease, run, head, commit))
    adopted: list[Adopted] = []
    for package, kept in left.items():
        state = context.journal.run.packages[package]
        workspace = context.workspaces.adopt(Path(state.attempts[-1].worktree))
        if workspace is not None and state.epoch == state.attempts[-1].epoch:
            done = of_attempt(steps.get(package, {}), state.attempts[-1].number)
            adopted.append(Adopted(package=package, kept=kept, workspace=workspace, done=done))
        elif kept.living:  # its workspace was put away: nothing of what it does can be used
            await kept.end(GRACE_S)
    names = tuple(each.package for each in adopted)
    folders = [context.places.attempt(each.package, _number(context, each)) for each in adopted]
    await context.lodgings.sweep({name for each in folders for name in saved(each).databases})
    missing = await _hold_again(context, names)
    waits = [
        PackageWaits(package=package, reason=f"waits to land: {held.message}", key=held.key)
        for package, held in missing.items()
    ]
    again = RunContinued(pid=pid, adopted=names, workspaces=context.backend)
    await context.journal.record(again, *waits)
    return tuple(adopted)


def _number(context: Context, adopted: Adopted) -> int:
    return context.journal.run.packages[adopted.package].attempts[-1].number


async def _require_commits(context: Context, lease: TrunkLease) -> None:
    """A clone may lack what the run has made since: the head of its branch, and candidates."""
    run = context.journal.run
    candidates = run.with_status(PackageStatus.VERIFIED, PackageStatus.LANDING)
    for commit in filter(None, (run.head, *(state.commit for state in candidates))):
        try:
            await context.trunk.tree(commit)
        except PlaitError as error:
            if error.code != "GIT_FAILED":
                raise
            raise UsageError(
                f"the commit {commit[:10]} of run {run.id} is not in this repository",
                code="TRUNK_MOVED",
                hint="go on where the run was begun, or in a worktree of that repository; or "
                f"fetch what it has made: git fetch REPOSITORY {lease.branch}:{lease.branch} "
                f"'+refs/heads/plait/{run.id}/*:refs/heads/plait/{run.id}/*'; then resume",
            ) from error


async def _hold_again(
    context: Context, adopted: Sequence[PackageId]
) -> Mapping[PackageId, LockHeld]:
    """Claims and lock keys of what is adopted, and of candidates; whose keys are taken."""
    run, packages = context.journal.run, context.compiled.packages
    candidates = run.with_status(PackageStatus.VERIFIED, PackageStatus.LANDING)
    going = [run.packages[each] for each in adopted] + list(candidates)
    return await context.holding.resume(
        {state.id: state.epoch for state in going},
        {state.id: packages[state.id].locks.keys for state in going},
    )


async def _missed(
    context: Context, lease: TrunkLease, run: Run, head: str, commit: Commit
) -> Sequence[Landed | BaselineCommitted]:
    """What the branch's last move tells of: a landing of one or of several, or the plan's files."""
    trailers = [
        line.split(": ", 1) for line in commit.message.splitlines() if line.startswith("Plait-")
    ]
    names = [PackageId(name) for key, name in trailers if key == "Plait-Package"]
    ours = commit.parents[:1] == (run.head,) and ["Plait-Run", run.id] in trailers
    if ours and not names:
        files = await context.trunk.changed(run.head, head)
        return [BaselineCommitted(commit=head, files=files)]
    states = [run.packages.get(name) for name in names]
    waited = {PackageStatus.LANDING, PackageStatus.VERIFIED}
    known = [state for state in states if state is not None and state.status in waited]
    if not ours or len(known) < len(names):
        raise _moved(lease, run, "was moved since the run was stopped")
    merged = head if len(names) == 1 else commit.parents[1]
    found: list[Landed] = []
    for state in reversed(known):  # each package's own merge, from the last one back
        onto = (await context.trunk.describe(merged)).parents[0]
        found.append(
            Landed(
                package=state.id,
                attempt=state.attempts[-1].number,
                epoch=state.epoch,
                commit=head,
                tree=commit.tree,
                files=await context.trunk.changed(onto, merged),
                unchecked=not known[-1].checks,
                tested_with=names[-1] if state.id != names[-1] else None,
            )
        )
        merged = onto
    return found[::-1]


def _moved(lease: TrunkLease, run: Run, how: str) -> UsageError:
    return UsageError(
        f"the branch {lease.branch} {how}",
        code="TRUNK_MOVED",
        hint=f"put it back (`git branch -f {lease.branch} {run.head}`), or begin a new run "
        "with --fresh",
    )
