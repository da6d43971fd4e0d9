"""What the merge queue does with git and with checks: place, join, try out, publish, refuse.

A candidate is placed by merging it onto the one before it in the row, without a checkout. A
prefix of the row is tested as one commit whose tree is the last one's, and the branch moves, by
compare-and-swap, to a commit of exactly that tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from plait.core.event import Event, Landed, LandingRefused, Stage, Verdict
from plait.core.lease import TrunkLease
from plait.core.plan import PackageId, WorkPackage
from plait.core.queue import OwnedCheck, landing_checks
from plait.core.retry import MERGE_CONFLICT, after_failure
from plait.core.run import PackageState
from plait.core.verdict import judge_scope
from plait.engine.claimed import Tried
from plait.engine.conflicts import ask, conflicting, found, left_to_try
from plait.engine.context import Context
from plait.engine.documents import write_documents
from plait.engine.escalate import in_full, infeasible
from plait.engine.keeping import keep_ref
from plait.engine.merging import merge
from plait.engine.ticks import tick_boxes
from plait.engine.verify import Red, Subject, passed_before, run_checks_apart
from plait.errors import RunTaken
from plait.ports import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A candidate in its place: `commit` merges it onto `onto`; `files` is what that changes."""

    candidate: PackageState
    onto: str
    commit: str
    tree: str
    files: tuple[str, ...]
    mended: tuple[str, ...] = ()  # files that git could not merge, merged by what they hold

    @property
    def id(self) -> PackageId:
        """The package's."""
        return self.candidate.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Why a candidate cannot be merged there."""

    code: str
    reason: str
    paths: tuple[str, ...] = ()


async def place(context: Context, candidate: PackageState, onto: str) -> Placed | Misfit:
    """Merge a candidate onto a commit, with Plait's own edits: boxes ticked, documents written."""
    package = context.compiled.packages[candidate.id]
    assert candidate.commit is not None  # noqa: S101 - verified packages have one
    merged = await merge(context, onto, candidate.commit)
    if isinstance(merged, Conflict):
        return Misfit(code=MERGE_CONFLICT, reason=conflicting(merged), paths=merged.paths)
    files = await context.trunk.changed(onto, merged.tree)
    if refusal := _outside(context, package, files):
        return Misfit(code="SCOPE_VIOLATION", reason=refusal)
    tree = await tick_boxes(context, package, merged.tree)
    tree = await write_documents(context, package, files, tree)
    commit = await context.trunk.commit(
        tree, parents=(onto, candidate.commit), message=landing_message(context, [package])
    )
    return Placed(
        candidate=candidate, onto=onto, commit=commit, tree=tree, files=files, mended=merged.mended
    )


async def join(context: Context, prefix: Sequence[Placed], head: str) -> str:
    """The commit that the branch would move to from `head`: a merge of one, or of them all.

    Of one it is the candidate's own merge. Several are one commit, since only its tree is
    tested: its second parent is the row of their own merges, one on top of the other.
    """
    last = prefix[-1]
    if len(prefix) == 1:
        if last.onto == head:
            return last.commit
        parents = (head, last.candidate.commit or "")
    else:
        parents = (head, last.commit)
    packages = [context.compiled.packages[each.id] for each in prefix]
    message = landing_message(context, packages)
    return await context.trunk.commit(last.tree, parents=parents, message=message)


def landing_message(context: Context, packages: Sequence[WorkPackage]) -> str:
    """Subject and trailers of a landing's merge commit."""
    feature, run = context.plan.feature, context.journal.run.id
    if len(packages) == 1:
        told = f"feat({feature}): {packages[0].title}\n\n"
    else:
        titles = "\n".join(f"- {each.title}" for each in packages)
        told = f"feat({feature}): {len(packages)} packages\n\n{titles}\n\n"
    trailers = "".join(f"Plait-Package: {each.id}\n" for each in packages)
    return f"{told}Plait-Run: {run}\n{trailers}"


def _outside(context: Context, package: WorkPackage, files: tuple[str, ...]) -> str:
    """A merge can move a change (git follows renames): the result is judged as well."""
    verdict = judge_scope(context.plan, package, files)
    if not verdict.violations:
        return ""
    return f"merged, it changes paths outside its scope: {', '.join(verdict.violations[:10])}"


def checks_of(context: Context, prefix: Sequence[Placed]) -> tuple[OwnedCheck, ...]:
    """What must pass on the tree of a prefix."""
    return landing_checks(
        context.compiled,
        context.journal.run,
        [each.id for each in prefix],
        defaults=context.default_checks,
        repository=context.land_checks,
    )


