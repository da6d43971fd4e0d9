"""The integration gate at work: the whole is judged once everything has landed.

What is judged, and what follows, is decided in `core.integration`. It goes on beside the loop,
so that a person's orders are heard meanwhile; a crash costs the checks that had not ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from plait.core import integration
from plait.core.event import IntegrationJudged, PackageAdded, Stage, Verdict, Warned
from plait.core.finding import Finding, errors
from plait.core.integration import Problem, Use, Wrong
from plait.core.plan import PackageId, Plan, WorkPackage
from plait.core.queue import OwnedCheck
from plait.core.run import Halt, Run
from plait.engine.context import Context
from plait.engine.tested import Tested
from plait.engine.verify import Red, Subject, run_checks_apart

_LONGEST_S = 3600.0  # of a check, where no package says otherwise
_MOST_BYTES = 20_000_000  # of a contract


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contracts:
    """What was found of the contracts, and of who was built on another text of them."""

    count: int
    problems: tuple[Problem, ...] = ()
    stale: tuple[tuple[PackageId, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class Integration:
    """One run's gate. `tested` knows what passed on which tree."""

    context: Context
    tested: Tested
    _scope: anyio.CancelScope | None = field(default=None, init=False)

    def holds_back(self, tasks: TaskGroup) -> bool:
        """Whether the run is not over before the whole is judged; that begins now, if it is due."""
        run = self.context.journal.run
        if self._scope is not None:
            if run.halt in {Halt.NOW, Halt.CANCEL}:
                self._scope.cancel()
            return True
        if run.halt is not None or not integration.is_due(run):
            return False
        self._scope = anyio.CancelScope()
        tasks.start_soon(self._work, self._scope, name="integration")
        return True

    async def _work(self, scope: anyio.CancelScope) -> None:
        try:
            with scope:
                await self._judge()
        finally:
            self._scope = None
            self.context.journal.wake()

    async def _judge(self) -> None:
        """Judge the branch's head, and record what follows."""
        context, run = self.context, self.context.journal.run
        began, commit, words = context.clock.now(), run.head, run.whole.words
        tree = await context.trunk.tree(commit)
        subject = _subject(context, commit, tree)
        checks = integration.suite(
            context.compiled,
            run,
            defaults=context.default_checks,
            repository=context.land_checks,
            whole=context.examination.checks,
        )
        known = integration.passed_before(run, tree, checks)
        left = [each for each in self.tested.left(tree, checks) if each not in known]
        wrong = await self._suite(left, subject)
        contracts = await _contracts(context, run, commit)
        found = errors(tuple(await _looked_at(context, run.plan, commit)))
        problems = (*contracts.problems, *map(_problem, found))
        validated, wrong = await self._validated(replace(wrong, problems=problems), subject)
        judged = IntegrationJudged(
            verdict=Verdict.PASS,
            commit=commit,
            tree=tree,
            checks=tuple(each.check.name for each in left),
            known=len(checks) - len(left),
            contracts=contracts.count,
            validated=validated,
            problems=tuple(each.told for each in wrong.problems),
            stale=tuple(package for package, _ in contracts.stale),
            stale_contracts=tuple(path for _, path in contracts.stale),
            log=context.places.relative(subject.logs) if left else "",
            duration_s=max(0.0, context.clock.now() - began),
        )
        await self._conclude(judged, wrong, words)

    async def _conclude(self, judged: IntegrationJudged, wrong: Wrong, words: str) -> None:
        context = self.context
        if not wrong.reasons:
            await context.journal.record(judged)
            return
        reason = "\n\n".join(wrong.reasons)
        fix = integration.fix_for(context.journal.run, wrong, words=words)
        if fix is None or not context.limits.roster.providers(fix):
            asked = integration.question(wrong)
            blocked = replace(judged, verdict=Verdict.BLOCKED, reason=reason, question=asked)
            await context.journal.record(blocked)
            return
        opened = fix
        await context.journal.revise(
            lambda plan: _with(plan, opened),
            replace(judged, verdict=Verdict.REVISE, reason=reason, fix=opened.id),
            PackageAdded(package=opened.id, needed_by=PackageId(""), reason=reason),
        )

    async def _suite(self, checks: Sequence[OwnedCheck], subject: Subject) -> Wrong:
        """Run all of them, also behind one that fails; what fails once and passes then is told."""
        wrong, left, base = Wrong(), list(checks), subject.logs
        while left:
            subject = replace(subject, logs=_fresh(base))
            red = await run_checks_apart(self.context, left, subject)
            ended = len(left) if red is None else left.index(red.check)
            self.tested.add(subject.tree, left[:ended])
            if red is None:
                break
            left = left[ended + 1 :]
            if red.lack or red.code:  # it could not run here, or nothing could be made ready
                return replace(wrong, lack=red.lack or red.reason)
            if await self._passes_again(red, subject):
                continue
            failed, told = (*wrong.failed, red.check.check), (*wrong.told, red.reason)
            wrong = replace(wrong, failed=failed, told=told)
        return wrong

    async def _passes_again(self, red: Red, subject: Subject) -> bool:
        again = await run_checks_apart(self.context, [red.check], replace(subject, again=True))
        if again is not None:
            return False
        told = f'check "{red.check.check.name}" failed on the final tree, and passed when run again'
        await self.context.journal.record(Warned(code="FLAKY_CHECK", message=told))
        return True

    async def _validated(self, wrong: Wrong, subject: Subject) -> tuple[str, Wrong]:
        """The change's folder, by OpenSpec's own program where that is here.

        Returns:
            Who looked at it, and what is wrong by now.
        """
        context, run = self.context, self.context.journal.run
        check = context.examination.validation(run.plan)
        if check is None:
            return ("plait check" if _is_looked_at(run.plan) else ""), wrong
        owned = OwnedCheck(check=check, owner=None)
        subject = replace(subject, logs=_fresh(subject.logs))
        red = await run_checks_apart(context, [owned], subject)
        if red is None:
            return check.name, wrong
        if red.lack or red.code:
            return "plait check", wrong
        if await self._failed_before(owned, subject):
            told = f"{check.name} fails, as it did before anything landed: {_error(red.reason)}"
            await context.journal.record(Warned(code="CHANGE_INVALID", message=told))
            return f"{check.name}, which fails as it did before", wrong
        if integration.changed_below(run, check.cwd):
            failed, words = (*wrong.failed, check), (*wrong.told, red.reason)
            return check.name, replace(wrong, failed=failed, told=words)
        return check.name, replace(wrong, problems=(*wrong.problems, Problem(told=red.reason)))

    async def _failed_before(self, owned: OwnedCheck, subject: Subject) -> bool:
        """Whether it failed on what the run began with: then nothing that landed is to blame."""
        begun = _begun(self.context.journal.run)
        logs = subject.logs.with_name("begun")
        before = replace(subject, commit=begun, tree="", again=True, logs=logs)
        return await run_checks_apart(self.context, [owned], before) is not None


