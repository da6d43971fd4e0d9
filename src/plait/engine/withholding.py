"""Work whose checks have passed: what weakens them is found, and held until it is accepted."""

from __future__ import annotations

from plait.core.acceptance import to_be_accepted
from plait.core.claims import Claims
from plait.core.event import AttemptEnded, IntegrityDoubted, Verdict
from plait.core.integrity import Changed, Subject, judge
from plait.core.queue import package_checks
from plait.core.tiers import shortfall
from plait.engine.claimed import Claimed
from plait.engine.context import Context
from plait.engine.escalate import in_full, must_be_accepted
from plait.engine.keeping import keep_ref
from plait.ports import Work
from plait.process import Redaction

_MOST_FILES = 2000  # of a commit that are read; what changes more of them was not written by hand
_MOST_BYTES = 1_000_000
_LINKS = frozenset({"120000", "160000"})


async def withheld(
    context: Context, claimed: Claimed, work: Work, asks: str, unheard: str = ""
) -> bool:
    """Hold work if a person must accept it: for what was found in it, or is judged elsewhere.

    Its branch stands already, and it has been looked at. Whether it is held: then the attempt is
    over, and the package blocked.

    Args:
        context: The run.
        claimed: The attempt.
        work: What has passed its checks.
        asks: Why its reviewers do not settle it; empty where they do, and where there are none.
        unheard: Why a code host's checks are not known, where one was asked.
    """
    package = claimed.package
    commands = package_checks(context.compiled, package.id, context.default_checks)
    state = context.journal.run.packages[package.id]
    asked = to_be_accepted(
        state.attempts[-1],
        package,
        unsettled=asks,
        shortfall=shortfall(package, commands),
        branch=f"plait/{context.journal.run.id}/{package.id}",
        passed=[each for each in state.checks if each.commit == work.commit],
        unheard=unheard,
    )
    if asked is None:
        return False
    failure, told = must_be_accepted(claimed.tried, asked)
    kept = keep_ref(context, package.id, claimed.epoch)
    await context.workspaces.publish(kept, work.commit)
    logs = context.places.relative(claimed.task.directory)
    await context.journal.record(
        *told,
        AttemptEnded(
            package=package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            verdict=Verdict.BLOCKED,
            error_code=failure.code,
            reason=in_full(failure, attempt=claimed.attempt, kept_ref=kept, logs=logs),
            kept_ref=kept,
            commit=work.commit,
            question=failure.blocked,
        ),
    )
    return True


async def doubted(context: Context, claimed: Claimed, work: Work, claims: Claims) -> None:
    """Look for what in a commit weakens the judgement of it, and tell it."""
    root = f"{claimed.task.worktree}/"
    package = claimed.package
    attempt = context.journal.run.packages[package.id].attempts[-1]
    # What was done as told, and taken back by a fix, is no false claim.
    undone = work.touched if attempt.reviewed.fixes else frozenset()
    told = [each.removeprefix(root) for each in claims.files]
    subject = Subject(
        package=package,
        changes=await _texts(context, work),
        checks=package_checks(context.compiled, package.id, context.default_checks),
        claimed=tuple(each for each in told if each not in undone),
        ignored=work.ignored,
        paths=frozenset(each.path for each in work.changes),
    )
    found = judge(subject, context.integrity, Redaction(named=False).clean)
    events = [
        IntegrityDoubted(
            package=package.id,
            attempt=claimed.attempt,
            epoch=claimed.epoch,
            code=each.code,
            severity=each.severity,
            message=each.message,
            hint=each.hint,
            file=each.span.file if each.span else "",
            line=each.span.line if each.span else 0,
        )
        for each in found
        if each not in attempt.doubts  # it was told before this attempt was taken up
    ]
    if events:
        await context.journal.record(*events)


async def _texts(context: Context, work: Work) -> tuple[Changed, ...]:
    """What changed, with the texts before and after."""
    changes = work.changes[:_MOST_FILES]
    places = [
        (commit, each.path)
        for each in changes
        for commit, mode in ((work.base, each.old_mode), (work.commit, each.new_mode))
        if mode.strip("0") and mode not in _LINKS
    ]
    read = await context.trunk.contents(places, most=_MOST_BYTES)
    texts = {place: _text(content) for place, content in zip(places, read, strict=True)}
    return tuple(
        Changed(
            path=each.path,
            old=texts.get((work.base, each.path)),
            new=texts.get((work.commit, each.path)),
            old_mode=each.old_mode,
            new_mode=each.new_mode,
        )
        for each in changes
    )


def _text(content: bytes | None) -> str | None:
    """A content as text; None where it is none."""
    if content is None or b"\0" in content[:8000]:
        return None
    return content.decode("utf-8", "replace")
