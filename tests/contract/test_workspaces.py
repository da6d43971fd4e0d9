"""What every Workspaces adapter does. Real git below: an agent's traps are real commands."""

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import anyio
import pytest
from tests.fakes.repositories import fingerprint, git, make_repository, unmount_all, write
from tests.fakes.traps import DIRT, NESTED, TRAPS

from plait.errors import PlaitError
from plait.git import Layout, WorktreePool, discover, overlay_lack
from plait.ports import Work, Workspace, Workspaces
from plait.process import run_main

Build = Callable[[Path], AbstractAsyncContextManager[Workspaces]]

FILES = {
    "src/a.py": "a = 1\n",
    "src/b.py": "b = 1\n",
    "tool.sh": "#!/bin/sh\n",
    "docs/readme.md": "hello\n",
    ".gitignore": "*.log\nbuild/\nsecret.env\n",
}


class _Pool:
    """The pool of worktrees on a repository, entered in one step."""

    backend = "pool"

    def __init__(self, root: Path) -> None:
        self.root = root

    async def __aenter__(self) -> Workspaces:
        state = self.root / ".plait"
        state.mkdir(exist_ok=True)
        repository = await discover(self.root, state=state)
        layout = Layout(backend=self.backend)
        self.pool = WorktreePool(repository, state / "worktrees", state=state, layout=layout)
        return await self.pool.__aenter__()

    async def __aexit__(self, *exception) -> None:
        await self.pool.__aexit__(*exception)


class _Overlay(_Pool):
    """The same, each mounted over a checkout that all share."""

    backend = "overlay"


class _Fresh(_Pool):
    """The same, each used once."""

    backend = "fresh"


@pytest.fixture(params=[_Pool, _Overlay, _Fresh], ids=["pool", "overlay", "fresh"])
def build(request, tmp_path) -> Build:
    """One adapter after another."""
    if request.param is _Overlay and (lack := overlay_lack(tmp_path)):
        pytest.skip(lack)
    built: Build = request.param
    return built


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository; nobody's git configuration applies."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = make_repository(tmp_path / "repo", FILES)
    write(root, {".plait/.gitignore": "*\n"})
    yield root
    unmount_all(root)


def base_of(root: Path) -> str:
    """The commit of `main`."""
    return git(root, "rev-parse", "main")


def work_of(build: Build, root: Path, agent: Callable[[Path], object]) -> Work:
    """What an agent's doings come to, as the pool commits them."""

    async def main() -> Work:
        async with build(root) as workspaces:
            workspace = await workspaces.open(base_of(root))
            agent(workspace.path)
            work = await workspaces.commit(workspace, onto=base_of(root), message="work\n")
            assert git(workspace.path, "rev-parse", "HEAD") == work.commit
            assert git(workspace.path, "status", "--porcelain") == ""
            assert git(workspace.path, "branch", "--show-current") == ""
            await workspaces.close(workspace)
            return work

    before = fingerprint(root)
    work = run_main(main)
    assert fingerprint(root) == before
    assert "error" not in git(root, "fsck", "--strict", "--no-dangling")
    return work


def told(work: Work) -> set[tuple[str, str]]:
    """Status and path of each change."""
    return {(change.status, change.path) for change in work.changes}


def shell(script: str) -> Callable[[Path], object]:
    """An agent that is a shell script."""

    def agent(folder: Path) -> None:
        code = os.waitstatus_to_exitcode(os.system(f"cd '{folder}' && exec >/dev/null\n{script}"))
        assert code == 0

    return agent


@pytest.mark.parametrize("how", TRAPS)
def test_a_write_shows_however_it_was_done(build, root, how):
    """Changes are exactly what is on disk and not ignored, against the merge base."""
    script, expected = TRAPS[how]
    work = work_of(build, root, shell(script))
    assert told(work) == expected
    assert {path for _, path in expected} <= work.touched
    assert work.base == base_of(root)


def test_modes_are_told(build, root):
    """Old and new mode stand in a change: executable, link, submodule, absent."""
    work = work_of(build, root, shell(f"chmod +x tool.sh; ln -s x link; ({NESTED})"))
    modes = {change.path: (change.old_mode, change.new_mode) for change in work.changes}
    assert modes == {
        "tool.sh": ("100644", "100755"),
        "link": ("000000", "120000"),
        "sub": ("000000", "160000"),
    }


