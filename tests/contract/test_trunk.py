"""What every Trunk adapter does."""

import os
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.repositories import fingerprint, git, make_repository, write

from plait.core.event import RunId
from plait.core.lease import Epoch, TrunkLease
from plait.errors import PlaitError, RunTaken, UsageError
from plait.git import GitTrunk, discover
from plait.ports import Conflict, Merged, Trunk
from plait.process import run_main

Build = Callable[[Path], AbstractAsyncContextManager[Trunk]]
LEASE = TrunkLease(run=RunId("r"), branch="feat/x", epoch=Epoch(1), holder="test")
FILES = {"a": "1\n2\n3\n4\n5\n", "b": "b\n", "docs/c": "c\n"}


class _Streaming:
    """The adapter as it comes: merges by the long-lived process where git allows."""

    streams = True

    def __init__(self, root: Path) -> None:
        self.root = root

    async def __aenter__(self) -> Trunk:
        state = self.root / ".plait"
        state.mkdir(exist_ok=True)
        self.trunk = GitTrunk(await discover(self.root, state=state))
        self.trunk._streams = self.trunk._streams and self.streams
        trunk = await self.trunk.__aenter__()
        await trunk.take(LEASE)
        return trunk

    async def __aexit__(self, *exception) -> None:
        await self.trunk.__aexit__(*exception)


class _OneShot(_Streaming):
    """The adapter where each merge is a process."""

    streams = False


@pytest.fixture(params=[_Streaming, _OneShot], ids=["streaming", "one-shot"])
def build(request) -> Build:
    """One adapter after another."""
    built: Build = request.param
    return built


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository; nobody's git configuration applies."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return make_repository(tmp_path / "repo", FILES)


def commit(root: Path, files: dict[str, str], onto: str = "main") -> str:
    """A commit of changed files, made as a user would, on no branch."""
    git(root, "checkout", "-q", "--detach", onto)
    write(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "change", "--allow-empty")
    made = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "-q", "main")
    return made


def with_trunk(build: Build, root: Path, use: Callable[[Trunk], Awaitable[None]]) -> None:
    """Use a trunk from beginning to end; the user's checkout must not notice."""

    async def main() -> None:
        async with build(root) as trunk:
            await use(trunk)

    before = fingerprint(root)
    run_main(main)
    after = fingerprint(root)
    for found in (before, after):  # the run's own branch may come
        lines = found["branches"].splitlines()
        found["branches"] = "\n".join(line for line in lines if "/feat/" not in line)
        for name in [name for name in found if name.startswith(".git/logs/refs/heads/feat")]:
            del found[name]
    assert after == before
    assert git(root, "fsck", "--strict", "--no-dangling") == ""


def test_a_clean_merge_gives_the_tree_of_both(build, root):
    """Changes of both sides are in it, and nothing else."""
    one, two = commit(root, {"a": "0\n1\n2\n3\n4\n5\n"}), commit(root, {"a": "1\n2\n3\n4\n5\n6\n"})

    async def use(trunk: Trunk) -> None:
        merged = await trunk.merge(one, two)
        assert isinstance(merged, Merged)
        assert await trunk.read(merged.tree, "a") == b"0\n1\n2\n3\n4\n5\n6\n"

    with_trunk(build, root, use)


def test_a_conflict_names_its_paths_and_git_s_words(build, root):
    """All paths that could not be merged, names with newlines too."""
    odd = "docs/größe\nx"
    one = commit(root, {"a": "one\n", odd: "1", "b": "new\n"})
    two = commit(root, {"a": "two\n", odd: "2"})

    async def use(trunk: Trunk) -> None:
        conflict = await trunk.merge(one, two)
        assert isinstance(conflict, Conflict)
        assert set(conflict.paths) == {"a", odd}
        assert "CONFLICT (content): Merge conflict in a" in conflict.detail
        assert isinstance(await trunk.merge(one, one), Merged), "the next merge is its own"

    with_trunk(build, root, use)


def test_how_one_file_differs_is_told_as_text(build, root):
    """A path is taken as it stands; bytes that are no text are escaped; nothing, if nothing is."""
    one, two = commit(root, {"a*": "one\n", "a-y": "one\n"}), commit(root, {"a*": "two\n"})

    async def use(trunk: Trunk) -> None:
        told = await trunk.diff(one, two, ("a*",))
        assert "-one" in told
        assert "+two" in told
        assert "a-y" not in told
        assert await trunk.diff(one, one, ("a*",)) == ""

    with_trunk(build, root, use)


def test_a_merge_with_an_ancestor_is_the_descendant(build, root):
    """Either way round."""
    base, ahead = git(root, "rev-parse", "main"), commit(root, {"a": "new\n"})

    async def use(trunk: Trunk) -> None:
        for pair in ((base, ahead), (ahead, base), (ahead, ahead)):
            assert await trunk.merge(*pair) == Merged(tree=await trunk.tree(ahead))

    with_trunk(build, root, use)


