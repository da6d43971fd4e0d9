"""Make the store agree with git after a crash: the branch is the truth about what landed."""

from __future__ import annotations

from plait.core.event import BaselineCommitted, Landed, RunContinued
from plait.core.lease import TrunkLease
from plait.core.plan import PackageId
from plait.core.run import PackageStatus, Run
from plait.engine.context import Context
from plait.errors import UsageError
from plait.ports import Commit


async def reconcile(context: Context, lease: TrunkLease, *, pid: int) -> None:
    """Take an unfinished run up again.

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
    await context.journal.record(RunContinued(pid=pid))


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