def test_what_was_taken_back_is_still_touched(build, root):
    """A commit outside the scope that a later one reverts is seen in touched alone."""
    script = (
        "echo x >> docs/readme.md; git commit -qam 1; git revert --no-edit HEAD; echo y > src/new"
    )
    work = work_of(build, root, shell(script))
    assert told(work) == {("A", "src/new")}
    assert work.touched == {"docs/readme.md", "src/new"}


def test_what_a_merge_changes_of_its_own_is_touched(build, root):
    """A merge commit with changes of neither parent does not hide them."""
    script = (
        "git checkout -q -b plait/one; echo 1 > src/one; git add -A; git commit -qm 1;"
        "git checkout -q -b plait/two HEAD^; echo 2 > src/two; git add -A; git commit -qm 2;"
        "git merge -q --no-commit plait/one; echo evil > docs/readme.md;"
        "git add -A; git commit -qm m;"
        "git checkout -q HEAD^ -- docs/readme.md; git commit -qm back"
    )
    work = work_of(build, root, shell(script))
    assert work.touched == {"src/one", "src/two", "docs/readme.md"}


def test_nothing_done_is_the_base_itself(build, root):
    """Without a change there is no commit."""
    work = work_of(build, root, lambda folder: None)
    assert (work.commit, work.changes, work.touched) == (base_of(root), (), frozenset())


def test_ignored_files_are_listed_and_not_committed(build, root):
    """They are named, a folder with a slash."""
    work = work_of(build, root, shell("mkdir build; echo x > build/out; echo y > src/x.log"))
    assert work.changes == ()
    assert set(work.ignored) == {"build/", "src/x.log"}


def test_a_tracked_file_can_be_made_an_ignored_one(build, root):
    """`git rm --cached` and an ignore rule delete it from the tree, not from the disk."""
    script = "echo docs/ >> .gitignore; git rm -q --cached docs/readme.md"
    assert told(work_of(build, root, shell(script))) == {
        ("M", ".gitignore"),
        ("D", "docs/readme.md"),
    }


def test_unrelated_history_is_refused(build, root):
    """A HEAD that shares nothing with the branch is no work on it."""
    script = "git checkout -q --orphan lost; git commit -qm lost"
    with pytest.raises(PlaitError) as caught:
        work_of(build, root, shell(script))
    assert caught.value.code == "HISTORY_UNRELATED"


def test_the_base_is_the_merge_base_with_where_the_branch_is_now(build: Build, root: Path) -> None:
    """A branch that moved meanwhile does not show as the agent's changes."""

    async def main() -> Work:
        async with build(root) as workspaces:
            base = base_of(root)
            workspace = await workspaces.open(base)
            write(workspace.path, {"src/new.py": ""})
            moved = git(root, "commit-tree", "-p", base, "-m", "other", f"{base}^{{tree}}")
            return await workspaces.commit(workspace, onto=moved, message="work")

    work: Work = run_main(main)
    assert work.base == base_of(root)
    assert told(work) == {("A", "src/new.py")}


def test_a_name_that_no_tree_can_hold_is_told(build, root):
    """It is refused with git's words, not left out in silence."""
    with pytest.raises(PlaitError, match="git~1"):
        work_of(build, root, shell("echo x > git~1"))


def test_such_a_name_does_not_keep_the_rest_from_being_kept(build, root):
    """The snapshot holds what can be held."""

    async def main() -> None:
        async with build(root) as workspaces:
            workspace = await workspaces.open(base_of(root))
            write(workspace.path, {"git~1": "x", "precious": "y"})
            await workspaces.keep(workspace, "refs/plait/keep/x")

    run_main(main)
    kept = git(root, "ls-tree", "-r", "--name-only", "refs/plait/keep/x").splitlines()
    assert set(kept) == {*FILES, "precious"}


@pytest.mark.parametrize("dirt", DIRT)
def test_a_worktree_given_back_is_clean_for_the_next(build, root, dirt):
    """Whatever one agent left, the next finds exactly the commit it asked for."""
    git(root, "config", "extensions.worktreeConfig", "true")  # so that no agent need set it
    second = git(root, "commit-tree", "-p", base_of(root), "-m", "2", f"{base_of(root)}^{{tree}}")

    async def main() -> None:
        async with build(root) as workspaces:
            first = await workspaces.open(base_of(root))
            shell(DIRT[dirt])(first.path)
            await workspaces.close(first)
            workspace = await workspaces.open(second)
            assert pristine(root, workspace)

    def pristine(root: Path, workspace: Workspace) -> bool:
        assert git(workspace.path, "rev-parse", "HEAD") == second
        assert git(workspace.path, "branch", "--show-current") == ""
        assert "in progress" not in git(workspace.path, "status")
        assert git(workspace.path, "status", "--porcelain", "--ignored") == ""
        found = {
            str(path.relative_to(workspace.path)): path.read_text()
            for path in workspace.path.rglob("*")
            if path.is_file() and path.name != ".git"
        }
        assert found == FILES
        return True

    run_main(main)


