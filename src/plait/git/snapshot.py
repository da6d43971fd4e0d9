"""What lies in a worktree, as a tree: exactly what is on disk and not ignored.

`git add` is not used: where a nested repository lies in the tree, it runs `git status` inside,
under that repository's own configuration, and so whatever program an agent named there.
`ls-files` and `update-index` compare files and start nothing. What an index says of files
(assume unchanged, skip, merge conflict, intent to add) does not hide them either. A file that
was added by force stays in, though the repository ignores it.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from plait.git.command import Git, GitFailed, disk_full, fields, is_disk_full, joined, update_index
from plait.git.overlay import remount, touched
from plait.git.private import take_in
from plait.git.slot import Slot
from plait.git.trash import discard

_BESIDE = ("??", "!!")  # what no index holds, as status marks it
_KINDS = (stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR)  # a folder: a submodule's


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A tree's id, the commit it stands on, and that commit's tree.

    `exact`: what lies there is the tree and what `ignored` lists, and `slot.staging` says the
    same of each file as the disk does. Else nothing is known of what is ignored.
    """

    tree: str
    head: str
    head_tree: str
    exact: bool = False
    ignored: tuple[str, ...] = ()


async def snapshot(slot: Slot, base: str, *, whole: bool = True) -> Snapshot:
    """Write what lies in a slot as a tree; `slot.staging` is then an index of it.

    The slot is left as it was. HEAD is read, not believed: an agent may have committed, switched
    or reset; where it names no commit, `base` stands for it.

    Args:
        slot: Whose tree.
        base: The commit it was opened at.
        whole: Fail for a name that no tree can hold (`git~1`); else it is left out.

    Raises:
        GitFailed: No index could be made of it, not even a new one.
        EnvironmentLack: `DISK_FULL`.
    """
    slot.disarm()
    await take_in(slot)
    git = slot.git
    try:
        head, head_tree = await _ids(git, "HEAD")
    except GitFailed:
        git = slot.git_without_admin
        head, head_tree = await _ids(git, base)
    git = git.given(GIT_INDEX_FILE=slot.staging)
    if head == base and slot.index_is_untouched and not slot.cones:
        found = await _quick(git, slot, head, head_tree)
        if found is not None:
            return found
    for seed in (slot.admin / "index", slot.index, None):
        try:
            await _seed(git, slot.staging, seed, head)
            await _stage(git, slot, whole=whole)
            tree = await git.line("write-tree")
        except (GitFailed, OSError) as error:
            if is_disk_full(error):
                raise disk_full(str(error)) from error
            if seed is None:
                raise
            continue
        return Snapshot(tree=tree, head=head, head_tree=head_tree)
    raise AssertionError("the last seed returns or raises")


async def is_safe(slot: Slot) -> bool:
    """Whether nothing is lost with a slot: some ref leads to all that it holds.

    What the repository ignores does not count.

    Raises:
        GitFailed: Git cannot hold what lies there.
    """
    require_mounted(slot)
    if not slot.path.is_dir():
        return True
    repository = slot.repository
    found = await snapshot(slot, repository.head)
    if found.tree == found.head_tree:
        return await repository.contains(found.head)
    return await repository.keeps(found.tree, parent=found.head)


def require_mounted(slot: Slot) -> None:
    """Mount a tree again that was an overlay before the machine was restarted.

    Raises:
        GitFailed: It cannot be mounted: to git all files in it would be gone.
    """
    try:
        remount(slot)
    except OSError as error:
        told = f"{error.strerror}; what was written there lies in {slot.layers / 'upper'}"
        raise GitFailed(("mount", str(slot.path)), error.errno or 1, told) from error


def is_there(slot: Slot) -> bool:
    """Whether a slot's tree is; an overlay is mounted again after a restart."""
    try:
        require_mounted(slot)
    except GitFailed:
        return False
    return True


async def committed(slot: Slot, base: str) -> str | None:
    """A commit of what a slot holds, on its HEAD; None if that is its base. No ref moves.

    Raises:
        GitFailed: Git cannot hold what lies there.
        EnvironmentLack: `DISK_FULL`.
    """
    found = await snapshot(slot, base, whole=False)
    if found.tree != found.head_tree:
        message = f"plait: what {slot.name} held\n"
        return await slot.repository.commit(found.tree, parents=[found.head], message=message)
    return None if found.head == base else found.head


async def keep_beside(slot: Slot, base: str, ref: str) -> str | None:
    """Keep what a slot holds under a ref, or one named alike: none is overwritten.

    Raises:
        GitFailed: Git cannot hold what lies there.
        EnvironmentLack: `DISK_FULL`.
    """
    commit = await committed(slot, base)
    if commit is None:
        return None
    if await slot.repository.has(ref):
        ref = f"{ref}-{commit[:12]}"
    await slot.repository.publish(ref, commit)
    return ref


async def _ids(git: Git, commit: str) -> tuple[str, str]:
    """A commit's id and its tree's."""
    told = await git.line("rev-parse", f"{commit}^{{commit}}", f"{commit}^{{tree}}")
    first, second = told.split("\n")
    return first, second


