"""What commits changed: every path, by name, mode and history."""

from __future__ import annotations

from plait.errors import PlaitError
from plait.git.command import Git, decode, fields
from plait.ports import Change


async def changes(git: Git, old: str, new: str) -> tuple[Change, ...]:
    """How two trees differ; a rename is a deletion and an addition."""
    told = iter(fields(await git.run("diff-tree", *EXACT, "--raw", old, new)))
    found = []
    for facts, path in zip(told, told, strict=True):
        old_mode, new_mode, _old, _new, status = facts.removeprefix(":").split(" ")
        found.append(Change(path=path, status=status[0], old_mode=old_mode, new_mode=new_mode))
    return tuple(found)


async def changed(git: Git, old: str, new: str) -> tuple[str, ...]:
    """The paths in which two trees differ."""
    return tuple(fields(await git.run("diff-tree", *EXACT, "--name-only", old, new)))


async def difference(git: Git, old: str, new: str) -> dict[str, str]:
    """The paths in which two trees differ, each with its new mode and id; mode 0: it is gone."""
    told = iter(fields(await git.run("diff-tree", *EXACT, "--raw", old, new)))
    found = {}
    for facts, path in zip(told, told, strict=True):
        _old_mode, mode, _old, new_id, _status = facts.split(" ")
        found[path] = f"{mode} {new_id}"
    return found


async def touched(git: Git, onto: str, commit: str) -> frozenset[str]:
    """All paths that a commit not in `onto` changed, be it taken back later.

    Of a merge count the paths in which it differs from each of its parents: the others are its
    parents' own, and these are looked at themselves.
    """
    commits = await git.run("rev-list", commit, f"^{onto}")
    options = ("--stdin", "--root", "--no-commit-id", "-c", "--name-only")
    return frozenset(fields(await git.run("diff-tree", *EXACT, *options, stdin=commits)))


async def ignored(git: Git) -> tuple[str, ...]:
    """Paths in a worktree that the repository ignores; a folder, ended by `/`, for all in it."""
    options = ("--others", "--ignored", "--exclude-standard", "--directory", "-z")
    return tuple(fields(await git.run("ls-files", *options)))


async def beside(git: Git) -> tuple[str, ...]:
    """Paths in a worktree that its index does not hold, ignored or not; a folder for all in it."""
    options = ("--others", "--directory", "--no-empty-directory", "-z")
    return tuple(fields(await git.run("ls-files", *options)))


EXACT = ("-r", "-z", "--no-renames", "--ignore-submodules=none", "--no-ext-diff")


async def shared(git: Git, onto: str, head: str) -> str:
    """The merge base of two commits.

    Raises:
        PlaitError: `HISTORY_UNRELATED`, there is none.
    """
    found = await git.ask("merge-base", onto, head, ok=(0, 1))
    if found.code:
        raise PlaitError(
            f"{head[:12]} shares no history with {onto[:12]}",
            code="HISTORY_UNRELATED",
            hint="work must begin at the commit that the worktree was opened at",
        )
    return decode(found.out).strip()
