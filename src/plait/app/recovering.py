"""`plait recover`: find what was kept of work that did not land, and give it back."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from plait import git, process
from plait.app.planning import known_package
from plait.app.project import Project, fold_run, has_store, open_project, open_store
from plait.core import kept as core
from plait.core.event import RunId
from plait.core.kept import Kept, Tried, Where
from plait.core.run import Run
from plait.errors import PlaitError, UsageError
from plait.git.command import GitFailed
from plait.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to restore, and into what. `source` is a ref or a worktree, as the list names it."""

    package: str | None = None
    epoch: int | None = None
    source: str | None = None
    branch: str | None = None
    worktree: Path | None = None
    patch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of it: a branch and perhaps a worktree, or a patch in a file (`-`: printed)."""

    kept: Kept
    branch: str | None = None
    is_new: bool = True
    worktree: Path | None = None
    patch: str | None = None


def list_kept(start: Path, run: str | None) -> tuple[Kept, ...]:
    """What can be restored, of one run or of all; the newest first.

    Raises:
        UsageError: `NOT_A_REPOSITORY`, `NO_SUCH_RUN`.
    """
    project = open_project(start)
    with _runs(project) as runs:
        return process.run_main(_list, project, runs, run)


def restore(start: Path, run: str | None, wish: Wish) -> Restored:
    """Give one thing back. What is there already is never overwritten.

    Raises:
        UsageError: `NO_SUCH_RUN`, `UNKNOWN_PACKAGE`, `NOTHING_KEPT`, `NOT_IN_GIT`,
            `BRANCH_EXISTS`, `BRANCH_INVALID`, `FOLDER_NOT_EMPTY`, `FILE_EXISTS`.
    """
    project = open_project(start)
    with _runs(project) as runs:
        return process.run_main(_restore, project, runs, run, wish)


class _Runs:
    """The runs that the store knows, each folded when it is first asked for."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._folded: dict[RunId, Run] = {}
        self.ids = tuple(row.id for row in store.runs()) if store else ()

    def get(self, run: RunId | None) -> Run | None:
        if run is None or self._store is None or run not in self.ids:
            return None
        if run not in self._folded:
            self._folded[run] = fold_run(self._store, run)
        return self._folded[run]

    def tried_in(self, slot: str) -> Iterator[Tried]:
        """The attempts that were made in a slot, the latest first."""
        for each in self.ids:
            run = self.get(each)
            assert run is not None  # noqa: S101 - its id is one of the store's
            tried = [
                Tried(run=run, package=state.id, attempt=attempt)
                for state in run.packages.values()
                for attempt in state.attempts
                if Path(attempt.worktree).name == slot
            ]
            yield from sorted(tried, key=lambda one: one.attempt.started_at, reverse=True)


@contextmanager
def _runs(project: Project) -> Iterator[_Runs]:
    """The runs there are; refs outlive a store that somebody deleted."""
    if not has_store(project):
        yield _Runs(None)
        return
    with open_store(project) as store:
        yield _Runs(store)


async def _list(project: Project, runs: _Runs, run: str | None) -> tuple[Kept, ...]:
    _, found = await _found(
        project, await git.discover(project.root, state=project.state), runs, run
    )
    return found


async def _found(
    project: Project, repository: git.Repository, runs: _Runs, run: str | None
) -> tuple[RunId | None, tuple[Kept, ...]]:
    """The run that is meant, and what is kept of it; of all, if none is named."""
    points = [core.from_ref(tip.ref, tip.commit, tip.at) for tip in await git.tips(repository)]
    named = [each for each in points if each is not None]
    wanted = _run_named(run, [*runs.ids, *(each.run for each in named if each.run)])
    joined = []
    for each in [*named, *await _in_worktrees(project, repository)]:
        known = runs.get(each.run)
        slot = core.slot_of(each)
        if slot is not None:
            joined.append(core.attributed(each, runs.tried_in(slot)))
        elif known is None:
            joined.append(each)
        elif (explained := core.explained(each, known)) is not None:
            joined.append(explained)
    chosen = core.in_order(each for each in joined if wanted is None or each.run == wanted)
    return wanted, await _measured(repository, chosen)


