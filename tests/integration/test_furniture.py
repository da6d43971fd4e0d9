"""What worktrees hold beside their commit, on real git: files, set-up, cones, submodules, LFS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.fakes.repositories import git, make_repository, write

from plait.git import Layout, WorktreePool, discover
from plait.process import run_main

FILES = {"src/a.py": "a = 1\n", "docs/b.md": "b\n", "lib/c/d.py": "d\n", ".gitignore": "*.log\n"}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository; nobody's git configuration applies."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return make_repository(tmp_path / "repo", FILES)


def with_pool(
    root: Path, layout: Layout, use: Callable[[WorktreePool, str], Awaitable[None]]
) -> None:
    """Use a pool with a layout from its beginning to its end."""

    async def main() -> None:
        repository = await discover(root)
        state = root / ".plait"
        async with WorktreePool(
            repository, state / "worktrees", state=state, layout=layout
        ) as pool:
            await use(pool, repository.head)

    run_main(main)


def names(folder: Path) -> set[str]:
    """All files of a worktree; links as themselves."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (path.is_file() or path.is_symlink()) and path.name != ".git"
    }


def test_copies_and_links_are_there_and_never_work(root):
    """They come with each reset; whatever an agent does to them is no change, and is not kept."""
    write(root, {".env": "key", "conf/x.json": "{}", "conf/in/y.json": "{}", "kit/bin/t": "tool"})
    write(root, {"src/a.py": "mine\n"})  # tracked: the commit's stands
    layout = Layout(copy=(".env", "conf", "src/a.py"), link=("kit",))

    async def use(pool: WorktreePool, base: str) -> None:
        for _ in range(2):
            workspace = await pool.open(base)
            extra = {".env", "conf/x.json", "conf/in/y.json", "kit"}
            assert names(workspace.path) == {*FILES, *extra}
            assert (workspace.path / "kit").readlink() == root / "kit"
            assert (workspace.path / "src/a.py").read_text() == "a = 1\n"
            write(workspace.path, {".env": "other", "conf/in/y.json": "z", "new": "n", "x.log": ""})
            assert await pool.keep(workspace, "refs/plait/keep/x")
            kept = git(root, "ls-tree", "-r", "--name-only", "refs/plait/keep/x").split()
            assert set(kept) == {*FILES, "new"}
            work = await pool.commit(workspace, onto=base, message="w")
            assert [change.path for change in work.changes] == ["new"]
            assert work.ignored == ("x.log",)
            await pool.checkout(workspace, work.commit)
            assert names(workspace.path) == {*FILES, *extra, "new"}
            assert (workspace.path / ".env").read_text() == "key"
            await pool.close(workspace)

    with_pool(root, layout, use)
    assert (root / "kit/bin/t").read_text() == "tool"
    assert (root / ".env").read_text() == "key"


def test_nothing_is_copied_through_a_link_of_the_tree(root, tmp_path):
    """A folder that a commit makes a link leads no copy out of the worktree."""
    (tmp_path / "outside").mkdir()
    write(root, {"conf/x.json": "{}"})
    (root / "conf2").symlink_to(tmp_path / "outside")
    git(root, "add", "conf2")
    git(root, "commit", "-qm", "link")
    base = git(root, "rev-parse", "HEAD")
    git(root, "rm", "-q", "conf2")
    write(root, {"conf2/x.json": "{}"})

    async def use(pool: WorktreePool, _base: str) -> None:
        await pool.open(base)

    with_pool(root, Layout(copy=("conf2/*.json",)), use)
    assert not list((tmp_path / "outside").iterdir())


@pytest.mark.parametrize("tamper", ["add", "change", "delete", "other key"])
def test_what_a_set_up_made_is_kept_as_it_was_made_or_not_at_all(root, tamper):
    """Additions go; a change, a loss or another key throw it away. The clock cannot be cheated."""

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        assert not await pool.still_set_up(workspace, "k")
        write(workspace.path, {"kit/one": "1", "kit/two": "2", "src/a.py": "changed\n"})
        await pool.note_set_up(workspace, base, "k")
        assert (workspace.path / "src/a.py").read_text() == "a = 1\n"
        one = workspace.path / "kit/one"
        if tamper == "add":
            write(workspace.path, {"kit/planted/x": "x"})
        elif tamper == "change":
            found = one.stat()
            one.write_text("9")
            import os

            os.utime(one, ns=(found.st_atime_ns, found.st_mtime_ns))
        elif tamper == "delete":
            one.unlink()
        work = await pool.commit(workspace, onto=base, message="w")
        assert work.changes == ()
        await pool.close(workspace)
        workspace = await pool.open(base)
        held = await pool.still_set_up(workspace, "l" if tamper == "other key" else "k")
        assert held == (tamper == "add")
        assert names(workspace.path) == {*FILES, *({"kit/one", "kit/two"} if held else ())}

    with_pool(root, Layout(), use)


