"""Boxes in the plan's own files: Plait ticks them as it lands, agents do not."""

from __future__ import annotations

from dataclasses import replace

from plait.core.event import Warned
from plait.core.mark import boxes_of, ticked
from plait.core.plan import PackageId, WorkPackage
from plait.core.run import SATISFIED
from plait.core.verdict import only_ticks_boxes
from plait.engine.context import Context
from plait.ports import Work


async def drop_ticked_boxes(context: Context, package: PackageId, work: Work, message: str) -> Work:
    """Take an agent's ticks in the plan's own task lists out again; Plait writes those."""
    lists = {source.path for source in context.plan.files} | set(context.plan.context)
    restored: dict[str, bytes] = {}
    for change in work.changes:
        if change.path not in lists or change.status != "M":
            continue
        before = await context.trunk.read(work.base, change.path)
        after = await context.trunk.read(work.commit, change.path)
        if before is not None and after is not None and only_ticks_boxes(before, after):
            restored[change.path] = before
    if not restored:
        return work
    tree = await context.trunk.edit(await context.trunk.tree(work.commit), restored)
    commit = await context.trunk.commit(tree, parents=(work.base,), message=message)
    names = ", ".join(sorted(restored))
    await context.journal.record(
        Warned(
            code="TICKS_DROPPED",
            message=f"boxes ticked in {names} were left out; Plait ticks them as it lands",
            package=package,
        )
    )
    kept = tuple(change for change in work.changes if change.path not in restored)
    return replace(work, commit=commit, changes=kept, touched=work.touched - restored.keys())


async def tick_boxes(context: Context, package: WorkPackage, tree: str) -> str:
    """Tick the package's boxes in the plan's own files, byte for byte, in the merged tree.

    With it those of a task that it is the last open part of.
    """
    edits: dict[str, bytes] = {}
    states = context.journal.run.packages

    def settled(part: PackageId) -> bool:
        state = states.get(part)
        return state is not None and (state.status in SATISFIED or state.benign)

    for marker in boxes_of(context.plan, package, settled):
        path = marker.span.file
        before = edits.get(path) or await context.trunk.read(tree, path)
        if before is None:
            continue
        after = ticked(before, marker)
        if after is None or not only_ticks_boxes(before, after):
            await context.journal.record(
                Warned(
                    code="BOX_MOVED",
                    message=f"{marker.span}: the box is not where the plan had it; not ticked",
                    package=package.id,
                )
            )
            continue
        edits[path] = after
    return await context.trunk.edit(tree, edits) if edits else tree