async def _quick(git: Git, slot: Slot, head: str, head_tree: str) -> Snapshot | None:
    """One look at the files instead of two, where the index is Plait's own and says `head`.

    None where a nested repository or a failure asks for more care.
    """
    listing = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignored=matching")
    try:
        await _seed(git, slot.staging, slot.index, head)
        paths = touched(slot)
        told = []
        if paths is None or paths:
            only = ["--", *paths] if paths else []
            told = fields(
                await git.run(*listing, "--no-renames", "--ignore-submodules=dirty", *only)
            )
        mine = furnished(slot)
        told = [entry for entry in told if not (entry[:2] in _BESIDE and mine(entry[3:]))]
        ignored = tuple(entry[3:] for entry in told if entry.startswith("!! "))
        changed = [entry[3:] for entry in told if not entry.startswith("!! ")]
        if any(path.endswith("/") for path in changed):
            return None
        if not changed:
            return Snapshot(
                tree=head_tree, head=head, head_tree=head_tree, exact=True, ignored=ignored
            )
        there = _presence(slot.path)
        gone = [path for path in changed if not there(path)]
        if gone:
            await update_index(git, "--force-remove", "--stdin", stdin=joined(gone))
        await _add(git, [path for path in changed if there(path)], whole=True)
        tree = await git.line("write-tree")
    except (GitFailed, OSError) as error:
        if is_disk_full(error):
            raise disk_full(str(error)) from error
        return None
    return Snapshot(tree=tree, head=head, head_tree=head_tree, exact=True, ignored=ignored)


async def _seed(git: Git, staging: Path, seed: Path | None, head: str) -> None:
    """Begin with a copy of an index, which spares reading unchanged files, or with HEAD's."""
    discard(staging)
    discard(staging.with_name(f"{staging.name}.lock"))
    if seed is None:
        await git.run("read-tree", head)
    else:
        shutil.copy2(seed, staging)  # with its time, by which git tells racy entries


async def _stage(git: Git, slot: Slot, *, whole: bool) -> None:
    """Bring an index up to what is on disk."""
    root, mine = slot.path, furnished(slot)
    listing = await git.run("ls-files", "-v", "-z", "-c", "-m", "-o", "--exclude-standard")
    told = [(entry[0], entry[2:]) for entry in fields(listing) if not entry.startswith("H ")]
    told = [(tag, path) for tag, path in told if not (tag == "?" and mine(path))]
    # A skipped file that is absent is a sparse checkout's; one that is there may be changed.
    there = _presence(root)
    skipped = [path for tag, path in told if tag in "Ss" and there(path)]
    assumed = [path for tag, path in told if tag == "h" or (tag == "s" and there(path))]
    for option, paths in (("--no-skip-worktree", skipped), ("--no-assume-unchanged", assumed)):
        if paths:
            await update_index(git, option, "--stdin", stdin=joined(paths))
    known = dict.fromkeys([path for tag, path in told if tag in "CM"] + skipped + assumed)
    gone = [path for path in known if not there(path)]
    if gone:
        await update_index(git, "--force-remove", "--stdin", stdin=joined(gone))
    present = [path for path in known if there(path)]
    new = [path for tag, path in told if tag == "?" and not path.endswith("/")]
    await _add(git, present + new, whole=whole)
    for tag, path in told:
        if tag == "?" and path.endswith("/"):
            await _add_nested(git, root, path, whole=whole)


async def _add(git: Git, paths: list[str], *, whole: bool) -> None:
    if paths:
        options = ("--add", "--remove", "--replace", "--stdin")
        try:
            await update_index(git, *options, stdin=joined(paths))
        except GitFailed as failed:
            if whole or failed.status:  # status 0: all the others were added
                raise


async def _add_nested(git: Git, root: Path, folder: str, *, whole: bool) -> None:
    """A nested repository counts as a submodule; one without a commit, as its files."""
    try:
        await _add(git, [folder.removesuffix("/")], whole=True)
    except GitFailed:
        await _add(git, list(_files(root, root / folder)), whole=whole)


def furnished(slot: Slot) -> Callable[[str], bool]:
    """Tells whether an untracked path was put there by Plait or by a set-up, not by an agent."""
    paths = frozenset(slot.furniture)

    def is_furnished(path: str) -> bool:
        if not paths:
            return False
        plain = path.rstrip("/")
        return plain in paths or any(str(up) in paths for up in PurePosixPath(plain).parents)

    return is_furnished


def _files(root: Path, folder: Path) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            path = Path(where, name)
            if stat.S_IFMT(path.lstat().st_mode) in (stat.S_IFREG, stat.S_IFLNK):
                yield str(path.relative_to(root))


def _presence(root: Path) -> Callable[[str], bool]:
    """Tells whether git can hold what lies at a path: behind a linked folder nothing does."""

    @cache
    def is_folder(path: Path) -> bool:
        return path == root or (is_folder(path.parent) and path.is_dir() and not path.is_symlink())

    def there(path: str) -> bool:
        try:
            kind = stat.S_IFMT((root / path).lstat().st_mode)
        except OSError:
            return False
        return kind in _KINDS and is_folder((root / path).parent)

    return there
