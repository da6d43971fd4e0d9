"""A slot: one worktree of the pool, and how it is made clean.

An agent may have written anything into its tree and into the folder where git keeps the
worktree's HEAD and index. So each use of a slot begins by putting that folder in order, and a
reset believes only an index of Plait's own, kept where no agent works: a file that was changed
behind `--assume-unchanged`, or under a forged index, does not reach the next package.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import shutil
import stat
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from plait.git import work
from plait.git.command import Git, decode, joined
from plait.git.repository import Repository
from plait.git.sparse import cone_patterns, literal
from plait.git.trash import discard
from plait.git.yields import read_yield

if TYPE_CHECKING:
    import anyio

# What git itself needs there. The rest (a merge or rebase half done, locks of killed commands,
# config.worktree, which may name programs) is cleared away.
_NEEDED = {"HEAD", "commondir", "gitdir", "index", "logs", "reftable", "refs"}
RETIRED = ".retired-"
GITLINK = "160000 "
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DECIDES = {".gitattributes", ".gitmodules"}
_FEW = 1_000  # paths; for more a reset costs no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where a slot's parts lie: the tree, git's folder for it, and Plait's own.

    The name is also the name of git's folder for it, so both are known without reading anything
    that an agent may have written.
    """

    name: str
    path: Path
    admin: Path
    state: Path
    repository: Repository
    cones: tuple[str, ...] = ()  # the folders that are checked out; none: all

    @property
    def index(self) -> Path:
        """Plait's own index of the tree, as the last reset left it."""
        return self.state / "index"

    @property
    def staging(self) -> Path:
        """The index in which a snapshot is put together."""
        return self.state / "staging"

    @property
    def layers(self) -> Path:
        """Where what is written in its tree lies, if that is an overlay."""
        return self.path.with_name(f".layers-{self.name}")

    @property
    def git(self) -> Git:
        """Git in this worktree, every folder named."""
        git = self.repository.git.given(GIT_DIR=self.admin, GIT_WORK_TREE=self.path)
        return replace(git, cwd=self.path)

    @property
    def git_without_admin(self) -> Git:
        """Git on this tree where its own folder is unusable: HEAD means nothing then."""
        git = self.repository.git.given(GIT_WORK_TREE=self.path)
        return replace(git, cwd=self.path)

    @property
    def aside(self) -> Path:
        """Where its tree lies once it is retired."""
        return self.path.with_name(f"{RETIRED}{self.path.name.removeprefix(RETIRED)}")

    @property
    def retired(self) -> bool:
        """Whether it was moved aside for good."""
        return self.path.name.startswith(RETIRED)

    # -- is it lent? ---------------------------------------------------------------------------

    def claim(self) -> int | None:
        """Lock it for this process: the lock's descriptor, or None if another one holds it."""
        self.state.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def record(self) -> None:
        """Note where the tree lies: its folder may move, and its pool's may change."""
        _replace(self.state / "path", str(self.path))

    @property
    def lent_at(self) -> str | None:
        """The commit it was lent at, if nobody has given it back since."""
        try:
            return (self.state / "lent").read_text()
        except FileNotFoundError:
            return None

    @property
    def inhabited(self) -> bool:
        """Whether an agent lives in it, as the lock says that was noted last."""
        try:
            with Path((self.state / "alive").read_text()).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # nothing was noted, or it is gone
            return False
        return False

    def lend(self, commit: str) -> None:
        """Note that processes of an attempt may live in it from now on."""
        (self.state / "alive").unlink(missing_ok=True)
        _replace(self.state / "lent", commit)

    def inhabit(self, lock: Path) -> None:
        """Note the file that is locked while one does."""
        _replace(self.state / "alive", str(lock))

    @property
    def private(self) -> Path | None:
        """The repository that its agent works with in place of the user's, if it has one."""
        try:
            return Path((self.state / "private").read_text())
        except FileNotFoundError:
            return None

    def set_private(self, folder: Path | None) -> None:
        """Note that repository; None: what was in it has been taken over, or does not count."""
        if folder is None:
            (self.state / "private").unlink(missing_ok=True)
        else:
            _replace(self.state / "private", str(folder))

    def take_back(self) -> None:
        """Note that none does any more."""
        (self.state / "lent").unlink(missing_ok=True)

    # -- cleaning ------------------------------------------------------------------------------

    async def reset(self, commit: str) -> None:
        """Make it a clean checkout of a commit, detached.

        Raises:
            GitFailed: It is broken.
        """
        self.set_private(None)
        self.put_in_order()
        own = self.git.given(GIT_INDEX_FILE=self.index)
        # First what is not of the old commit: a link in a folder's place would make the files
        # behind it look checked out.
        await self._clean(own)
        await own.run(*self._sparsely(), "checkout", "--quiet", "--force", "--detach", commit)
        if (self.path / ".gitmodules").exists():
            await self._empty_submodules(own)
        self.install(self.index)

    async def settle_over(self, ahead: Ahead) -> None:
        """Make a tree that was just laid over an untouched checkout one of the commit wanted.

        No file is looked at that is the same in both: in a tree just mounted each look is slow.

        Args:
            ahead: From what lies there to that commit. Plait's index is the one it names.

        Raises:
            GitFailed: It is broken.
        """
        self.set_private(None)
        self.put_in_order()
        _replace(self.admin / "HEAD", f"{ahead.commit}\n")
        if not ahead.plain:
            await self.reset(ahead.commit)
            return
        for path in ahead.gone:
            gone = self.path / path
            gone.unlink()
            for folder in itertools.takewhile(lambda each: each != self.path, gone.parents):
                try:
                    folder.rmdir()
                except OSError:  # there is more in it
                    break
        if ahead.written:
            own = self.git.given(GIT_INDEX_FILE=self.index)
            await own.run("checkout-index", "-f", "-z", "--stdin", stdin=joined(ahead.written))
        self.install(self.index)

    async def move_on(self, old: str, new: str) -> bool:
        """Make it a clean checkout of `new` by the difference alone; False where that is unsure.

        What lies there must be exactly `old` and what is ignored, and Plait's index must say the
        same: then no file need be looked at that is the same in both. Where attributes or
        submodules are involved, or a file takes a folder's place, a reset is due instead.
        """
        head = self.admin / "HEAD"
        self.put_in_order()
        if self.cones:
            return False
        if not (head.is_file() and _ID.fullmatch(head.read_text(errors="replace").strip())):
            return False
        own = self.git.given(GIT_INDEX_FILE=self.index)
        paths = await work.changed(own, old, new)
        if (self.path / ".gitmodules").exists() or not can_move(paths):
            return False
        await self._clean(own)
        if paths:
            options = ("--no-overlay", "--pathspec-from-file=-", "--pathspec-file-nul")
            await own.run("checkout", "--quiet", *options, new, stdin=joined(paths))
        _replace(head, f"{new}\n")
        self.install(self.index)
        return True

    async def restore(self, commit: str) -> None:
        """Make the files of a commit as they are in it again; what lies beside them stays."""
        own = self.git.given(GIT_INDEX_FILE=self.index)
        await own.run(*self._sparsely(), "checkout", "--quiet", "--force", "--detach", commit)
        self.install(self.index)

    async def uncommit(self, commit: str) -> None:
        """Set HEAD and git's index of a clean checkout back to a commit; the files stay."""
        await self.git.run(*self._sparsely(), "reset", "--quiet", "--mixed", commit)

    async def _clean(self, own: Git) -> None:
        """Remove all that is not in Plait's index, but what a set-up made and is to be kept."""
        noted = read_yield(self.setup)
        kept = [f"--exclude=/{literal(root)}" for root in (noted.roots if noted else ())]
        await own.run("clean", "-ffdxq", *kept)

    def _sparsely(self) -> tuple[str, ...]:
        """Options for git by which a checkout holds the cones alone, if there are any."""
        if not self.cones:
            return ()
        (self.admin / "info").mkdir(exist_ok=True)
        (self.admin / "info/sparse-checkout").write_text(cone_patterns(self.cones))
        return ("-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=true")

    @property
    def setup(self) -> Path:
        """Where what a set-up made is noted, while it is kept."""
        return self.state / "setup"

    def note_furniture(self, paths: Collection[str]) -> None:
        """Note what in the tree is no work of anybody's, beside what a kept set-up made."""
        noted = read_yield(self.setup)
        _replace(self.state / "furniture", "\0".join([*paths, *(noted.roots if noted else ())]))

    @property
    def furniture(self) -> tuple[str, ...]:
        """The paths that were noted; a folder stands for all that is in it."""
        try:
            text = (self.state / "furniture").read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            return ()
        return tuple(path.rstrip("/") for path in text.split("\0") if path)

    @property
    def index_is_untouched(self) -> bool:
        """Whether the index that git uses in the worktree is, byte for byte, Plait's own."""
        theirs = self.admin / "index"
        try:
            facts, own = theirs.lstat(), self.index.stat()
            same = stat.S_ISREG(facts.st_mode) and facts.st_size == own.st_size
            return same and theirs.read_bytes() == self.index.read_bytes()
        except OSError:
            return False

    def adopt_staging(self) -> None:
        """Let what a snapshot was put together in be Plait's own index of the tree."""
        self.staging.replace(self.index)

    def install(self, index: Path) -> None:
        """Make a copy of an index the one that git uses in the worktree."""
        copy = self.admin / "index.plait"
        shutil.copy2(index, copy)  # with its time, by which git tells racy entries
        copy.replace(self.admin / "index")

    def disarm(self) -> None:
        """Remove the one file there by which an agent could name a program to git."""
        discard(self.admin / "config.worktree")

    def put_in_order(self) -> None:
        """Clear git's folder for the worktree of all that could mislead git."""
        (self.state / "index.lock").unlink(missing_ok=True)
        if not self.admin.is_dir():
            return
        with os.scandir(self.admin) as entries:
            for entry in entries:
                if entry.name not in _NEEDED or not _is_plain(entry):
                    discard(Path(entry.path))
        _write(self.admin / "commondir", f"{os.path.relpath(self.repository.common, self.admin)}\n")
        _write(self.admin / "gitdir", f"{self.path}/.git\n")
        _write(self.path / ".git", f"gitdir: {self.admin}\n")

    async def _empty_submodules(self, git: Git) -> None:
        """Submodules are no part of a checkout; `clean` leaves what is in their folders."""
        for line in decode(await git.run("ls-files", "--stage", "-z")).split("\0"):
            if line.startswith(GITLINK):
                folder = self.path / line.partition("\t")[2]
                discard(folder)
                folder.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How a commit differs from a checkout: what is written anew, and what is gone.

    `index` is one of the commit if it is `plain` how they differ, else of what is checked out.
    """

    commit: str
    index: Path
    written: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    plain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """A slot as others see it: `in_use` by a living process, `retired` for good.

    `lent`: an attempt began in it and nobody has given it back since.
    """

    name: str
    path: Path
    in_use: bool
    retired: bool
    lent: bool = False


@asynccontextmanager
async def locked(common: Path, here: anyio.Lock) -> AsyncIterator[None]:
    """Hold a repository's list of worktrees: against tasks `here`, and other processes."""
    import anyio

    async with here:
        descriptor = os.open(common, os.O_RDONLY | os.O_CLOEXEC)
        try:
            await anyio.to_thread.run_sync(fcntl.flock, descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """Whether writing to it writes nothing elsewhere: no link, symbolic or hard, inside either."""
    found = entry.stat(follow_symlinks=False)
    if stat.S_ISREG(found.st_mode):
        return found.st_nlink == 1
    if not stat.S_ISDIR(found.st_mode):
        return False
    with os.scandir(entry.path) as inner:
        return all(_is_plain(each) for each in inner)


def can_move(paths: Collection[str]) -> bool:
    """Whether nothing among changed paths decides how others are written, or is their folder."""
    known = set(paths)
    return len(known) <= _FEW and not any(
        path.rpartition("/")[2] in _DECIDES
        or any(str(folder) in known for folder in PurePosixPath(path).parents)
        for path in paths
    )


def _write(path: Path, text: str) -> None:
    if path.is_symlink() or not path.is_file() or path.read_text(errors="replace") != text:
        discard(path)
        path.write_text(text)


def _replace(path: Path, text: str) -> None:
    """Write it whole or not at all: an empty note would say something else than none."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(text.encode("utf-8", "surrogateescape"))
    new.replace(path)
