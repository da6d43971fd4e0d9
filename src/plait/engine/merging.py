"""The merge of a candidate: git's, and where that conflicts, one by what the files hold."""

from __future__ import annotations

from dataclasses import dataclass

from anyio import to_thread

from plait.core.remerge import MARKER, settled, versions
from plait.engine.context import Context
from plait.engine.reading import read
from plait.ports import Clash, Conflict

_TEXTS = frozenset({"CONFLICT (contents)"})  # git's name for lines that both sides changed
_FILES = ("100644", "100755")


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A tree that holds both sides; `mended` are files that git could not merge."""

    tree: str
    mended: tuple[str, ...] = ()


async def merge(context: Context, onto: str, candidate: str) -> Together | Conflict:
    """Merge two commits, without a checkout; a conflict only if one is left in the end."""
    merged = await context.trunk.merge(onto, candidate)
    if not isinstance(merged, Conflict):
        return Together(tree=merged.tree)
    if not merged.clashes or merged.kinds != _TEXTS:
        return merged
    mended: dict[str, bytes] = {}
    for clash in merged.clashes:
        content = await _mend(context, clash)
        if content is None:
            return merged
        mended[clash.path] = content
    tree = await context.trunk.edit(merged.tree, mended)
    return Together(tree=tree, mended=tuple(sorted(mended)))


async def _mend(context: Context, clash: Clash) -> bytes | None:
    """A file with both sides' changes; None where that is not sure."""
    if clash.ours is None or clash.theirs is None:
        return None
    sides = [each for each in (clash.base, clash.ours, clash.theirs) if each is not None]
    modes = {each.mode for each in (clash.ours, clash.theirs)}
    if any(each.mode not in _FILES for each in sides) or (clash.base is None and len(modes) > 1):
        return None
    texts = await context.trunk.blobs(tuple({each.id for each in sides}))
    base = None if clash.base is None else texts[clash.base.id]
    given = versions(clash.path, base, texts[clash.ours.id], texts[clash.theirs.id])
    if given is None:
        return None
    plain = [(each or "").encode() for each in (given.base, given.ours, given.theirs)]
    marked = await context.trunk.marked(*plain, size=MARKER)
    return await to_thread.run_sync(settled, given, marked.decode("utf-8"), read)
