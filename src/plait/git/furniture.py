"""Files that a worktree holds beside its commit: copied or linked from the user's checkout.

They are placed anew after each reset, and noted beside the slot, where no agent writes: what is
noted is no change of an agent's, is never committed, and is not kept under any ref (it may be a
secret). A path that the commit itself holds stays as the commit has it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plait.git.command import decode, fields, joined
from plait.git.repository import Repository
from plait.git.slot import Slot

INCLUDE = ".worktreeinclude"
_NEVER = {".git", ".plait"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What worktrees hold, as the owner set it.

    Args:
        copy: Globs of what is copied from the user's checkout.
        link: Globs of what is linked to it.
        cones: The folders that are checked out; none: all.
        submodules: Whether submodules are filled, from what the user's repository has of them.
        backend: How worktrees come about: `pool`, `overlay` or `fresh`.
    """

    copy: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    cones: tuple[str, ...] = ()
    submodules: bool = False
    backend: str = "pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """What is copied and what is linked, by paths relative to the checkout's root."""

    root: Path
    copied: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.copied, *self.linked)

    def place(self, slot: Slot) -> None:
        """Put everything into a clean worktree, and note it. Nothing that is there is touched."""
        slot.note_furniture(self.paths)  # first: a crash leaves nothing unnoted
        for path in self.linked:
            if (target := _free(slot.path, path)) is not None:
                target.symlink_to(self.root / path)
        for path in self.copied:
            source = self.root / path
            if (target := _free(slot.path, path)) is not None and os.path.lexists(source):
                if source.is_dir() and not source.is_symlink():
                    shutil.copytree(source, target, symlinks=True)
                else:
                    shutil.copy2(source, target, follow_symlinks=False)


async def furniture(repository: Repository, copy: Sequence[str], link: Sequence[str]) -> Furniture:
    """What the globs, and the file `.worktreeinclude`, name in the user's checkout now."""
    root = repository.root
    linked = tuple(dict.fromkeys(_named(root, link)))
    copied = dict.fromkeys([*_named(root, copy), *await _included(repository)])
    return Furniture(
        root=root,
        linked=linked,
        copied=tuple(path for path in copied if path not in linked),
    )


async def user_excludes(repository: Repository) -> str:
    """The patterns that the user has set for all repositories; whole lines."""
    told = await repository.git.ask("config", "--path", "core.excludesFile", ok=(0, 1))
    home = os.environ.get("XDG_CONFIG_HOME") or f"{os.environ.get('HOME', '')}/.config"
    return _lines(Path(decode(told.out).strip() or f"{home}/git/ignore"))


def _lines(path: Path) -> str:
    """A file of whole lines; nothing, if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n") + "\n"
    except OSError:
        return ""


def _named(root: Path, patterns: Sequence[str]) -> Iterator[str]:
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            name = path.relative_to(root)
            if name.parts and not _NEVER & set(name.parts):
                yield name.as_posix()


async def _included(repository: Repository) -> list[str]:
    """What `.worktreeinclude` lists, in the syntax of `.gitignore`, and git ignores."""
    if not (repository.root / INCLUDE).is_file():
        return []
    git = repository.checkout
    options = ("--others", "--ignored", "-z", f"--exclude-from={INCLUDE}")
    listed = fields(await git.run("ls-files", *options))
    wanted = [path for path in listed if not _NEVER & set(PurePosixPath(path).parts)]
    if not wanted:
        return []
    plain = git.given(GIT_LITERAL_PATHSPECS="0")  # it takes nothing but plain paths by itself
    ignored = await plain.ask("check-ignore", "-z", "--stdin", stdin=joined(wanted), ok=(0, 1))
    return [path.rstrip("/") for path in fields(ignored.out)]


def _free(tree: Path, path: str) -> Path | None:
    """Where a path lies in a worktree, if nothing is there and no link leads out of it."""
    target = tree / path
    for folder in list(target.relative_to(tree).parents)[::-1]:
        if (tree / folder).is_symlink() or (
            os.path.lexists(tree / folder) and not (tree / folder).is_dir()
        ):
            return None
    if os.path.lexists(target):
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
