"""A candidate that conflicts with what has landed: its own agent is asked to bring both together.

The next attempt begins on the run's branch, with the refused work laid over it and the conflict
in the files. What the agent leaves is judged like any work, and beside that by what
`core.resolution` asks of an answer. Where no attempt is left, a person is asked, with both diffs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from anyio import to_thread

from plait.core.escalation import Escalation, EscalationType, RaisedBy, Severity
from plait.core.event import ConflictFound, LandingRefused, Verdict
from plait.core.foresight import meeting
from plait.core.limit import package_overspent
from plait.core.package import Attempt, PackageState, PackageStatus
from plait.core.plan import PackageId
from plait.core.queue import package_checks
from plait.core.resolution import Sides, judge, unresolved
from plait.core.retry import MERGE_CONFLICT, Sequel
from plait.core.run import verdict_after_failure
from plait.engine.brief import rebase_brief
from plait.engine.claimed import Claimed, Failure, Tried, write_down
from plait.engine.context import Context
from plait.engine.escalate import in_full, told_by_plait
from plait.engine.keeping import keep_ref
from plait.engine.merging import merge
from plait.engine.reading import read
from plait.errors import PlaitError
from plait.ports import Conflict, Work

MOST_DIFF = 50_000  # characters of each diff that a question holds; files hold all of it
MOST_FILES = 500  # of an answer that are looked into


@dataclass(frozen=True, slots=True, kw_only=True)
class Diffs:
    """How both sides changed what conflicts, since they parted."""

    landed: str
    mine: str


async def found(context: Context, candidate: PackageState, onto: str, paths: Sequence[str]) -> None:
    """Record that a candidate conflicts with what is on the branch, and with whose work."""
    last = candidate.attempts[-1]
    await context.journal.record(
        ConflictFound(
            package=candidate.id,
            attempt=last.number,
            epoch=last.epoch,
            onto=onto,
            paths=tuple(paths),
            against=_landed_since(context, last, paths),
        )
    )


def left_to_try(context: Context, candidate: PackageState) -> str:
    """Why no agent is asked to resolve a conflict; empty if one is."""
    budget = context.compiled.packages[candidate.id].retry_budget
    if verdict_after_failure(candidate, budget) is Verdict.REJECT:
        return "no attempt is left to bring both together"
    run = context.journal.run
    return package_overspent(run, candidate.cost_usd, context.package_budget_usd)


async def ask(context: Context, candidate: PackageState, *, reason: str, lack: str) -> None:
    """Block a candidate that conflicts with what landed, and that no attempt can bring together."""
    state = context.journal.run.packages[candidate.id]
    last = state.attempts[-1]
    again = len(state.under(last.epoch)) > 1
    tried = Tried(package=state.id, attempt=last.number, epoch=last.epoch, again=again)
    failure = await _question(context, tried, last, f"{reason}\n\n{lack}".strip())
    ref = keep_ref(context, state.id, last.epoch)
    if state.commit is not None:
        await context.workspaces.publish(ref, state.commit)
    refused = LandingRefused(
        package=state.id,
        attempt=last.number,
        epoch=last.epoch,
        verdict=Verdict.BLOCKED,
        error_code=MERGE_CONFLICT,
        reason=in_full(failure, attempt=last.number, kept_ref=ref, logs=last.directory),
        kept_ref=ref,
        question=failure.blocked,
    )
    await context.journal.record(refused)


async def laid_out(context: Context, claimed: Claimed) -> Claimed:
    """Where the attempt has a conflict to resolve: lay it out in the files, and say so."""
    state = context.journal.run.packages[claimed.package.id]
    before = unresolved(state)
    if before is None or before.commit is None or claimed.unready is not None:
        return claimed
    base = claimed.workspace.base
    try:
        merged = await merge(context, base, before.commit)
        parents = (base,)
        commit = await context.trunk.commit(merged.tree, parents=parents, message="conflict\n")
        diffs = await _diffs(context, base, before)
    except PlaitError as error:
        if error.code != "GIT_FAILED":
            raise
        return claimed  # what was refused is kept no more: the package begins anew
    await context.workspaces.lay(claimed.workspace, commit)
    text = rebase_brief(
        context.compiled,
        context.journal.run,
        claimed.package,
        before=before,
        conflict=(merged.paths, merged.detail) if isinstance(merged, Conflict) else ((), ""),
        diffs=(diffs.mine, diffs.landed),
        checks=package_checks(context.compiled, claimed.package.id, context.default_checks),
        tokens=context.brief_tokens,
        overrides=context.prompts,
    )
    claimed = replace(claimed, task=replace(claimed.task, brief=text))
    write_down(claimed)
    return claimed


async def resolved(context: Context, claimed: Claimed, work: Work) -> Failure | None:
    """Why an attempt's work is not what it has to be beside what has landed, or None.

    What conflicts with the branch as it is by now is sent back before its checks are run.
    """
    run = context.journal.run
    state = run.packages[claimed.package.id]
    before, base = unresolved(state), claimed.workspace.base
    if before is not None and before.commit is not None and before is not state.attempts[-1]:
        wrong = await _judged(context, base, before, work)
        if wrong is not None:
            return wrong
    if state.attempts[-1].built_on or run.head == base:
        return None
    # A merge leaves a tree behind: where nothing can conflict there is none.
    landed = await context.trunk.changed(base, run.head)
    if not meeting([each.path for each in work.changes], {state.id: landed}):
        return None
    merged = await merge(context, run.head, work.commit)
    if not isinstance(merged, Conflict):
        return None
    if not state.attempts[-1].conflicts:  # else it was told before the attempt was taken up
        await found(context, state, run.head, merged.paths)
    return Failure(code=MERGE_CONFLICT, reason=conflicting(merged))


def conflicting(conflict: Conflict) -> str:
    """A conflict with what landed, in words."""
    return f"it conflicts with what landed: {', '.join(conflict.paths) or conflict.detail}"


async def asked(context: Context, claimed: Claimed, failure: Failure, sequel: Sequel) -> Failure:
    """A failure that leaves a conflict unresolved for good is a question; any other stays."""
    state = context.journal.run.packages[claimed.package.id]
    before = unresolved(state)
    if sequel.verdict is not Verdict.REJECT or failure.blocked or before is None:
        return failure
    return await _question(context, claimed.tried, before, f"{failure.code}: {failure.reason}")


async def _judged(context: Context, base: str, before: Attempt, work: Work) -> Failure | None:
    trunk, theirs = context.trunk, before.commit or ""
    origin = await trunk.shared(base, theirs)
    changed = [each.path for each in work.changes if each.new_mode.startswith("100")]
    changed += [each.path for each in work.changes if each.status == "D"]
    paths = dict.fromkeys([*before.conflicts, *changed[:MOST_FILES]])
    sides: dict[str, Sides] = {}
    left: dict[str, bytes | None] = {}
    for path in paths:
        sides[path] = Sides(
            base=await trunk.read(origin, path),
            landed=await trunk.read(base, path),
            candidate=await trunk.read(theirs, path),
        )
        left[path] = await trunk.read(work.commit, path)
    wrong = await to_thread.run_sync(judge, sides, left, read)
    return None if wrong is None else Failure(code=wrong.code, reason=wrong.reason)


async def _diffs(context: Context, onto: str, before: Attempt) -> Diffs:
    """Both sides' changes of what conflicts."""
    theirs = before.commit or ""
    origin = await context.trunk.shared(onto, theirs)
    return Diffs(
        landed=await context.trunk.diff(origin, onto, before.conflicts),
        mine=await context.trunk.diff(origin, theirs, before.conflicts),
    )