def test_checkout_leaves_exactly_the_commit(build, root):
    """For a check the tree is the commit: ignored and untracked files are gone."""

    async def main() -> None:
        async with build(root) as workspaces:
            workspace = await workspaces.open(base_of(root))
            write(workspace.path, {"src/new.py": "n = 1\n", "build/out": "x", "a.log": "y"})
            work = await workspaces.commit(workspace, onto=base_of(root), message="work")
            write(workspace.path, {"src/later.py": ""})
            await workspaces.checkout(workspace, work.commit)
            names = {path.name for path in workspace.path.rglob("*") if path.is_file()}
            assert names == {Path(name).name for name in FILES} | {"new.py", ".git"}
            assert git(workspace.path, "rev-parse", "HEAD") == work.commit

    run_main(main)


def test_what_was_committed_is_set_back_to_changes_that_nobody_committed(build, root):
    """Files stay as they were; what is taken back afterwards is in no commit."""

    async def main() -> None:
        async with build(root) as workspaces:
            workspace = await workspaces.open(base_of(root))
            shell("echo 1 > one; git add -A; git commit -qm 1; echo 2 > two")(workspace.path)
            work = await workspaces.commit(workspace, onto=base_of(root), message="work")
            await workspaces.checkout(workspace, work.commit)
            await workspaces.uncommit(workspace)
            assert git(workspace.path, "rev-parse", "HEAD") == base_of(root)
            assert git(workspace.path, "status", "--porcelain").splitlines() == ["?? one", "?? two"]
            (workspace.path / "one").unlink()
            again = await workspaces.commit(workspace, onto=base_of(root), message="again")
            assert again.touched == {"two"}
            assert git(root, "log", "--format=%s", again.commit).splitlines() == ["again", "first"]

    run_main(main)


