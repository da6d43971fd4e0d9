"""Workspaces and the trunk, as the engine sees git."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from plait.core.lease import TrunkLease


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """An isolated worktree, detached at `base`, lent to one attempt (or one check run).

    `metadata` is git's folder for it, `.git/worktrees/…` of the main repository: HEAD and index.
    """

    slot: str
    path: Path
    base: str
    metadata: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A path that differs: status A(dded) M(odified) D(eleted) T(ype); modes as git's octal."""

    path: str
    status: str
    old_mode: str
    new_mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What an attempt left, as a commit.

    `changes` are the tree's against the merge base with the run's branch; `touched` are all
    paths that any of its commits changed, reverted ones too; `ignored` are paths that exist but
    that the repository ignores (folders end in `/`). `commit` equals the base where nothing
    changed.
    """

    commit: str
    base: str
    changes: tuple[Change, ...]
    touched: frozenset[str]
    ignored: tuple[str, ...]


class Workspaces(Protocol):
    """Isolated worktrees. Whatever they hold is snapshotted before it is destroyed."""

    async def open(self, base: str, *, once: bool = False) -> Workspace:
        """A clean worktree, detached at commit `base`.

        One that is opened `once` lies where no other ever will: whoever works in it is not
        Plait's child, and may go on writing there when the attempt is over.

        Raises:
            EnvironmentLack: `DISK_FULL`, `GIT_FAILED`.
        """

    def adopt(self, path: Path) -> Workspace | None:
        """A workspace that an earlier orchestrator opened, as it is; None if it was put away."""

    def inhabit(self, workspace: Workspace, lock: Path) -> None:
        """Note a file that is locked while an agent lives in it, whatever becomes of us."""

    async def privately(self, workspace: Workspace, folder: Path) -> None:
        """Make a repository for its agent alone, in a folder, which stands in for the user's.

        It knows the user's history and branches. What its HEAD leads to counts as the agent's
        work when the workspace is committed or kept; nothing else of it is ever read.
        """

    async def commit(self, workspace: Workspace, *, onto: str, message: str) -> Work:
        """Commit what is left in the tree and compare with the merge base with `onto`.

        Raises:
            PlaitError: `HISTORY_UNRELATED` if the tree's HEAD shares no history with `onto`.
        """

    async def checkout(self, workspace: Workspace, commit: str) -> None:
        """Make it a clean checkout of `commit`, detached; ignored and untracked files go."""

    async def still_set_up(self, workspace: Workspace, key: str) -> bool:
        """Whether what a set-up of this key made is there, as it was made; else it is gone."""

    async def note_set_up(self, workspace: Workspace, commit: str, key: str) -> None:
        """Note what a set-up made beside the commit: nobody's work, kept for the next `key`.

        Files of the commit that it changed are as the commit has them again. An empty key: it is
        not kept.
        """

    def excludes(self, workspace: Workspace) -> str:
        """Patterns for git of what lies there beside the commit; empty if nothing does."""

    def move(self, workspace: Workspace, base: str) -> Workspace:
        """The same workspace, lent at another base from now on; its files stay as they are."""

    async def lay(self, workspace: Workspace, commit: str) -> None:
        """Put the files of a commit that stands on its base into it, as changes nobody committed.

        What lies beside the files of the commit stays.
        """

    async def uncommit(self, workspace: Workspace) -> None:
        """Set it back to its base; the files stay as they are, as changes nobody committed."""

    async def keep(self, workspace: Workspace, ref: str) -> str | None:
        """Snapshot all that is not ignored to the hidden `ref`; None if it equals its base."""

    async def publish(self, ref: str, commit: str) -> None:
        """Point one of Plait's own refs (`refs/plait/…`, `refs/heads/plait/…`) at a commit."""

    async def close(self, workspace: Workspace, *, reusable: bool = True) -> None:
        """Give it back; not reusable: a process may live in it, so it is never used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A clean three-way merge: the tree's id."""

    tree: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What stands at a path on one side: its mode as git's octal, its object's id."""

    mode: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A path that could not be merged: what the merge base, the branch and the candidate have."""

    path: str
    base: Side | None = None
    ours: Side | None = None
    theirs: Side | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Paths that could not be merged, and git's own words.

    `tree` is the merge as far as it goes, with markers in the texts that conflict; `kinds` are
    git's names for the sorts of conflict in it.
    """

    paths: tuple[str, ...]
    detail: str
    tree: str = ""
    clashes: tuple[Clash, ...] = ()
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as git has it."""

    tree: str
    parents: tuple[str, ...]
    message: str


class Trunk(Protocol):
    """The run's branch. Only the holder of its lease moves it, by compare-and-swap."""

    async def head(self, branch: str) -> str | None:
        """The commit a branch points at, or None."""

    async def take(self, lease: TrunkLease) -> None:
        """From now on the run's branch moves under this lease, and under no earlier one.

        Raises:
            RunTaken: A later one has been taken here already.
        """

    async def give_back(self, lease: TrunkLease) -> None:
        """Let the branch move under no lease, until one is taken again."""

    async def publish(self, lease: TrunkLease, ref: str, commit: str) -> None:
        """Point a candidate's branch (`refs/heads/plait/…`) at its commit.

        Raises:
            RunTaken: The lease is not, or no longer, the one that was taken.
        """

    async def create(self, lease: TrunkLease, commit: str) -> None:
        """Create the run's branch.

        Raises:
            UsageError: `BRANCH_EXISTS`.
            RunTaken: The lease is not, or no longer, the one that was taken.
        """

    async def merge(self, onto: str, candidate: str) -> Merged | Conflict:
        """The three-way merge of two commits, built without a checkout."""

    async def blobs(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """The contents of files by their objects' ids."""

    async def marked(self, base: bytes, ours: bytes, theirs: bytes, *, size: int) -> bytes:
        """The merge of three texts with the base's lines, in markers of `size` characters."""

    async def shared(self, one: str, other: str) -> str:
        """The merge base of two commits.

        Raises:
            PlaitError: `HISTORY_UNRELATED`.
        """

    async def diff(self, old: str, new: str, paths: Sequence[str]) -> str:
        """How some paths differ between two commits or trees, for people; renames are followed."""

    async def edit(self, tree: str, files: Mapping[str, bytes]) -> str:
        """The tree with these files' contents replaced or added (modes kept)."""

    async def commit(self, tree: str, *, parents: Sequence[str], message: str) -> str:
        """Write a commit with the user's identity; no ref moves."""

    async def describe(self, commit: str) -> Commit:
        """A commit's tree, parents and message."""

    async def tree(self, commit: str) -> str:
        """The tree of a commit."""

    async def read(self, commit: str, path: str) -> bytes | None:
        """A file's content at a commit, or None."""

    async def contents(
        self, places: Sequence[tuple[str, str]], *, most: int
    ) -> tuple[bytes | None, ...]:
        """The contents of files at commits and paths, in that order, read together.

        None for what is no file, and for one of more than `most` bytes.
        """

    async def changed(self, old: str, new: str) -> tuple[str, ...]:
        """Paths that differ between two trees or commits."""

    async def advance(self, lease: TrunkLease, *, old: str, new: str) -> None:
        """Move the branch from `old` to `new`.

        Raises:
            PlaitError: `TRUNK_MOVED` if it no longer points at `old`.
            RunTaken: The lease is not, or no longer, the one that was taken.
        """
