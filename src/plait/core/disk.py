"""Whether there is room on the disk for another workspace: starts wait before it is full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plait.core.action import Action, Start

LEAST_BYTES = 512 * 1024**2
LEAST_SHARE = 10  # of a small disk a tenth will do: half a gibibyte may be more than it has
CHECKOUTS = 2  # what agents build beside the checkout takes room too


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A file system that a run writes to: a folder on it, and bytes for an ordinary user."""

    place: str
    free: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """Less is free than must be before an attempt begins."""

    place: str
    free: int
    needed: int


def needed_bytes(space: Space, *, checkout: int, min_free: int | None) -> int:
    """How much must be free before a workspace is opened.

    Args:
        space: Where.
        checkout: The bytes of a checkout's files.
        min_free: What the owner set; None for the default, 0 for no limit at all.
    """
    if min_free is not None:
        return min_free
    return max(min(LEAST_BYTES, space.total // LEAST_SHARE), CHECKOUTS * checkout)


def shortage(spaces: Sequence[Space], *, checkout: int, min_free: int | None) -> Shortage | None:
    """Where it is tightest, if anywhere too tight."""
    found = [
        Shortage(place=space.place, free=space.free, needed=needed)
        for space in spaces
        if space.free < (needed := needed_bytes(space, checkout=checkout, min_free=min_free))
    ]
    return min(found, key=lambda each: each.free - each.needed, default=None)


def admitted(
    actions: Sequence[Action],
    spaces: Sequence[Space],
    *,
    checkout: int,
    min_free: int | None,
    starting: int,
) -> tuple[Action, ...]:
    """The actions without the starts for which there is no room.

    One start may go where there is as much as is needed, another for each checkout beyond.
    `starting` workspaces are on their way and will take theirs.
    """
    room: float = float("inf")
    for space in spaces:
        needed = needed_bytes(space, checkout=checkout, min_free=min_free)
        if needed:
            room = min(room, 1 + (space.free - needed) // max(checkout, 1) - starting)
    kept = []
    for action in actions:
        if isinstance(action, Start):
            room -= 1
            if room < 0:
                continue
        kept.append(action)
    return tuple(kept)
