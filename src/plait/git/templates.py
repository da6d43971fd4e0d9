"""Checkouts that nobody works in, for trees that are mounted over them.

One serves all slots opened at its commit, and at commits near it: those hold the difference
themselves. Where the difference grows too large, the next template is made of one that nobody
uses any more, or anew. What a tree is mounted over never changes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from plait.git import work
from plait.git.command import Git, GitFailed, joined, update_index
from plait.git.overlay import mount
from plait.git.repository import Repository
from plait.git.slot import GITLINK, Ahead, Slot, can_move
from plait.git.trash import discard_in_background, move_aside

_NAME = ".template-"
_NEAR = 64  # files in which a template may differ from what is mounted over it
_LARGE = 200_000  # bytes of an index whose racy entries cost more than to wait until none is


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A checkout of a commit, with an index of it."""

    path: Path
    index: Path
    commit: str


class Templates:
    """The templates of one pool.

    Args:
        repository: Whose commits.
        root: The folder they lie in.
        used: Which of them trees are mounted over now.
    """

    def __init__(
        self, repository: Repository, root: Path, used: Callable[[], Collection[Path]]
    ) -> None:
        import anyio

        self._repository = repository
        self._root = root
        self._used = used
        self._known: list[Template] = []
        self._locks: list[int] = []
        self._ahead: Ahead | None = None  # of the last one, to the commit wanted last
        self._turn = anyio.Lock()

    def tidy(self) -> None:
        """Remove what dead processes left and nothing is mounted over."""
        used = self._used()
        for path in self._root.glob(f"{_NAME}*"):
            lock = path / "lock"
            try:
                descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path / "tree" not in used:
                    discard_in_background(move_aside(path))
            except BlockingIOError:
                pass
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Let go of them; those over which nothing is mounted are removed."""
        for descriptor in self._locks:
            os.close(descriptor)
        self._locks.clear()
        self._known.clear()
        self._ahead = None
        self.tidy()

    async def under(self, slot: Slot, commit: str) -> Ahead:
        """Mount a slot's tree over one at a commit, or so near to it that it is soon made up.

        Plait's index of the slot is one of the commit then, unless it is not `plain` how that
        differs from the template: then of the template.

        Raises:
            GitFailed: It cannot be checked out.
            EnvironmentLack: `DISK_FULL`.
            OSError: It cannot be mounted.
        """
        async with self._turn:  # nobody changes it before it is known to be in use
            template, ahead = await self._near(commit)
            mount(slot, template.path)
            shutil.copy2(ahead.index, slot.index)  # with its time, by which git tells racy entries
            return ahead

    async def _near(self, commit: str) -> tuple[Template, Ahead]:
        if self._known:
            template = self._known[-1]
            if self._ahead is None or self._ahead.commit != commit:
                self._ahead = await self._look_ahead(template, commit)
            if len(self._ahead.written) + len(self._ahead.gone) <= _NEAR:
                return template, self._ahead
        used = self._used()
        idle = next((each for each in self._known if each.path not in used), None)
        if idle is not None:
            self._known.remove(idle)
        self._known.append(await self._make(idle, commit))
        self._ahead = await self._look_ahead(self._known[-1], commit)
        return self._known[-1], self._ahead

    async def _look_ahead(self, template: Template, commit: str) -> Ahead:
        if template.commit == commit:
            return Ahead(commit=commit, index=template.index)
        found = await work.difference(self._repository.git, template.commit, commit)
        gone = tuple(path for path, facts in found.items() if not facts.strip("0 "))
        written = tuple(path for path in found if path not in gone)
        plain = can_move(found) and not any(each.startswith(GITLINK) for each in found.values())
        if len(found) > _NEAR or not plain:
            return Ahead(
                commit=commit, index=template.index, written=written, gone=gone, plain=False
            )
        index = template.index.with_name("ahead")
        shutil.copy2(template.index, index)
        told = joined([f"{facts}\t{path}" for path, facts in found.items()])
        own = self._git(template).given(GIT_INDEX_FILE=index)
        await update_index(own, "--index-info", stdin=told)
        return Ahead(commit=commit, index=index, written=written, gone=gone)

    async def _make(self, idle: Template | None, commit: str) -> Template:
        if idle is not None:
            git = self._git(idle)
            try:
                await git.run("read-tree", "-m", "-u", idle.commit, commit)
                await _settle(idle.index)
                return replace(idle, commit=commit)
            except GitFailed:
                discard_in_background(move_aside(idle.path.parent))
        folder = self._root / f"{_NAME}{os.urandom(4).hex()}"
        folder.mkdir()
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self._locks.append(lock)
        template = Template(path=folder / "tree", index=folder / "index", commit=commit)
        template.path.mkdir()
        try:
            await self._git(template).run("read-tree", "--reset", "-u", commit)
            await _settle(template.index)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return template

    def _git(self, template: Template) -> Git:
        """Git on the tree and the index alone: it has no HEAD of its own to move."""
        git = self._repository.git.given(GIT_WORK_TREE=template.path, GIT_INDEX_FILE=template.index)
        return replace(git, cwd=template.path)


async def _settle(index: Path) -> None:
    """Let the second pass in which it was written, and date it after that.

    Git compares whole seconds, so it reads a file again, at each use of the index, that was
    written in the same one. Nobody writes to a template: what changes over it has a later time.
    """
    import anyio

    if index.stat().st_size > _LARGE:  # noqa: ASYNC240 - no time passes
        await anyio.sleep(1.0 - time.time() % 1.0 + 0.02)
        os.utime(index)
