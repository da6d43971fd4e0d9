"""What an attempt left, looked at by Plait: committed, its scope judged, its checks run."""

from __future__ import annotations

from dataclasses import replace

from plait.core.claims import Claims, claimed_to_pass
from plait.core.event import Event, ScopeChecked, Stage, Warned, WorkCommitted
from plait.core.plan import WorkPackage
from plait.core.queue import OwnedCheck, package_checks
from plait.core.retry import VERIFICATION_FAILED
from plait.core.run import ENDED
from plait.core.step import StepName
from plait.core.verdict import ScopeVerdict, judge_scope
from plait.engine.claimed import Claimed, Failure
from plait.engine.conflicts import resolved
from plait.engine.context import Context
from plait.engine.documents import departures
from plait.engine.escalate import beyond_scope, infeasible
from plait.engine.ground import compared_with
from plait.engine.results import result_refused
from plait.engine.ticks import drop_ticked_boxes
from plait.engine.verify import Subject, passed_before, run_checks
from plait.errors import EnvironmentLack, PlaitError
from plait.ports import Work

_GITLINK = "160000"


async def committed(context: Context, claimed: Claimed) -> tuple[Work | None, Failure | None]:
    """Commit what is left; compare everything the commits touched with the plan's scope."""
    package, run = claimed.package, context.journal.run
    message = f"{package.title}\n\nPlait-Run: {run.id}\nPlait-Package: {package.id}\n"
    onto = compared_with(context, package.id, claimed.workspace)
    try:
        work = await context.workspaces.commit(claimed.workspace, onto=onto, message=message)
    except PlaitError as error:
        if isinstance(error, EnvironmentLack):
            raise
        # What an agent left may be something git cannot hold: that is its failure, not ours.
        return None, Failure(code=error.code, reason=error.message)
    work = await drop_ticked_boxes(context, package.id, work, message)
    verdict = judge_scope(
        context.plan,
        package,
        work.touched | {change.path for change in work.changes},
        unfinished=lambda: _unfinished(context, package),
        gitlinks=[each.path for each in work.changes if each.new_mode == _GITLINK],
    )
    if not work.changes and work.commit == work.base:
        # It is told as what it is, so that whoever takes the attempt up finds the same commit.
        tree = await context.trunk.tree(work.base)
        empty = await context.trunk.commit(tree, parents=(work.base,), message=message)
        work = replace(work, commit=empty)
    failure = await _tell_work(context, claimed, work, verdict)
    if failure is not None:
        return work, failure
    return work, await resolved(context, claimed, work)


async def _tell_work(
    context: Context, claimed: Claimed, work: Work, verdict: ScopeVerdict
) -> Failure | None:
    """The commit and its scope, unless both were told before this attempt was taken up."""
    failure: Failure | None = None
    problems: tuple[Event, ...] = ()
    if verdict.violations:
        failure, problems = beyond_scope(context, claimed, verdict.violations)
    if claimed.done.get(StepName.COMMIT, {}).get("commit") == work.commit and (
        StepName.SCOPE in claimed.done
    ):
        return failure
    package = claimed.package.id
    events: list[Event] = [
        WorkCommitted(
            package=package,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            commit=work.commit,
            files=tuple(change.path for change in work.changes),
        ),
        ScopeChecked(
            package=package,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            violations=verdict.violations,
            deviations=verdict.deviations,
            ignored=work.ignored[:50],
        ),
        *await departures(context, claimed, work),
        *problems,
    ]
    if not work.changes:
        told = f"attempt {claimed.attempt} changed nothing"
        events.append(Warned(code="NO_CHANGES", message=told, package=package))
    await context.journal.record(*events)
    return failure


def _unfinished(context: Context, package: WorkPackage) -> list[WorkPackage]:
    states = context.journal.run.packages
    return [
        other
        for other in context.plan.packages
        if other.id != package.id
        and (state := states.get(other.id)) is not None
        and state.status not in ENDED
    ]


async def checked(context: Context, claimed: Claimed, work: Work, claims: Claims) -> Failure | None:
    """Hold the result against the plan, run the checks on the commit; why it is not accepted."""
    own = package_checks(context.compiled, claimed.package.id, context.default_checks)
    refused = await result_refused(context, claimed, work, claims, own)
    if refused is not None:
        return refused
    checks = [OwnedCheck(check=check, owner=claimed.package.id) for check in own]
    red = await run_checks(
        context,
        claimed.workspace,
        checks,
        Subject(
            stage=Stage.VERIFY,
            commit=work.commit,
            logs=claimed.task.directory / "checks",
            timeout_s=claimed.package.timeout_s,
            package=claimed.package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            variables=claimed.variables,
        ),
        passed=passed_before(context.journal.run.packages[claimed.package.id], work.commit),
    )
    if red is None:
        return None
    if red.lack:
        failure, told = infeasible(claimed.tried, lack=red.lack, reason=red.reason, log=red.log)
        await context.journal.record(*told)
        return failure
    reason = red.reason
    if claimed_to_pass(claims, red.check.check):
        reason += "\n\nThe result says that this check passed. It did not."
    return Failure(code=red.code or VERIFICATION_FAILED, reason=reason)
