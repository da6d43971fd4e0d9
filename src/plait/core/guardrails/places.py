"""Where a path leads, seen from a worktree: what would be lost if it were."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from plait.core.guardrails.state import HOLE


class Place(StrEnum):
    """What lies at a path."""

    SYSTEM = "the system's files"
    HOME = "the home folder"
    IN_HOME = "a file of the home folder"
    OUTSIDE = "outside the worktree"
    INTERNAL = "git's or Plait's own files"
    WHOLE = "the whole worktree"
    TEMPORARY = "temporary"
    PRODUCT = "made by a build"
    INSIDE = "in the worktree"
    UNKNOWN = "not known before it runs"


_HOMES = re.compile(r"^(?:/root|/(?:home|Users)/[^/]+)(?=/|$)")
_USERS = re.compile(r"^~[a-z_][a-z0-9_-]*(?=/|$)")
_TEMPORARY = ("/tmp/", "/var/tmp/", "/private/tmp/", "/dev/shm/")  # noqa: S108
_HARMLESS = frozenset(
    {"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin", "/dev/tty", "/dev/zero",
     "/dev/random", "/dev/urandom"}
)  # fmt: skip
_SYSTEM = frozenset(
    {"bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "opt", "proc", "root", "run", "sbin",
     "srv", "sys", "usr", "var", "home", "mnt", "media", "System", "Library", "Applications",
     "Users", "Volumes", "private"}
)  # fmt: skip
_PRODUCTS = re.compile(
    r"(?:build|_build|dist|out|output|target|obj|tmp|temp|\.tmp|node_modules|coverage|htmlcov"
    r"|__pycache__|venv|\.venv|env|\.env\.d|\.tox|\.nox|\.cache|\.?[a-z]+[-_]cache|\.eggs|.*\.egg-info|\.gradle"
    r"|\.next|\.nuxt|\.output|\.turbo|\.parcel-cache|\.svelte-kit|\.angular"
    r"|public/build|storybook-static|test-results|playwright-report|\.nyc_output|\.hypothesis"
    r"|logs?|.*\.(?:log|tmp|pyc|pyo|class|o|orig|rej|swp|bak)|\.coverage.*|\.DS_Store"
    r"|cmake-build-.*|DerivedData|Pods|\.dart_tool|\.build|\.stack-work|dist-newstyle|elm-stuff)"
)
_GLOB = frozenset("*?[")


def normal(path: str, cwd: str, roots: Sequence[str] = ()) -> str:
    """A path without `.` and `..`, relative to the worktree where it lies in it.

    Args:
        path: As it stands in a command; `~` is the home folder.
        cwd: The folder that it is relative to: itself relative to the worktree, or absolute.
        roots: Absolute paths: the worktree's, and folders that are the agent's own.
    """
    whole = path if path.startswith(("/", "~")) or not cwd else f"{cwd}/{path}"
    for root in roots[:1]:
        if whole == root or whole.startswith(f"{root}/"):
            whole = whole[len(root) :].lstrip("/") or "."
    absolute = whole.startswith("/")
    kept: list[str] = []
    for part in whole.split("/"):
        if part in {"", "."}:
            continue
        if part == ".." and kept and kept[-1] != ".." and kept[-1] != HOLE:
            kept.pop()
        elif part != ".." or not absolute:
            kept.append(part)
    told = ("/" if absolute else "") + "/".join(kept)
    if told.startswith("~/..") or (whole.startswith("~/") and not told.startswith("~")):
        return "/home"
    return told or "."


def place(path: str, cwd: str, roots: Sequence[str] = ()) -> Place:
    """What lies at a path."""
    whole = normal(path, cwd, roots)
    if any(whole.startswith(f"{each}/") for each in roots[1:]):
        return Place.TEMPORARY
    told = _HOMES.sub("~", whole)
    told = _USERS.sub("~", told)
    if told in _HARMLESS or told.startswith("/dev/fd/"):
        return Place.TEMPORARY
    if told.startswith(HOLE):
        return Place.PRODUCT if _PRODUCTS.fullmatch(told.rpartition("/")[2]) else Place.UNKNOWN
    if told.startswith("~/.cache/"):
        return Place.TEMPORARY
    if told.startswith("~"):
        rest = told[1:].strip("/")
        return Place.HOME if not rest or set(rest) <= {"*", ".", "/"} else Place.IN_HOME
    if told.startswith("/"):
        return _absolute(told)
    parts = told.split("/")
    if parts[0] == "..":
        return Place.OUTSIDE
    if ".git" in parts or parts[0] in {".plait", "plait.toml"}:
        return Place.INTERNAL
    if told == "." or parts[0] in {"*", "**", ".*", ".[!.]*", "{*,.*}"}:
        return Place.WHOLE
    products = [part for part in parts if _PRODUCTS.fullmatch(part)]
    if products:
        return Place.PRODUCT
    return Place.UNKNOWN if HOLE in parts[0] else Place.INSIDE


def _absolute(path: str) -> Place:
    for folder in _TEMPORARY:
        if path.startswith(folder):
            rest = path[len(folder) :]
            return Place.OUTSIDE if _GLOB.issuperset(rest) else Place.TEMPORARY
    first = path[1:].partition("/")[0]
    if not first or _GLOB & set(first) or first in _SYSTEM:
        return Place.SYSTEM
    return Place.UNKNOWN if first == HOLE else Place.OUTSIDE