def test_many_merges_at_once_get_each_its_own_answer(build, root):
    """Requests from several tasks are not mixed up."""
    base = git(root, "rev-parse", "main")
    commits = [commit(root, {f"new/{number}": f"{number}\n"}) for number in range(8)]

    async def use(trunk: Trunk) -> None:
        async def one(number: int) -> None:
            merged = await trunk.merge(commits[number], commits[number - 1])
            assert isinstance(merged, Merged)
            paths = await trunk.changed(base, merged.tree)
            assert set(paths) == {f"new/{number}", f"new/{(number - 1) % 8}"}

        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(one, number)

    with_trunk(build, root, use)


def test_a_failed_or_cancelled_merge_does_not_spoil_the_next(build, root):
    """The merging process is restarted after what is no commit, and after a cancellation."""
    one, two = commit(root, {"a": "new\n"}), commit(root, {"b": "new\n"})

    async def use(trunk: Trunk) -> None:
        with pytest.raises(PlaitError) as caught:
            await trunk.merge(one, "0" * 40)
        assert caught.value.code == "GIT_FAILED"
        with anyio.CancelScope() as scope:
            scope.cancel()
            await trunk.merge(one, one)
        merged = await trunk.merge(one, two)
        assert isinstance(merged, Merged)
        assert set(await trunk.changed(one, merged.tree)) == {"b"}

    with_trunk(build, root, use)


def test_unrelated_histories_are_refused(build, root):
    """No merge base is a failure, no conflict."""
    empty = git(root, "commit-tree", "-m", "lost", git(root, "rev-parse", "main^{tree}"))

    async def use(trunk: Trunk) -> None:
        with pytest.raises(PlaitError, match="unrelated histories"):
            await trunk.merge(git(root, "rev-parse", "main"), empty)

    with_trunk(build, root, use)


def test_a_branch_is_created_once(build, root):
    """A branch that exists is never overwritten, nor one whose name is in the way."""
    base, other = git(root, "rev-parse", "main"), commit(root, {"a": "new\n"})

    async def use(trunk: Trunk) -> None:
        assert await trunk.head("feat/x") is None
        await trunk.create(LEASE, base)
        assert await trunk.head("feat/x") == base
        for branch, code in (
            ("feat/x", "BRANCH_EXISTS"),
            ("feat/x/y", "BRANCH_EXISTS"),
            ("a..b", "BRANCH_INVALID"),
            ("-x", "BRANCH_INVALID"),
            ("@{-1}", "BRANCH_INVALID"),
        ):
            with pytest.raises(UsageError) as caught:
                await trunk.create(replace(LEASE, branch=branch), other)
            assert caught.value.code == code
        assert await trunk.head("feat/x") == base

    with_trunk(build, root, use)


def test_the_branch_moves_only_from_where_it_was_seen(build, root):
    """TRUNK_MOVED if somebody else moved or deleted it."""
    base, new, other = (
        git(root, "rev-parse", "main"),
        commit(root, {"a": "new\n"}),
        commit(root, {"b": "new\n"}),
    )

    async def use(trunk: Trunk) -> None:
        await trunk.create(LEASE, base)
        await trunk.advance(LEASE, old=base, new=new)
        assert await trunk.head("feat/x") == new
        with pytest.raises(PlaitError) as caught:
            await trunk.advance(LEASE, old=base, new=other)
        assert caught.value.code == "TRUNK_MOVED"
        assert await trunk.head("feat/x") == new

    with_trunk(build, root, use)


def test_the_branch_moves_under_the_latest_lease_alone(build, root):
    """Whoever was superseded neither moves nor creates it; no lease at all does so either."""
    base, new = git(root, "rev-parse", "main"), commit(root, {"a": "new\n"})
    later = replace(LEASE, epoch=Epoch(2), holder="other")

    async def use(trunk: Trunk) -> None:
        await trunk.create(LEASE, base)
        await trunk.take(later)
        with pytest.raises(RunTaken) as caught:
            await trunk.advance(LEASE, old=base, new=new)
        assert (caught.value.held, caught.value.current) == (1, 2)
        with pytest.raises(RunTaken):
            await trunk.take(LEASE)
        await trunk.give_back(LEASE)
        await trunk.advance(later, old=base, new=new)
        await trunk.give_back(later)
        for lease in (LEASE, later):
            with pytest.raises(RunTaken):
                await trunk.advance(lease, old=new, new=base)
        assert await trunk.head("feat/x") == new
        assert git(root, "for-each-ref", "refs/plait") == ""

    with_trunk(build, root, use)


