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
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from plait import process
from plait.errors import EnvironmentLack, PlaitError
from plait.git import work
from plait.git.command import GitFailed, disk_full, is_disk_full
from plait.git.repository import Repository, require_own
from plait.git.slot import (
    TRASH,
    Slot,
    SlotState,
    discard,
    discard_in_background,
    locked,
    move_aside,
)
from plait.git.snapshot import committed, is_safe, keep_beside, snapshot
from plait.ports import Work, Workspace

RECOVERED = "refs/plait/keep/recovered/"


class WorktreePool:
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
        import anyio

        self._repository = repository
        self._root = root.absolute()
        self._state = state / "slots"
        self._adopted = frozenset(adopted)
        self._locks: dict[str, int] = {}
        self._free: list[Slot] = []
        self._lent: dict[str, Slot] = {}
        self._metadata = anyio.Lock()

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
        self._lent[workspace.slot].inhabit(lock)

    async def open(self, base: str) -> Workspace:
        """A clean worktree, detached at commit `base`.

        Raises:
            EnvironmentLack: `DISK_FULL`.
            PlaitError: `GIT_FAILED`.
        """
        slot = self._free.pop() if self._free else await self._create(base)
        try:
            await self._reset(slot, base)
            slot.lend(base)
        except BaseException:
            self._free.append(slot)
            raise
        self._lent[slot.name] = slot
        return Workspace(slot=slot.name, path=slot.path, base=base)

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
        ignored = await work.ignored(slot.git_without_admin.given(GIT_INDEX_FILE=slot.staging))
        await self._settle(slot, commit)
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

    # -- for `plait clean` and `plait recover` -------------------------------------------------

    def list_slots(self) -> tuple[SlotState, ...]:
        """All slots of the repository that this state folder knows of, in their order."""
        found = []
        for slot in self._known():
            mine = slot.name in self._locks
            in_use = slot.name in self._lent if mine else not self._claim(slot)
            if not mine:
                self._release(slot.name)
            state = SlotState(
                name=slot.name,
                path=slot.path,
                in_use=in_use,
                retired=slot.retired,
                lent=slot.lent_at is not None,
            )
            found.append(state)
        return tuple(found)

    async def leftover(self, name: str) -> str | None:
        """A commit of what lies in a slot and no ref leads to, if there is such a thing.

        No ref moves: git keeps the commit for some days only.

        Raises:
            PlaitError: `SLOT_IN_USE`; `GIT_FAILED`, git cannot hold what lies there.
        """
        slot = next(each for each in self._known() if each.name == name)
        mine = name in self._locks
        if name in self._lent or not (mine or self._claim(slot)):
            raise PlaitError(f"{slot.path} is in use", code="SLOT_IN_USE")
        try:
            return None if await is_safe(slot) else await committed(slot, "")
        finally:
            if not mine:
                self._release(name)

    async def remove_slot(self, name: str, keep_ref: str | None) -> str | None:
        """Remove a slot for good once its content is safe; the ref that keeps it, if it needs one.

        What the repository ignores is not kept.

        Args:
            name: As `list_slots` has it.
            keep_ref: Where to keep what no other ref leads to; None refuses then.

        Raises:
            PlaitError: `SLOT_IN_USE`, `SLOT_NOT_SAFE`, `GIT_FAILED`.
        """
        import anyio

        slot = next(each for each in self._known() if each.name == name)
        if name in self._lent or (name not in self._locks and not self._claim(slot)):
            raise PlaitError(f"{slot.path} is in use", code="SLOT_IN_USE")
        try:
            kept = await self._make_safe(slot, keep_ref)
            self._free = [each for each in self._free if each.name != name]
            trash = await self._forget(slot)
            await anyio.to_thread.run_sync(discard, trash)
        finally:
            self._release(name)
        return kept

    async def _make_safe(self, slot: Slot, keep_ref: str | None) -> str | None:
        if await is_safe(slot):
            return None
        if keep_ref is None:
            raise PlaitError(
                f"{slot.path} holds work that is nowhere else",
                code="SLOT_NOT_SAFE",
                hint="name a ref to keep it under",
            )
        return await keep_beside(slot, "", keep_ref)

    # -- one slot ------------------------------------------------------------------------------

    async def _settle(self, slot: Slot, commit: str) -> None:
        """Detach HEAD at what was committed, with the index of it."""
        slot.put_in_order()
        with suppress(GitFailed):  # git's folder is broken: the next reset makes a new one
            await slot.git.run("update-ref", "--no-deref", "HEAD", commit)
            slot.install(slot.staging)

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

    async def _put_away(self, slot: Slot) -> None:
        """Keep what a lent slot holds, and remove it; retire it where that is not safe.

        Raises:
            EnvironmentLack: `DISK_FULL`.
        """
        try:
            if not await is_safe(slot):
                await keep_beside(slot, slot.lent_at or "", f"{RECOVERED}{slot.name}")
            safe = not process.is_used(slot.path)
        except GitFailed:  # nothing is lost: a retired slot stays as it is
            safe = False
        if not safe:
            return await self._retire(slot)
        discard_in_background(await self._forget(slot))
        return self._release(slot.name)

    async def _forget(self, slot: Slot) -> Path:
        """Move its tree into the trash, and leave nothing else of it; the trash."""
        async with self._repository_lock():
            trash = move_aside(slot.path)
            discard(slot.admin)
            discard(slot.state)
        return trash

    async def _retire(self, slot: Slot) -> None:
        """Move it aside. Whoever still lives in it goes on writing there, to no effect."""
        async with self._repository_lock():
            if not slot.aside.exists() and slot.path.exists():
                slot.path.rename(slot.aside)
            aside = replace(slot, path=slot.aside)
            aside.put_in_order()
            aside.record()
        self._release(slot.name)

    # -- all slots -----------------------------------------------------------------------------

    def _slot(self, name: str, path: Path) -> Slot:
        return Slot(
            name=name,
            path=path,
            admin=self._repository.common / "worktrees" / name,
            state=self._state / name,
            repository=self._repository,
        )

    def _known(self) -> list[Slot]:
        """Every slot that the state folder knows of, by number."""
        found = [
            self._slot(record.parent.name, Path(record.read_text()))
            for record in self._state.glob("w*/path")
        ]
        return sorted(found, key=lambda slot: (len(slot.name), slot.name))

    def _claim(self, slot: Slot) -> bool:
        descriptor = slot.claim()
        if descriptor is None:
            return False
        self._locks[slot.name] = descriptor
        return True

    def _release(self, name: str) -> None:
        descriptor = self._locks.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)

    def _repository_lock(self) -> AbstractAsyncContextManager[None]:
        """Nobody else changes the list of worktrees: no task here, no other process."""
        return locked(self._repository.common, self._metadata)
