"""What an attempt's agent may reach, for the sandbox that holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from plait.core.opening import closed, openings, reaches
from plait.core.plan import Scope
from plait.engine.claimed import Claimed
from plait.engine.context import Context
from plait.ports import Confinement, Invocation

_MOST_SHUT = 64  # in one folder; what is beyond that is told by the check of the commit
RESULTS, GIT, SCRATCH = "out", "git", "tmp"  # folders of an attempt that its agent may write


async def privately(context: Context, claimed: Claimed) -> None:
    """Give an agent that is held a repository of its own, and a home that knows who commits.

    Raises:
        PlaitError: `DISK_FULL`, `GIT_FAILED`.
    """
    if not context.sandboxes[claimed.provider].holds:
        return
    task = claimed.task
    await context.workspaces.privately(claimed.workspace, task.directory / GIT)
    task.home.mkdir(parents=True, exist_ok=True)


def confinement(context: Context, claimed: Claimed, invocation: Invocation) -> Confinement:
    """The worktree, as far as the scope opens it, and the attempt's own folders; no more.

    The user's home, the state folder, the other worktrees are hidden; the rest of the system can
    be read. The folders that the scope opens are made where they are missing: git knows no empty
    folder, so nothing comes of one that stays empty.
    """
    task, ground = claimed.task, context.surroundings
    worktree = task.worktree.resolve()
    write = tuple(_opened(worktree, claimed.package.reach))
    hosts = None
    if ground.hosts is not None:
        hosts = tuple(dict.fromkeys((*ground.hosts, *invocation.hosts)))
    own = [task.home, task.directory / RESULTS, task.directory / SCRATCH]
    for folder in own:
        folder.mkdir(parents=True, exist_ok=True)
    git = task.directory / GIT
    return Confinement(
        worktree=worktree,
        write=write,
        shut=tuple(_shut(worktree, claimed.package.reach)),
        own=tuple(each.resolve() for each in own[:2]),
        scratch=own[2].resolve(),
        notes=task.directory.resolve(),
        writable=tuple(_named(worktree, ground.write)),
        readable=(*ground.shown, *_named(worktree, ground.read)),
        hidden=tuple(dict.fromkeys(each.resolve() for each in ground.hidden)),
        git=git.resolve() if git.is_dir() else None,
        hosts=hosts,
    )


def _opened(worktree: Path, scope: Scope) -> Iterator[Path]:
    for opening in openings(scope):
        path = _made(worktree, opening.folder)
        if path is not None:
            yield path


def _made(worktree: Path, folder: str) -> Path | None:
    """The folder, made if need be; None where a link or a file is in its way."""
    path = worktree
    for part in folder.split("/") if folder not in {"", "."} else ():
        path /= part
        try:
            path.mkdir()
        except FileExistsError:
            if path.is_symlink() or not path.is_dir():
                return None
    return path


def _shut(worktree: Path, scope: Scope) -> Iterator[Path]:
    """What lies in the opened folders and is out of scope, and the worktree's own `.git`."""
    yield worktree / ".git"
    for path in closed(scope):
        if _lies(worktree / path):
            yield worktree / path
    for opening in openings(scope):
        folder = worktree / opening.folder
        if opening.whole or folder.is_symlink() or not folder.is_dir():
            continue
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: (not _is_folder(entry), entry.name))
        out = (
            Path(entry.path)
            for entry in entries
            if entry.name != ".git"
            and not entry.is_symlink()
            and not reaches(scope, _relative(worktree, entry), folder=_is_folder(entry))
        )
        yield from islice(out, _MOST_SHUT)


def _named(worktree: Path, paths: tuple[str, ...]) -> Iterator[Path]:
    """Paths that the owner named: from the root, from the home, or in the worktree.

    A folder in the worktree (`target`, `node_modules/.cache`) is made if it is missing; a link
    that the repository holds in its place is not followed.
    """
    for each in paths:
        named = Path(each).expanduser()
        if not named.is_absolute():
            inner = worktree / named
            made = None if ".." in named.parts else _made(worktree, named.as_posix())
            if made is not None or (inner.is_file() and not inner.is_symlink()):
                yield made or inner
        elif named.exists():
            yield named.resolve()


def _lies(path: Path) -> bool:
    return path.exists() and not path.is_symlink()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _relative(worktree: Path, entry: os.DirEntry[str]) -> str:
    return Path(entry.path).relative_to(worktree).as_posix()
