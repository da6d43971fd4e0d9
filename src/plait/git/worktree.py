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

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Self

from plait.errors import EnvironmentLack
from plait.git import private, work
from plait.git.command import GitFailed, disk_full, is_disk_full
from plait.git.furniture import Furniture, Layout, furniture, user_excludes
from plait.git.overlay import lower_of, vacate
from plait.git.repository import Repository, require_own
from plait.git.slot import Slot
from plait.git.slots import Slots
from plait.git.snapshot import committed, furnished, is_there, snapshot
from plait.git.sparse import literal
from plait.git.submodules import fill_submodules
from plait.git.templates import Templates
from plait.git.trash import TRASH, discard, discard_in_background, move_aside
from plait.git.yields import read_yield, restore, take_stock
from plait.ports import Work, Workspace


class WorktreePool(Slots):
    """Workspaces as worktrees `w1`, `w2` and so on below a folder.

    Args:
        repository: Whose worktrees they are.
        root: The folder they lie in.
        state: Plait's state folder; what belongs to a slot but not to its agent lies there.
        adopted: Worktrees left lent that `adopt` will be asked for.
        layout: What each worktree holds of its commit and beside it.
    """

    def __init__(
        self,
        repository: Repository,
        root: Path,
        *,
        state: Path,
        adopted: Collection[Path] = (),
        layout: Layout | None = None,
    ) -> None:
        self._layout = layout or Layout()
        super().__init__(repository, root, state=state, cones=self._layout.cones)
        self._adopted = frozenset(adopted)
        self._templates = Templates(repository, self._root, self._mounted_over)
        self._furniture: Furniture | None = None
        self._user_excludes = ""
        # At which commit a slot lies, exactly: nothing has run in it since it was looked at.
        self._at: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        """Take up what an earlier pool left: free slots, and lent ones, which are put away.

        Raises:
            EnvironmentLack: `DISK_FULL`.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        self._deleting = discard_in_background(*self._root.glob(f"{TRASH}*"))
        self._templates.tidy()
        for slot in self._known():
            if slot.path.parent == self._root and not slot.retired and self._claim(slot):
                if slot.aside.is_dir():  # a crash came while it was being retired
                    await self._retire(slot)
                elif slot.lent_at is None or not (slot.path.is_dir() or slot.layers.is_dir()):
                    await self._set_free(slot)
                elif not is_there(slot):
                    await self._retire(slot)
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
        self._templates.close()

    def adopt(self, path: Path) -> Workspace | None:
        """A workspace that an earlier pool lent, as it is; None if it was put away."""
        slot = next((each for each in self._lent.values() if each.path == path), None)
        if slot is None or slot.lent_at is None:
            return None
        return Workspace(slot=slot.name, path=path, base=slot.lent_at, metadata=slot.admin)

    def inhabit(self, workspace: Workspace, lock: Path) -> None:
        """Note a file that is locked while an agent lives in it, whatever becomes of the pool."""
        self._at.pop(workspace.slot, None)
        self._lent[workspace.slot].inhabit(lock)

    async def open(self, base: str, *, once: bool = False) -> Workspace:
        """A clean worktree, detached at commit `base`; `once`: in a place of its own.

        Raises:
            EnvironmentLack: `DISK_FULL`.
            PlaitError: `GIT_FAILED`.
        """
        reused = self._free and not once
        slot = self._free.pop() if reused else await self._create(base, once=once)
        try:
            await self._move(slot, base)
            await self._furnish(slot, base)
            slot.lend(base)
        except BaseException:
            self._free.append(slot)  # nobody has seen it
            raise
        self._lent[slot.name] = slot
        self._served.add(slot.name)
        return Workspace(slot=slot.name, path=slot.path, base=base, metadata=slot.admin)

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
        ignored, mine = found.ignored, furnished(slot)
        if not found.exact:
            own = slot.git_without_admin.given(GIT_INDEX_FILE=slot.staging)
            ignored = tuple(path for path in await work.ignored(own) if not mine(path))
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
        slot = self._lent[workspace.slot]
        await self._reset(slot, commit)
        await self._furnish(slot, commit)

    async def still_set_up(self, workspace: Workspace, key: str) -> bool:
        """Whether what a set-up of this key made is there, as it was made.

        What was added to it since is removed; where the answer is no, all of it is gone.
        """
        import anyio

        slot = self._lent[workspace.slot]
        noted = read_yield(slot.setup)
        if noted is None:
            return False
        if noted.key == key and await anyio.to_thread.run_sync(restore, slot.path, noted):
            return True
        slot.setup.unlink()
        for root in noted.roots:
            await anyio.to_thread.run_sync(discard, slot.path / root)
        return False

    async def note_set_up(self, workspace: Workspace, commit: str, key: str) -> None:
        """Note what a set-up made beside the commit: nobody's work, and kept for the next `key`.

        Files of the commit that it changed are as the commit has them again. An empty key: it is
        not kept.

        Raises:
            EnvironmentLack: `DISK_FULL`.
            PlaitError: `GIT_FAILED`.
        """
        import anyio

        slot = self._lent[workspace.slot]
        self._at.pop(slot.name, None)
        slot.put_in_order()
        slot.setup.unlink(missing_ok=True)
        furniture = await self._furnishing()
        slot.note_furniture(furniture.paths)
        own, mine = slot.git.given(GIT_INDEX_FILE=slot.index), furnished(slot)
        made = [path for path in await work.beside(own) if not mine(path)]
        if key:
            stock = await anyio.to_thread.run_sync(take_stock, slot.path, key, made)
            stock.save(slot.setup)
            made = []
        slot.note_furniture((*furniture.paths, *made))
        await slot.restore(commit)

    def excludes(self, workspace: Workspace) -> str:
        """Patterns for git of what lies there beside the commit, after the user's own."""
        paths = self._lent[workspace.slot].furniture
        if not paths:
            return ""
        return self._user_excludes + "".join(f"/{literal(path)}\n" for path in paths)

    async def lay(self, workspace: Workspace, commit: str) -> None:
        """Put a commit's files into it, uncommitted. It raises what `checkout` does."""
        await self._lent[workspace.slot].restore(commit)
        await self.uncommit(workspace)

    async def uncommit(self, workspace: Workspace) -> None:
        """Set HEAD and index back to its base; the files stay. It raises what `checkout` does."""
        self._at.pop(workspace.slot, None)
        await self._lent[workspace.slot].uncommit(workspace.base)

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
        if not reusable:
            with suppress(EnvironmentLack):
                await self._put_away(slot)
            return
        slot.take_back()
        if self._layout.backend == "fresh":
            self._at.pop(slot.name, None)
            discard_in_background(await self._forget(slot))
            self._release(slot.name)
            return
        if slot.layers.is_dir():
            self._at.pop(slot.name, None)
            vacate(slot)
        self._free.append(slot)

    # -- one slot ------------------------------------------------------------------------------

    async def _settle(self, slot: Slot, commit: str) -> None:
        """Detach HEAD at what was committed, with the index of it."""
        slot.set_private(None)
        slot.put_in_order()
        with suppress(GitFailed):  # git's folder is broken: the next reset makes a new one
            await slot.git.run("update-ref", "--no-deref", "HEAD", commit)
            slot.install(slot.staging)

    async def _furnishing(self) -> Furniture:
        """What is copied and linked, looked up once."""
        if self._furniture is None:
            layout = self._layout
            repository = self._repository
            self._furniture = await furniture(repository, layout.copy, layout.link)
            self._user_excludes = await user_excludes(repository)
        return self._furniture

    async def _furnish(self, slot: Slot, commit: str) -> None:
        """Put into a clean worktree what it holds beside its commit."""
        import anyio

        if self._layout.submodules and (slot.path / ".gitmodules").is_file():
            await fill_submodules(self._repository, slot.path, commit)
        found = await self._furnishing()
        if found.paths or slot.furniture:
            await anyio.to_thread.run_sync(found.place, slot)

    def _mounted_over(self) -> frozenset[Path]:
        return frozenset(filter(None, map(lower_of, self._known())))

    async def _lay(self, slot: Slot, commit: str) -> bool:
        """Lay a free slot over a template; False where that fails: it is an ordinary one then."""
        try:
            await slot.settle_over(await self._templates.under(slot, commit))
        except (GitFailed, OSError) as error:
            if is_disk_full(error):
                raise
            vacate(slot)
            return False
        return True

    async def _move(self, slot: Slot, commit: str) -> None:
        """Make a free slot a clean checkout of a commit, by the difference if that is known."""
        at = self._at.pop(slot.name, None)
        if self._layout.backend == "overlay" and not slot.cones and await self._lay(slot, commit):
            return
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
                    vacate(slot)
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
