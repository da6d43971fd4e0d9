"""The pool of worktrees: crashes, hostile agents, other processes, and clean-up."""

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.fakes.repositories import fingerprint, git, make_repository, write

from plait.errors import EnvironmentLack, PlaitError
from plait.git import Repository, WorktreePool, discover
from plait.git.slots import RECOVERED
from plait.git.trash import discard
from plait.ports import Workspace
from plait.process import run_main

FILES = {"src/a.py": "a = 1\n", "docs/b.md": "b\n"}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository; nobody's git configuration applies."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return make_repository(tmp_path / "repo", FILES)


def pool_of(repository: Repository) -> WorktreePool:
    """The pool as Plait lays it out."""
    state = repository.root / ".plait"
    return WorktreePool(repository, state / "worktrees", state=state)


def with_pool(root: Path, use: Callable[[WorktreePool, str], Awaitable[None]]) -> None:
    """Use a pool of a repository from its beginning to its end."""

    async def main() -> None:
        (root / ".plait").mkdir(exist_ok=True)
        repository = await discover(root, state=root / ".plait")
        async with pool_of(repository) as pool:
            await use(pool, repository.head)

    run_main(main)


def spy(folder: Path) -> tuple[Path, Path]:
    """A program, and the file that betrays that it ran."""
    traces = folder / "planted"
    program = folder / "spy"
    program.write_text(f"#!/bin/sh\ntouch {traces}\ncat\n")
    program.chmod(0o755)
    return program, traces


def plant_commondir(tree: Path, program: Path) -> None:
    """An agent's own common folder, with a program as its fsmonitor."""
    admin = Path(git(tree, "rev-parse", "--absolute-git-dir"))
    evil = tree.parent / "evil"
    git(tree, "clone", "-q", "--bare", str(admin.parent.parent), str(evil))
    git(evil, "config", "core.fsmonitor", str(program))
    git(evil, "config", "core.bare", "false")
    (admin / "commondir").write_text(f"{evil}\n")


def plant_git_file(tree: Path, program: Path) -> None:
    """A .git file that leads to a repository of the agent's."""
    git(tree.parent, "clone", "-q", "--bare", str(tree), "evil")
    git(tree.parent / "evil", "config", "core.fsmonitor", str(program))
    git(tree.parent / "evil", "config", "core.bare", "false")
    git(tree.parent / "evil", "config", "core.worktree", str(tree))
    (tree / ".git").write_text(f"gitdir: {tree.parent}/evil\n")


def plant_worktree_settings(tree: Path, program: Path) -> None:
    """A configuration of this worktree, with a filter that an attributes file applies."""
    admin = Path(git(tree, "rev-parse", "--absolute-git-dir"))
    settings = f'[filter "x"]\n clean = {program}\n[core]\n fsmonitor = {program}\n'
    (admin / "config.worktree").write_text(settings)
    write(tree, {".gitattributes": "*.py filter=x\n"})


