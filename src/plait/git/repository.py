"""The user's repository: where it is, who commits, and Plait's own refs in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from plait.errors import PlaitError, UsageError
from plait.git.command import Git, GitFailed, decode, looking, version
from plait.git.pinned import Pinned, Places, pin

OWN_REFS = ("refs/plait/", "refs/heads/plait/")
NOBODY = ("Plait", "plait@localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A checkout of the user's and the repository behind it, as they were when discovered.

    `root` is the checkout's top folder; `common` the folder that all worktrees share; `head` the
    commit checked out; `branch` its branch, None where HEAD is detached; `identity` the name and
    mail address that commits carry; `held` the locks that each git process on it holds. `git`
    works on the repository itself: objects and refs, no checkout of anybody's. `admin` is git's
    folder for the checkout, `common` itself in the main one. All go by the settings that are
    `pinned`, if they are.
    """

    root: Path
    common: Path
    head: str
    branch: str | None
    git_version: tuple[int, int]
    object_format: str
    identity: tuple[str, str]
    admin: Path
    held: tuple[int, ...] = ()
    pinned: Pinned | None = field(default=None, compare=False, repr=False)
    git: Git = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        name, mail = self.identity
        git = self.elsewhere(self.common).given(
            GIT_DIR=self.common,
            GIT_COMMON_DIR=self.common,
            GIT_AUTHOR_NAME=name,
            GIT_AUTHOR_EMAIL=mail,
            GIT_COMMITTER_NAME=name,
            GIT_COMMITTER_EMAIL=mail,
        )
        if self.pinned is not None:  # a folder where no attributes can be planted either
            git = replace(git.given(**self.pinned.environment), cwd=self.pinned.folder)
        object.__setattr__(self, "git", git)

    @property
    def checkout(self) -> Git:
        """Git in the user's checkout, every folder named."""
        git = self.git.given(GIT_DIR=self.admin, GIT_WORK_TREE=self.root)
        return replace(git, cwd=self.root)

    def elsewhere(self, folder: Path) -> Git:
        """Git in a repository that is another one, by the user's settings."""
        git = Git(cwd=folder, held=self.held)
        if self.pinned is None:
            return git
        git = replace(git, before=self.pinned.look)
        return git.given(**self.pinned.users)

    async def add_worktree(self, *argv: str) -> None:
        """`git worktree add`. Whoever calls it holds the repository's list of worktrees.

        Raises:
            GitFailed: It cannot be added.
        """
        (self.common / "worktrees").mkdir(exist_ok=True)  # git makes none behind a link
        await self.git.run("worktree", "add", "--quiet", *argv)

    @property
    def no_object(self) -> str:
        """The id of no object: the old value of a ref that does not exist."""
        return "0" * (64 if self.object_format == "sha256" else 40)

    async def resolve(self, ref: str) -> str:
        """The commit that a name stands for; `HEAD` is the checkout's.

        Raises:
            UsageError: `NO_SUCH_REF`.
        """
        wanted = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        found = await self.checkout.ask(*wanted, ok=(0, 1, 128))
        if found.code:
            raise UsageError(
                f"{ref!r} names no commit", code="NO_SUCH_REF", hint="`git branch -a` lists some"
            )
        return decode(found.out).strip()

    async def branch_checked_out(self, branch: str) -> Path | None:
        """The worktree in which a branch is checked out, if there is one."""
        path = ""
        for line in (await self._checkouts()).split("\0"):
            key, _, value = line.partition(" ")
            if key == "worktree":
                # To git the main checkout lies beside the folder that it was given.
                mirrored = self.pinned is not None and value == str(self.pinned.folder)
                path = str(self.common.parent) if mirrored else value
            elif key == "branch" and value == f"refs/heads/{branch}":
                return Path(path)
        return None

    async def require_free(self, branch: str, *, hint: str) -> None:
        """A branch that stands in somebody's checkout would change under their feet.

        Raises:
            UsageError: `BRANCH_CHECKED_OUT`, with that hint.
        """
        place = await self.branch_checked_out(branch)
        if place is not None:
            told = f"the branch {branch} is checked out in {place}"
            raise UsageError(told, code="BRANCH_CHECKED_OUT", hint=hint)

    async def checked_out(self) -> frozenset[str]:
        """The branches that stand in some checkout, as full refs."""
        lines = (line.partition(" ") for line in (await self._checkouts()).split("\0"))
        return frozenset(value for key, _, value in lines if key == "branch")

    async def _checkouts(self) -> str:
        """All checkouts as git lists them; where it knows no worktrees, the user's own."""
        try:
            return decode(await self.git.run("worktree", "list", "--porcelain", "-z"))
        except GitFailed:
            head = await self.checkout.ask("symbolic-ref", "--quiet", "HEAD", ok=(0, 1))
            return f"worktree {self.root}\0branch {decode(head.out).strip()}\0"

    async def refs(self, prefix: str) -> dict[str, str]:
        """The refs below a prefix that ends in `/`, each with the object it points at."""
        form = "--format=%(objectname) %(refname)"
        lines = decode(await self.git.run("for-each-ref", form, prefix)).splitlines()
        return {name: target for target, _, name in (line.partition(" ") for line in lines)}

    async def has(self, ref: str) -> bool:
        """Whether there is a ref of this full name."""
        return not (await self.git.ask("show-ref", "--verify", "--quiet", ref, ok=(0, 1))).code

    async def keeps(self, tree: str, *, parent: str) -> bool:
        """Whether a hidden ref points at a commit of this tree on this parent."""
        told = await self.git.run("for-each-ref", "--format=%(tree) %(parent)", "refs/plait/")
        return f"{tree} {parent}" in decode(told).splitlines()

    async def contains(self, commit: str) -> bool:
        """Whether some ref leads to a commit, so that git will not throw it away."""
        return bool(await self.git.run("for-each-ref", "--count=1", "--contains", commit))

    async def commit(self, tree: str, *, parents: Sequence[str], message: str) -> str:
        """Write a commit; no ref moves."""
        options = [option for parent in parents for option in ("-p", parent)]
        return await self.git.line(
            "commit-tree", *options, "-F", "-", tree, stdin=message.encode("utf-8")
        )

    async def publish(self, ref: str, commit: str) -> None:
        """Point one of Plait's own refs at a commit.

        Raises:
            PlaitError: `NOT_OUR_REF`.
        """
        require_own(ref)
        await self.git.run("update-ref", "-m", "plait: publish", ref, commit)

    async def delete_refs(self, refs: Collection[str]) -> None:
        """Delete some of Plait's own refs, wherever they point; all or none.

        Raises:
            PlaitError: `NOT_OUR_REF`.
        """
        await self.delete_unmoved(dict.fromkeys(refs, ""))

    async def delete_unmoved(self, refs: Mapping[str, str]) -> None:
        """Delete some of Plait's own refs, if each still points at its commit; all or none.

        Raises:
            PlaitError: `NOT_OUR_REF`; `GIT_FAILED`, one has moved.
        """
        for ref in refs:
            require_own(ref)
        orders = "".join(f"delete {ref}\0{commit}\0" for ref, commit in refs.items())
        await self.git.run("update-ref", "-z", "--stdin", stdin=orders.encode())


