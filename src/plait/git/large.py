"""Git LFS: files that git knows as pointers, and that a store beside the objects holds.

Plait lets git's own filters fill them in, from that store alone: it never asks the network for
one. What cannot be filled in is a pointer in the worktrees; it is told before a run begins.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from plait.git.command import Git, decode
from plait.git.repository import Repository

OBJECTS = Path("lfs", "objects")
_NAMED = 3
_ID = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


async def lfs_lack(repository: Repository, commit: str) -> str | None:
    """Why files of Git LFS in a commit are not filled in in worktrees; None: they are.

    Raises:
        PlaitError: `GIT_FAILED`, there is no such commit.
    """
    git = repository.git
    plain = git.given(GIT_LITERAL_PATHSPECS="0")
    asked = ("grep", "-q", "-E", "filter=lfs", commit, "--", ":(glob)**/.gitattributes")
    if (await plain.ask(*asked, ok=(0, 1))).code:
        return None
    if not await _has_filter(git):
        return (
            "files of Git LFS are pointers in worktrees: git has no filter for them "
            "(install git-lfs, then `git lfs install`)"
        )
    if shutil.which("git-lfs", path=git.clean.get("PATH")) is None:
        return "files of Git LFS cannot be filled in: git-lfs is not on the PATH"
    listed = decode(await git.run("lfs", "ls-files", "--long", commit)).splitlines()
    store = repository.common / OBJECTS
    absent = [line[67:] for line in listed if not _place(store, line[:64]).is_file()]
    if not absent:
        return None
    more = f" and {len(absent) - _NAMED} more" if len(absent) > _NAMED else ""
    return (
        "files of Git LFS that the repository's store lacks are pointers in worktrees "
        f"(`git lfs fetch` gets them): {', '.join(absent[:_NAMED])}{more}"
    )


def take_over(private: Path, common: Path) -> None:
    """Copy what an agent's own repository has of large files to the user's store, each verified."""
    for path in _objects(private / OBJECTS):
        place = _place(common / OBJECTS, path.name)
        if place.exists() or _sha256(path) != path.name:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f"{place.name}.plait-{os.urandom(4).hex()}")
        try:
            shutil.copyfile(path, new, follow_symlinks=False)
            # What was copied is what was verified, whoever writes there still.
            if _sha256(new) == place.name:
                new.replace(place)
        finally:
            new.unlink(missing_ok=True)


def _objects(store: Path) -> Iterator[Path]:
    """Plain files of one name, none behind a link."""
    if store.parent.is_symlink() or store.is_symlink():
        return
    for where, _folders, names in os.walk(store):
        for name in names:
            path = Path(where, name)
            with suppress(OSError):
                found = path.lstat()
                if _ID.fullmatch(name) and stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                    yield path


def _place(store: Path, name: str) -> Path:
    return store / name[:2] / name[2:4] / name


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


async def _has_filter(git: Git) -> bool:
    for name in ("process", "smudge"):
        if not (await git.ask("config", f"filter.lfs.{name}", ok=(0, 1))).code:
            return True
    return False
