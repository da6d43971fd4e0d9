"""The end of a run that succeeded: what it no longer needs goes, and what stays is named."""

from __future__ import annotations

from contextlib import suppress

from plait import git, process
from plait.app.cleaning import delete_branches, spent_branches
from plait.app.project import Project
from plait.core.event import RunStatus
from plait.core.kept import BRANCHES, KEEP, PUSHED
from plait.core.run import Run
from plait.errors import PlaitError
from plait.git import Repository, WorktreePool

PATIENCE_S = 20.0  # for the disk, to delete the worktrees


async def tidy(project: Project, repository: Repository, pool: WorktreePool, run: Run) -> None:
    """Remove the branches of the packages that landed, and the worktrees, if the run succeeded.

    What nothing else leads to stays, and so does what somebody uses. That something could not be
    removed is no failure of the run: it is named as kept, and `plait clean` sees to it.

    Args:
        project: Whose settings say whether worktrees go too.
        repository: The run's.
        pool: Its worktrees; none of them is lent any more.
        run: As it ended.
    """
    if run.status is not RunStatus.SUCCEEDED:
        return
    with suppress(PlaitError):
        await delete_branches(repository, spent_branches(run), keep=False)
        await _forget_pushed(repository, run)
    if not project.settings.workspace_keep:
        with suppress(PlaitError, OSError):
            await pool.remove_free(patience_s=PATIENCE_S)


async def _forget_pushed(repository: Repository, run: Run) -> None:
    """Refs that workers from elsewhere pushed to, but those that alone lead to what they did."""
    pushed = await repository.refs(f"{PUSHED}{run.id}/")
    alone = await git.only_through(repository, pushed)
    going = {ref: commit for ref, commit in pushed.items() if ref not in alone}
    if going:
        await repository.delete_unmoved(going)


def tidy_again(project: Project, run: Run) -> None:
    """The same for a run that had succeeded before: it may have been killed before it did."""
    if run.status is RunStatus.SUCCEEDED:
        process.run_main(_again, project, run)


async def _again(project: Project, run: Run) -> None:
    async with (
        git.opened(project.root, project.state) as repository,
        WorktreePool(repository, project.worktrees, state=project.state) as pool,
    ):
        await tidy(project, repository, pool, run)


def still_there(project: Project, run: Run) -> dict[str, list[str]]:
    """What is left of a run beside its branch; nothing while it is at work.

    Returns:
        `branches` of packages, hidden `refs` that keep work, and `worktrees` by their paths: of
        all runs, for any of them may have worked there.
    """
    nothing: dict[str, list[str]] = {"branches": [], "refs": [], "worktrees": []}
    if run.status is RunStatus.RUNNING:
        return nothing
    with suppress(PlaitError):
        return process.run_main(_still_there, project, run)
    return nothing


async def _still_there(project: Project, run: Run) -> dict[str, list[str]]:
    repository = await git.discover(project.root, state=project.state)
    names = [tip.ref for tip in await git.tips(repository)]
    branches, kept = f"{BRANCHES}{run.id}/", f"{KEEP}{run.id}/"
    pool = WorktreePool(repository, project.worktrees, state=project.state)
    return {
        "branches": [
            name.removeprefix("refs/heads/") for name in names if name.startswith(branches)
        ],
        "refs": [name for name in names if name.startswith(kept)],
        "worktrees": [str(slot.path) for slot in pool.list_slots() if not slot.in_use],
    }
