"""Why two packages must not be at work at once: what both lock, what both may write."""

from __future__ import annotations

from plait.core import lock_keys
from plait.core.action import UnknownScope
from plait.core.plan import Confidence, WorkPackage
from plait.core.scope import overlap, scopes_overlap


def conflict(one: WorkPackage, other: WorkPackage, policy: UnknownScope) -> str:
    """Why two packages must not be active at once, in a phrase; empty if they may."""
    keys = lock_keys.shared(one.locks.keys, other.locks.keys)
    if keys is not None:
        return f"both hold the lock {lock_keys.told(*keys)}"
    for mine in one.locks.files:
        for theirs in other.locks.files:
            if overlap(mine, theirs):
                return f"both lock {mine}"
    if Confidence.UNKNOWN in {one.scope.confidence, other.scope.confidence}:
        match policy:
            case UnknownScope.SHARED:
                return ""
            case UnknownScope.SERIAL | UnknownScope.REFUSE:
                return "the scope of one is unknown"
            case UnknownScope.DECLARED:
                marked = one.parallel and other.parallel
                return "" if marked else "the scope of one is unknown"
    shared = scopes_overlap(one.area, other.area)
    return f"both may write {shared}" if shared else ""
