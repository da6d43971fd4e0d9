"""A repository of an attempt's own, for an agent that must not write the user's.

It borrows the objects of the user's repository and knows its branches as they were; what the
agent commits, stages or configures lies in it alone. Afterwards the commits that its HEAD leads
to are taken over, each object checked by `index-pack --strict`; no ref, no setting and no hook
of it is. The agent may have written anything into it, so git is never started *in* it: its
objects are read as those of a stranger, and its HEAD as a text.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from plait.git import large
from plait.git.command import GitFailed, disk_full, is_disk_full
from plait.git.repository import Repository
from plait.git.slot import Slot
from plait.git.trash import discard

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_KNOWN_REFS = ("refs/heads/", "refs/tags/", "refs/remotes/")
_OWN_BRANCHES = " refs/heads/plait/"
_LONGEST_HEAD = 4096
_MOST_FILES = 200_000  # what an agent's commits may come to, in loose objects
_DEPTH = 5  # of symbolic refs


async def lay_out(slot: Slot, folder: Path, base: str) -> None:
    """Make such a repository in a folder, its HEAD and its index as the slot's are.

    Raises:
        GitFailed: The refs cannot be read.
        EnvironmentLack: `DISK_FULL`.
    """
    try:
        await _lay_out(slot, folder, base)
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(str(error)) from error
        raise
    slot.set_private(folder)


async def _lay_out(slot: Slot, folder: Path, base: str) -> None:
    repository = slot.repository
    common = repository.common
    discard(folder)
    for name in ("objects/info", "objects/pack", "refs/heads", "info"):
        (folder / name).mkdir(parents=True)
    (folder / "objects" / "info" / "alternates").write_text(f"{common / 'objects'}\n")
    form = "--format=%(objectname) %(refname)"
    told = await repository.git.run("for-each-ref", form, *_KNOWN_REFS)
    refs = sorted(
        (line for line in told.decode("utf-8", "surrogateescape").splitlines()),
        key=lambda line: line.partition(" ")[2],
    )
    known = [line for line in refs if _OWN_BRANCHES not in line]
    header = "# pack-refs with: sorted \n"
    text = header + "".join(f"{line}\n" for line in known)
    (folder / "packed-refs").write_bytes(text.encode("utf-8", "surrogateescape"))
    (folder / "config").write_text(_config(slot), encoding="utf-8")
    for source, name in (
        (common / "info" / "exclude", "info/exclude"),
        (common / "info" / "attributes", "info/attributes"),
        (common / "shallow", "shallow"),
        (slot.admin / "index", "index"),
    ):
        if source.is_file():
            shutil.copy2(source, folder / name)
    (folder / "HEAD").write_text(f"{base}\n")


async def take_in(slot: Slot) -> str | None:
    """Take over what the HEAD of a slot's private repository leads to, and its index.

    The slot's HEAD is at that commit then. It may be done again.

    Returns:
        Why nothing was taken, or None. What lies in the worktree is not touched, so no file is
        lost then, only how the agent had cut it into commits.
    """
    import anyio

    folder = slot.private
    if folder is None or not folder.is_dir():
        return None
    try:
        head = _head(folder)
    except OSError as error:
        return f"its HEAD cannot be read: {error.strerror}"
    if head is None:
        return "its HEAD names no commit"
    try:  # first: what is committed or staged there may be a pointer to one
        await anyio.to_thread.run_sync(large.take_over, folder, slot.repository.common)
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(str(error)) from error
        return f"its large files cannot be read: {error.strerror}"
    base = slot.lent_at
    if base and head != base:
        objects = folder / "objects"
        refused = _refused(objects)
        if refused:
            return refused
        try:
            await _import(slot.repository, objects, head, base)
            await slot.git.run("update-ref", "--no-deref", "HEAD", head)
        except GitFailed as failed:
            return failed.message
    index = folder / "index"
    with suppress(OSError):  # a staging that cannot be read says nothing
        if _is_plain(index) and not filecmp.cmp(index, slot.admin / "index", shallow=False):
            slot.install(index)
    return None


async def _import(repository: Repository, objects: Path, head: str, base: str) -> None:
    """Copy what a commit's history has beyond `base`, checked object by object."""
    git = repository.git
    stranger = git.given(GIT_ALTERNATE_OBJECT_DIRECTORIES=objects)
    kind = await stranger.line("cat-file", "-t", head)
    if kind != "commit":
        raise GitFailed(("git", "cat-file"), 1, f"{head} is a {kind}, no commit")
    wanted = f"{head}\n^{base}\n".encode()
    pack = await stranger.run("pack-objects", "--revs", "--stdout", "--quiet", stdin=wanted)
    await git.run("index-pack", "--stdin", "--strict", stdin=pack)
    await git.run("cat-file", "-e", f"{head}^{{commit}}")


def _head(folder: Path) -> str | None:
    """The object id that HEAD stands for, by reading files and nothing else."""
    name = "HEAD"
    for _ in range(_DEPTH):
        path = folder / name
        if not _is_plain(path):
            return _packed(folder, name)
        with path.open("rb") as file:
            text = file.read(_LONGEST_HEAD).decode("utf-8", "replace").strip()
        if not text.startswith("ref: "):
            return text if _OBJECT_ID.fullmatch(text) else None
        name = text.removeprefix("ref: ").strip()
        if not name.startswith("refs/") or ".." in name.split("/") or "\0" in name:
            return None
    return None


def _packed(folder: Path, name: str) -> str | None:
    path = folder / "packed-refs"
    if not _is_plain(path):
        return None
    for line in path.read_text("utf-8", "surrogateescape").splitlines():
        found, _, ref = line.partition(" ")
        if ref == name and _OBJECT_ID.fullmatch(found):
            return found
    return None


def _refused(objects: Path) -> str | None:
    """Why its objects are not read: something in them is no plain file; or None.

    That it borrows others' objects is forgotten: with a list of its own an agent could have
    files of the user's other repositories committed.
    """
    if objects.is_symlink() or not objects.is_dir():
        return "its objects are no folder"
    for name in ("alternates", "http-alternates"):
        discard(objects / "info" / name)
    count = 0
    for where, folders, names in os.walk(objects):
        count += len(names)
        if count > _MOST_FILES:
            return f"it holds more than {_MOST_FILES:,} objects"
        for name in (*folders, *names):
            found = Path(where, name).lstat().st_mode
            if not (stat.S_ISDIR(found) or stat.S_ISREG(found)):
                return f"{name} among its objects is no plain file"
    return None


def _is_plain(path: Path) -> bool:
    """Whether it is a file of one name, neither a link nor behind one."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _config(slot: Slot) -> str:
    """The user's settings for the repository, but its own place; and who commits."""
    repository = slot.repository
    name, mail = repository.identity
    sha256 = repository.object_format == "sha256"
    lines = [
        "[core]",
        f"\trepositoryformatversion = {int(sha256)}",
        "[include]",
        f"\tpath = {_quoted(str(repository.common / 'config'))}",
        "[core]",
        "\tbare = false",
        f"\tworktree = {_quoted(str(slot.path))}",
        "\tlogAllRefUpdates = true",
        "[gc]",
        "\tauto = 0",
        "[user]",
        f"\tname = {_quoted(name)}",
        f"\temail = {_quoted(mail)}",
    ]
    if sha256:
        lines += ["[extensions]", "\tobjectFormat = sha256"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