def plant_nested_repository(tree: Path, program: Path) -> None:
    """A repository inside, whose filter runs when git looks whether it is dirty."""
    git(tree, "init", "-q", "sub")
    sub = tree / "sub"
    write(sub, {"f": "AAAA", ".gitattributes": "f filter=x\n"})
    git(sub, "add", "-A")
    git(sub, "-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "x")
    git(sub, "config", "filter.x.clean", str(program))
    git(tree, "add", "sub")
    write(sub, {"f": "BBBB"})


ATTACKS = {
    plant_commondir: ["status"],
    plant_git_file: ["status"],
    plant_worktree_settings: ["add", "-A"],
    plant_nested_repository: ["add", "-A"],
}


@pytest.mark.parametrize("plant", ATTACKS)
def test_no_planted_program_runs(root, tmp_path, plant):
    """What an agent wrote into git's files of its worktree is never executed by Plait."""
    git(root, "config", "extensions.worktreeConfig", "true")
    program, traces = spy(tmp_path)

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        write(workspace.path, {"src/a.py": "a = 2\n"})
        plant(workspace.path, program)
        git(workspace.path, *ATTACKS[plant], check=False)
        assert traces.exists(), "the trap does not work"
        traces.unlink()
        write(workspace.path, {"src/a.py": "a = 3\n"})
        await pool.keep(workspace, "refs/plait/keep/x")
        work = await pool.commit(workspace, onto=base, message="work")
        assert "src/a.py" in {change.path for change in work.changes}
        await pool.checkout(workspace, work.commit)
        await pool.close(workspace)
        again = await pool.open(base)
        assert (again.path / "src/a.py").read_text() == "a = 1\n"
        assert git(again.path, "rev-parse", "--git-common-dir") == str(root / ".git")
        assert not traces.exists()

    with_pool(root, use)
    assert not traces.exists()


@pytest.mark.parametrize("name", ["index", "HEAD", "logs/HEAD", "logs", "refs"])
@pytest.mark.parametrize("hard", [False, True])
def test_a_planted_link_leads_no_write_elsewhere(root, tmp_path, name, hard):
    """Git's files of a worktree may be links to others of the user's: these stay as they are."""
    victim = tmp_path / "victim"
    victim.write_text("mine\n")

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        write(workspace.path, {"new": "x"})
        planted = Path(git(workspace.path, "rev-parse", "--absolute-git-dir")) / name
        discard(planted)
        (planted.hardlink_to if hard else planted.symlink_to)(victim)
        await pool.keep(workspace, "refs/plait/keep/x")
        work = await pool.commit(workspace, onto=base, message="work")
        assert [change.path for change in work.changes] == ["new"]
        await pool.checkout(workspace, work.commit)
        await pool.close(workspace)

    with_pool(root, use)
    assert victim.read_text() == "mine\n"


@pytest.mark.parametrize("used", [False, True])
def test_what_a_slot_left_lent_by_a_crash_holds_is_kept(root, used):
    """Kill -9 of the orchestrator: the agent's files are under a ref, and its worktree is gone.

    If somebody works in it still, it is set aside instead, and not used again.
    """
    script = (
        "import os, pathlib\n"
        "from plait.process import run_main\n"
        "from tests.integration.test_worktree import pool_of\n"
        "from plait.git import discover\n"
        "async def main():\n"
        "    repository = await discover(pathlib.Path.cwd())\n"
        "    async with pool_of(repository) as pool:\n"
        "        workspace = await pool.open(repository.head)\n"
        "        (workspace.path / 'precious').write_text('work')\n"
        "        await pool.close(await pool.open(repository.head))\n"
        "        os.kill(os.getpid(), 9)\n"
        "run_main(main)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], cwd=root, env=env, check=False)
    assert done.returncode == -9

    async def use(pool: WorktreePool, base: str) -> None:
        states = {state.name: state for state in pool.list_slots()}
        assert ("w1" in states) == used
        assert not states["w2"].retired
        workspace = await pool.open(base)
        assert workspace.slot == "w2"
        assert not (workspace.path / "precious").exists()
        if used:
            assert states["w1"].retired
            assert (states["w1"].path / "precious").read_text() == "work"
            assert await pool.remove_slot("w1", None) is None  # it is kept already
        else:
            assert (await pool.open(base)).slot == "w1"

    with ExitStack() as files:
        if used:
            files.enter_context((root / ".plait/worktrees/w1/precious").open())
        with_pool(root, use)
    assert not list((root / ".plait/worktrees").glob("*/precious"))
    assert git(root, "show", f"{RECOVERED}w1:precious") == "work"


def test_two_pools_do_not_share_a_slot(root):
    """Another process on the same repository gets other slots."""

    async def main() -> None:
        repository = await discover(root)
        async with pool_of(repository) as one, pool_of(repository) as other:
            first = await one.open(repository.head)
            second = await other.open(repository.head)
            assert first.path != second.path
            assert {state.in_use for state in one.list_slots()} == {True}
            await one.close(first)
        async with pool_of(repository) as third:
            assert (await third.open(repository.head)).slot == first.slot

    run_main(main)


def test_a_users_worktree_of_the_same_name_is_left_alone(root, tmp_path):
    """Names that git already uses are passed over."""
    git(root, "worktree", "add", "-q", "-b", "mine", str(tmp_path / "w1"))
    write(tmp_path / "w1", {"mine": "x"})

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        assert workspace.slot == "w2"
        await pool.close(workspace)

    with_pool(root, use)
    assert (tmp_path / "w1/mine").exists()
    assert git(tmp_path / "w1", "branch", "--show-current") == "mine"


def test_a_pool_works_from_a_linked_worktree_of_a_bare_repository(root, tmp_path):
    """Where the common folder is bare, slots are made and committed all the same."""
    git(root, "clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    git(tmp_path / "bare.git", "worktree", "add", "-q", str(tmp_path / "linked"), "main")

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        write(workspace.path, {"new": "x"})
        work = await pool.commit(workspace, onto=base, message="work")
        assert [change.path for change in work.changes] == ["new"]

    with_pool(tmp_path / "linked", use)


def test_submodules_of_one_agent_do_not_reach_the_next(root, tmp_path):
    """What was put into a submodule's folder is gone with its agent."""
    make_repository(tmp_path / "library")
    options = ("-c", "protocol.file.allow=always")
    git(root, *options, "submodule", "--quiet", "add", str(tmp_path / "library"), "lib")
    git(root, "commit", "-qm", "lib")

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        git(workspace.path, *options, "submodule", "--quiet", "update", "--init")
        write(workspace.path, {"lib/planted": "x"})
        work = await pool.commit(workspace, onto=base, message="work")
        assert work.changes == ()
        await pool.close(workspace)
        again = await pool.open(base)
        assert list((again.path / "lib").iterdir()) == []

    with_pool(root, use)


def test_filters_of_the_user_apply(root):
    """What the user's configuration cleans and smudges is cleaned and smudged."""
    git(root, "config", "filter.caps.clean", "tr a-z A-Z")
    git(root, "config", "filter.caps.smudge", "tr A-Z a-z")
    write(root, {".gitattributes": "*.caps filter=caps\n", "one.caps": "text"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "caps")

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        assert (workspace.path / "one.caps").read_text() == "text"
        write(workspace.path, {"two.caps": "more"})
        work = await pool.commit(workspace, onto=base, message="work")
        assert git(root, "show", f"{work.commit}:two.caps") == "MORE"

    with_pool(root, use)


def test_hooks_do_not_run(root, tmp_path):
    """Neither checkout nor commit runs a hook of the repository."""
    program, traces = spy(tmp_path)
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change"):
        (root / ".git/hooks" / name).symlink_to(program)

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        write(workspace.path, {"new": "x"})
        work = await pool.commit(workspace, onto=base, message="work")
        await pool.publish("refs/heads/plait/x", work.commit)

    with_pool(root, use)
    assert not traces.exists()


def test_a_commit_carries_the_users_identity_and_the_message(root):
    """Author, committer and message are as asked, in UTF-8."""

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        write(workspace.path, {"new": "x"})
        work = await pool.commit(workspace, onto=base, message="größer\n\nPlait-Run: 1\n")
        told = git(root, "log", "-1", "--format=%an <%ae> %cn <%ce>%n%B", work.commit)
        assert told == "Ada <ada@example.org> Ada <ada@example.org>\ngrößer\n\nPlait-Run: 1"

    with_pool(root, use)


def test_a_base_that_is_no_commit_is_told(root):
    """The failure is git's, typed; the pool works on."""

    async def use(pool: WorktreePool, base: str) -> None:
        with pytest.raises(PlaitError) as caught:
            await pool.open("0" * 40)
        assert caught.value.code == "GIT_FAILED"
        assert (await pool.open(base)).slot == "w1"

    with_pool(root, use)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted by root alone")
def test_a_full_disk_is_told_and_nothing_of_the_users_is_harmed(root, tmp_path):
    """DISK_FULL from a real disk that is full."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "plait-test", str(small)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        write(root, {"big": "x" * 1_000_000})
        git(root, "add", "-A")
        git(root, "commit", "-qm", "big")
        before = fingerprint(root)

        async def main() -> None:
            repository = await discover(root)
            async with WorktreePool(repository, small / "w", state=root / ".plait") as pool:
                with pytest.raises(EnvironmentLack) as caught:
                    await pool.open(repository.head)
                assert caught.value.code == "DISK_FULL"

        run_main(main)
        assert fingerprint(root) == before
    finally:
        subprocess.run(["umount", str(small)], check=True)


async def set_aside(pool: WorktreePool, workspace: Workspace) -> Path:
    """Give a workspace back while somebody uses it; where its tree lies then."""
    with (workspace.path / "src/a.py").open():
        await pool.close(workspace, reusable=False)
    return workspace.path.with_name(f".retired-{workspace.slot}")


@pytest.mark.parametrize("full", [False, True])
def test_what_may_not_be_used_again_is_kept_and_removed(root, monkeypatch, full):
    """On a full disk it stays as it is, and the next pool does that."""

    async def begin(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        write(workspace.path, {"precious": "work"})
        if full:
            monkeypatch.setattr("plait.git.slots.keep_beside", refuse)
        await pool.close(workspace, reusable=False)
        assert workspace.path.exists() == full
        assert (await pool.open(base)).slot == ("w2" if full else "w1")

    async def refuse(*_args: object) -> None:
        raise EnvironmentLack("the disk is full", code="DISK_FULL")

    async def look(pool: WorktreePool, _base: str) -> None:
        assert "w1" not in {state.name for state in pool.list_slots() if state.lent}

    with_pool(root, begin)
    monkeypatch.undo()
    with_pool(root, look)
    assert git(root, "show", f"{RECOVERED}w1:precious") == "work"
    assert not list((root / ".plait/worktrees").glob("*/precious"))


def test_a_slot_with_work_that_is_nowhere_else_is_not_removed(root):
    """Refused without a ref to keep it; with one, kept there, then removed with its metadata."""

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        with pytest.raises(PlaitError) as caught:
            await pool.remove_slot(workspace.slot, "refs/plait/keep/clean/w1")
        assert caught.value.code == "SLOT_IN_USE"
        aside = await set_aside(pool, workspace)
        write(aside, {"precious": "work"})
        with pytest.raises(PlaitError) as caught:
            await pool.remove_slot(workspace.slot, None)
        assert caught.value.code == "SLOT_NOT_SAFE"
        assert await pool.remove_slot("w1", "refs/plait/keep/c") == "refs/plait/keep/c"
        assert pool.list_slots() == ()

    with_pool(root, use)
    assert git(root, "show", "refs/plait/keep/c:precious") == "work"
    assert git(root, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert list((root / ".plait/worktrees").iterdir()) == []


def test_commits_that_no_ref_leads_to_count_as_work(root):
    """An agent's commit that only its worktree's HEAD knows is kept before the slot goes."""

    async def use(pool: WorktreePool, base: str) -> None:
        workspace = await pool.open(base)
        aside = await set_aside(pool, workspace)
        write(aside, {"precious": "work"})
        git(aside, "add", "-A")
        git(aside, "commit", "-qm", "mine")
        assert await pool.remove_slot("w1", "refs/plait/keep/c") == "refs/plait/keep/c"

    with_pool(root, use)
    assert git(root, "log", "-1", "--format=%s", "refs/plait/keep/c") == "mine"


def test_a_kept_ref_is_not_overwritten_by_the_next_clean_up(root):
    """The same slot name twice gives two refs."""

    async def use(pool: WorktreePool, base: str) -> None:
        kept = []
        for text in ("one", "two"):
            workspace = await pool.open(base)
            write(await set_aside(pool, workspace), {"precious": text})
            kept.append(await pool.remove_slot(workspace.slot, "refs/plait/keep/c"))
        assert [git(root, "show", f"{ref}:precious") for ref in kept] == ["one", "two"]

    with_pool(root, use)


def test_a_slot_that_holds_nothing_new_is_removed_without_a_ref(root):
    """A clean free slot goes; nothing is kept."""

    async def use(pool: WorktreePool, base: str) -> None:
        await pool.close(await pool.open(base))
        assert await pool.remove_slot("w1", None) is None
        assert (await pool.open(base)).slot == "w1"

    with_pool(root, use)
    assert git(root, "for-each-ref", "refs/plait") == ""


def test_free_worktrees_go_and_those_in_use_or_not_safe_stay(root):
    """What was put away goes with what checks left; what a pool finds it looks at first."""

    async def before(pool: WorktreePool, base: str) -> None:
        spaces = [await pool.open(base) for _ in range(2)]
        for space in spaces:
            await pool.close(space)
        (root / ".plait/worktrees/w2/mine").write_text("somebody's")

    async def use(pool: WorktreePool, base: str) -> None:
        # w1 and w2 are free; the last is lent first
        first, second, third = [await pool.open(base) for _ in range(3)]
        assert {each.slot for each in (first, second, third)} == {"w1", "w2", "w3"}
        (first.path / "left-by-a-check").write_text("x")
        await pool.close(first)
        await pool.close(second)
        await pool.remove_free(patience_s=20)
        assert [each.name for each in pool.list_slots()] == [third.slot]
        await pool.close(third)

    async def found(pool: WorktreePool, _base: str) -> None:
        (root / ".plait/worktrees/w3/mine").write_text("somebody's")
        (root / ".plait/slots/w9").mkdir()  # a crash came while it was being removed
        await pool.remove_free(patience_s=20)

    with_pool(root, before)
    with_pool(root, use)
    with_pool(root, found)
    assert [each.name for each in (root / ".plait/worktrees").iterdir()] == ["w3"]
    assert [each.name for each in (root / ".plait/slots").iterdir()] == ["w3"]
    assert (root / ".plait/worktrees/w3/mine").read_text() == "somebody's"
    assert len(git(root, "worktree", "list").splitlines()) == 2
