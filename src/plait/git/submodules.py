"""Fill the submodules of a worktree from what the user's repository has of them; no network.

What `.gitmodules` says is the tree's, so it is believed in nothing but names: an address in it is
never used, and a submodule that the user has not initialised stays an empty folder. Each is a
clone of its own within its folder, whose objects are the user's; it goes with the next reset.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from plait.git.command import Git, GitFailed, decode, fields
from plait.git.repository import Repository

_GITLINK = "160000"
_DEEPEST = 5  # submodules of submodules


async def fill_submodules(repository: Repository, tree: Path, commit: str) -> None:
    """Check out each submodule at the commit that `commit` names, if it is to be had.

    Raises:
        GitFailed: A clone could not be made.
        EnvironmentLack: `DISK_FULL`.
    """
    await _fill(repository, repository.git, repository.common, tree, commit)


async def _fill(  # noqa: PLR0917
    repository: Repository, git: Git, common: Path, tree: Path, commit: str, depth: int = 0
) -> None:
    names = await _names(git, commit)
    wanted = await _links(git, commit)
    for path, pinned in wanted.items():
        source, folder = _source(common, names.get(path, "")), tree / path
        if source is None or folder.is_symlink() or not folder.is_dir():
            continue
        theirs = repository.elsewhere(source).given(
            GIT_DIR=source, GIT_ALLOW_PROTOCOL="none", GIT_NO_LAZY_FETCH="1"
        )
        if (await theirs.ask("cat-file", "-e", f"{pinned}^{{commit}}", ok=(0, 1, 128))).code:
            continue
        plain = repository.elsewhere(tree)
        options = ("--shared", "--no-checkout", "--quiet", "--template=")
        await plain.run("clone", *options, "--", str(source), str(folder))
        here = repository.elsewhere(folder)
        here = here.given(GIT_DIR=folder / ".git", GIT_WORK_TREE=folder)
        await here.run("checkout", "--quiet", "--force", "--detach", pinned)
        if depth < _DEEPEST and (folder / ".gitmodules").is_file():
            await _fill(repository, theirs, source, folder, pinned, depth + 1)


async def _names(git: Git, commit: str) -> dict[str, str]:
    """The names of submodules by their paths, as `.gitmodules` of a commit has them."""
    wanted = ("config", "--blob", f"{commit}:.gitmodules", "-z", "--get-regexp")
    try:
        told = await git.ask(*wanted, r"^submodule\..*\.path$", ok=(0, 1))
    except GitFailed:  # it is no configuration
        return {}
    entries = (entry.partition("\n") for entry in fields(told.out))
    return {path: key.removeprefix("submodule.").removesuffix(".path") for key, _, path in entries}


async def _links(git: Git, commit: str) -> dict[str, str]:
    """The submodules of a commit: path and pinned commit."""
    found = {}
    for entry in decode(await git.run("ls-tree", "-r", "-z", "--full-tree", commit)).split("\0"):
        if entry.startswith(_GITLINK):
            facts, _, path = entry.partition("\t")
            found[path] = facts.split(" ")[2]
    return found


def _source(common: Path, name: str) -> Path | None:
    """What a repository has of a submodule; None for a name that leads elsewhere."""
    if not name or ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
        return None
    source = common / "modules" / name
    return source if (source / "HEAD").is_file() else None
