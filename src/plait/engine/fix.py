"""A fix within an attempt: a narrow package that puts right what reviewers found.

It goes on from the reviewed commit, in the attempt's own worktree, and may write the files that
the findings are about, as far as they lie in the package's scope. What it leaves is committed,
judged and checked as any work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plait import process
from plait.core.claims import Claims
from plait.core.event import FixEnded, FixStarted
from plait.core.glob import literal
from plait.core.plan import Confidence, PackageId, Plan, Scope, WorkPackage
from plait.core.retry import SETUP_FAILED, USES_UP_NOTHING
from plait.core.review import Finding
from plait.core.reviewed import Round
from plait.core.scope import allows
from plait.core.verdict import is_protected, judge_scope
from plait.engine.agent import parked
from plait.engine.claimed import Claimed, Failure, write_down
from plait.engine.context import Context, Ended
from plait.engine.escalate import agent_failure, beyond_scope, judged
from plait.engine.furnish import set_up
from plait.engine.inspection import checked, committed
from plait.engine.review_brief import fix_brief
from plait.engine.supervise import let_work
from plait.errors import EnvironmentLack, PlaitError
from plait.ports import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Work as it stands after a review or a fix.

    `failure` is why it is not accepted, `cut` why the attempt is over at no fault of its own,
    `asks` why a person is to say whether it is accepted. `lingering`: a process that could not
    be ended may still write into the worktree.
    """

    work: Work
    failure: Failure | None = None
    cut: Ended | None = None
    asks: str = ""
    lingering: bool = False

    @property
    def over(self) -> bool:
        """Whether there is nothing to go on with."""
        return self.failure is not None or self.cut is not None or bool(self.asks)


def narrow(plan: Plan, package: WorkPackage, findings: Sequence[Finding]) -> Scope | None:
    """Where a fix may write: the findings' files within the package's scope; None: nowhere.

    What is about no file in particular may be put right in all of the package's scope.
    """
    if any(not each.file for each in findings):
        return package.reach
    files = dict.fromkeys(each.file for each in findings)
    if package.scope.confidence is Confidence.DECLARED:
        within = [each for each in files if allows(package.reach, each)]
    else:
        within = [each for each in files if not is_protected(plan, each)]
    if not within:
        return None
    return Scope(
        write=tuple(literal(each) for each in within),
        read=package.scope.read,
        deny=package.scope.deny,
        confidence=Confidence.DECLARED,
    )


async def fix(context: Context, claimed: Claimed, work: Work, each: Round) -> Looked:
    """Put right what stands in the way after a round; the work as it is then.

    A round's fix that a crash cut off begins anew.
    """
    findings = [one for one in each.findings if one.id in each.blocking]
    scope = narrow(context.plan, claimed.package, findings)
    if scope is None:
        return Looked(work=work, asks="what was found lies outside the package's scope")
    desk = _desk(context, claimed, each, scope)
    await context.workspaces.checkout(claimed.workspace, work.commit)
    failed = await set_up(
        context,
        claimed.workspace,
        work.commit,
        variables=claimed.variables,
        log=desk.task.directory / "setup.log",
        timeout_s=claimed.package.timeout_s,
    )
    if failed:
        return Looked(work=work, failure=Failure(code=SETUP_FAILED, reason=failed))
    await context.journal.record(
        FixStarted(
            package=claimed.package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            number=each.number,
            name=desk.task.package,
            agent=desk.agent.name,
            commit=work.commit,
            directory=context.places.relative(desk.task.directory),
            scope=scope.write,
            findings=tuple(one.id for one in findings),
        )
    )
    return await _carry_out(context, claimed, desk, work, each)


