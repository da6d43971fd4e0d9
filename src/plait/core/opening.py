"""What of a worktree a scope opens for writing, in folders: what an operating system can hold.

A sandbox knows paths, not globs. A scope opens the folder in which each of its globs begins to
be wild; a glob that is `folder/**` opens all of it. In a folder that is opened only in part,
what no glob can reach is told apart by `reaches`. What folders cannot say is said by the check of
the commit, which is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.glob import invalid, normalise, shapes
from plait.core.plan import Confidence, Scope
from plait.core.scope import allows, overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A folder (relative, with `/`; empty: the root), opened as a whole or in part."""

    folder: str
    whole: bool


def openings(scope: Scope) -> tuple[Opening, ...]:
    """The folders that a scope opens, outermost first; the root as a whole if it does not bind."""
    if scope.confidence is not Confidence.DECLARED:
        return (Opening(folder="", whole=True),)
    whole: dict[str, bool] = {}
    for glob in scope.write:
        if invalid(glob):
            continue
        for shape in shapes(normalise(glob)):
            folder = shape.prefix.rpartition("/")[0]
            rest = shape.glob[len(folder) :].removeprefix("/")
            whole[folder] = whole.get(folder, False) or rest == "**"
    found: list[Opening] = []
    for folder in sorted(whole, key=lambda each: (each.count("/") + bool(each), each)):
        if not any(each.whole and _within(folder, each.folder) for each in found):
            found.append(Opening(folder=folder, whole=whole[folder]))
    return tuple(found)


def closed(scope: Scope) -> tuple[str, ...]:
    """Paths that a scope denies as such, or with all that is below them."""
    found: list[str] = []
    for glob in scope.deny:
        if invalid(glob):
            continue
        for shape in shapes(normalise(glob)):
            path = shape.glob if shape.exact else shape.glob.removesuffix("/**")
            if shape.exact or path == shape.prefix.removesuffix("/"):
                found.append(path)
    return tuple(dict.fromkeys(each for each in found if each))


def reaches(scope: Scope, path: str, *, folder: bool) -> bool:
    """Whether a scope's owner may write a file, or anything in a folder."""
    if not folder:
        return allows(scope, path)
    below = f"{path}/**"
    if any(character in path for character in "*?[]{}"):  # its name would be read as a glob
        return True
    return any(overlap(glob, below) for glob in scope.write)


def _within(folder: str, outer: str) -> bool:
    return not outer or folder == outer or folder.startswith(f"{outer}/")
