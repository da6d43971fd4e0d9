"""Before the first agent starts: branch, baseline, what is done already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plait.core.event import BaselineCommitted, Stage, Warned
from plait.core.lease import TrunkLease
from plait.core.plan import PackageId, Plan
from plait.core.queue import OwnedCheck
from plait.core.run import UNFINISHED, PackageStatus
from plait.engine.context import Context
from plait.engine.verify import Subject, run_checks_apart
from plait.errors import UsageError
from plait.ports import RunRow, Store, Trunk

BASELINE_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a run stands on: its branch, the commit it begins at, what an earlier run landed.

    `exists`: the branch is an earlier run's own and is built upon.
    """

    branch: str
    base: str
    exists: bool = False
    carried: tuple[PackageId, ...] = ()


def unfinished_run(store: Store, plan: Plan) -> RunRow | None:
    """The newest run of this very plan, if it can be continued."""
    newest = next((row for row in store.runs() if row.digest == plan.digest), None)
    if newest and newest.status in UNFINISHED:
        return newest
    return None


async def ground(
    store: Store, trunk: Trunk, plan: Plan, *, base: str, branch: str | None, fresh: bool
) -> Ground:
    """Choose the run's branch; one that exists is never overwritten.

    Raises:
        UsageError: `BRANCH_EXISTS`, it is not an earlier run's own with the same plan.
    """
    name = branch or plan.branch
    if fresh:
        return Ground(branch=await _free_name(trunk, name), base=base)
    head = await trunk.head(name)
    if head is None:
        return Ground(branch=name, base=base)
    earlier = [row for row in store.runs() if row.branch == name]
    if not earlier or earlier[0].head != head or earlier[0].digest != plan.digest:
        why = "it was not made by Plait"
        revise = ""
        if earlier and earlier[0].plan == plan.id and earlier[0].digest != plan.digest:
            revise = f"`plait resume {earlier[0].id} --plan PLAN` goes on with the changed plan; "
        if earlier:
            why = "its run had another plan"
            if earlier[0].digest == plan.digest:
                why = "it was moved since its run"
        raise UsageError(
            f"the branch {name} exists and cannot be built upon: {why}",
            code="BRANCH_EXISTS",
            hint=f"{revise}--fresh takes the next free name; --branch NAME takes another; "
            "Plait overwrites none",
        )
    carried = landed_before(store, plan, name)
    return Ground(branch=name, base=head, exists=True, carried=carried)


async def baseline(
    context: Context, lease: TrunkLease, ground: Ground, files: Mapping[str, bytes]
) -> None:
    """Create the run's branch; begin it with one commit of the plan files that differ.

    The baseline is checked with the repository's and the default checks; if it is red, a
    warning says so and the run goes on, since nothing red lands in any case.
    """
    trunk, run = context.trunk, context.journal.run
    head = ground.base
    if files:
        tree = await trunk.edit(await trunk.tree(head), files)
        subject = f"plan({context.plan.feature}): the plan's files as approved"
        head = await trunk.commit(
            tree, parents=(head,), message=f"{subject}\n\nPlait-Run: {run.id}\n"
        )
    if ground.exists:
        if head != ground.base:
            await trunk.advance(lease, old=ground.base, new=head)
    else:
        await trunk.create(lease, head)
    if head != ground.base:
        await context.journal.record(BaselineCommitted(commit=head, files=tuple(files)))
    await check_baseline(context, head, when="before any package landed")


async def check_baseline(context: Context, head: str, *, when: str) -> None:
    """Check a commit that begins or revises a run; a warning says where it is red, and `when`."""
    once = {each.identity: each for each in (*context.default_checks, *context.land_checks)}
    checks = [OwnedCheck(check=check, owner=None) for check in once.values()]
    if not checks:
        return
    red = await run_checks_apart(
        context,
        checks,
        Subject(
            stage=Stage.BASELINE,
            commit=head,
            logs=context.places.run_folder() / "checks",
            timeout_s=BASELINE_TIMEOUT_S,
        ),
    )
    if red is not None:
        first = red.reason.partition("\n")[0]
        await context.journal.record(Warned(code="BASELINE_RED", message=f"{when}: {first}"))


def plan_files(plan: Plan, root: Path) -> dict[str, bytes]:
    """The plan's own files as the checkout has them: sources, context and contracts."""
    names = [*(source.path for source in plan.files), *plan.context, *plan.contracts.files]
    found: dict[str, bytes] = {}
    for name in dict.fromkeys(names):
        path = root / name
        inside = not Path(name).is_absolute() and path.resolve().is_relative_to(root.resolve())
        if inside and path.is_file() and not path.is_symlink():
            found[name] = path.read_bytes()
    return found


async def differing(trunk: Trunk, base: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of the files that `base` does not have with this content."""
    return {
        name: content for name, content in files.items() if await trunk.read(base, name) != content
    }


async def _free_name(trunk: Trunk, name: str) -> str:
    candidate, number = name, 1
    while await trunk.head(candidate) is not None:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def landed_before(store: Store, plan: Plan, branch: str) -> tuple[PackageId, ...]:
    """What earlier runs of this very plan landed on a branch."""
    done = {
        row.id
        for run in store.runs()
        if run.branch == branch and run.digest == plan.digest
        for row in store.packages(run.id)
        if row.status == PackageStatus.LANDED
    }
    return tuple(package.id for package in plan.packages if package.id in done)
