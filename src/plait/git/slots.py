"""The slots of a repository: which there are, whose they are, and how they are put away.

A slot is locked by the process that uses it. Git's list of worktrees changes only under a lock on
the repository. Nothing that a slot holds is lost with it: see `snapshot.is_safe`.
"""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import threading
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from pathlib import Path

from plait import process
from plait.errors import PlaitError
from plait.git.command import GitFailed
from plait.git.overlay import is_mounted, lay_aside, vacate
from plait.git.repository import Repository
from plait.git.slot import Slot, SlotState, locked
from plait.git.snapshot import committed, is_safe, keep_beside
from plait.git.trash import TRASH, discard, discard_in_background, move_aside
from plait.ports import Workspace

RECOVERED = "refs/plait/keep/recovered/"
UNLISTED = "git"  # git's folder for a slot among what is Plait's own: git's list knows it not
ONCE = 10**8  # slots are numbered from 1; those that are used once, from here on, by chance


class Slots:
    """Slots `w1`, `w2` and so on below a folder.

    Args:
        repository: Whose worktrees they are.
        root: The folder they lie in.
        state: Plait's state folder; what belongs to a slot but not to its agent lies there.
        cones: The folders that are checked out; none: all.
    """

    def __init__(
        self, repository: Repository, root: Path, *, state: Path, cones: tuple[str, ...] = ()
    ) -> None:
        import anyio

        self._repository = repository
        self._root = root.absolute()
        self._state = state / "slots"
        self._cones = cones
        self._locks: dict[str, int] = {}
        self._free: list[Slot] = []
        self._lent: dict[str, Slot] = {}
        self._served: set[str] = set()  # lent by this pool: what they held since is known
        self._metadata = anyio.Lock()
        self._unlisted = False  # new slots are unknown to git's list of worktrees
        self._deleting: threading.Thread | None = None  # what was found in the trash

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

    async def remove_free(self, *, patience_s: float) -> None:
        """Remove the slots that nobody has: what was in them was put away as they were given back.

        One that this pool did not lend itself is looked at first, and stays if it holds anything.

        Args:
            patience_s: How long to wait until the disk has them out of the way; what is left
                then goes next time.
        """
        import anyio

        for slot in tuple(self._free):
            if slot.name not in self._served and slot.path.is_dir():
                with suppress(GitFailed):
                    if await is_safe(slot):
                        self._served.add(slot.name)
                if slot.name not in self._served:
                    continue
            self._free.remove(slot)
            try:
                await self._forget(slot)
            finally:
                self._release(slot.name)
        async with self._repository_lock():  # whoever makes a slot writes its path under it
            for folder in self._state.glob("w*"):
                if not (folder / "path").exists():  # a crash came while it was being removed
                    discard(folder)
        for deleting in (self._deleting, discard_in_background(*self._root.glob(f"{TRASH}*"))):
            if deleting is not None:
                await anyio.to_thread.run_sync(deleting.join, patience_s)

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

    async def renew(self) -> None:
        """Remove all free slots: a checkout would make something else of a commit now."""
        while self._free:
            slot = self._free.pop()
            discard_in_background(await self._forget(slot))
            self._release(slot.name)

    # -- putting away -------------------------------------------------------------------------

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

    def move(self, workspace: Workspace, base: str) -> Workspace:
        """The same workspace, lent at another base from now on; its files stay as they are."""
        self._lent[workspace.slot].lend(base)
        return replace(workspace, base=base)

    async def _forget(self, slot: Slot) -> Path:
        """Move its tree into the trash, and leave nothing else of it; the trash."""
        async with self._repository_lock():
            vacate(slot)
            trash = move_aside(slot.path)
            discard(slot.admin)
            discard(slot.state)
        return trash

    async def _retire(self, slot: Slot) -> None:
        """Move it aside. Whoever still lives in it goes on writing there, to no effect."""
        async with self._repository_lock():
            if is_mounted(slot):
                lay_aside(slot)
            elif not slot.aside.exists() and slot.path.exists():
                slot.path.rename(slot.aside)
            aside = replace(slot, path=slot.aside)
            aside.put_in_order()
            aside.record()
        self._release(slot.name)

    # -- where git makes no worktrees ----------------------------------------------------------

    async def settle(self, commit: str) -> str | None:
        """See that there is a slot to lend; why git could not make it one, or None.

        Where git refuses to add a worktree, slots are made without it from here on: folders of
        Plait's own with the repository's objects and refs, that git's list does not know.

        Raises:
            PlaitError: Nor can such a one be made.
        """
        if not all(
            each.admin == each.state / UNLISTED for each in (*self._free, *self._lent.values())
        ):
            return None
        try:
            self._free.append(await self._create(commit))
        except (GitFailed, OSError) as error:
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise
            self._unlisted = True
            if not self._free:
                self._free.append(await self._create(commit))
            why = error.words if isinstance(error, GitFailed) else str(error)
            return " ".join(why.split())[:300] or "it said nothing"
        return None

    # -- all slots -----------------------------------------------------------------------------

    async def _create(self, commit: str, *, once: bool = False) -> Slot:
        """A new slot, under the first number that nobody uses; `once`: that nobody ever will."""
        numbers = map(secrets.randbelow, itertools.repeat(ONCE)) if once else itertools.count(1)
        async with self._repository_lock():
            for number in numbers:
                name = f"w{number + ONCE}" if once else f"w{number}"
                slot = self._slot(name, self._root / name)
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
        if self._unlisted:
            slot.admin.mkdir(parents=True)
            (slot.admin / "HEAD").write_text(f"{commit}\n")
            slot.path.mkdir(parents=True)
            slot.put_in_order()
            return
        options = ("--force", "--no-checkout", "--detach")
        await self._repository.add_worktree(*options, str(slot.path), commit)

    def _slot(self, name: str, path: Path) -> Slot:
        own = self._state / name / UNLISTED
        listed = not self._unlisted and not own.is_dir()
        return Slot(
            name=name,
            path=path,
            admin=self._repository.common / "worktrees" / name if listed else own,
            state=self._state / name,
            repository=self._repository,
            cones=self._cones,
        )

    def _known(self) -> list[Slot]:
        """Every slot that the state folder knows of, by number."""
        found = [
            self._slot(record.parent.name, Path(record.read_text()))
            for record in self._state.glob("w*/path")
        ]
        return sorted(found, key=lambda slot: (len(slot.name), slot.name))

    async def _set_free(self, slot: Slot) -> None:
        """Let it be lent again, unless it was to be lent once: then nothing is left of it."""
        if int(slot.name.removeprefix("w")) >= ONCE:
            discard_in_background(await self._forget(slot))
            self._release(slot.name)
            return
        vacate(slot)
        self._free.append(slot)

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
