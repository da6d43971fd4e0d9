"""Take a run up again after a crash: agents that live are adopted, and the branch is believed.

What landed is told by the branch; what an agent did, by the files of its shim.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from plait import process
from plait.core.event import BaselineCommitted, Landed, RunContinued
from plait.core.lease import TrunkLease
from plait.core.plan import PackageId
from plait.core.run import PackageStatus, Run
from plait.core.step import Done
from plait.engine.agent import GRACE_S
from plait.engine.claimed import Adopted
from plait.engine.context import Context, Places
from plait.errors import UsageError
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
        if not kept.living:
            ended = await kept.ended()
            if ended.stopped or ended.lingering:
                continue
        found[state.id] = kept
    await process.end_strays("PLAIT_RUN", run.id, spare=found.values())
    return found


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
    head = await trunk.head(lease.branch)
    if head is not None and head != run.head:
        commit = await trunk.describe(head)
        await context.journal.record(await _missed(context, lease, run, head, commit))
    adopted: list[Adopted] = []
    for package, kept in left.items():
        path = Path(context.journal.run.packages[package].attempts[-1].worktree)
        workspace = context.workspaces.adopt(path)
        if workspace is not None:
            done = steps.get(package, {})
            adopted.append(Adopted(package=package, kept=kept, workspace=workspace, done=done))
        elif kept.living:  # its workspace was put away: nothing of what it does can be used
            await kept.end(GRACE_S)
    names = tuple(each.package for each in adopted)
    await context.journal.record(RunContinued(pid=pid, adopted=names))
    return tuple(adopted)


async def _missed(
    context: Context, lease: TrunkLease, run: Run, head: str, commit: Commit
) -> Landed | BaselineCommitted:
    trailers = dict(
        line.split(": ", 1) for line in commit.message.splitlines() if line.startswith("Plait-")
    )
    name = trailers.get("Plait-Package")
    if commit.parents[:1] == (run.head,) and trailers.get("Plait-Run") == run.id:
        files = await context.trunk.changed(run.head, head)
        if name is None:
            return BaselineCommitted(commit=head, files=files)
        state = run.packages.get(PackageId(name))
        if state is not None and state.status in {PackageStatus.LANDING, PackageStatus.VERIFIED}:
            return Landed(
                package=state.id,
                attempt=state.attempts[-1].number,
                epoch=state.epoch,
                commit=head,
                tree=commit.tree,
                files=files,
                unchecked=not state.checks,
            )
    raise UsageError(
        f"the branch {lease.branch} was moved since the run was stopped",
        code="TRUNK_MOVED",
        hint=f"put it back (`git branch -f {lease.branch} {run.head}`), or begin a new run "
        "with --fresh",
    )
