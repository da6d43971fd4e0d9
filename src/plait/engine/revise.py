"""Take a run on under another version of its plan: the new text on the branch, then the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from plait.core.event import BaselineCommitted, Warned
from plait.core.lease import TrunkLease
from plait.core.mark import boxes_of, ticked
from plait.core.package import SATISFIED
from plait.core.plan import Plan
from plait.core.revision import Revision
from plait.core.run import Run
from plait.core.verdict import only_ticks_boxes
from plait.engine.context import Context
from plait.engine.preflight import check_baseline, plan_files


async def revise(context: Context, lease: TrunkLease, revision: Revision, root: Path) -> None:
    """Commit what changed of the plan's files, then go on with the plan as it is now.

    In this order: after a crash in between the run still has its old plan, and the same call
    finds nothing left to commit.

    Args:
        context: The run, at rest.
        lease: Its branch.
        revision: What the new version means.
        root: The checkout that the plan was read from.
    """
    head = await context.trunk.head(lease.branch)
    if head is not None:
        edits, clashes = await _edits(
            context, revision.plan, root, head, again=set(revision.requeued)
        )
        if edits:
            await _commit(context, lease, head, edits, clashes)
        elif clashes:
            await context.journal.record(*clashes)
    await context.journal.revise(lambda _plan: revision.plan, *revision.events())


async def _commit(
    context: Context,
    lease: TrunkLease,
    head: str,
    edits: Mapping[str, bytes],
    clashes: Sequence[Warned],
) -> None:
    trunk, run = context.trunk, context.journal.run
    tree = await trunk.edit(await trunk.tree(head), edits)
    subject = f"plan({context.plan.feature}): the plan's files as revised"
    commit = await trunk.commit(
        tree, parents=(head,), message=f"{subject}\n\nPlait-Run: {run.id}\n"
    )
    await trunk.advance(lease, old=head, new=commit)
    await context.journal.record(BaselineCommitted(commit=commit, files=tuple(edits)), *clashes)
    await check_baseline(context, commit, when="after the plan was revised")


async def _edits(
    context: Context, plan: Plan, root: Path, head: str, *, again: set[str]
) -> tuple[dict[str, bytes], list[Warned]]:
    """What of the plan's files is to be written: what was edited, boxes of what landed ticked.

    A file that nobody edited stays as the branch has it, with what packages wrote to it. Where
    somebody edited one that a package wrote to as well, a warning says whose version stands:
    that of what an approval pins is the approved one, of all else the branch's.
    """
    run, read = context.journal.run, context.trunk.read
    before = {each.path: each.sha256 for each in run.plan.files}
    now = {each.path: each.sha256 for each in plan.files}
    found: dict[str, bytes] = {}
    clashes: list[Warned] = []
    for path, content in plan_files(plan, root).items():
        if path in now and now[path] == before.get(path):
            continue
        begun = await read(run.supplied.get(path, run.base), path)
        written = _written(begun, await read(head, path), pinned=path in now)
        if path in now or not written:
            found[path] = content
        if written and content not in {begun, await read(head, path)}:
            clashes.append(_clash(path, head, pinned=path in now))
    with_boxes = tick_landed(plan, run, found, again=again)
    edits = {
        path: content for path, content in with_boxes.items() if content != await read(head, path)
    }
    return edits, clashes


def _written(begun: bytes | None, on_branch: bytes | None, *, pinned: bool) -> bool:
    """Whether a package wrote to a file; in a task list Plait has ticked boxes, which is none."""
    if on_branch is None or on_branch == begun:
        return False
    return not (pinned and begun is not None and only_ticks_boxes(begun, on_branch))


def _clash(path: str, head: str, *, pinned: bool) -> Warned:
    """That a file was edited, and a package wrote to it too."""
    told = f"{path} was edited, and a package of the run wrote to it too"
    place = f"{head[:12]}:{path}"
    stands = f"the edit stands, the other version is kept (git show {place})"
    if not pinned:
        stands = f"the package's version stands ({place}), the edit is in the checkout alone"
    return Warned(code="CHANGED_TWICE", message=f"{told}; {stands}")


def tick_landed(
    plan: Plan, run: Run, files: Mapping[str, bytes], *, again: set[str]
) -> dict[str, bytes]:
    """The files with the boxes of what landed, and stays landed, ticked; byte for byte."""
    settled = {
        state.id
        for state in run.packages.values()
        if (state.status in SATISFIED or state.benign) and state.id not in again
    }
    edited = dict(files)
    for package in plan.packages:
        if package.id not in settled or run.packages[package.id].status not in SATISFIED:
            continue
        for marker in boxes_of(plan, package, settled.__contains__):
            before = edited.get(marker.span.file)
            after = None if before is None else ticked(before, marker)
            if after is not None:
                edited[marker.span.file] = after
    return edited