async def discover(
    start: Path, *, held: tuple[int, ...] = (), state: Path | None = None
) -> Repository:
    """The repository whose checkout holds the folder `start`.

    Args:
        start: A folder.
        held: Descriptors of locks that each git process on it is to hold; see `alone`. Where
            there are any, nobody else works in the repository.
        state: Plait's state folder, where the settings that git goes by are kept; None, or no
            such folder: it goes by those that it finds.

    Raises:
        UsageError: `NOT_A_REPOSITORY`, `BARE_REPOSITORY`, `NO_COMMITS`.
        EnvironmentLack: `GIT_MISSING`, `GIT_TOO_OLD`.
    """
    git = looking(start)
    found = await version(git)
    root = Path(await _top(git, start))
    git = looking(root)
    common = Path(await git.line("rev-parse", "--path-format=absolute", "--git-common-dir"))
    admin = Path(await git.line("rev-parse", "--path-format=absolute", "--git-dir"))
    head = await git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128))
    if head.code:
        raise UsageError(
            f"{root} has no commit yet",
            code="NO_COMMITS",
            hint="`git add -A && git commit` makes the first",
        )
    branch = await git.ask("symbolic-ref", "--quiet", "--short", "HEAD", ok=(0, 1))
    pinned = None
    if state is not None and state.is_dir():  # noqa: ASYNC240 - no time passes
        whole = git.given(GIT_DIR=admin, GIT_COMMON_DIR=common)
        places = Places(common=common, admin=admin, state=state)
        pinned = await pin(places, whole, begin=bool(held))
    who = pinned.identity if pinned is not None else await _identity(git)
    return Repository(
        root=root,
        common=common,
        head=decode(head.out).strip(),
        branch=decode(branch.out).strip() or None,
        git_version=found,
        object_format=await git.line("rev-parse", "--show-object-format"),
        identity=who or NOBODY,
        admin=admin,
        held=held,
        pinned=pinned,
    )