def test_a_sparse_worktree_holds_its_cones(root):
    """Files of the other folders are absent and no deletion; work beside the cones is seen."""

    async def use(pool: WorktreePool, base: str) -> None:
        for _ in range(2):
            workspace = await pool.open(base)
            assert names(workspace.path) == {".gitignore", "src/a.py", "lib/c/d.py"}
            write(workspace.path, {"src/new": "n", "docs/b.md": "rewritten\n"})
            (workspace.path / "lib/c/d.py").unlink()
            work = await pool.commit(workspace, onto=base, message="w")
            told = {(change.status, change.path) for change in work.changes}
            assert told == {("A", "src/new"), ("M", "docs/b.md"), ("D", "lib/c/d.py")}
            await pool.checkout(workspace, work.commit)
            assert names(workspace.path) == {".gitignore", "src/a.py", "src/new"}
            await pool.close(workspace)

    with_pool(root, Layout(cones=("src", "lib/c")), use)


def test_submodules_are_filled_from_the_users_repository(root, tmp_path):
    """At the pinned commit, without network, also after an agent spoilt them; no change of work."""
    inner = make_repository(tmp_path / "inner", {"i": "inner\n"})
    library = make_repository(tmp_path / "library", {"l": "library\n"})
    local = ("-c", "protocol.file.allow=always")
    git(library, *local, "submodule", "--quiet", "add", str(inner), "in")
    git(library, "commit", "-qm", "in")
    git(root, *local, "submodule", "--quiet", "add", str(library), "libs/one")
    git(root, *local, "submodule", "--quiet", "update", "--init", "--recursive")
    git(root, "commit", "-qm", "lib")
    for gone in (inner, library):
        gone.rename(gone.with_name(f"gone-{gone.name}"))

    async def use(pool: WorktreePool, base: str) -> None:
        for _ in range(2):
            workspace = await pool.open(base)
            assert (workspace.path / "libs/one/l").read_text() == "library\n"
            assert (workspace.path / "libs/one/in/i").read_text() == "inner\n"
            assert git(workspace.path, "status", "--porcelain") == ""
            write(workspace.path, {"libs/one/l": "spoilt", "new": "n"})
            work = await pool.commit(workspace, onto=base, message="w")
            assert [change.path for change in work.changes] == ["new"]
            await pool.checkout(workspace, work.commit)
            assert (workspace.path / "libs/one/l").read_text() == "library\n"
            await pool.close(workspace)

    with_pool(root, Layout(submodules=True), use)


def test_large_files_come_from_the_local_store(root):
    """A filter of the user's, which looks for its store beside the objects, finds it there."""
    store = "$(git rev-parse --path-format=absolute --git-common-dir)/lfs/objects"
    clean = f"sh -c 't=$(mktemp); cat > $t; h=$(sha256sum < $t | cut -c1-64); mkdir -p {store}; "
    clean += f"mv $t {store}/$h; echo $h'"
    git(root, "config", "filter.lfs.clean", clean)
    git(root, "config", "filter.lfs.smudge", f"sh -c 'read h; cat {store}/$h'")
    git(root, "config", "filter.lfs.required", "true")
    write(root, {".gitattributes": "*.bin filter=lfs\n", "big.bin": "large\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "lfs")
    assert git(root, "show", "HEAD:big.bin") != "large"

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        assert (workspace.path / "big.bin").read_text() == "large\n"
        write(workspace.path, {"more.bin": "more\n"})
        work = await pool.commit(workspace, onto=base, message="w")
        stored = git(root, "show", f"{work.commit}:more.bin")
        assert (root / ".git/lfs/objects" / stored).read_text() == "more\n"

    with_pool(root, Layout(), use)
