"""The run's branch: merges built without a checkout, moved by compare-and-swap alone.

One long-lived `git merge-tree --stdin` answers all merges (a millisecond each, where a process
costs five). git before 2.55 does not flush its answers; `stdbuf` makes it, and where there is
none, or it has no effect, each merge is a process.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Self

from plait.core.lease import TrunkLease
from plait.errors import PlaitError, UsageError
from plait.git import work
from plait.git.clashes import blobs, clashing, difference, marked
from plait.git.command import GitFailed, decode, fields, update_index
from plait.git.contents import contents
from plait.git.differing import Differing
from plait.git.fence import Fence
from plait.git.repository import Repository, require_own
from plait.ports import Commit, Conflict, Merged
from plait.process import Dialogue

FLUSHES = (2, 55)  # the first git whose `merge-tree --stdin` flushes each answer
ANSWER_S = 20.0  # a merge that takes longer is tried by a process of its own
MANY_COMMITS = 2000  # from here on the search for a merge base wants a commit-graph
_SHORTEST = 3  # NULs in the shortest answer
_MERGE = ("merge-tree", "--write-tree", "-z")


class GitTrunk:
    """The branch of a run, in the user's repository but in nobody's checkout.

    Entering it writes git's commit-graph where the repository has more than 2,000 commits and
    none yet: merge bases are then found 15 times faster. It is the one file of the user's
    repository, beside objects and Plait's refs, that Plait adds; git keeps and uses it.
    """

    def __init__(self, repository: Repository) -> None:
        import anyio

        self._repository = repository
        self._git = repository.git
        self._merger: Dialogue | None = None
        self._streams = repository.git_version >= FLUSHES or shutil.which("stdbuf") is not None
        self._turn = anyio.Lock()
        self._fence = Fence(repository)
        self._differing = Differing(repository.git)

    async def __aenter__(self) -> Self:
        """Prepare for many merges."""
        objects = self._repository.common / "objects/info"
        if not any((objects / name).exists() for name in ("commit-graph", "commit-graphs")):
            limit = f"--max-count={MANY_COMMITS + 1}"
            count = await self._git.line("rev-list", "--count", limit, self._repository.head)
            if int(count) > MANY_COMMITS:
                with suppress(GitFailed):  # a lock that a killed git left: merges are slower
                    await self._git.run("commit-graph", "write", "--reachable", "--no-progress")
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """End the long-lived processes."""
        await self._hang_up()
        await self._differing.close()

    async def head(self, branch: str) -> str | None:
        """The commit a branch points at, or None."""
        wanted = ("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")
        found = await self._git.ask(*wanted, ok=(0, 1))
        return decode(found.out).strip() or None

    async def take(self, lease: TrunkLease) -> None:
        """From now on the run's branch moves under this lease, and under no earlier one.

        Raises:
            RunTaken: A later one has been taken here already.
        """
        await self._fence.set(lease)

    async def give_back(self, lease: TrunkLease) -> None:
        """Let the branch move under no lease, until one is taken again."""
        await self._fence.lift(lease)

    async def publish(self, lease: TrunkLease, ref: str, commit: str) -> None:
        """Point a candidate's branch (`refs/heads/plait/…`) at its commit.

        Raises:
            PlaitError: `NOT_OUR_REF`, `GIT_FAILED`.
            RunTaken: The lease is not, or no longer, the one that was taken.
        """
        require_own(ref)
        await self._fence.move(lease, ref, commit, old=None, reason="plait: publish")

    async def create(self, lease: TrunkLease, commit: str) -> None:
        """Create the run's branch.

        Raises:
            RunTaken: The lease is not, or no longer, the one that was taken.
            UsageError: `BRANCH_EXISTS`, also where another branch's name stands in the way;
                `BRANCH_INVALID` for what git does not take as a name.
        """
        branch = lease.branch
        named = await self._git.ask("check-ref-format", "--branch", branch, ok=(0, 128))
        if decode(named.out).removesuffix("\n") != branch:
            raise UsageError(
                f"{branch!r} cannot be a branch's name",
                code="BRANCH_INVALID",
                hint="--branch NAME sets another",
            )
        try:
            await self._fence.move(
                lease,
                f"refs/heads/{branch}",
                commit,
                old=self._repository.no_object,
                reason="plait: create",
            )
        except GitFailed as failed:
            if "exists" not in failed.words:
                raise
            raise UsageError(
                f"the branch {branch} cannot be created: {failed.words.splitlines()[-1]}",
                code="BRANCH_EXISTS",
                hint="--branch NAME sets another, --fresh takes the next free name",
            ) from failed

    async def merge(self, onto: str, candidate: str) -> Merged | Conflict:
        """The three-way merge of two commits, built without a checkout.

        Raises:
            PlaitError: `GIT_FAILED`, for histories that share nothing among others.
        """
        async with self._turn:
            answer = await self._stream(onto, candidate) if self._streams else None
        if not isinstance(answer, Merged):
            answer = await self._merge_once(onto, candidate)  # it also tells why
        if isinstance(answer, Merged):
            self._differing.know(answer.tree, answer.tree)
        return answer

    async def blobs(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """The contents of files by their objects' ids."""
        return await blobs(self._git, ids)

    async def marked(self, base: bytes, ours: bytes, theirs: bytes, *, size: int) -> bytes:
        """The merge of three texts with the base's lines, in markers of `size` characters."""
        return await marked(self._git, base, ours, theirs, size=size)

    async def shared(self, one: str, other: str) -> str:
        """The merge base of two commits.

        Raises:
            PlaitError: `HISTORY_UNRELATED`.
        """
        return await work.shared(self._git, one, other)

    async def diff(self, old: str, new: str, paths: Sequence[str]) -> str:
        """How some paths differ between two commits or trees, for people; renames are followed."""
        return await difference(self._git, old, new, paths)

    async def edit(self, tree: str, files: Mapping[str, bytes]) -> str:
        """The tree with these files' contents replaced or added (modes kept).

        Raises:
            PlaitError: `PATH_IN_THE_WAY` where a path is a folder, or one of its folders a file.
        """
        import tempfile

        if not files:
            return tree
        modes = await self._modes(tree, files)
        entries = [
            f"{modes.get(path, '100644')} {await self._blob(content)}\t{path}\0"
            for path, content in files.items()
        ]
        with tempfile.TemporaryDirectory(prefix="plait-") as folder:
            git = self._git.given(GIT_INDEX_FILE=Path(folder) / "index")
            await git.run("read-tree", tree)
            order = "".join(entries).encode("utf-8", "surrogateescape")
            await update_index(git, "--index-info", stdin=order)
            return await git.line("write-tree")

    async def commit(self, tree: str, *, parents: Sequence[str], message: str) -> str:
        """Write a commit with the user's identity; no ref moves."""
        commit = await self._repository.commit(tree, parents=parents, message=message)
        self._differing.know(commit, tree)
        return commit

    async def describe(self, commit: str) -> Commit:
        """A commit's tree, parents and message."""
        text = decode(await self._git.run("cat-file", "commit", commit))
        header, _, message = text.partition("\n\n")
        known = [line.partition(" ") for line in header.splitlines()]
        return Commit(
            tree=next(value for key, _, value in known if key == "tree"),
            parents=tuple(value for key, _, value in known if key == "parent"),
            message=message,
        )

    async def tree(self, commit: str) -> str:
        """The tree of a commit."""
        return await self._git.line("rev-parse", "--verify", f"{commit}^{{tree}}")

    async def read(self, commit: str, path: str) -> bytes | None:
        """A file's content at a commit, or None."""
        if path.startswith(("./", "../")):  # git would take it as relative to somewhere
            return None
        wanted = f"{commit}:{path}\0".encode("utf-8", "surrogateescape")
        answer = await self._git.run("cat-file", "--batch", "-z", stdin=wanted)
        header, _, content = answer.partition(b"\n")
        facts = header.split(b" ")
        if len(facts) != 3 or facts[1] != b"blob":  # noqa: PLR2004 - id, kind, size
            return None
        return content[: int(facts[2])]

    async def contents(
        self, places: Sequence[tuple[str, str]], *, most: int
    ) -> tuple[bytes | None, ...]:
        """The files at these commits and paths; None for what is none, or larger than `most`."""
        return await contents(self._git, places, most=most)

    async def changed(self, old: str, new: str) -> tuple[str, ...]:
        """Paths that differ between two trees or commits."""
        return await self._differing.changed(old, new)

    async def advance(self, lease: TrunkLease, *, old: str, new: str) -> None:
        """Move the branch from `old` to `new`.

        Raises:
            PlaitError: `TRUNK_MOVED` if it no longer points at `old`.
            RunTaken: The lease is not, or no longer, the one that was taken.
        """
        try:
            await self._fence.move(
                lease, f"refs/heads/{lease.branch}", new, old=old, reason="plait: land"
            )
        except GitFailed as failed:
            found = await self.head(lease.branch)
            if found == old:
                raise
            raise PlaitError(
                f"the branch {lease.branch} was moved by somebody else: it is at "
                f"{found or 'no commit'}, not at {old}",
                code="TRUNK_MOVED",
                hint="move it back, or start a new run from where it is now",
            ) from failed

    async def _modes(self, tree: str, files: Collection[str]) -> dict[str, str]:
        """The modes of those of the files that are in a tree."""
        folders = {str(folder) for path in files for folder in PurePosixPath(path).parents}
        wanted = sorted({*files, *folders - {"."}})
        listing = await self._git.run("ls-tree", "-t", "-z", "--full-tree", tree, "--", *wanted)
        modes = {}
        for entry in fields(listing):
            facts, _, path = entry.partition("\t")
            mode, kind, _object = facts.split(" ")
            if path in files and kind == "blob":
                modes[path] = mode
            elif path in files or (path in folders and kind != "tree"):
                raise PlaitError(f"{path} is a {kind} in {tree}", code="PATH_IN_THE_WAY")
        return modes

    async def _blob(self, content: bytes) -> str:
        return await self._git.line("hash-object", "-w", "--stdin", stdin=content)

    # -- merging -------------------------------------------------------------------------------

    async def _stream(self, onto: str, candidate: str) -> Merged | Conflict | None:
        """Ask the long-lived process; None if it fails or is silent: it is ended then."""
        import anyio

        answer: Merged | Conflict | None = None
        try:
            with anyio.move_on_after(ANSWER_S) as patience:
                answer = await self._converse(f"{onto} {candidate}\n")
            if patience.cancelled_caught:
                self._streams = False
        finally:
            if answer is None:  # cancelled too: nobody may read the rest of it as another's
                await self._hang_up()
        return answer

    async def _converse(self, request: str) -> Merged | Conflict | None:
        """One request, one answer: `STATUS NUL TREE NUL (PATH NUL)* NUL`, status 1 for clean."""
        if self._merger is None:
            argv: tuple[str, ...] = ("git", *_MERGE, "--name-only", "--stdin", "--no-messages")
            if self._repository.git_version < FLUSHES:
                argv = ("stdbuf", "-o0", *argv)
            self._merger = Dialogue(argv, cwd=self._git.cwd, env=self._git.environment())
        try:
            self._merger.send(request.encode())
        except BrokenPipeError:
            return None
        answer = b""
        while not (answer.endswith(b"\0\0") and answer.count(b"\0") >= _SHORTEST):
            more = await self._merger.receive()
            if not more:
                return None
            answer += more
        status, tree, *paths = fields(answer[:-1])
        return Merged(tree=tree) if status == "1" else Conflict(paths=tuple(paths), detail="")

    async def _hang_up(self) -> None:
        if self._merger is not None:
            merger, self._merger = self._merger, None
            await merger.close()

    async def _merge_once(self, onto: str, candidate: str) -> Merged | Conflict:
        """A merge by a process of its own, which also tells why it failed."""
        done = await self._git.ask(*_MERGE, "--messages", onto, candidate, ok=(0, 1))
        if not done.out:  # git 2.39 says 1 of what is no commit, as of a conflict
            raise GitFailed(("git", *_MERGE, onto, candidate), done.code, decode(done.err))
        if done.code == 0:
            return Merged(tree=fields(done.out)[0])
        return clashing(fields(done.out))
