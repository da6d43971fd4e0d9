"""Worktrees whose agents outlived the pool that lent them."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fakes.repositories import git, make_repository

from plait.errors import PlaitError
from plait.git import WorktreePool, discover
from plait.ports import Workspace
from plait.process import run_main


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository; nobody's git configuration applies."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return make_repository(tmp_path / "repo", {"a": "a\n"})


async def left(root: Path, lock: Path) -> Workspace:
    """A workspace that its pool never got back, with something in it."""
    repository = await discover(root)
    state = root / ".plait"
    async with WorktreePool(repository, state / "worktrees", state=state) as pool:
        workspace = await pool.open(repository.head)
        pool.inhabit(workspace, lock)
        (workspace.path / "made").write_text("work\n")
    return workspace


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Somebody lives: the lock is held."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("lives", [True, False])
def test_what_is_adopted_stays_where_it_is(root, tmp_path, lives):
    """The same workspace at the same base, whether or not its agent still lives."""

    async def main() -> None:
        before = await left(root, tmp_path / "lock")
        repository = await discover(root)
        state = root / ".plait"
        pool = WorktreePool(repository, state / "worktrees", state=state, adopted=[before.path])
        async with pool:
            assert pool.adopt(before.path) == before
            assert (await pool.open(repository.head)).slot != before.slot
            work = await pool.commit(before, onto=repository.head, message="work")
            assert [change.path for change in work.changes] == ["made"]
            await pool.close(before)
            assert (await pool.open(repository.head)).slot == before.slot

    if lives:
        with held(tmp_path / "lock"):
            run_main(main)
    else:
        run_main(main)


def test_a_pool_that_does_not_adopt_leaves_a_living_agent_its_worktree(root, tmp_path):
    """It is in use: neither lent nor retired nor removed; once nobody lives there, put away."""

    async def main() -> None:
        before = await left(root, tmp_path / "lock")
        repository = await discover(root)
        state = root / ".plait"
        with held(tmp_path / "lock"):
            async with WorktreePool(repository, state / "worktrees", state=state) as pool:
                assert [slot.in_use for slot in pool.list_slots()] == [True]
                with pytest.raises(PlaitError) as caught:
                    await pool.remove_slot(before.slot, "refs/plait/keep/x")
                assert caught.value.code == "SLOT_IN_USE"
                assert (await pool.open(repository.head)).slot != before.slot
            assert (before.path / "made").read_text() == "work\n"
        async with WorktreePool(repository, state / "worktrees", state=state) as pool:
            assert pool.adopt(before.path) is None

    run_main(main)
    assert git(root, "show", "refs/plait/keep/recovered/w1:made") == "work"