async def _measured(repository: git.Repository, found: Sequence[Kept]) -> tuple[Kept, ...]:
    """With what each changes."""
    asked = [(each.commit, each.base) for each in found if each.commit is not None]
    told = iter(await git.extents(repository, asked))
    measured = []
    for each in found:
        if each.commit is None:
            measured.append(each)
            continue
        extent = next(told)
        measured.append(replace(each, base=extent.base, files=extent.files, size=extent.size))
    return tuple(measured)


async def _in_worktrees(project: Project, repository: git.Repository) -> list[Kept]:
    """What lies in worktrees that nobody gave back and is nowhere else."""
    # The pool is not entered: that would put away what a crash left, and this only looks.
    pool = git.WorktreePool(repository, project.worktrees, state=project.state)
    found = []
    for slot in pool.list_slots():
        if slot.in_use or not (slot.retired or slot.lent):
            continue
        why = ""
        try:
            commit = await pool.leftover(slot.name)
        except GitFailed as failed:
            commit, why = None, f"git cannot hold what lies there: {failed.message}"
        if commit is not None or why:
            told = core.unlisted(str(slot.path), slot.name, commit, at=time.time(), why=why)
            found.append(told)
    return found


async def _restore(project: Project, runs: _Runs, run: str | None, wish: Wish) -> Restored:
    repository = await git.discover(project.root, state=project.state)
    meant, found = await _found(project, repository, runs, run)
    known, package = runs.get(meant), wish.package
    if package is not None and known is not None:
        package = known_package(known.plan, package)
    kept = core.choose(found, package=package, epoch=wish.epoch, source=wish.source)
    if kept.commit is None:
        raise UsageError(
            f"{kept.path} cannot be restored: {kept.why}",
            code="NOT_IN_GIT",
            hint="the folder is as it was left: copy what you need out of it",
        )
    if wish.patch is not None:
        _write_patch(wish.patch, await git.patch(repository, kept.base, kept.commit))
        return Restored(kept=kept, patch=wish.patch)
    if kept.where is Where.WORKTREE:
        await _keep(repository, kept)
    return await _as_branch(repository, kept, wish)


async def _keep(repository: git.Repository, kept: Kept) -> None:
    """Under a hidden ref, so that `plait clean` knows of it."""
    assert kept.commit is not None  # noqa: S101 - what git cannot hold is refused before
    ref = f"{core.KEEP}recovered/{kept.source}"
    if await repository.has(ref):
        ref = f"{ref}-{kept.commit[:12]}"
    await repository.publish(ref, kept.commit)


async def _as_branch(repository: git.Repository, kept: Kept, wish: Wish) -> Restored:
    assert kept.commit is not None  # noqa: S101 - what git cannot hold is refused before
    branch = wish.branch or core.branch_name(kept)
    is_new = await git.create_branch(repository, branch, kept.commit)
    if wish.worktree is None:
        return Restored(kept=kept, branch=branch, is_new=is_new)
    folder = wish.worktree.absolute()
    try:
        await git.add_worktree(repository, folder, branch)
    except PlaitError:
        if is_new:
            await git.forget_branch(repository, branch, kept.commit)
        raise
    return Restored(kept=kept, branch=branch, is_new=is_new, worktree=folder)


def _write_patch(target: str, change: bytes) -> None:
    if target == "-":
        sys.stdout.buffer.write(change)
        return
    try:
        with Path(target).open("xb") as file:
            file.write(change)
    except FileExistsError:
        raise UsageError(
            f"{target} exists", code="FILE_EXISTS", hint="name another file; none is overwritten"
        ) from None


def _run_named(name: str | None, known: Sequence[RunId]) -> RunId | None:
    """The run of that id or unique beginning of one, be it known by its refs alone.

    Raises:
        UsageError: `NO_SUCH_RUN`.
    """
    if name is None:
        return None
    distinct = list(dict.fromkeys(known))
    found = [each for each in distinct if each == name] or [
        each for each in distinct if each.startswith(name)
    ]
    if len(found) == 1:
        return found[0]
    shown = ", ".join((found or distinct)[:5])
    raise UsageError(
        f"{'several runs begin' if found else 'no run begins'} with {name!r}",
        code="NO_SUCH_RUN",
        hint=f"runs: {shown}" if shown else "there is no run here yet",
    )
