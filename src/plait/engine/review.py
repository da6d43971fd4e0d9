"""Reviewers at work: asked one after another, their answers read strictly, what follows done.

Each works in a workspace of its own at the commit, and may write nothing but its result. What it
leaves there is thrown away. Every answer is recorded as it comes, and so is what follows from
them: whoever takes the attempt up asks nobody again who has answered.
"""

from __future__ import annotations

from dataclasses import replace

import anyio

from plait import process
from plait.core.claims import Claims
from plait.core.consensus import Concluded, Conclusion, agree, concluded, not_accepted
from plait.core.event import (
    AGENT_LOST,
    ReviewConcluded,
    ReviewStarted,
    Warned,
)
from plait.core.plan import Confidence, Scope
from plait.core.retry import REVIEW_REJECTED
from plait.core.review import ReviewOutcome, panel
from plait.core.reviewed import Review, Reviewed, Round, flags
from plait.engine.answer import answered
from plait.engine.claimed import Claimed, Failure, write_down
from plait.engine.context import Context, Ended
from plait.engine.fix import Looked, fix
from plait.engine.owning import own
from plait.engine.review_brief import listed, review_brief
from plait.engine.supervise import let_work
from plait.engine.withholding import doubted
from plait.ports import Work

TURNS = 2  # how often a reviewer is asked in a round, at most
NOT_COUNTED = "REVIEW_NOT_COUNTED"
NOT_REVIEWED = "NOT_REVIEWED"


async def review(context: Context, claimed: Claimed, work: Work, claims: Claims) -> Looked:
    """Look for what weakens the checks; have work reviewed, and fixed, until that is settled.

    Args:
        context: The run.
        claimed: The attempt.
        work: What has passed its checks.
        claims: What its result says of itself.

    Returns:
        The work as it stands then, and why it does not land as it is, if it does not.
    """
    lingering = False
    while True:
        await doubted(context, claimed, work, claims)
        each = _round(context, claimed, work)
        asked = _panel(context, claimed) if work.changes or each.flagged else ()
        if not asked:
            return Looked(work=work, lingering=lingering)
        if each.conclusion is None:
            cut, lingered = await _hear(context, claimed, work, asked)
            lingering = lingering or lingered
            if cut is not None:
                return Looked(work=work, cut=cut, lingering=lingering)
            await _conclude(context, claimed, work)
            each = _round(context, claimed, work)
        looked = _settled(work, each)
        if looked is None:
            looked = await fix(context, claimed, work, each)
        lingering = lingering or looked.lingering
        if looked.over or looked.work.commit == work.commit:
            return replace(looked, lingering=lingering)
        work = looked.work


def _settled(work: Work, each: Round) -> Looked | None:
    """What came of a round; None: a fix is to come of it."""
    match each.conclusion:
        case Conclusion.PASSED:
            return Looked(work=work)
        case Conclusion.REGENERATE:
            reason = f"{each.reason}\n\n{listed(each)}"
            return Looked(work=work, failure=Failure(code=REVIEW_REJECTED, reason=reason))
        case Conclusion.ASK:
            return Looked(work=work, asks=each.reason)
        case Conclusion.FIX | None:
            return None


def _reviewed(context: Context, claimed: Claimed) -> Reviewed:
    return context.journal.run.packages[claimed.package.id].attempts[-1].reviewed


def _round(context: Context, claimed: Claimed, work: Work) -> Round:
    """The round about a commit: as far as it has come, or one that is yet to begin."""
    reviewed = _reviewed(context, claimed)
    known = reviewed.of(work.commit)
    doubts = context.journal.run.packages[claimed.package.id].attempts[-1].doubts
    number = len(reviewed.rounds) + 1
    return known or Round(number=number, commit=work.commit, flagged=flags(doubts))


def _panel(context: Context, claimed: Claimed) -> tuple[str, ...]:
    vendors = {
        provider: provider if agent.name == "command" else agent.name
        for provider, agent in context.agents.items()
    }
    return panel(context.review, claimed.provider, vendors)


async def _hear(
    context: Context,
    claimed: Claimed,
    work: Work,
    asked: tuple[str, ...],
) -> tuple[Ended | None, bool]:
    """Ask everybody who has not answered yet; a second time those who must and did not do well.

    Returns:
        Why the attempt is over, if it is; whether a reviewer's process could not be ended.
    """
    lingering = False
    for turn in range(1, TURNS + 1):
        for reviewer in asked:
            each = _round(context, claimed, work)
            answers = [one for one in each.reviews if one.reviewer == reviewer and one.outcome]
            if len(answers) >= turn or (turn > 1 and not _again(context, each, answers)):
                continue
            cut, lingered = await _ask(context, claimed, work, each, reviewer)
            lingering = lingering or lingered
            if cut is not None:
                return cut, lingering
    deadline = context.clock.now() + claimed.package.timeout_s
    while rested := await _rested(context, _round(context, claimed, work), deadline):
        cut, lingered = await _ask(context, claimed, work, _round(context, claimed, work), rested)
        lingering = lingering or lingered
        if cut is not None:
            return cut, lingering
    return None, lingering


async def _rested(context: Context, each: Round, deadline: float) -> str:
    """Wait for a reviewer that had to rest, if its answer is needed; who it is, else nobody.

    Nobody is waited for beyond the deadline (Unix time).
    """
    if len(_counted(each)) >= context.review.quorum:
        return ""
    resting = {name for name, one in each.last.items() if one.outcome is ReviewOutcome.RESTS}
    parked = context.journal.run.spent.parked
    found = sorted((one.until, one.provider) for one in parked if one.provider in resting)
    if not found or found[0][0] > deadline:
        return ""
    until, reviewer = found[0]
    await anyio.sleep(max(0.0, until - context.clock.now()))
    return reviewer


