"""What `plait clean` removed, and what it left."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Protocol

from plait.faces.text import clean, count


class Gone(Protocol):
    """A worktree or a branch that was removed."""

    @property
    def name(self) -> str:
        """A worktree's path, or a branch."""

    @property
    def kept_ref(self) -> str | None:
        """The hidden ref that keeps what only it held."""


class Stayed(Protocol):
    """A worktree or a branch that was not."""

    @property
    def name(self) -> str:
        """A worktree's path, or a branch."""

    @property
    def code(self) -> str:
        """Why, for programs."""

    @property
    def message(self) -> str:
        """Why, for people."""

    @property
    def hint(self) -> str:
        """What to do about it."""


def cleaned_text(
    worktrees: Sequence[Gone], branches: Sequence[Gone], left: Iterable[Stayed]
) -> str:
    """A line for each worktree, one for all branches, and what stays with the way out."""
    lines = [f"removed {clean(each.name)}{_kept(each)}" for each in worktrees]
    if branches:
        lines.append(f"deleted {count(len(branches), 'branch', 'branches')} of landed packages")
        lines += [f"  {clean(each.name)}{_kept(each)}" for each in branches if each.kept_ref]
    for each in left:
        lines.append(f"left {clean(each.name)}: {clean(each.message)} [{each.code}]")
        if each.hint:
            lines.append(f"  hint: {clean(each.hint)}")
    return "".join(line + "\n" for line in lines or ["nothing to remove"])


def cleaned_json(
    worktrees: Sequence[Gone], branches: Sequence[Gone], left: Iterable[Stayed]
) -> str:
    """The same for programs."""
    told = {
        "worktrees": [{"path": each.name, "kept_ref": each.kept_ref} for each in worktrees],
        "branches": [{"name": each.name, "kept_ref": each.kept_ref} for each in branches],
        "left": [
            {"name": each.name, "code": each.code, "message": each.message, "hint": each.hint}
            for each in left
        ],
    }
    return json.dumps(told, indent=2) + "\n"


def _kept(gone: Gone) -> str:
    return f"; kept as {gone.kept_ref}" if gone.kept_ref else ""
