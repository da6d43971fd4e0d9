"""Files under Git LFS: filled in from the store, told where they are not, taken from agents."""

from __future__ import annotations

import hashlib
import os
import shutil
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.repositories import git, make_repository, unmount_all, write

from plait.git import Layout, WorktreePool, discover, lfs_lack, overlay_lack
from plait.git.large import take_over
from plait.process import run_main

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository; nobody's git configuration applies."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = make_repository(tmp_path / "repo", {"a.py": "a = 1\n"})
    yield root
    unmount_all(root)


def commit_large(root: Path, content: str) -> str:
    """Commit a pointer, as a clone without its content has it; the content's id."""
    oid = hashlib.sha256(content.encode()).hexdigest()
    write(root, {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"})
    write(root, {"big.bin": POINTER.format(oid=oid, size=len(content))})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "large")
    return oid


def lack_of(root: Path) -> str | None:
    """What is told of its HEAD."""

    async def main() -> str | None:
        repository = await discover(root)
        return await lfs_lack(repository, repository.head)

    return run_main(main)


def test_what_cannot_be_filled_in_is_told(root, monkeypatch):
    """No filter, no program; a repository without such files needs neither."""
    assert lack_of(root) is None
    commit_large(root, "large")
    assert "no filter" in (lack_of(root) or "")
    git(root, "config", "filter.lfs.process", "git-lfs filter-process")
    git_alone = root.parent / "bin"
    git_alone.mkdir()
    (git_alone / "git").symlink_to(shutil.which("git") or "git")
    monkeypatch.setenv("PATH", str(git_alone))
    assert "not on the PATH" in (lack_of(root) or "")


@pytest.mark.parametrize("backend", ["pool", "overlay"])
def test_the_store_fills_worktrees_in_and_the_network_is_never_asked(root, backend):
    """With git-lfs itself: what the store has is there, what it lacks is a pointer, and told."""
    if shutil.which("git-lfs") is None:
        pytest.skip("git-lfs is not installed")
    if backend == "overlay" and (lack := overlay_lack(root)):
        pytest.skip(lack)
    oid = commit_large(root, "large")
    for name in ("smudge", "clean"):
        git(root, "config", f"filter.lfs.{name}", f"git-lfs {name} -- %f")
    git(root, "config", "filter.lfs.process", "git-lfs filter-process")
    git(root, "config", "filter.lfs.required", "true")
    git(root, "config", "lfs.url", "http://127.0.0.1:9/nobody")  # it would fail

    async def use(expected: str, *, renew: bool = False) -> None:
        repository = await discover(root)
        state, layout = root / ".plait", Layout(backend=backend)
        async with WorktreePool(
            repository, state / "worktrees", state=state, layout=layout
        ) as pool:
            if renew:
                await pool.renew()
            workspace = await pool.open(repository.head)
            assert (workspace.path / "big.bin").read_text() == expected
            write(workspace.path, {"new.bin": "new"})
            work = await pool.commit(workspace, onto=workspace.base, message="w")
            assert [change.path for change in work.changes] == ["new.bin"]
            await pool.checkout(workspace, work.commit)
            assert (workspace.path / "new.bin").read_text() == "new"
            await pool.close(workspace)

    assert "big.bin" in (lack_of(root) or "")
    run_main(use, POINTER.format(oid=oid, size=5))
    store = root / f".git/lfs/objects/{oid[:2]}/{oid[2:4]}"
    store.mkdir(parents=True, exist_ok=True)
    (store / oid).write_text("large")
    assert lack_of(root) is None
    run_main(partial(use, "large", renew=True))


def test_an_agents_own_store_is_taken_over_as_far_as_it_is_true(tmp_path):
    """Contents that are not what their name says stay behind, and so does all behind a link."""
    private, common, secret = (tmp_path / name for name in ("private", "common", "secret"))
    names = []
    for content in ("true", "hard link"):
        oid = hashlib.sha256(content.encode()).hexdigest()
        write(private / "lfs/objects" / oid[:2] / oid[2:4], {oid: content})
        names.append(oid)
    place = private / "lfs/objects" / names[1][:2] / names[1][2:4]
    os.link(place / names[1], tmp_path / "elsewhere")
    write(private / "lfs/objects/aa/aa", {"a" * 64: "false", "note": "no object"})
    secret.write_text("secret")
    linked = hashlib.sha256(b"secret").hexdigest()
    (private / "lfs/objects" / linked).symlink_to(secret)
    take_over(private, common)
    found = {path.name for path in common.rglob("*") if path.is_file()}
    assert found == {names[0]}