def _again(context: Context, each: Round, answers: list[Review]) -> bool:
    """Whether a reviewer who has answered is asked once more."""
    if len(_counted(each)) >= context.review.quorum:
        return False
    return answers[-1].outcome not in {ReviewOutcome.COUNTED, ReviewOutcome.RESTS}


def _counted(each: Round) -> tuple[str, ...]:
    return tuple(name for name, one in each.last.items() if one.outcome is ReviewOutcome.COUNTED)


async def _ask(
    context: Context, claimed: Claimed, work: Work, each: Round, reviewer: str
) -> tuple[Ended | None, bool]:
    """Ask one reviewer, and record the answer."""
    workspace = await context.workspaces.open(work.commit)
    over = lingering = False
    try:
        desk = _desk(context, replace(claimed, workspace=workspace, provider=reviewer), work, each)
        text = await review_brief(context, desk, work, each)
        desk = replace(desk, task=replace(desk.task, brief=text))
        write_down(desk)
        await context.journal.record(
            ReviewStarted(
                package=claimed.package.id,
                attempt=claimed.attempt,
                epoch=claimed.epoch,
                round=each.number,
                reviewer=reviewer,
                agent=desk.agent.name,
                commit=work.commit,
                directory=context.places.relative(desk.task.directory),
                sandbox=context.sandboxes[reviewer].name,
            )
        )
        worked = await let_work(context, desk)
        lingering = worked.ended.lingering
        over = not lingering
        outcome = worked.outcome
        if isinstance(outcome, Ended) and outcome.code != AGENT_LOST:
            return outcome, lingering  # the run comes to its end, or to rest
        await context.journal.record(*await answered(context, desk, work, each, worked))
    finally:
        with anyio.CancelScope(shield=True):
            await context.workspaces.close(workspace, reusable=over)
    return None, lingering


def _desk(
    context: Context,
    claimed: Claimed,
    work: Work,
    each: Round,
) -> Claimed:
    """A reviewer's own folder and scope: it may write nothing."""
    reviewer, workspace = claimed.provider, claimed.workspace
    folder = claimed.task.directory / "review"
    folder.mkdir(exist_ok=True)
    taken = sum(1 for _ in folder.glob(f"{each.number}-*"))
    directory = folder / f"{each.number}-{taken + 1}"
    directory.mkdir()
    scope = Scope(write=(), read=claimed.package.scope.read, confidence=Confidence.DECLARED)
    held = context.sandboxes[reviewer].holds
    task = replace(
        claimed.task,
        worktree=workspace.path,
        directory=directory,
        brief_path=directory / "brief.md",
        scope_path=directory / "scope.json",
        result_path=(directory / "out" if held else directory) / "result.json",
        home=directory / "home",
        profile=context.profile(reviewer),
        scope=scope,
        session="",
        confined=held,
        own=own(context, reviewer),
    )
    desk = replace(
        claimed,
        package=replace(claimed.package, scope=scope, documents=()),
        agent=context.agents[reviewer],
        task=task,
        kept=None,
        done={},
        variables={
            **claimed.variables,
            "PLAIT_COMMIT": work.commit,
            "PLAIT_BASE": work.base,
            "PLAIT_ROUND": str(each.number),
        },
        aside=True,
    )
    context.workspaces.inhabit(workspace, directory / process.ALIVE)
    return desk


async def _conclude(context: Context, claimed: Claimed, work: Work) -> None:
    """Record what follows from everything that was said of a commit."""
    each, policy = _round(context, claimed, work), context.review
    weighed = [one for one in each.last.values() if one.weighs]
    counted = _counted(each)
    others = [name for name in counted if name != claimed.provider]  # nobody accepts for himself
    accepts = [each.last[name].accepts for name in others]
    standing = not_accepted(each.flagged, accepts, policy.quorum)
    found = agree((*standing, *(finding for one in weighed for finding in one.findings)))
    before = [one.things for one in _reviewed(context, claimed).rounds if one.number < each.number]
    told = concluded(
        found, fixes=each.number - 1, rounds=policy.rounds, before=before[-1] if before else None
    )
    warned = [
        Warned(code=NOT_COUNTED, message=f"{name}'s review does not count: {one.reason}",
               package=claimed.package.id)
        for name, one in each.last.items()
        if one.outcome is not ReviewOutcome.COUNTED
    ]  # fmt: skip
    if told.conclusion is Conclusion.PASSED and len(counted) < policy.quorum:
        lack = f"{len(counted)} reviews count, and {policy.quorum} must"
        if len(weighed) >= policy.quorum:  # what is about no file blocks nothing
            counted = tuple(one.reviewer for one in weighed)
        elif policy.required:
            told = Concluded(conclusion=Conclusion.ASK, reason=lack)
        else:
            told, counted = replace(told, reason=f"not reviewed: {lack}"), ()
            warned.append(Warned(code=NOT_REVIEWED, message=lack, package=claimed.package.id))
    await context.journal.record(
        *warned,
        ReviewConcluded(
            package=claimed.package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            round=each.number,
            commit=work.commit,
            conclusion=told.conclusion,
            reason=told.reason,
            reviewers=counted,
            blocking=tuple(
                one.id for thing in told.blocking for one in thing.findings if one.blocks
            ),
            things=len(told.blocking),
        ),
    )