def _fresh(folder: Path) -> Path:
    """A folder of that name that is not there yet: no log is written over."""
    number, found = 1, folder
    while found.exists():
        number += 1
        found = folder.with_name(f"{folder.name}-{number}")
    return found


def _subject(context: Context, commit: str, tree: str) -> Subject:
    states = context.journal.run.packages
    return Subject(
        stage=Stage.INTEGRATE,
        commit=commit,
        logs=context.places.run_folder() / "checks" / tree[:12],
        timeout_s=max(
            (each.timeout_s for each in context.plan.packages if each.id in states),
            default=_LONGEST_S,
        ),
        tree=tree,
    )


async def _contracts(context: Context, run: Run, commit: str) -> _Contracts:
    """Which contracts are gone, and who was built on another text of one than there is now."""
    uses = integration.uses(run)
    if not uses:
        return _Contracts(count=0)
    begun = _begun(run)
    places = [(at, use.path) for use in uses for at in (begun, commit)]
    texts = dict(zip(places, await context.trunk.contents(places, most=_MOST_BYTES), strict=True))
    problems: list[Problem] = []
    stale: list[tuple[PackageId, str]] = []
    for use in uses:
        if texts[commit, use.path] is None:
            problems += _missing(use, was_there=texts[begun, use.path] is not None)
        for state in integration.built_before(run, use):
            base = state.attempts[-1].base or begun
            if await context.trunk.read(base, use.path) != texts[commit, use.path]:
                stale.append((state.id, use.path))
    count = sum(1 for use in uses if texts[commit, use.path] is not None)
    return _Contracts(count=count, problems=tuple(problems), stale=tuple(stale))


def _missing(use: Use, *, was_there: bool) -> list[Problem]:
    """A contract that nobody was to write was told of before the run began."""
    if was_there:
        told = f"CONTRACT_MISSING {use.path}: what landed removed it"
    elif use.producers:
        told = f"CONTRACT_MISSING {use.path}: {use.producers[0]} was to write it, and nobody did"
    else:
        return []
    return [Problem(told=told, file=use.path)]


async def _looked_at(context: Context, plan: Plan, commit: str) -> Sequence[Finding]:
    """What is wrong with the plan's files and contracts in that tree."""
    if not _is_looked_at(plan):
        return ()
    workspace = await context.workspaces.open(commit)
    try:
        await context.workspaces.checkout(workspace, commit)
        return await to_thread.run_sync(context.examination.look, plan, workspace.path)
    finally:
        with anyio.CancelScope(shield=True):
            await context.workspaces.close(workspace)


def _is_looked_at(plan: Plan) -> bool:
    """Whether it is a change of OpenSpec, or names contracts, and lies in the repository."""
    inside = bool(plan.files) and not Path(plan.files[0].path).is_absolute()
    return inside and (plan.format.startswith("openspec") or bool(plan.contracts.files))


def _problem(finding: Finding) -> Problem:
    file = finding.span.file if finding.span else ""
    place = f" {finding.span.file}:{finding.span.line}" if finding.span else ""
    return Problem(told=f"{finding.code}{place}: {finding.message}", file=file)


def _begun(run: Run) -> str:
    return run.baseline.commit if run.baseline is not None else run.base


def _error(text: str) -> str:
    """The line of an output that tells what is wrong, as far as that can be seen."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "")


def _with(plan: Plan, fix: WorkPackage) -> Plan:
    return replace(plan, packages=(*plan.packages, fix))
