"""A pool of worktrees: created when there is no free one, cleaned and lent again afterwards.

A slot is lent again only once it was given back as reusable. One that an orchestrator left
behind lent (a crash) is left alone while its agent lives, and may be adopted with it. Otherwise
what it holds is kept under `refs/plait/keep/recovered/`, unless some ref leads to it already, and
it is removed. One that git cannot hold, or that somebody uses, is retired: moved aside and never
used again, like one that was given back as not reusable. `plait clean` removes such slots.

Other processes may work on the same repository, also by other pools: a slot is locked by the
process that uses it, and git's list of worktrees changes only under a lock on the repository.
Plait never runs `gc` or `prune`; what it has moved aside is deleted in the background.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Self

from plait.errors import EnvironmentLack
from plait.git import private, work
from plait.git.command import GitFailed, disk_full, is_disk_full
from plait.git.repository import Repository, require_own
from plait.git.slot import TRASH, Slot, discard, discard_in_background, move_aside
from plait.git.slots import Slots
from plait.git.snapshot import committed, snapshot
from plait.ports import Work, Workspace


class WorktreePool(Slots):
    """Workspaces as worktrees `w1`, `w2` and so on below a folder.

    Args:
        repository: Whose worktrees they are.
        root: The folder they lie in.
        state: Plait's state folder; what belongs to a slot but not to its agent lies there.
        adopted: Worktrees left lent that `adopt` will be asked for.
    """

    def __init__(
        self, repository: Repository, root: Path, *, state: Path, adopted: Collection[Path] = ()
    ) -> None:
        super().__init__(repository, root, state=state)
        self._adopted = frozenset(adopted)
        # At which commit a slot lies, exactly: nothing has run in it since it was looked at.
        self._at: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        """Take up what an earlier pool left: free slots, and lent ones, which are put away.

        Raises:
            EnvironmentLack: `DISK_FULL`.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        discard_in_background(*self._root.glob(f"{TRASH}*"))
        for slot in self._known():
            if slot.path.parent == self._root and not slot.retired and self._claim(slot):
                if slot.aside.is_dir():  # a crash came while it was being retired
                    await self._retire(slot)
                elif slot.lent_at is None or not slot.path.is_dir():
                    self._free.append(slot)
                elif slot.path in self._adopted or slot.inhabited:
                    self._lent[slot.name] = slot
                else:
                    await self._put_away(slot)
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Let other processes have the slots."""
        for name in list(self._locks):
            self._release(name)
        self._free.clear()
        self._lent.clear()

    def adopt(self, path: Path) -> Workspace | None:
        """A workspace that an earlier pool lent, as it is; None if it was put away."""
        slot = next((each for each in self._lent.values() if each.path == path), None)
        if slot is None or slot.lent_at is None:
            return None
        return Workspace(slot=slot.name, path=path, base=slot.lent_at)

    def inhabit(self, workspace: Workspace, lock: Path) -> None:
        """Note a file that is locked while an agent lives in it, whatever becomes of the pool."""
        self._at.pop(workspace.slot, None)
        self._lent[workspace.slot].inhabit(lock)

    async def open(self, base: str) -> Workspace:
        """A clean worktree, detached at commit `base`.

        Raises:
            EnvironmentLack: `DISK_FULL`.
            PlaitError: `GIT_FAILED`.
        """
        slot = self._free.pop() if self._free else await self._create(base)
        try:
            await self._move(slot, base)
            slot.lend(base)
        except BaseException:
            self._free.append(slot)
            raise
        self._lent[slot.name] = slot
        return Workspace(slot=slot.name, path=slot.path, base=base)

    async def privately(self, workspace: Workspace, folder: Path) -> None:
        """Make a repository for its agent alone; its HEAD counts when it is committed or kept.

        Raises:
            EnvironmentLack: `DISK_FULL`.
            PlaitError: `GIT_FAILED`.
        """
        await private.lay_out(self._lent[workspace.slot], folder, workspace.base)

    async def commit(self, workspace: Workspace, *, onto: str, message: str) -> Work:
        """Commit what is left in the tree and compare with the merge base with `onto`.

        The worktree's HEAD is detached at the commit afterwards, whatever the agent left there;
        a merge or rebase that it left half done is forgotten.

        Raises:
            EnvironmentLack: `DISK_FULL`.
            PlaitError: `HISTORY_UNRELATED` if the tree's HEAD shares no history with `onto`;
                `GIT_FAILED`.
        """
        slot, git = self._lent[workspace.slot], self._repository.git
        found = await snapshot(slot, workspace.base)
        # Most agents leave the committing to Plait. Their one commit stands on the base, which
        # the branch holds, so there is no history to look into: three processes less.
        plain = found.head == workspace.base
        base = workspace.base if plain else await work.shared(git, onto, found.head)
        commit = found.head
        if found.tree != found.head_tree:
            commit = await self._repository.commit(
                found.tree, parents=[found.head], message=message
            )
        ignored = found.ignored
        if not found.exact:
            own = slot.git_without_admin.given(GIT_INDEX_FILE=slot.staging)
            ignored = await work.ignored(own)
        await self._settle(slot, commit)
        if found.exact:
            slot.adopt_staging()
            self._at[slot.name] = commit
        changes = await work.changes(git, base, commit)
        touched = {change.path for change in changes}
        return Work(
            commit=commit,
            base=base,
            changes=changes,
            touched=frozenset(touched) if plain else await work.touched(git, onto, commit),
            ignored=ignored,
        )

    async def checkout(self, workspace: Workspace, commit: str) -> None:
        """Make it a clean checkout of `commit`, detached; ignored and untracked files go.

        Raises:
            EnvironmentLack: `DISK_FULL`.
            PlaitError: `GIT_FAILED`.
        """
        self._at.pop(workspace.slot, None)  # what is checked is looked at as a whole
        await self._reset(self._lent[workspace.slot], commit)

    async def keep(self, workspace: Workspace, ref: str) -> str | None:
        """Snapshot all that is not ignored to the hidden `ref`; None if it equals its base.

        Nothing in the worktree changes. The snapshot stands on the worktree's HEAD, so the
        agent's own commits are kept with it.

        Raises:
            EnvironmentLack: `DISK_FULL`.
            PlaitError: `NOT_OUR_REF`, `GIT_FAILED`.
        """
        require_own(ref)
        commit = await committed(self._lent[workspace.slot], workspace.base)
        if commit is None:
            return None
        await self._repository.publish(ref, commit)
        return ref

    async def publish(self, ref: str, commit: str) -> None:
        """Point one of Plait's own refs (`refs/plait/…`, `refs/heads/plait/…`) at a commit.

        Raises:
            PlaitError: `NOT_OUR_REF`, `GIT_FAILED`.
        """
        await self._repository.publish(ref, commit)

    async def close(self, workspace: Workspace, *, reusable: bool = True) -> None:
        """Give it back; not reusable: a process may live in it, so it is never used again.

        On a full disk such a one stays lent: the next pool puts it away, as after a crash.
        """
        slot = self._lent.pop(workspace.slot)
        if reusable:
            slot.take_back()
            self._free.append(slot)
        else:
            with suppress(EnvironmentLack):
                await self._put_away(slot)

    # -- one slot ------------------------------------------------------------------------------

    async def _settle(self, slot: Slot, commit: str) -> None:
        """Detach HEAD at what was committed, with the index of it."""
        slot.set_private(None)
        slot.put_in_order()
        with suppress(GitFailed):  # git's folder is broken: the next reset makes a new one
            await slot.git.run("update-ref", "--no-deref", "HEAD", commit)
            slot.install(slot.staging)

    async def _move(self, slot: Slot, commit: str) -> None:
        """Make a free slot a clean checkout of a commit, by the difference if that is known."""
        at = self._at.pop(slot.name, None)
        if at is not None:
            with suppress(GitFailed, OSError):  # whatever it was, a reset comes to grips with it
                if await slot.move_on(at, commit):
                    return
        await self._reset(slot, commit)

    async def _reset(self, slot: Slot, commit: str) -> None:
        """Clean it; where that fails, take a new worktree in its place."""
        try:
            try:
                await slot.reset(commit)
            except (GitFailed, OSError) as error:
                if is_disk_full(error):
                    raise
                async with self._repository_lock():
                    trash = move_aside(slot.path)
                    discard(slot.admin)
                    slot.index.unlink(missing_ok=True)
                    await self._add(slot, commit)
                discard_in_background(trash)
                await slot.reset(commit)
        except OSError as error:
            if is_disk_full(error):
                raise disk_full(str(error)) from error
            raise

    async def _create(self, commit: str) -> Slot:
        """A new slot, under the first number that nobody uses."""
        async with self._repository_lock():
            for number in itertools.count(1):
                slot = self._slot(f"w{number}", self._root / f"w{number}")
                taken = any(map(os.path.lexists, (slot.path, slot.admin, slot.state / "path")))
                if taken or not self._claim(slot):
                    continue
                try:
                    slot.record()
                    await self._add(slot, commit)
                except BaseException:
                    for path in (slot.path, slot.admin, slot.state):
                        discard(path)
                    self._release(slot.name)
                    raise
                return slot
        raise AssertionError("numbers do not end")

    async def _add(self, slot: Slot, commit: str) -> None:
        """Tell git of a worktree; its files come with the first reset."""
        options = ("--force", "--no-checkout", "--detach", "--quiet")
        await self._repository.git.run("worktree", "add", *options, str(slot.path), commit)