def test_a_branch_that_somebody_deleted_does_not_come_back(build, root):
    """TRUNK_MOVED, and it stays deleted."""
    base, new = git(root, "rev-parse", "main"), commit(root, {"a": "new\n"})

    async def main() -> None:
        async with build(root) as trunk:
            await trunk.create(LEASE, base)
            git(root, "branch", "-qD", "feat/x")
            with pytest.raises(PlaitError) as caught:
                await trunk.advance(LEASE, old=base, new=new)
            assert caught.value.code == "TRUNK_MOVED"
            assert await trunk.head("feat/x") is None

    run_main(main)


def test_an_edit_replaces_and_adds_and_keeps_modes(build, root):
    """Contents are byte-exact, an executable stays one, the rest of the tree is untouched."""
    (root / "b").chmod(0o755)
    base = commit(root, {})

    async def use(trunk: Trunk) -> None:
        old = await trunk.tree(base)
        files = {"b": b"\x00\r\n", "docs/new/größe": b"x", "a": b""}
        new = await trunk.edit(old, files)
        assert {path: await trunk.read(new, path) for path in files} == files
        assert set(await trunk.changed(old, new)) == set(files)
        assert git(root, "ls-tree", new, "b").startswith("100755")
        assert await trunk.edit(old, {}) == old
        for wrong in ("docs", "a/b", "a/b/c"):
            with pytest.raises(PlaitError) as caught:
                await trunk.edit(old, {wrong: b"in the way"})
            assert caught.value.code == "PATH_IN_THE_WAY"
        for wrong in (".git/config", "../x", "/x"):
            with pytest.raises(PlaitError) as caught:
                await trunk.edit(old, {wrong: b"no place in a tree"})
            assert caught.value.code == "GIT_FAILED"

    with_trunk(build, root, use)


def test_a_commit_is_described_as_it_was_made(build, root):
    """Tree, parents and message come back; the identity is the user's; no ref moves."""
    base, other = git(root, "rev-parse", "main"), commit(root, {"a": "new\n"})

    async def use(trunk: Trunk) -> None:
        tree = await trunk.tree(other)
        message = "feat(x): größer\n\nbody\n\nPlait-Run: r1\n"
        made = await trunk.commit(tree, parents=(base, other), message=message)
        told = await trunk.describe(made)
        assert (told.tree, told.parents, told.message) == (tree, (base, other), message)
        assert git(root, "log", "-1", "--format=%an %ae %cn", made) == "Ada ada@example.org Ada"

    with_trunk(build, root, use)


@pytest.mark.parametrize("path", ["none", "docs", "docs/", "", "../a", "a/b"])
def test_what_is_no_file_reads_as_none(build, root, path):
    """Absent paths and folders have no content."""

    async def use(trunk: Trunk) -> None:
        assert await trunk.read("main", path) is None
        assert await trunk.read("main", "docs/c") == b"c\n"

    with_trunk(build, root, use)


def test_many_files_are_read_at_once(build, root):
    """In the order asked for; what is no file, or too large, is None, and so is a folder."""

    async def use(trunk: Trunk) -> None:
        name = 'odd "\n missing'
        tree = await trunk.edit(await trunk.tree("main"), {name: b"odd\n", "large": b"x" * 100})
        places = [(tree, "large"), ("main", "docs/c"), (tree, name), ("main", "docs")]
        places += [("main", name), ("main", "../docs/c"), ("main", "docs/c")]
        read = await trunk.contents(places, most=50)
        assert read == (None, b"c\n", b"odd\n", None, None, None, b"c\n")
        assert await trunk.contents([], most=50) == ()

    with_trunk(build, root, use)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.text('abcé \n"\\:*[', min_size=1, max_size=6).filter(lambda name: name.strip(" .")),
        st.binary(max_size=40),
        max_size=4,
    )
)
def test_whatever_is_edited_in_can_be_read_back(root, files):
    """Any name that git can hold, any bytes."""

    async def main() -> None:
        async with _Streaming(root) as trunk:
            old = await trunk.tree("main")
            new = await trunk.edit(old, files)
            assert {path: await trunk.read(new, path) for path in files} == files
            differing = {path for path in files if await trunk.read(old, path) != files[path]}
            assert set(await trunk.changed(old, new)) == differing

    run_main(main)