async def identity(start: Path) -> str | None:
    """`Name <mail>` as git is configured in the folder `start`, or None."""
    found = await _identity(looking(start))
    return f"{found[0]} <{found[1]}>" if found else None


def require_own(ref: str) -> None:
    """Refuse a ref that is not Plait's to write.

    Raises:
        PlaitError: `NOT_OUR_REF`.
    """
    if not ref.startswith(OWN_REFS):
        raise PlaitError(f"{ref} is not Plait's to write", code="NOT_OUR_REF")


async def _top(git: Git, start: Path) -> str:
    """The checkout's top folder."""
    try:
        return await git.line("rev-parse", "--path-format=absolute", "--show-toplevel")
    except GitFailed as failed:
        if "dubious ownership" in failed.words:  # git's own words say what to do
            raise
        inside = await git.ask("rev-parse", "--is-bare-repository", ok=(0, 128))
        if inside.code == 0:
            raise UsageError(
                f"{start} is no checkout: it is a bare repository or inside a .git folder",
                code="BARE_REPOSITORY",
                hint="`git worktree add ../checkout` makes a checkout; run Plait there",
            ) from failed
        raise UsageError(
            f"{start} is not in a git repository",
            code="NOT_A_REPOSITORY",
            hint="`git init` makes one; --repo DIR names another",
        ) from failed


async def _identity(git: Git) -> tuple[str, str] | None:
    told = await git.ask("config", "-z", "--get-regexp", r"^user\.(name|email)$", ok=(0, 1))
    known = dict(entry.partition("\n")[::2] for entry in decode(told.out).split("\0") if entry)
    name, mail = known.get("user.name", ""), known.get("user.email", "")
    return (name, mail) if name and mail else None


async def contained(root: Path, commits: Collection[str], tip: str) -> frozenset[str]:
    """Those of the commits that are part of the history of `tip`.

    Args:
        root: The checkout.
        commits: Full object ids; what the repository does not hold is contained in nothing.
        tip: A commit's name; if it names none, nothing is contained.
    """
    git = looking(root)
    wanted = (*commits, f"{tip}^{{commit}}")
    answers = await git.run("cat-file", "--batch-check", stdin="\n".join(wanted).encode() + b"\n")
    held = [line.split(" ")[:2] for line in decode(answers).splitlines()]
    known = [each for each, kind in zip(commits, held, strict=False) if kind[1:] == ["commit"]]
    if not known or held[-1][1:] != ["commit"]:
        return frozenset()
    listed = "\n".join([*known, f"^{held[-1][0]}", ""]).encode()
    outside = set(decode(await git.run("rev-list", "--stdin", stdin=listed)).split())
    return frozenset(known) - outside
