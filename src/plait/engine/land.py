"""Land a candidate: build its merge result, test that very tree, move the branch.

One at a time. The branch moves by compare-and-swap, and only to a commit whose tree passed the
candidate's checks, those of everything landed before it and the repository's.
"""

from __future__ import annotations

import anyio

from plait.core.event import Landed, LandingRefused, LandingStarted, Stage
from plait.core.lease import TrunkLease
from plait.core.plan import WorkPackage
from plait.core.queue import OwnedCheck, landing_checks
from plait.core.retry import after_failure
from plait.core.run import PackageState
from plait.core.verdict import judge_scope
from plait.engine.attempt import keep_ref
from plait.engine.context import Context
from plait.engine.ticks import tick_boxes
from plait.engine.verify import Subject, run_checks
from plait.errors import RunTaken
from plait.ports import Conflict


async def land(context: Context, lease: TrunkLease, candidate: PackageState) -> None:
    """Carry one candidate to its landing or its refusal."""
    package = context.compiled.packages[candidate.id]
    attempt, onto = candidate.attempts[-1].number, context.journal.run.head
    assert candidate.commit is not None  # noqa: S101 - verified packages have one
    await context.journal.record(
        LandingStarted(package=package.id, attempt=attempt, epoch=candidate.epoch, onto=onto)
    )
    merged = await context.trunk.merge(onto, candidate.commit)
    if isinstance(merged, Conflict):
        paths = ", ".join(merged.paths) or merged.detail
        await _refuse(
            context, candidate, "MERGE_CONFLICT", f"it conflicts with what landed: {paths}"
        )
        return
    files = await context.trunk.changed(onto, merged.tree)
    if refusal := _outside(context, package, files):
        await _refuse(context, candidate, "SCOPE_VIOLATION", refusal)
        return
    tree = await tick_boxes(context, package, merged.tree)
    commit = await context.trunk.commit(
        tree,
        parents=(onto, candidate.commit),
        message=landing_message(context, package),
    )
    checks = landing_checks(
        context.compiled,
        context.journal.run,
        package.id,
        defaults=context.default_checks,
        repository=context.land_checks,
    )
    red = await _test(context, candidate, package, commit, checks)
    if red:
        await _refuse(context, candidate, "LANDING_FAILED", red)
        return
    with anyio.CancelScope(shield=True):  # whoever moves the branch says so
        await _move(context, lease, candidate, onto, commit)
        await context.journal.record(
            Landed(
                package=package.id,
                attempt=attempt,
                epoch=candidate.epoch,
                commit=commit,
                tree=tree,
                files=files,
                unchecked=not checks,
            )
        )


async def _move(
    context: Context, lease: TrunkLease, candidate: PackageState, onto: str, commit: str
) -> None:
    """Move the branch, if the run and the package are still decided here."""
    what = f"the landing of {candidate.id} (branch {lease.branch} to {commit})"
    await context.holding.require(what, {candidate.id: candidate.epoch})
    try:
        await context.trunk.advance(lease, old=onto, new=commit)
    except RunTaken as taken:
        await context.holding.refused(what, taken)
        raise


def landing_message(context: Context, package: WorkPackage) -> str:
    """Subject and trailers of a landing's merge commit."""
    feature = context.plan.feature
    return (
        f"feat({feature}): {package.title}\n\n"
        f"Plait-Run: {context.journal.run.id}\nPlait-Package: {package.id}\n"
    )


def _outside(context: Context, package: WorkPackage, files: tuple[str, ...]) -> str:
    """A merge can move a change (git follows renames): the result is judged as well."""
    verdict = judge_scope(context.plan, package, files)
    if not verdict.violations:
        return ""
    return f"merged, it changes paths outside its scope: {', '.join(verdict.violations[:10])}"


async def _test(
    context: Context,
    candidate: PackageState,
    package: WorkPackage,
    commit: str,
    checks: tuple[OwnedCheck, ...],
) -> str:
    """Why the merge result is red, with the output; empty if it is green."""
    if not checks:
        return ""
    attempt = candidate.attempts[-1].number
    workspace = await context.workspaces.open(commit)
    try:
        red = await run_checks(
            context,
            workspace,
            checks,
            Subject(
                stage=Stage.LAND,
                commit=commit,
                logs=context.places.attempt(package.id, attempt) / "checks",
                timeout_s=package.timeout_s,
                package=package.id,
                attempt=attempt,
                epoch=candidate.epoch,
            ),
        )
    finally:
        await context.workspaces.close(workspace)
    return "" if red is None else red.reason


async def _refuse(context: Context, candidate: PackageState, code: str, reason: str) -> None:
    """Send the candidate back with the reason, or, its budget spent, fail it. Its work stays."""
    package = context.compiled.packages[candidate.id]
    ref = keep_ref(context, candidate.id, candidate.epoch)
    if candidate.commit is not None:
        await context.workspaces.publish(ref, candidate.commit)
    sequel = after_failure(
        candidate,
        code,
        run=context.journal.run.id,
        retry_budget=package.retry_budget,
        now=context.clock.now(),
        backoff=context.backoff,
    )
    await context.journal.record(
        LandingRefused(
            package=candidate.id,
            attempt=candidate.attempts[-1].number,
            epoch=candidate.epoch,
            verdict=sequel.verdict,
            not_before=sequel.not_before,
            error_code=code,
            reason=reason,
            kept_ref=ref,
        )
    )
