"""Overlay worktrees: what a crash or a restart leaves, what an agent may live on in, templates."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.fakes.repositories import git, make_repository, unmount_all, write

from plait.git import Layout, WorktreePool, discover, overlay_lack
from plait.git.command import GitFailed
from plait.git.slots import RECOVERED
from plait.process import run_main

FILES = {"src/a.py": "a = 1\n", "docs/b.md": "b\n"}
CRASH = """\
import os, pathlib
from plait.process import run_main
from plait.git import Layout, WorktreePool, discover
async def main():
    repository = await discover(pathlib.Path.cwd())
    state = repository.root / ".plait"
    layout = Layout(backend="overlay")
    async with WorktreePool(repository, state / "worktrees", state=state, layout=layout) as pool:
        workspace = await pool.open(repository.head)
        (workspace.path / "precious").write_text("work")
        await pool.close(await pool.open(repository.head))
        os.kill(os.getpid(), 9)
run_main(main)
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository; nobody's git configuration applies. Nothing stays mounted after the test."""
    if lack := overlay_lack(tmp_path):
        pytest.skip(lack)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = make_repository(tmp_path / "repo", FILES)
    yield root
    unmount_all(root)


def with_pool(root: Path, use: Callable[[WorktreePool, str], Awaitable[None]]) -> None:
    """Use a pool of overlays from its beginning to its end."""

    async def main() -> None:
        repository = await discover(root)
        state = root / ".plait"
        layout = Layout(backend="overlay")
        async with WorktreePool(
            repository, state / "worktrees", state=state, layout=layout
        ) as pool:
            await use(pool, repository.head)

    run_main(main)


@pytest.mark.parametrize("restarted", [False, True])
def test_what_a_crash_leaves_is_kept(root, restarted):
    """Kill -9: the mount is there still, or is made again; its work is under a ref, all is gone."""
    done = subprocess.run([sys.executable, "-c", CRASH], cwd=root, check=False)
    assert done.returncode == -9
    trees = root / ".plait/worktrees"
    assert os.path.ismount(trees / "w1")
    if restarted:
        subprocess.run(["umount", str(trees / "w1")], check=True)

    async def use(pool: WorktreePool, base: str) -> None:
        assert git(root, "show", f"{RECOVERED}w1:precious") == "work"
        workspace = await pool.open(base)
        assert os.path.ismount(workspace.path)  # noqa: ASYNC240 - no time passes
        assert not (workspace.path / "precious").exists()

    with_pool(root, use)


def test_what_is_not_mounted_is_not_taken_for_deleted(root):
    """After a restart of the machine: looked at it is mounted again, or it is refused."""
    done = subprocess.run([sys.executable, "-c", CRASH], cwd=root, check=False)
    assert done.returncode == -9
    tree = root / ".plait/worktrees/w1"
    subprocess.run(["umount", str(tree)], check=True)
    shutil.rmtree(tree)

    async def look(broken: Path | None) -> None:
        repository = await discover(root)
        pool = WorktreePool(repository, root / ".plait/worktrees", state=root / ".plait")
        if broken is not None:
            with pytest.raises(GitFailed, match=r"layers-w1/upper"):
                await pool.leftover("w1")
            return
        commit = await pool.leftover("w1")
        assert git(root, "show", "--format=", "--name-status", str(commit)) == "A\tprecious"

    (template,) = (root / ".plait/worktrees").glob(".template-*")
    template.rename(root / "away")
    run_main(look, template)
    (root / "away").rename(template)
    run_main(look, None)


def test_one_that_somebody_lives_in_is_shown_elsewhere(root):
    """It is not used again, and what is in it can be looked at and removed."""

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        write(workspace.path, {"precious": "work"})
        with (workspace.path / "src/a.py").open():
            await pool.close(workspace, reusable=False)
        aside = workspace.path.with_name(f".retired-{workspace.slot}")
        assert (aside / "precious").read_text() == "work"
        assert (await pool.open(base)).slot != workspace.slot
        await pool.remove_slot(workspace.slot, "refs/plait/keep/x")
        assert not aside.exists()

    with_pool(root, use)
    assert git(root, "show", f"{RECOVERED}w1:precious") == "work"


def test_bases_far_apart_have_templates_of_their_own(root):
    """What is mounted over one does not change while another comes to be; idle ones are reused."""
    write(root, {f"many/{number}": f"{number}\n" for number in range(100)})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "many")
    far, base = (git(root, "rev-parse", name) for name in ("HEAD", "HEAD^"))

    async def use(pool: WorktreePool, _head: str) -> None:
        for _ in range(3):
            one, other = await pool.open(base), await pool.open(far)
            assert sorted(path.name for path in one.path.iterdir()) == [".git", "docs", "src"]
            assert len(list((other.path / "many").iterdir())) == 100
            for workspace, names in ((one, ["new"]), (other, ["many/1", "new"])):
                write(workspace.path, dict.fromkeys(names, "n\n"))
                work = await pool.commit(workspace, onto=workspace.base, message="w")
                assert [change.path for change in work.changes] == names
                await pool.close(workspace)
        assert len(list((root / ".plait/worktrees").glob(".template-*"))) == 2

    with_pool(root, use)
    assert not list((root / ".plait/worktrees").glob(".template-*"))


def test_a_template_that_was_spoilt_reaches_no_check(root):
    """What is checked is looked at as a whole: it is the commit, whatever lies below."""

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        (template,) = (root / ".plait/worktrees").glob(".template-*")
        (template / "tree/src/a.py").write_text("a = 9\n")
        await pool.checkout(workspace, base)
        assert (workspace.path / "src/a.py").read_text() == "a = 1\n"

    with_pool(root, use)
