"""Lock files of killed gits: Plait's own go, all others stay and are told of."""

from __future__ import annotations

import pytest
from tests.fakes.repositories import make_repository

from plait.errors import ExitCode
from plait.git import clear_stale_locks, discover
from plait.git.command import GitLocked
from plait.process import run_main


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository; nobody's git configuration applies."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return make_repository(tmp_path / "repo", {"a": "a\n"})


def test_locks_of_refs_that_only_plait_writes_are_taken_away(root):
    """Those of its own refs and of the run's branch; not the user's."""
    refs = root / ".git/refs"
    own = [
        refs / "heads/feat/x.lock",
        refs / "plait/keep/r/p/1.lock",
        refs / "heads/plait/r/p.lock",
    ]
    theirs = [refs / "heads/main.lock", root / ".git/index.lock", root / ".git/packed-refs.lock"]
    for lock in (*own, *theirs):
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()

    async def main() -> None:
        repository = await discover(root)
        assert set(await clear_stale_locks(repository, "feat/x")) == set(own)
        assert await clear_stale_locks(repository, "feat/x") == ()
        assert await clear_stale_locks(repository) == ()

    run_main(main)
    assert [lock.exists() for lock in (*own, *theirs)] == [False] * 3 + [True] * 3


def test_a_lock_in_the_way_is_named_with_what_to_do(root):
    """GIT_LOCKED, exit code 4, the file, and a hint."""
    lock = root / ".git/packed-refs.lock"
    lock.touch()

    async def main() -> None:
        repository = await discover(root)
        await repository.publish("refs/plait/x", repository.head)
        with pytest.raises(GitLocked) as met:
            await repository.delete_refs(["refs/plait/x"])
        assert (met.value.code, met.value.where) == ("GIT_LOCKED", str(lock))
        assert met.value.exit_code is ExitCode.ENVIRONMENT
        assert "delete this file" in met.value.hint

    run_main(main)
