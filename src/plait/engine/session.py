"""An agent that is told what was wrong, and goes on where it was: same session, same worktree.

The claim, its epoch, the worktree and the agent's home stay; only the attempt's number rises.
The old attempt's end and the new one's begin are recorded as one, so that there is no moment at
which somebody else could start on the package. A crash before that finds the old attempt, and
judges it again; a crash after it finds the new one: its agent lives and is adopted, or was never
started, and the package begins anew.
"""

from __future__ import annotations

import shutil
from dataclasses import replace

from plait import process
from plait.core.event import AttemptStarted
from plait.core.queue import package_checks
from plait.core.retry import MERGE_CONFLICT, SESSION_LOST
from plait.core.roster import whom
from plait.core.transcript import Account, FinishKind
from plait.engine.brief import revise_brief, wrong
from plait.engine.claimed import Claimed, Failure, as_granted, write_down
from plait.engine.conflicts import laid_out
from plait.engine.context import Context, Ended
from plait.engine.furnish import set_up
from plait.engine.lodging import hand_on
from plait.ports import Work

_NOT_TAKEN_UP = frozenset({FinishKind.CRASHED, FinishKind.API_ERROR, FinishKind.CANCELLED})


def resumable(context: Context, claimed: Claimed) -> str:
    """The session in which the agent can go on with its package; empty if it cannot, or must not.

    It must not where it would not be hired next, and not while the run comes to rest.
    """
    run = context.journal.run
    state = run.packages[claimed.package.id]
    if not claimed.agent.can.resume or run.halt is not None or run.spent.reached is not None:
        return ""
    if claimed.package.id in context.ended:
        return ""
    providers = context.limits.roster.providers(claimed.package)
    if whom(providers, state, run.spent.parked, context.clock.now()) != claimed.provider:
        return ""
    return state.attempts[-1].session


async def prepare(
    context: Context, claimed: Claimed, session: str, failure: Failure, work: Work
) -> tuple[Claimed, AttemptStarted] | None:
    """The next attempt in the same session, and the event that begins it; nothing is recorded.

    The worktree is as the agent left it: what checks made is gone, and so is the commit, so that
    what the agent takes back was never written. After a conflict it stands on what has landed, with
    the conflict in its files. None: its set-up fails, so there is nothing to
    go on in.
    """
    began, commit = context.clock.now(), work.commit
    conflicts = failure.code == MERGE_CONFLICT
    if conflicts:
        commit = context.journal.run.head
        claimed = replace(claimed, workspace=context.workspaces.move(claimed.workspace, commit))
    await context.workspaces.checkout(claimed.workspace, commit)
    failed = await set_up(
        context,
        claimed.workspace,
        commit,
        variables=claimed.variables,
        log=claimed.task.directory / "setup-again.log",
        timeout_s=claimed.package.timeout_s,
    )
    if failed:
        return None
    following = _following(context, claimed, session, failure)
    if conflicts:
        following = await laid_out(context, following)
    else:
        await context.workspaces.uncommit(claimed.workspace)
    directory = following.task.directory
    before = context.journal.run.packages[claimed.package.id].attempts[-1]
    context.workspaces.inhabit(claimed.workspace, directory / process.ALIVE)
    return following, AttemptStarted(
        package=claimed.package.id,
        attempt=following.attempt,
        epoch=claimed.epoch,
        agent=claimed.agent.name,
        worktree=str(claimed.workspace.path),
        base=claimed.workspace.base,
        directory=context.places.relative(directory),
        setup_s=max(0.0, context.clock.now() - began),
        provider=claimed.provider,
        sandbox=context.sandboxes[claimed.provider].name,
        session=session,
        built_on=tuple(before.built_on),
        built_on_epochs=tuple(before.built_on.values()),
    )


def _following(context: Context, claimed: Claimed, session: str, failure: Failure) -> Claimed:
    """Lay out the next attempt's folder."""
    claimed = as_granted(context, claimed)
    run, package = context.journal.run, claimed.package
    state = run.packages[package.id]
    number = state.next_attempt
    directory = context.places.attempt(package.id, number)
    if directory.exists():  # prepared before a crash, and never begun
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    checks = package_checks(context.compiled, package.id, context.default_checks)
    text = revise_brief(
        run,
        package,
        feedback=wrong(claimed.attempt, failure.code, failure.reason, failure.violations),
        checks=checks,
        overrides=context.prompts,
    )
    result = claimed.task.result_path.relative_to(claimed.task.directory)
    task = replace(
        claimed.task,
        attempt=number,
        directory=directory,
        brief=text,
        brief_path=directory / "brief.md",
        scope_path=directory / "scope.json",
        result_path=directory / result,
        session=session,
    )
    following = replace(claimed, attempt=number, task=task, kept=None, done={})
    write_down(following)
    hand_on(claimed.task.directory, directory)
    return following


def not_taken_up(claimed: Claimed, ended: process.Exit, account: Account | None) -> Ended | None:
    """That the agent could not go on with its session: it ended without a word or a deed."""
    if not claimed.task.session or account is None or ended.stopped or ended.timed_out:
        return None
    if account.turns or account.tool_calls or account.last_words:
        return None
    finished = account.finished
    if finished is not None and finished.kind not in _NOT_TAKEN_UP:
        return None
    told = finished.message if finished is not None else ""
    reason = f"{claimed.agent.name} could not go on with session {claimed.task.session}"
    return Ended(code=SESSION_LOST, reason=f"{reason}: {told}" if told else reason)
