"""What Plait keeps in the repository, and how a person gets it back: as a branch or a patch.

Nothing that is there is changed: a branch is created only where none is, a worktree only in a
folder that is empty or new.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from plait.errors import PlaitError, UsageError
from plait.git.command import Git, GitFailed, decode, fields
from plait.git.repository import Repository

_KEPT_REFS = ("refs/plait/keep/", "refs/heads/plait/")
_EXACT = ("-r", "--no-renames", "--ignore-submodules=none", "--no-ext-diff")
_GITLINK = "160000"
_FACTS = 5  # of a path in raw form: two modes, two ids, a status


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """A ref, the commit it points at, and when that was committed (Unix seconds)."""

    ref: str
    commit: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The paths that a commit changes against its base, and the bytes of the files it leaves."""

    base: str | None
    files: tuple[str, ...]
    size: int


async def tips(repository: Repository) -> tuple[Tip, ...]:
    """All refs of Plait's that keep work."""
    form = "--format=%(objectname) %(committerdate:unix) %(refname)"
    told = decode(await repository.git.run("for-each-ref", form, *_KEPT_REFS))
    found = []
    for line in told.splitlines():
        commit, at, ref = line.split(" ", 2)
        if at:  # a ref that somebody pointed at no commit keeps no work
            found.append(Tip(ref=ref, commit=commit, at=float(at)))
    return tuple(found)


async def only_through(repository: Repository, refs: Collection[str]) -> frozenset[str]:
    """Those of the refs whose commits no other ref leads to: with them the work would go."""
    form = "--format=%(objectname) %(objecttype) %(*objecttype) %(refname)"
    told = decode(await repository.git.run("for-each-ref", form)).splitlines()
    entries = [line.split(" ", 3) for line in told]
    mine = {name: target for target, _, _, name in entries if name in refs}
    others = {
        target
        for target, kind, inner, name in entries
        if name not in refs and "commit" in (kind, inner)
    }
    if not mine:
        return frozenset()
    asked = "\n".join([*mine.values(), *(f"^{each}" for each in others), ""]).encode()
    lonely = set(decode(await repository.git.run("rev-list", "--stdin", stdin=asked)).split())
    return frozenset(name for name, target in mine.items() if target in lonely)


async def extents(
    repository: Repository, commits: Sequence[tuple[str, str | None]]
) -> tuple[Extent, ...]:
    """What commits change, each against its base; where none is known, against what is shared.

    Args:
        repository: Which holds them.
        commits: Each with its base. A base that the repository lost counts as unknown.
    """
    git = repository.git
    held = await _held(git, [base for _, base in commits if base])
    pairs = [
        (commit, base if base in held else await _shared(git, commit, repository.head))
        for commit, base in commits
    ]
    asked = list(dict.fromkeys((commit, base) for commit, base in pairs if base))
    changes = dict(zip(asked, await _changes(git, asked), strict=True))
    for commit, base in pairs:
        if base is None:
            whole = ("diff-tree", "--root", "--no-commit-id", "-z", "--raw", *_EXACT, commit)
            changes[commit, ""] = _parsed(fields(await git.run(*whole)))
    sizes = await _sizes(git, {blob for change in changes.values() for _, blob in change if blob})
    found = []
    for commit, base in pairs:
        change = changes[commit, base or ""]
        size = sum(sizes.get(blob, 0) for _, blob in change)
        found.append(Extent(base=base, files=tuple(path for path, _ in change), size=size))
    return tuple(found)


async def patch(repository: Repository, base: str | None, commit: str) -> bytes:
    """The change from a base to a commit as `git apply` takes it, binary files too."""
    form = ("-p", "--binary", "--full-index", "--no-textconv", "--no-color")
    sides = ("--src-prefix=a/", "--dst-prefix=b/")
    ends = (base, commit) if base else ("--root", "--no-commit-id", commit)
    return await repository.git.run("diff-tree", *_EXACT, *form, *sides, *ends)


