"""Locks on paths beside locks on keys: in one list, compared by their own rules.

A path's key is `file:` and a glob. It stands for the path itself and for all below it, as a
folder's name does.
"""

from __future__ import annotations

from functools import lru_cache

from plait.core import lock_keys
from plait.core.plan import Scope
from plait.core.scope import overlap, scopes_overlap

FILE = "file:"
_OPEN = frozenset("*?[]{}\\")  # of a key or glob that claims more than what it names
_DIVIDED = {"file": "/", "db": ":"}  # what lies below is claimed too


def key_of(glob: str) -> str:
    """The key of a path or glob in normal spelling."""
    return f"{FILE}{glob}"


def met(a: str, b: str) -> bool:
    """Whether two keys, in normal spelling, claim something in common."""
    if a == b:
        return True
    if not _OPEN.intersection(a) and not _OPEN.intersection(b):  # most are plain: compared as text
        space, _, mine = a.partition(":")
        by = _DIVIDED.get(space)
        other, _, their = b.partition(":")
        if space != other or by is None:
            return False
        return mine.startswith(f"{their}{by}") or their.startswith(f"{mine}{by}")
    return _meet(a, b)


@lru_cache(maxsize=1 << 16)
def _meet(a: str, b: str) -> bool:
    if a.startswith(FILE) != b.startswith(FILE):
        return False
    if not a.startswith(FILE):
        return lock_keys.conflict(a, b)
    return any(overlap(mine, their) for mine in _globs(a) for their in _globs(b))


def paths_met(key: str, scope: Scope) -> str | None:
    """A path that a path's key and a scope have in common; None if there is none."""
    return scopes_overlap(Scope(write=_globs(key)), scope)


def _globs(key: str) -> tuple[str, ...]:
    glob = key.removeprefix(FILE)
    return (glob,) if glob.endswith("**") else (glob, f"{glob}/**")
