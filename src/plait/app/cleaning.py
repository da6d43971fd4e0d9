"""`plait clean`: remove what a run left behind, once its content is safe elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from plait import git, process
from plait.app.lock import hold
from plait.app.project import Project, fold_run, make_state, open_project, open_store, pick_run
from plait.core.event import RunId
from plait.core.kept import BRANCHES, KEEP
from plait.core.run import UNFINISHED, PackageStatus, Run
from plait.errors import PlaitError, UsageError
from plait.git import Repository, SlotState, WorktreePool
from plait.git.command import GitFailed
from plait.ports import RunRow, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A worktree or a branch that is gone, and the hidden ref that keeps what only it held."""

    name: str
    kept_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A worktree or a branch that stays: why, and what to do about it."""

    name: str
    code: str
    message: str
    hint: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether a person must decide: it holds work that is nowhere else."""
        return self.code != "SLOT_IN_USE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What a cleaning did. Worktrees are named by their paths."""

    worktrees: tuple[Removed, ...] = ()
    branches: tuple[Removed, ...] = ()
    left: tuple[Left, ...] = ()


def clean(start: Path, run: str | None, *, keep: bool = False) -> Cleaned:
    """Remove worktrees, and the branches of packages that landed.

    What nothing else leads to stays, unless `keep` says to put it under a hidden ref first.

    With `run`, only that run's package branches go; worktrees belong to the repository. A run
    that can still be continued keeps its branches.

    Raises:
        UsageError: `NO_RUN`, `NO_SUCH_RUN`, `RUN_HELD`, `RUN_UNFINISHED`.
    """
    project = open_project(start)
    with open_store(project) as store:
        make_state(project)  # there is a store: it may be another checkout's
        with hold(project.state) as me:
            rows = store.runs() if run is None else (pick_run(store, run),)
            if run is not None and rows[0].status in UNFINISHED:
                raise UsageError(
                    f"run {rows[0].id} is not finished",
                    code="RUN_UNFINISHED",
                    hint="go on with `plait resume`; its candidates are on those branches",
                )
            spent = {ref: kept for row in rows for ref, kept in _of_row(store, row).items()}
            decided = {each.run for each in store.held_runs() if not me.survives(each.holder)}
            over = {row.id for row in rows} - decided
            return process.run_main(_clean, project, spent, over, keep)


async def _clean(
    project: Project,
    spent: Mapping[str, str],
    over: Collection[RunId],
    keep: bool,  # noqa: FBT001 - `run_main` passes by position
) -> Cleaned:
    worktrees: list[Removed] = []
    left: list[Left] = []
    async with git.opened(project.root, project.state) as repository:
        async with git.WorktreePool(repository, project.worktrees, state=project.state) as pool:
            for slot in pool.list_slots():
                ended = await _remove(pool, slot, keep=keep)
                if isinstance(ended, Left):
                    left.append(ended)
                else:
                    worktrees.append(ended)
        await git.lift_fences(repository, over)
        branches, lonely = await delete_branches(repository, spent, keep=keep)
    return Cleaned(worktrees=tuple(worktrees), branches=branches, left=(*left, *lonely))


async def _remove(pool: WorktreePool, slot: SlotState, *, keep: bool) -> Removed | Left:
    """Remove a worktree, unless that would lose something.

    What an agent made in a worktree was put away when its attempt ended: in one that was given
    back lies what checks left, which is kept and no reason to stay. In one that was not, somebody
    may have written on.
    """
    path = str(slot.path)
    if slot.in_use:
        return Left(name=path, code="SLOT_IN_USE", message="a living process uses it")
    ref = f"{KEEP}clean/{slot.name}" if keep or not slot.retired else None
    try:
        return Removed(name=path, kept_ref=await pool.remove_slot(slot.name, ref))
    except GitFailed as failed:
        return Left(
            name=path,
            code="NOT_IN_GIT",
            message=f"git cannot hold what lies there: {failed.message}",
            hint=f"take what you need out of {path} and delete the folder; then clean again",
        )
    except PlaitError as error:
        if error.code != "SLOT_NOT_SAFE":
            raise
        return Left(
            name=path,
            code=error.code,
            message="it holds work that is nowhere else",
            hint=f"`plait recover --from {slot.name}` makes a branch of it; "
            "`plait clean --keep` keeps it under a hidden ref and removes it",
        )


async def delete_branches(
    repository: Repository, spent: Mapping[str, str], *, keep: bool
) -> tuple[tuple[Removed, ...], tuple[Left, ...]]:
    """Delete spent branches; those that alone lead to their commit only once that is kept.

    One that stands in somebody's checkout stays.

    Args:
        repository: Which has them.
        spent: Full refs, each with the ref that would keep it.
        keep: Whether what nothing else leads to is kept under that ref, so that it can go too.
    """
    present = await repository.refs("refs/heads/plait/")
    in_use = await repository.checked_out()
    left = [_in_use(ref) for ref in spent if ref in present and ref in in_use]
    going = {
        ref: Removed(name=_short(ref)) for ref in spent if ref in present and ref not in in_use
    }
    for ref in sorted(await git.only_through(repository, going)):
        if keep:
            kept = spent[ref]
            if await repository.has(kept):
                kept = f"{kept}-{present[ref][:12]}"
            await repository.publish(kept, present[ref])
            going[ref] = replace(going[ref], kept_ref=kept)
            continue
        del going[ref]
        told = Left(
            name=_short(ref),
            code="BRANCH_NOT_SAFE",
            message="it landed, but no other ref leads to its commit any more",
            hint=f"`git branch NAME {_short(ref)}` gives it a name of yours; "
            "`plait clean --keep` keeps it under a hidden ref and removes it",
        )
        left.append(told)
    if going:
        await repository.delete_unmoved({ref: present[ref] for ref in going})
    return tuple(going.values()), tuple(left)


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")


def _in_use(ref: str) -> Left:
    return Left(
        name=_short(ref),
        code="BRANCH_CHECKED_OUT",
        message="it landed, but it is checked out somewhere",
        hint="switch that checkout to another branch (`git worktree list` finds it)",
    )


def _of_row(store: Store, row: RunRow) -> dict[str, str]:
    return {} if row.status in UNFINISHED else spent_branches(fold_run(store, RunId(row.id)))


def spent_branches(run: Run) -> dict[str, str]:
    """The branches of packages that landed, each with the ref that would keep it."""
    return {
        f"{BRANCHES}{run.id}/{state.id}": f"{KEEP}{run.id}/{state.id}/{state.epoch}"
        for state in run.with_status(PackageStatus.LANDED)
    }