async def create_branch(repository: Repository, name: str, commit: str) -> bool:
    """Make a branch; whether it is new: one that is there already at this commit will do.

    Raises:
        UsageError: `BRANCH_EXISTS`, `BRANCH_INVALID`.
    """
    git, ref = repository.git, f"refs/heads/{name}"
    named = await git.ask("check-ref-format", "--branch", name, ok=(0, 128))
    if decode(named.out).removesuffix("\n") != name:
        raise UsageError(
            f"{name!r} cannot be a branch's name",
            code="BRANCH_INVALID",
            hint="--branch NAME sets another",
        )
    there = decode((await git.ask("rev-parse", "--verify", "-q", ref, ok=(0, 1))).out).strip()
    if there == commit:
        return False
    try:
        reason = "plait: recover"
        await git.run("update-ref", "-m", reason, ref, commit, repository.no_object)
    except GitFailed as failed:
        if "exists" not in failed.words:
            raise
        raise UsageError(
            f"the branch {name} cannot be made: {failed.words.splitlines()[-1]}",
            code="BRANCH_EXISTS",
            hint="--branch NAME sets another; Plait overwrites none",
        ) from failed
    return True


async def add_worktree(repository: Repository, folder: Path, branch: str) -> None:
    """Check a branch out in a folder that is new or empty.

    Raises:
        UsageError: `FOLDER_NOT_EMPTY`, `BRANCH_CHECKED_OUT`.
        PlaitError: `GIT_FAILED`.
    """
    import anyio

    if _is_taken(folder):
        raise UsageError(
            f"{folder} is not empty", code="FOLDER_NOT_EMPTY", hint="name a folder that is new"
        )
    await repository.require_free(branch, hint="work there, or name another with --branch NAME")
    # The same lock as the pool's: git's list of worktrees changes under it alone.
    descriptor = os.open(repository.common, os.O_RDONLY | os.O_CLOEXEC)
    try:
        await anyio.to_thread.run_sync(fcntl.flock, descriptor, fcntl.LOCK_EX)
        await repository.add_worktree(str(folder), branch)
    finally:
        os.close(descriptor)


async def forget_branch(repository: Repository, name: str, commit: str) -> None:
    """Take back a branch that was just made and is still at this commit."""
    await repository.git.run("update-ref", "-d", f"refs/heads/{name}", commit)


def _is_taken(folder: Path) -> bool:
    return os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir()))


async def _held(git: Git, commits: Sequence[str]) -> frozenset[str]:
    """Those of the commits that the repository has."""
    if not commits:
        return frozenset()
    asked = "\n".join(dict.fromkeys(commits)) + "\n"
    told = decode(await git.run("cat-file", "--batch-check", stdin=asked.encode()))
    lines = [line.split(" ") for line in told.splitlines()]
    return frozenset(line[0] for line in lines if line[1:2] == ["commit"])


async def _shared(git: Git, commit: str, head: str) -> str | None:
    found = await git.ask("merge-base", head, commit, ok=(0, 1))
    return decode(found.out).strip() or None


async def _changes(git: Git, pairs: Sequence[tuple[str, str]]) -> list[tuple[tuple[str, str], ...]]:
    """For each commit and base: the paths that differ, with the blob that the commit has."""
    if not pairs:
        return []
    asked = "".join(f"{commit} {base}\n" for commit, base in pairs).encode()
    options = ("--stdin", "--always", "-z", "--raw", *_EXACT)
    parts: list[list[str]] = []
    told = iter(fields(await git.run("diff-tree", *options, stdin=asked)))
    for entry in told:
        if entry.startswith(":"):
            parts[-1] += [entry, next(told)]
        else:  # the commit's id begins its part
            parts.append([])
    return [_parsed(part) for part in parts]


def _parsed(told: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Raw entries as paths, each with its blob; without one for what is gone or a submodule's."""
    found = []
    for entry, path in zip(told[::2], told[1::2], strict=True):
        facts = entry.removeprefix(":").split(" ")
        if len(facts) != _FACTS:
            raise PlaitError(f"git told of a change as {entry!r}", code="GIT_FAILED")
        gone = facts[4].startswith("D") or facts[1] == _GITLINK
        found.append((path, "" if gone else facts[3]))
    return tuple(found)


async def _sizes(git: Git, blobs: set[str]) -> dict[str, int]:
    if not blobs:
        return {}
    form = "--batch-check=%(objectname) %(objectsize)"
    told = decode(await git.run("cat-file", form, stdin="\n".join([*blobs, ""]).encode()))
    pairs = [line.split(" ") for line in told.splitlines()]
    return {blob: int(size) for blob, size in pairs if size.isdigit()}