def test_a_long_history_gets_a_commit_graph_and_a_short_one_none(root):
    """The one file that Plait adds to git's own, where it pays; a lock in its way is no matter."""

    async def enter() -> None:
        async with _Streaming(root):
            pass

    graph = root / ".git/objects/info/commit-graph"
    run_main(enter)
    assert not graph.exists()
    stamp = "committer a <a@b> 1700000000 +0000\ndata 1\nx\n"
    history = "".join(f"commit refs/heads/main\n{stamp}" for _ in range(2001))
    script = f"cd '{root}' && git fast-import --quiet --force"
    subprocess.run(["/bin/sh", "-c", script], input=history.encode(), check=True)
    lock = graph.with_name("commit-graph.lock")
    lock.touch()  # of a git that was killed
    run_main(enter)
    assert (graph.exists(), lock.exists()) == (False, True)
    lock.unlink()
    run_main(enter)
    assert graph.exists()


def test_no_process_is_left_when_the_trunk_is_left(root):
    """The merging process ends with the trunk."""
    before = _children()  # of other tests, which go on

    async def main() -> None:
        async with _Streaming(root) as trunk:
            await trunk.merge("main", "main")
            assert _children() - before
        assert not _children() - before

    run_main(main)


def _children() -> set[str]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return set(listed.split())


def test_a_conflict_holds_what_each_side_has(build, root):
    """Modes and contents of base, branch and candidate; a tree with markers; the sorts of it."""
    one, two = commit(root, {"a": "one\n"}), commit(root, {"a": "two\n", "b": "more\n"})

    async def use(trunk: Trunk) -> None:
        conflict = await trunk.merge(one, two)
        assert isinstance(conflict, Conflict)
        (clash,) = conflict.clashes
        assert conflict.kinds == {"CONFLICT (contents)"}
        sides = [clash.base, clash.ours, clash.theirs]
        ids = [each.id for each in sides if each is not None]
        assert [each.mode for each in sides if each is not None] == ["100644"] * 3
        texts = await trunk.blobs(ids)
        assert [texts[each] for each in ids] == [b"1\n2\n3\n4\n5\n", b"one\n", b"two\n"]
        marked = await trunk.read(conflict.tree, "a")
        assert marked is not None
        assert marked.startswith(b"<<<<<<< ")
        assert await trunk.read(conflict.tree, "b") == b"more\n"
        assert await trunk.shared(one, two) == git(root, "rev-parse", "main")

    with_trunk(build, root, use)


def test_a_side_that_has_nothing_is_none(build, root):
    """One deleted what the other changed."""
    git(root, "checkout", "-q", "--detach", "main")
    git(root, "rm", "-q", "a")
    git(root, "commit", "-qm", "gone")
    gone, two = git(root, "rev-parse", "HEAD"), commit(root, {"a": "two\n"})
    git(root, "checkout", "-q", "main")

    async def use(trunk: Trunk) -> None:
        conflict = await trunk.merge(gone, two)
        assert isinstance(conflict, Conflict)
        (clash,) = conflict.clashes
        assert clash.ours is None
        assert conflict.kinds == {"CONFLICT (modify/delete)"}
        assert clash.theirs is not None

    with_trunk(build, root, use)


def test_texts_are_merged_with_markers_of_any_size_and_differences_are_told(build, root):
    """The base's lines stand in the markers; a patch names only the paths asked for."""
    one = commit(root, {"a": "one\n", "b": "new\n"})

    async def use(trunk: Trunk) -> None:
        marked = await trunk.marked(b"1\n", b"2\n", b"3\n", size=9)
        marks = [b"<" * 9 + b" ours", b"2", b"|" * 9 + b" base", b"1", b"=" * 9, b"3"]
        assert marked.splitlines() == [*marks, b">" * 9 + b" theirs"]
        assert await trunk.marked(b"1\n\n3\n", b"2\n\n3\n", b"1\n\n4\n", size=9) == b"2\n\n4\n"
        told = await trunk.diff("main", one, ["a"])
        assert "+one" in told
        assert "new" not in told
        assert await trunk.diff("main", one, []) == ""

    with_trunk(build, root, use)


def test_what_differs_is_told_of_merges_one_after_the_other(build, root):
    """Of merges and commits made here as of any others; odd names, and nothing, too."""
    odd = "docs/größe\nx"
    candidates = [commit(root, {f"new/{each}": "x", odd: "x"}) for each in range(3)]

    async def use(trunk: Trunk) -> None:
        onto = git(root, "rev-parse", "main")
        for number, each in enumerate(candidates):
            merged = await trunk.merge(onto, each)
            assert isinstance(merged, Merged)
            own = {f"new/{number}"} | ({odd} if number == 0 else set())
            assert set(await trunk.changed(onto, merged.tree)) == own
            assert await trunk.changed(merged.tree, merged.tree) == ()
            with anyio.CancelScope() as scope:
                scope.cancel()
                await trunk.changed(onto, merged.tree)
            onto = await trunk.commit(merged.tree, parents=(onto, each), message="m\n")
        with pytest.raises(PlaitError):
            await trunk.changed(onto, "0" * 40)

    with_trunk(build, root, use)
