"""Work that is not accepted is kept, under a hidden ref of its attempt."""

from __future__ import annotations

from plait.core.event import Warned
from plait.core.plan import PackageId
from plait.engine.context import Context
from plait.errors import EnvironmentLack, PlaitError
from plait.ports import Workspace


def keep_ref(context: Context, package: PackageId, epoch: int) -> str:
    """The hidden ref that keeps what the last attempt under a claim left."""
    ref = f"refs/plait/keep/{context.journal.run.id}/{package}/{epoch}"
    attempts = context.journal.run.packages[package].under(epoch)
    return f"{ref}-{attempts[-1].number:012}" if len(attempts) > 1 else ref


async def keep(
    context: Context, workspace: Workspace, package: PackageId, epoch: int
) -> tuple[str | None, bool]:
    """Snapshot a workspace; where git cannot hold what is in it, the folder itself is kept.

    Returns:
        The ref, if there was anything to keep; whether nothing is lost with the folder.

    Raises:
        EnvironmentLack: `DISK_FULL`.
    """
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