async def _question(context: Context, tried: Tried, before: Attempt, reason: str) -> Failure:
    """Ask a person, with both diffs; they lie as files beside the attempt, too."""
    run = context.journal.run
    diffs = await _diffs(context, run.head, before)
    folder = context.places.attempt(tried.package, tried.attempt) / "conflict"
    folder.mkdir(parents=True, exist_ok=True)
    logs = []
    for name, text in (("landed.diff", diffs.landed), ("candidate.diff", diffs.mine)):
        (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape")
        logs.append(context.places.relative(folder / name))
    names = ", ".join(before.conflicts_with) or "what landed"
    paths = ", ".join(before.conflicts)
    escalation = Escalation(
        type=EscalationType.MERGE_CONFLICT,
        severity=Severity.BLOCKING,
        summary=f"it and {names} changed the same, and both could not be brought together: {paths}",
        details=f"{reason}\n\nWhat landed ({logs[0]}):\n\n{diffs.landed[:MOST_DIFF]}\n"
        f"What this package did ({logs[1]}):\n\n{diffs.mine[:MOST_DIFF]}",
        files=before.conflicts,
        logs=tuple(logs),
        impacted=before.conflicts_with,
    )
    await context.journal.record(*told_by_plait(tried, escalation))
    return Failure(
        code=MERGE_CONFLICT,
        reason=escalation.summary,
        blocked=escalation.summary,
        escalation=escalation,
        by=RaisedBy.PLAIT,
    )


def _landed_since(context: Context, last: Attempt, paths: Sequence[str]) -> tuple[PackageId, ...]:
    """The packages that changed one of the paths and landed since an attempt began."""
    wanted = frozenset(paths)
    return tuple(
        each.id
        for each in context.journal.run.with_status(PackageStatus.LANDED)
        if (each.landed_at or 0.0) >= last.started_at and not wanted.isdisjoint(each.files)
    )