def test_what_is_laid_into_a_worktree_are_changes_that_nobody_committed(build, root):
    """The files are those of the commit, HEAD is the base, and what lies beside stays."""
    base = base_of(root)
    git(root, "checkout", "-q", "--detach")
    git(root, "rm", "-q", "src/b.py")
    write(root, {"src/a.py": "a = 2\n", "new/c.py": "c = 1\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "other")
    other = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "-q", "main")

    async def main() -> None:
        async with build(root) as workspaces:
            workspace = await workspaces.open(base)
            write(workspace.path, {"build/made": "x"})
            await workspaces.lay(workspace, other)
            told = git(workspace.path, "status", "--porcelain", "--untracked-files=all")
            assert told.split() == ["M", "src/a.py", "D", "src/b.py", "??", "new/c.py"]
            assert git(workspace.path, "rev-parse", "HEAD") == base
            assert (workspace.path / "build/made").exists()
            work = await workspaces.commit(workspace, onto=base, message="laid")
            assert git(root, "rev-parse", f"{work.commit}^{{tree}}") == git(
                root, "rev-parse", f"{other}^{{tree}}"
            )
            await workspaces.close(workspace)

    run_main(main)


def test_keep_saves_untracked_files_and_commits_and_changes_nothing(build, root):
    """The hidden ref holds all that is not ignored; the worktree does not notice."""

    async def main() -> None:
        async with build(root) as workspaces:
            workspace = await workspaces.open(base_of(root))
            shell(
                "echo 1 > one; git add -A; git commit -qm 1;"
                "echo 2 > two; git add two; echo 3 > three"
            )(workspace.path)
            write(workspace.path, {"a.log": "ignored"})
            before = (
                git(workspace.path, "status", "--porcelain", "--branch"),
                git(workspace.path, "log"),
            )
            assert await workspaces.keep(workspace, "refs/plait/keep/x") == "refs/plait/keep/x"
            assert before == (
                git(workspace.path, "status", "--porcelain", "--branch"),
                git(workspace.path, "log"),
            )

    run_main(main)
    kept = git(root, "ls-tree", "-r", "--name-only", "refs/plait/keep/x").splitlines()
    assert set(kept) == {*FILES, "one", "two", "three"}
    assert git(root, "log", "--format=%s", "refs/plait/keep/x").splitlines()[1:] == ["1", "first"]


def test_there_is_nothing_to_keep_of_an_untouched_worktree(build, root):
    """No ref is made for what equals its base."""

    async def main() -> None:
        async with build(root) as workspaces:
            workspace = await workspaces.open(base_of(root))
            assert await workspaces.keep(workspace, "refs/plait/keep/x") is None

    run_main(main)
    assert git(root, "for-each-ref", "refs/plait") == ""


def test_only_own_refs_are_published(build, root):
    """The user's branches are refused, Plait's are moved."""

    async def main() -> None:
        async with build(root) as workspaces:
            await workspaces.publish("refs/heads/plait/run/a", base_of(root))
            for ref in ("refs/heads/main", "refs/heads/plait", "HEAD", "refs/plaited/x"):
                with pytest.raises(PlaitError):
                    await workspaces.publish(ref, base_of(root))

    run_main(main)
    assert git(root, "rev-parse", "plait/run/a") == base_of(root)


def test_what_is_not_reusable_is_never_lent_again(build, root):
    """A slot that a process may live in stays out of the way, its content with it."""

    async def main() -> None:
        async with build(root) as workspaces:
            first = await workspaces.open(base_of(root))
            write(first.path, {"work": "precious"})
            os.chdir(first.path)  # like a process that lives on in it
            try:
                await workspaces.close(first, reusable=False)
                second = await workspaces.open(base_of(root))
                write(Path(), {"late": "from the dead"})
            finally:
                os.chdir(root)
            assert second.slot != first.slot
            assert not (second.path / "late").exists()
            assert not (second.path / "work").exists()

    run_main(main)


def test_many_worktrees_are_opened_at_once(build, root):
    """Sixteen at the same moment: each has its own place, all are whole."""

    async def main() -> None:
        async with build(root) as workspaces:
            opened: list[Workspace] = []

            async def one() -> None:
                opened.append(await workspaces.open(base_of(root)))

            async with anyio.create_task_group() as group:
                for _ in range(16):
                    group.start_soon(one)
            assert len({workspace.path for workspace in opened}) == 16
            for workspace in opened:
                assert git(workspace.path, "status", "--porcelain") == ""
                assert (workspace.path / "src/a.py").exists()
                await workspaces.close(workspace)

    before = fingerprint(root)
    run_main(main)
    assert fingerprint(root) == before
    assert git(root, "fsck", "--strict") == ""


# What an agent leaves, and what the branch came to hold meanwhile: the slot moves on by the
# difference where it may, and has to be as clean as after a whole reset.
MOVES = {
    "an ordinary change": ("echo x > docs/new.md; echo y > src/a.py; rm src/b.py", {}),
    "ignored and empty folders": (
        "mkdir -p build/x docs/empty hollow/deep; echo x > build/x/y; echo x > a.log",
        {},
    ),
    "a folder that becomes empty": ("rm -r docs", {}),
    "a file for a folder": ("rm -r docs; echo x > docs", {}),
    "a link for a folder": ("mv src lib; ln -s lib src", {}),
    "what landed meanwhile": ("echo x > docs/new.md", {"docs/new.md": "other\n", "late": "l\n"}),
    "attributes that land": ("echo x > docs/n", {".gitattributes": "*.py text eol=crlf\n"}),
    "an ignore rule": ("echo 'docs/' >> .gitignore; echo x > docs/hidden", {}),
}


@pytest.mark.parametrize("how", MOVES)
def test_a_worktree_whose_work_was_committed_is_clean_for_the_next(build, root, how):
    """Opened anew after a commit and nothing else, it is exactly the commit asked for."""
    script, landed = MOVES[how]
    write(root, landed)
    git(root, "add", "-A")
    tree = git(root, "write-tree")
    second = git(root, "commit-tree", "-p", base_of(root), "-m", "2", tree)
    git(root, "reset", "-q", "--hard", base_of(root))

    async def main() -> None:
        async with build(root) as workspaces:
            for _ in range(3):
                first = await workspaces.open(base_of(root))
                assert contents(first.path) == FILES
                shell(script)(first.path)
                await workspaces.commit(first, onto=base_of(root), message="w")
                await workspaces.close(first)
                workspace = await workspaces.open(second)
                assert git(workspace.path, "rev-parse", "HEAD") == second
                assert git(workspace.path, "status", "--porcelain", "--ignored") == ""
                assert contents(workspace.path) == {**FILES, **landed}
                await workspaces.close(workspace)

    def contents(folder: Path) -> dict[str, str]:
        found = [path for path in folder.rglob("*") if path.name != ".git"]
        assert all(any(path.iterdir()) for path in found if path.is_dir()), "an empty folder"
        return {str(path.relative_to(folder)): path.read_text() for path in found if path.is_file()}

    run_main(main)
