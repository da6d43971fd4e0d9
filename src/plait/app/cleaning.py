"""`plait clean`: remove what a run left behind, once its content is safe elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from plait import git, process
from plait.app.lock import hold
from plait.app.project import Project, fold_run, open_project, open_store, pick_run
from plait.core.event import RunId, RunStatus
from plait.core.run import PackageStatus
from plait.errors import UsageError
from plait.ports import RunRow, Store

_UNFINISHED = {RunStatus.RUNNING, RunStatus.INTERRUPTED}


def clean(start: Path, run: str | None) -> list[str]:
    """Remove worktrees, and the branches of packages that landed; what was done, line by line.

    With `run`, only that run's package branches go; worktrees belong to the repository. A run
    that can still be continued keeps its branches.

    Raises:
        UsageError: `NO_RUN`, `NO_SUCH_RUN`, `RUN_HELD`, `RUN_UNFINISHED`.
    """
    project = open_project(start)
    with open_store(project) as store, hold(project.state):
        rows = store.runs() if run is None else (pick_run(store, run),)
        if run is not None and rows[0].status in _UNFINISHED:
            raise UsageError(
                f"run {rows[0].id} is not finished",
                code="RUN_UNFINISHED",
                hint="go on with `plait resume`; its candidates are on those branches",
            )
        branches = [each for row in rows for each in _spent_branches(store, row)]
        return process.run_main(_clean, project, tuple(branches))


async def _clean(project: Project, branches: Sequence[str]) -> list[str]:
    repository = await git.discover(project.root)
    folder = project.settings.workspace_root or project.state / "worktrees"
    told: list[str] = []
    async with git.WorktreePool(repository, folder, state=project.state) as pool:
        for slot in pool.list_slots():
            if slot.in_use:
                told.append(f"left {slot.path}: in use")
                continue
            kept = await pool.remove_slot(slot.name, f"refs/plait/keep/clean/{slot.name}")
            told.append(f"removed {slot.path}" + (f"; kept as {kept}" if kept else ""))
    present = await repository.refs("refs/heads/plait/")
    spent = [f"refs/heads/{each}" for each in branches]
    gone = [ref for ref in spent if ref in present]
    if gone:
        await repository.delete_refs(gone)
        told.append(f"deleted {len(gone)} branches of landed packages")
    return told or ["nothing to remove"]


def _spent_branches(store: Store, row: RunRow) -> list[str]:
    """Package branches whose commits the run's branch holds."""
    if row.status in _UNFINISHED:
        return []
    run = fold_run(store, RunId(row.id))
    landed = run.with_status(PackageStatus.LANDED)
    return [f"plait/{row.id}/{state.id}" for state in landed]