async def try_out(
    context: Context,
    prefix: Sequence[Placed],
    commit: str,
    checks: Sequence[OwnedCheck],
    *,
    again: bool = False,
    on_base: bool = False,
) -> Red | None:
    """Run checks on a clean checkout of a prefix's tree, in the name of its last candidate.

    Those that have passed on that tree before are not run again, unless that is asked for.

    Args:
        context: The run's surroundings.
        prefix: Candidates from the head of the row.
        commit: What `join` made of them; or what they are to land on.
        checks: What must pass.
        again: To tell a flake from a break.
        on_base: The commit is what they are to land on, tested in their name.
    """
    if not checks:
        return None
    last = prefix[-1]
    attempt = last.candidate.attempts[-1].number
    state = context.journal.run.packages[last.id]
    folder = context.places.attempt(last.id, attempt) / "checks"
    subject = Subject(
        stage=Stage.LAND,
        commit=commit,
        logs=folder,
        timeout_s=max(context.compiled.packages[each.id].timeout_s for each in prefix),
        package=last.id,
        attempt=attempt,
        epoch=last.candidate.epoch,
        tree="" if on_base else last.tree,
        again=again,
    )
    passed = () if again else passed_before(state, last.tree, stage=Stage.LAND)
    return await run_checks_apart(context, checks, subject, passed=passed)


async def publish(
    context: Context, lease: TrunkLease, prefix: Sequence[Placed], commit: str, *, checked: bool
) -> None:
    """Move the branch to a tested commit, and say so; once begun it is carried to its end.

    Raises:
        StaleEpoch: A package is not decided here any more; the branch stays.
        RunTaken: Nor is the run.
    """
    head, last = context.journal.run.head, prefix[-1]
    names = ", ".join(each.id for each in prefix)
    what = f"the landing of {names} (branch {lease.branch} to {commit})"
    with anyio.CancelScope(shield=True):  # whoever moves the branch says so
        await context.holding.require(what, {each.id: each.candidate.epoch for each in prefix})
        try:
            await context.trunk.advance(lease, old=head, new=commit)
        except RunTaken as taken:
            await context.holding.refused(what, taken)
            raise
        events: list[Event] = [
            Landed(
                package=each.id,
                attempt=each.candidate.attempts[-1].number,
                epoch=each.candidate.epoch,
                commit=commit,
                tree=last.tree,
                files=each.files,
                unchecked=not checked,
                tested_with=last.id if each is not last else None,
                merged=each.mended,
            )
            for each in prefix
        ]
        await context.journal.record(*events)


async def send_back(
    context: Context, candidate: PackageState, *, onto: str, misfit: Misfit
) -> None:
    """Refuse what does not fit onto the branch; a conflict that no attempt can resolve asks."""
    if misfit.code == MERGE_CONFLICT:
        await found(context, candidate, onto, misfit.paths)
        if lack := left_to_try(context, candidate):
            await ask(context, candidate, reason=misfit.reason, lack=lack)
            return
    await refuse(context, candidate, misfit.code, misfit.reason)


async def refuse(context: Context, candidate: PackageState, code: str, reason: str) -> None:
    """Send the candidate back with the reason, or, its budget spent, fail it. Its work stays."""
    package = context.compiled.packages[candidate.id]
    ref = await _keep(context, candidate)
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


async def ask_for(context: Context, candidate: PackageState, red: Red) -> None:
    """Block a candidate whose check cannot run on this machine: another attempt helps nobody."""
    last = candidate.attempts[-1]
    tried = Tried(
        package=candidate.id,
        attempt=last.number,
        epoch=candidate.epoch,
        again=len(candidate.under(candidate.epoch)) > 1,
    )
    failure, told = infeasible(tried, lack=red.lack, reason=red.reason, log=red.log)
    ref = await _keep(context, candidate)
    refused = LandingRefused(
        package=tried.package,
        attempt=tried.attempt,
        epoch=tried.epoch,
        verdict=Verdict.BLOCKED,
        error_code=failure.code,
        reason=in_full(failure, attempt=tried.attempt, kept_ref=ref, logs=last.directory),
        kept_ref=ref,
        question=failure.blocked,
    )
    await context.journal.record(*told, refused)


async def _keep(context: Context, candidate: PackageState) -> str:
    """Keep a candidate's work under a hidden ref: its name."""
    ref = keep_ref(context, candidate.id, candidate.epoch)
    if candidate.commit is not None:
        await context.workspaces.publish(ref, candidate.commit)
    return ref
