"""The repository's remote: where it is, what stands there, and a push of one branch to it.

Hooks are off, as in all of git here; nothing is forced, and no other ref goes along. The user's
own way to sign in comes first. Where that fails, a token may serve: it stands in the environment
of that one git process, never in its arguments, nor in any configuration.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plait.core.remote import without_password
from plait.errors import EnvironmentLack
from plait.git.command import Git, GitFailed, GitLocked, decode
from plait.git.repository import Repository

_REJECTED = re.compile(r"^!\t[^\t]*\t\[(?:remote )?rejected\] ?\(?(?P<why>.*?)\)?$", re.MULTILINE)
_SIGN_IN = re.compile(
    r"could not read (?:Username|Password)|Authentication failed|terminal prompts disabled"
    r"|HTTP 40[13]|returned error: 40[13]|Permission denied|invalid credentials",
    re.IGNORECASE,
)
_MINE = (  # how the user's git reaches the host: git here has nothing else of the caller's
    "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY", "GIT_PROXY_SSL_CAINFO",
)  # fmt: skip
# Prints what is in its environment; the token is in no argument.
_HELPER = (
    '!f() { test "$1" = get || exit 0; '
    'echo "username=$PLAIT_PUSH_USER"; echo "password=$PLAIT_PUSH_TOKEN"; }; f'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What to sign in with at a host on the web, where the user's git has nothing."""

    web: str  # `https://host`: no other address is given the token
    user: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a remote holds: its own default branch, and the commits of the branches asked for."""

    default: str
    heads: Mapping[str, str]


async def remote_named(repository: Repository, name: str) -> str | None:
    """The remote to use: the one of that name, else the only one there is; None: there is none."""
    names = decode(await repository.git.run("remote")).splitlines()
    if name in names:
        return name
    return names[0] if len(names) == 1 else None


async def address(repository: Repository, remote: str) -> str:
    """Where a push to the remote goes; it may hold a password."""
    told = await repository.git.run("remote", "get-url", "--push", "--", remote)
    return decode(told).splitlines()[0]


async def standing(
    repository: Repository, remote: str, branches: Sequence[str], *, key: Key | None
) -> Standing:
    """What the remote holds now.

    Raises:
        EnvironmentLack: `PUSH_FAILED`: it cannot be reached, or lets nobody in.
    """
    wanted = [f"refs/heads/{branch}" for branch in branches]
    argv = ("ls-remote", "--symref", "--", remote, "HEAD", *wanted)
    told = decode(await _reach(repository, argv, remote, key))
    default, heads = "", {}
    for line in told.splitlines():
        left, _, right = line.partition("\t")
        if left.startswith("ref: refs/heads/") and right == "HEAD":
            default = left.removeprefix("ref: refs/heads/")
        elif right in wanted:
            heads[right.removeprefix("refs/heads/")] = left
    return Standing(default=default, heads=heads)


async def push(
    repository: Repository, remote: str, branch: str, commit: str, *, key: Key | None
) -> None:
    """Bring the remote's branch to a commit, if that only adds to what is there.

    Raises:
        EnvironmentLack: `PUSH_REFUSED`: the remote holds something else, or forbids it;
            `PUSH_FAILED`: it cannot be reached, or lets nobody in.
    """
    argv = (
        "push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed",
        "--recurse-submodules=no", "--", remote, f"{commit}:refs/heads/{branch}",
    )  # fmt: skip
    try:
        await _reach(repository, argv, remote, key)
    except _RejectedError as rejected:
        behind = rejected.why in {"non-fast-forward", "fetch first", "needs force"}
        hint = (
            f"the branch {branch} there holds something that is not in this run; look at it, then "
            f"delete it there, or begin another run with --fresh or --branch"
            if behind
            else "the repository's rules forbid it: see what it says"
        )
        raise EnvironmentLack(
            f"the remote {remote} refused the branch {branch}: {rejected.why or 'no reason given'}",
            code="PUSH_REFUSED",
            hint=hint,
        ) from None


async def remove(
    repository: Repository, remote: str, branch: str, commit: str, *, key: Key | None
) -> None:
    """Delete the remote's branch, if it stands at that commit.

    Raises:
        EnvironmentLack: `PUSH_REFUSED`: it stands elsewhere, or the remote forbids it;
            `PUSH_FAILED`: it cannot be reached, or lets nobody in.
    """
    ref = f"refs/heads/{branch}"
    argv = (
        "push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed",
        "--recurse-submodules=no", f"--force-with-lease={ref}:{commit}", "--", remote, f":{ref}",
    )  # fmt: skip
    try:
        await _reach(repository, argv, remote, key)
    except _RejectedError as rejected:
        raise EnvironmentLack(
            f"the remote {remote} keeps the branch {branch}: {rejected.why or 'no reason given'}",
            code="PUSH_REFUSED",
            hint="delete it there",
        ) from None


class _RejectedError(Exception):
    """The remote was reached, and said no."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def _reach(
    repository: Repository, argv: Sequence[str], remote: str, key: Key | None
) -> bytes:
    own = {name: os.environ[name] for name in _MINE if os.environ.get(name)}
    git = repository.git.given(GCM_INTERACTIVE="never", **own)
    # a mirror's push would be forced, and take all refs along
    git = _set(git, ((f"remote.{remote}.mirror", "false"),))
    try:
        return await _asked(git, argv)
    except GitLocked:
        raise
    except GitFailed as failed:
        if key is None or not _SIGN_IN.search(failed.words):
            raise _unreached(failed, remote) from None
    try:
        return await _asked(_with(git, key), argv)
    except GitFailed as failed:
        raise _unreached(failed, remote) from None


async def _asked(git: Git, argv: Sequence[str]) -> bytes:
    done = await git.ask(*argv, ok=(0, 1))
    if done.code == 0:
        return done.out
    rejected = _REJECTED.search(decode(done.out))
    if rejected:
        raise _RejectedError(without_password(rejected["why"]))
    raise GitFailed(("git", *argv), done.code, decode(done.err))


def _with(git: Git, key: Key) -> Git:
    """The same git, to which the user's own helpers are strangers, and which has the token."""
    settings = (
        ("credential.helper", ""),  # none of the user's is asked, nor told to store the token
        (f"credential.{key.web}.helper", ""),
        (f"credential.{key.web}.helper", _HELPER),
        ("http.followRedirects", "false"),
    )
    return _set(git, settings).given(PLAIT_PUSH_USER=key.user, PLAIT_PUSH_TOKEN=key.token)


def _set(git: Git, settings: Sequence[tuple[str, str]]) -> Git:
    """The same git under further settings, which stand in its environment."""
    first = int(git.environment()["GIT_CONFIG_COUNT"])
    told = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (name, value) in enumerate(settings, start=first):
        told[f"GIT_CONFIG_KEY_{number}"] = name
        told[f"GIT_CONFIG_VALUE_{number}"] = value
    return git.given(**told)


def _unreached(failed: GitFailed, remote: str) -> EnvironmentLack:
    lines = [line for line in failed.words.splitlines() if line.strip()]
    words = without_password(lines[-1].strip() if lines else "it said nothing")
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))]
    if fatal:
        words = without_password(fatal[0])
    return EnvironmentLack(
        f"git cannot reach the remote {remote}: {words}",
        code="PUSH_FAILED",
        hint=f"see that this works: git push {remote} --dry-run",
    )
