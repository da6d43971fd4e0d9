"""Checks of kind `ci`: a package's commit is pushed, and the code host's word on it awaited.

The branch is named by the commit, so that whoever takes the attempt up goes on with the same
one: what was pushed is not pushed again, and what was said stays said.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import anyio

from plait.core.ci import Lack, Said, Word, ordering, said
from plait.core.event import CheckEnded, Stage
from plait.core.plan import Check, CheckKind
from plait.core.retry import VERIFICATION_FAILED
from plait.engine.claimed import Claimed, Failure
from plait.engine.context import Context
from plait.errors import PlaitError
from plait.ports import Clock, Pipelines, Work

_SLOWER, _LONGEST_S = 1.5, 60.0  # between two questions
_GRACE = 12  # first waits, until a host that says nothing of a commit has nothing to say
_PASSING = frozenset({"FORGE_UNREACHABLE", "FORGE_RATE_LIMITED", "FORGE_FAILED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """Why nobody knows what the host says of a commit."""

    code: Lack
    reason: str

    @property
    def told(self) -> str:
        """For people, with its code."""
        return f"{self.reason} [{self.code}]"


async def judged_in_ci(
    context: Context, claimed: Claimed, work: Work
) -> tuple[Failure | None, str]:
    """Wait for what a code host's checks say of a commit.

    Returns:
        Why the work is not accepted, or None; why a person must be asked instead, or empty.
    """
    state = context.journal.run.packages[claimed.package.id]
    known = {
        each.name
        for each in state.checks
        if each.kind is CheckKind.CI and each.passed and each.commit == work.commit
    }
    checks = [each for each in claimed.package.checks if each.kind is CheckKind.CI]
    left = [each for each in checks if each.name not in known]
    pipelines = await context.pipelines() if checks else None
    if pipelines is None:
        return None, ""
    if left and (paths := ordering(each.path for each in work.changes)):
        # The host would do what an agent wrote, with the keys it has, before anybody saw it.
        told = f"the commit changes what {pipelines.host} runs ({', '.join(paths[:3])})"
        return None, Unheard(code=Lack.CHANGED, reason=f"{told}: nobody has looked at it").told
    branch = f"plait/{context.journal.run.id}/{claimed.package.id}-ci-{work.commit[:12]}"
    try:
        if left:
            await pipelines.offer(branch, work.commit)
    except PlaitError as error:
        return None, _no_access(pipelines, error).told
    until = context.clock.now() + claimed.package.timeout_s
    for check in left:
        began = context.clock.now()
        heard = await hear(context.clock, pipelines, check, work.commit, until)
        if isinstance(heard, Unheard):
            return None, heard.told
        passed = heard.word is Word.PASSED
        took_s = context.clock.now() - began
        await context.journal.record(
            _told(claimed, work, check, heard, who=pipelines.host, took_s=took_s)
        )
        if not passed:
            return Failure(code=VERIFICATION_FAILED, reason=_failed(check, heard, branch)), ""
    with suppress(PlaitError):  # it is only left there
        await pipelines.withdraw(branch, work.commit)
    return None, ""


async def hear(
    clock: Clock, pipelines: Pipelines, check: Check, commit: str, until: float
) -> Said | Unheard:
    """Ask until the host has its word: at growing intervals, no longer than the package's time.

    Where the plan names no jobs, more of them may still come: all must have passed twice.
    """
    begun, wait_s = clock.now(), pipelines.first_s
    before: Said | None = None
    while True:
        trouble = ""
        try:
            heard = said(await pipelines.jobs(commit), check.required)
        except PlaitError as error:
            if error.code not in _PASSING:
                return _no_access(pipelines, error)
            heard, trouble = Said(word=Word.PENDING), error.message
        if heard.word is Word.FAILED or (
            heard.word is Word.PASSED and (check.required or heard == before)
        ):
            return heard
        before, now = heard, clock.now()
        if heard.word is Word.NONE and now - begun >= _GRACE * pipelines.first_s:
            return Unheard(code=Lack.NONE, reason=_nothing(pipelines, check))
        if now >= until:
            told = _too_long(pipelines, check, heard, trouble)
            return Unheard(code=Lack.TIMED_OUT, reason=told)
        await anyio.sleep(min(wait_s, until - now))
        wait_s = min(wait_s * _SLOWER, _LONGEST_S)


def _told(
    claimed: Claimed, work: Work, check: Check, heard: Said, *, who: str, took_s: float
) -> CheckEnded:
    return CheckEnded(
        stage=Stage.VERIFY,
        name=check.name,
        command="",
        passed=heard.word is Word.PASSED,
        exit_code=None,
        duration_s=max(0.0, took_s),
        log="",
        commit=work.commit,
        package=claimed.package.id,
        attempt=claimed.attempt,
        epoch=claimed.epoch,
        kind=CheckKind.CI,
        who=who,
        url=next((each.url for each in heard.jobs if each.url), ""),
    )


def _failed(check: Check, heard: Said, branch: str) -> str:
    told = "\n".join(f"{each.name}: {each.url or 'no address'}" for each in heard.jobs)
    return f'check "{check.name}" (ci) does not pass on the branch {branch}:\n\n{told}'


def _no_access(pipelines: Pipelines, error: PlaitError) -> Unheard:
    hint = f" ({error.hint})" if error.hint else ""
    told = f"{pipelines.host} could not be asked: {error.message}{hint}, {error.code}"
    return Unheard(code=Lack.NO_ACCESS, reason=told)


def _nothing(pipelines: Pipelines, check: Check) -> str:
    wanted = f": {', '.join(check.required)}" if check.required else ""
    return f"{pipelines.host} runs no checks of the commit{wanted}"


def _too_long(pipelines: Pipelines, check: Check, heard: Said, trouble: str) -> str:
    left = [*heard.missing, *(f"{each.name} {each.url}".strip() for each in heard.jobs)]
    about = trouble or ", ".join(left) or check.name
    return f"{pipelines.host} did not say in time how the commit does: {about}"
