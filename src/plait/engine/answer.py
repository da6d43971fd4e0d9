"""What a reviewer left: its result file read strictly, its findings compared with the commit."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

from plait.core.event import AgentStatus, Event, FindingReported, ReviewEnded
from plait.core.retry import RATE_LIMITED
from plait.core.review import BadReviewError, Finding, Opinion, ReviewOutcome, read_opinion
from plait.core.reviewed import Round
from plait.engine.agent import parked
from plait.engine.claimed import Claimed
from plait.engine.context import Context, Ended
from plait.engine.secrets import without_secrets
from plait.engine.supervise import Worked, secrets_of
from plait.ports import AgentOutcome, Work

MAX_BYTES = 1_000_000  # of a result


async def answered(
    context: Context, desk: Claimed, work: Work, each: Round, worked: Worked
) -> list[Event]:
    """What a reviewer's end, and the file that it left, come to."""
    outcome = worked.outcome
    told = ReviewEnded(
        package=desk.package.id,
        attempt=desk.attempt,
        epoch=desk.epoch,
        round=each.number,
        reviewer=desk.provider,
        commit=work.commit,
        outcome=ReviewOutcome.FAILED,
        duration_s=worked.ended.duration_s,
    )
    if isinstance(outcome, Ended):
        return [replace(told, reason=outcome.reason)]
    told = replace(
        told,
        cost_usd=outcome.cost_usd,
        tokens_input=outcome.tokens_input,
        tokens_output=outcome.tokens_output,
    )
    if outcome.status is AgentStatus.RATE_LIMITED:
        rests = replace(told, outcome=ReviewOutcome.RESTS, reason=outcome.summary or RATE_LIMITED)
        return [*parked(context, desk, outcome), rests]
    if outcome.status is not AgentStatus.COMPLETED:
        return [replace(told, reason=_how(outcome))]
    try:
        raw = _result(desk.task.result_path)
        if raw is None:
            return [replace(told, outcome=ReviewOutcome.MISSING, reason="it left no result")]
        opinion = read_opinion(raw, reviewer=desk.provider, root=str(desk.task.worktree))
    except BadReviewError as wrong:
        reason = without_secrets(f"its result is no review: {wrong}", secrets_of(desk))
        return [replace(told, outcome=ReviewOutcome.INVALID, reason=reason)]
    opinion = without_secrets(opinion, secrets_of(desk))
    return await _opinion(context, desk, work, each, opinion, told)


async def _opinion(  # noqa: PLR0917 - what is told, of what, by whom
    context: Context,
    desk: Claimed,
    work: Work,
    each: Round,
    opinion: Opinion,
    told: ReviewEnded,
) -> list[Event]:
    """A review that can be read: its findings, those of them that are about nothing apart."""
    before = sum(len(one.findings) for one in each.reviews)
    accepts, told_beside = opinion.judged({one.id for one in each.flagged})
    found: list[Finding] = []
    for number, one in enumerate(told_beside, start=before + 1):
        absent = bool(one.file) and not await _is_there(context, work, one.file)
        found.append(replace(one, id=f"r{each.number}.{number}", absent=absent))
    lost = tuple(dict.fromkeys(one.file for one in found if one.absent))
    told = replace(
        told,
        outcome=ReviewOutcome.UNFOUNDED if lost else ReviewOutcome.COUNTED,
        reason=f"it speaks of {', '.join(lost[:5])}, which does not exist" if lost else "",
        summary=opinion.summary,
        accepts=tuple(accepts),
        reasons=tuple(accepts.values()),
    )
    return [*(reported(desk, each, one) for one in found), told]


async def _is_there(context: Context, work: Work, path: str) -> bool:
    """Whether the commit, or what it was made from, has a file, or the change a folder."""
    folder = path.rstrip("/") + "/"
    if any(change.path == path or change.path.startswith(folder) for change in work.changes):
        return True
    return any([await context.trunk.read(at, path) is not None for at in (work.commit, work.base)])


def _how(outcome: AgentOutcome) -> str:
    said = outcome.question or outcome.summary
    return f"it ended {outcome.status.value.replace('_', ' ')}" + (f": {said}" if said else "")


def _result(path: Path) -> bytes | None:
    """A result file's content; None if there is none.

    Raises:
        BadReviewError: It is no regular file of a fit size.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadReviewError(f"it cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadReviewError("it is no regular file")
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise BadReviewError(f"it is larger than {MAX_BYTES} bytes")
    return raw


def reported(claimed: Claimed, each: Round, finding: Finding) -> FindingReported:
    """A finding as it is told."""
    return FindingReported(
        package=claimed.package.id,
        attempt=claimed.attempt,
        epoch=claimed.epoch,
        round=each.number,
        commit=each.commit,
        id=finding.id,
        reviewer=finding.reviewer,
        kind=finding.type,
        criticality=finding.criticality,
        disposition=finding.disposition,
        description=finding.description,
        file=finding.file,
        first=finding.first,
        last=finding.last,
        axis=finding.axis,
        severity=finding.severity,
        resolution=finding.resolution,
        absent=finding.absent,
    )