async def _carry_out(
    context: Context, claimed: Claimed, desk: Claimed, work: Work, each: Round
) -> Looked:
    reviewed, worked = work.commit, await let_work(context, desk)
    outcome, lingering = worked.outcome, worked.ended.lingering
    if isinstance(outcome, Ended):
        return Looked(work=work, cut=outcome, lingering=lingering)
    await context.journal.record(
        FixEnded(
            package=claimed.package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            number=each.number,
            status=outcome.status,
            exit_code=worked.ended.code,
            duration_s=worked.ended.duration_s,
            summary=outcome.summary,
            cost_usd=outcome.cost_usd,
            tokens_input=outcome.tokens_input,
            tokens_output=outcome.tokens_output,
        ),
        *parked(context, desk, outcome),
    )
    failure = agent_failure(desk, outcome, judged(context, claimed, outcome))
    if failure is not None and failure.code in USES_UP_NOTHING:
        cut = Ended(code=failure.code, reason=failure.reason)
        return Looked(work=work, cut=cut, lingering=lingering)
    red = failure
    if red is None:
        work, red = await _commit(context, claimed, desk, work)
    if red is None:
        red = await checked(context, desk, work, _own(desk, outcome.claims))
    if red is not None:
        red = replace(red, reason=f"{desk.task.package}: {red.reason}", fix=None)
        return Looked(work=work, failure=red, lingering=lingering)
    asks = "the fix changed nothing" if work.commit == reviewed else ""
    return Looked(work=work, asks=asks, lingering=lingering)


def _own(desk: Claimed, claims: Claims) -> Claims:
    """What a fix's result says; it may name the fix where it names its package."""
    return replace(claims, package="") if claims.package == desk.task.package else claims


async def _commit(
    context: Context, claimed: Claimed, desk: Claimed, reviewed: Work
) -> tuple[Work, Failure | None]:
    """Commit a fix; its own changes have a scope of their own, beside the package's."""
    name = desk.task.package
    message = f"{claimed.package.title}: what reviewers found\n\n"
    message += f"Plait-Run: {context.journal.run.id}\nPlait-Package: {name}\n"
    try:
        own = await context.workspaces.commit(
            claimed.workspace, onto=reviewed.commit, message=message
        )
    except PlaitError as error:
        if isinstance(error, EnvironmentLack):
            raise
        return reviewed, Failure(code=error.code, reason=error.message)
    paths = own.touched | {change.path for change in own.changes}
    verdict = judge_scope(context.plan, desk.package, paths)
    if verdict.violations:
        beyond, problems = beyond_scope(context, desk, verdict.violations)
        await context.journal.record(*problems)
        return own, beyond
    work, failure = await committed(context, claimed)
    return work or own, failure


def _desk(context: Context, claimed: Claimed, each: Round, scope: Scope) -> Claimed:
    """A folder and a brief of its own, in the attempt's worktree."""
    folder = claimed.task.directory / "fix"
    folder.mkdir(exist_ok=True)
    taken = sum(1 for _ in folder.glob(f"{each.number}*"))
    directory = folder / (f"{each.number}.{taken + 1}" if taken else str(each.number))
    directory.mkdir()
    result = claimed.task.result_path.relative_to(claimed.task.directory)
    task = replace(
        claimed.task,
        package=_name(context.plan, claimed.package.id, each.number),
        directory=directory,
        brief_path=directory / "brief.md",
        scope_path=directory / "scope.json",
        result_path=directory / result,
        home=directory / "home",
        scope=scope,
        session="",
    )
    narrowed = replace(claimed.package, scope=scope)
    task = replace(task, brief=fix_brief(context, narrowed, each, task))
    desk = replace(claimed, package=narrowed, task=task, kept=None, done={}, aside=True)
    write_down(desk)
    context.workspaces.inhabit(claimed.workspace, directory / process.ALIVE)
    return desk


def _name(plan: Plan, package: PackageId, number: int) -> PackageId:
    """`ID-fix-N`; with a higher number where the plan has a package of that name."""
    taken = {each.id for each in plan.packages}
    while (name := PackageId(f"{package}-fix-{number}")) in taken:
        number += 1
    return name
