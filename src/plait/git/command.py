"""Run git: a clean environment, no command that a tree could plant, typed failures.

Nothing of the caller's `GIT_*` reaches git, and settings that run programs, or that would make
git trust what an agent may have forged, are overridden on each call. Filters stay on (LFS needs
them): they come from the user's configuration as it was before any agent ran (`pinned`). The
common folder, the slot's own and the tree's are always named, so a rewritten `.git` or
`commondir` file is unread.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from plait import process
from plait.errors import EnvironmentLack, ExitCode, PlaitError

OLDEST = (2, 38)  # the first with `merge-tree --write-tree`
TIMEOUT_S = 900.0  # nothing waits for ever, not even for a named pipe called .gitignore

_SETTINGS = {
    # programs that a tree or a configuration may name
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "commit.gpgSign": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    # a ref may be locked for a moment by somebody's `git gc`
    "core.filesRefLockTimeout": "2000",
    "core.packedRefsTimeout": "2000",
    # what is believed of files: all that `lstat` says, and nothing cached elsewhere
    "core.ignoreStat": "false",
    "core.trustctime": "true",
    "core.checkStat": "default",
    "core.untrackedCache": "false",
    "core.splitIndex": "false",
    "core.sparseCheckout": "false",
    # large files come from the store beside the objects, never over the network
    "lfs.url": "file:///dev/null/none",
    # how things are said
    "core.quotePath": "false",
    "i18n.commitEncoding": "UTF-8",
    "checkout.workers": str(os.cpu_count() or 1),
}
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LFS_SKIP_DOWNLOAD_ERRORS": "1",  # what is in no store stays a pointer
    "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
    **{f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(_SETTINGS)},
    **{f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(_SETTINGS.values())},
}
_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded")
_LOCKED = re.compile(r"Unable to create '([^'\n]+\.lock)': File exists")
_UNWRITTEN = re.compile(  # why, unsaid
    r"unable to write|write error|could not write|couldn't write|cannot store|unable to create"
)
_FULL_BELOW = 16 << 20  # bytes: with less space than this an unwritten file means a full disk
_TAIL_LINES = 5


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _nothing() -> None:
    pass


class GitFailed(PlaitError):  # noqa: N818 - as it is said
    """It said no: its command, exit code and last words. The code is `GIT_FAILED`."""

    def __init__(self, argv: tuple[str, ...], status: int, words: str) -> None:
        lines = [line for line in words.splitlines() if line and not line.startswith("hint:")]
        told = "\n".join(lines[-_TAIL_LINES:]) or "(it said nothing)"
        super().__init__(f"`{' '.join(argv)}` failed ({status}): {told}", code="GIT_FAILED")
        self.argv = argv
        self.status = status
        self.words = words


class GitLocked(GitFailed):
    """It met a lock of another git, which is at work or was killed. The code is `GIT_LOCKED`."""

    exit_code = ExitCode.ENVIRONMENT

    def __init__(self, argv: tuple[str, ...], status: int, words: str, *, lock: str) -> None:
        super().__init__(argv, status, words)
        self.message = f"`{' '.join(argv[:2])}` met a lock that another git holds, or left behind"
        self.code = "GIT_LOCKED"
        self.where = lock
        self.hint = "if no git is at work in the repository, delete this file; then `plait resume`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """git in one folder. `env` is added to `clean`, the user's environment without `GIT_*`.

    `held`: locks that last as long as each process does, whatever becomes of us. `before`: what is
    seen to before each call.
    """

    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    held: tuple[int, ...] = ()
    clean: Mapping[str, str] = field(default_factory=_inherited, repr=False)
    before: Callable[[], None] = field(default=_nothing, repr=False)

    async def run(self, *args: str, stdin: bytes = b"", ok: Collection[int] = (0,)) -> bytes:
        """Its output, once it has ended with one of the exit codes `ok`.

        Raises:
            GitFailed: Any other exit code, or no end after 15 minutes; `GitLocked` if a lock of
                another git is in the way.
            EnvironmentLack: `DISK_FULL`, `GIT_MISSING`.
        """
        return (await self.ask(*args, stdin=stdin, ok=ok)).out

    async def ask(
        self, *args: str, stdin: bytes = b"", ok: Collection[int] = (0,)
    ) -> process.Captured:
        """Like `run`, where the exit code is part of the answer."""
        argv = ("git", *args)
        try:
            done = await process.capture(
                argv,
                cwd=self.cwd,
                env=self.environment(),
                stdin=stdin,
                timeout_s=TIMEOUT_S,
                inherit=self.held,
            )
        except TimeoutError:
            raise GitFailed(argv, -1, f"no end after {TIMEOUT_S:.0f} s") from None
        except OSError as error:
            raise self._unstarted(argv, error) from error
        if done.code in ok:
            return done
        words = done.err.decode(errors="replace").strip()
        if _NO_SPACE.search(words) or (_UNWRITTEN.search(words) and self._is_tight()):
            raise disk_full(words)
        if met := _LOCKED.search(words):
            raise GitLocked(argv, done.code, words, lock=met[1])
        raise GitFailed(argv, done.code, words)

    async def line(self, *args: str, stdin: bytes = b"") -> str:
        """The one line it prints: an object id, a name."""
        return decode(await self.run(*args, stdin=stdin)).removesuffix("\n")

    def given(self, **variables: str | Path) -> Git:
        """The same git with more in its environment."""
        added = {name: str(value) for name, value in variables.items()}
        return replace(self, env={**self.env, **added})

    def environment(self) -> dict[str, str]:
        """What a call's environment holds, all seen to: the user's without `GIT_*`, and ours."""
        self.before()
        return {**self.clean, **_ENVIRONMENT, **self.env}

    def _is_tight(self) -> bool:
        return shutil.disk_usage(self.cwd).free < _FULL_BELOW

    def _unstarted(self, argv: tuple[str, ...], error: OSError) -> PlaitError:
        if is_disk_full(error):
            return disk_full(str(error))
        if error.filename == argv[0]:
            return EnvironmentLack(
                "git cannot be started: it is not in the PATH",
                code="GIT_MISSING",
                hint=f"install git {'.'.join(map(str, OLDEST))} or newer",
            )
        return GitFailed(argv, -1, str(error))


def looking(folder: Path) -> Git:
    """Git in a folder where nobody has said whose settings count: it gets nothing from anywhere."""
    # A planted remote helper would run where an object is missing that a partial clone promises.
    return Git(cwd=folder).given(GIT_ALLOW_PROTOCOL="none", GIT_NO_LAZY_FETCH="1")


async def version(git: Git) -> tuple[int, int]:
    """The version of git.

    Raises:
        EnvironmentLack: `GIT_MISSING`, `GIT_TOO_OLD`.
    """
    told = await git.line("version")
    numbers = re.search(r"(\d+)\.(\d+)", told)
    found = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    if found < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise EnvironmentLack(
            f"{told} is too old: {needed} is needed",
            code="GIT_TOO_OLD",
            hint=f"install git {needed} or newer",
        )
    return found


async def update_index(git: Git, *options: str, stdin: bytes) -> None:
    """`git update-index -z` that fails, too, where git only mutters and leaves a path out.

    Raises:
        GitFailed: Among others for a path that no tree can hold: `.git/x`, `../x`, `git~1`.
    """
    argv = ("update-index", "-z", *options)
    done = await git.ask(*argv, stdin=stdin)
    if b"Ignoring path" in done.err:
        raise GitFailed(("git", *argv), done.code, decode(done.err))


def decode(output: bytes) -> str:
    """An output as text; names that are not UTF-8 survive the way back."""
    return output.decode("utf-8", "surrogateescape")


def fields(output: bytes) -> list[str]:
    """The NUL-ended fields of a `-z` output."""
    return decode(output).split("\0")[:-1]


def joined(names: Collection[str]) -> bytes:
    """Names, each ended by a NUL, as `-z --stdin` reads them."""
    return "".join(f"{name}\0" for name in names).encode("utf-8", "surrogateescape")


def is_disk_full(error: BaseException) -> bool:
    """Whether there was no space, or no more for this user."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_full(words: str) -> EnvironmentLack:
    """The error to raise for it."""
    return EnvironmentLack(
        f"the disk is full: {words.splitlines()[-1]}",
        code="DISK_FULL",
        hint="free some space, or put the worktrees elsewhere: `[workspace] root` in plait.toml",
    )
