"""What follows a failed attempt: another one or none, at once or later, by this agent or another.

What failed is told by a code. What an agent's work came to (red checks, a path outside its
scope, a conflict) is new to the next agent, which is told of it: it begins at once. Where the
agent itself failed, another one takes over if the owner named several, in their order; where
there is just one, time may help, so it waits, twice as long each time, and not for exactly so
long, lest all that failed together come back together. (Full jitter: M. Brooker, "Exponential
Backoff and Jitter", 2015.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from plait.core.event import AGENT_LOST, RunId, Verdict
from plait.core.package import Attempt, PackageState
from plait.core.run import verdict_after_failure
from plait.core.transcript import FinishKind

AGENT_FAILED = "AGENT_FAILED"
AGENT_NOT_STARTED = "AGENT_NOT_STARTED"
AGENT_UNAUTHORISED = "AGENT_UNAUTHORISED"
AGENT_CRASHED = "AGENT_CRASHED"
AGENT_CANCELLED = "AGENT_CANCELLED"
AGENT_DENIED = "AGENT_DENIED"
MODEL_ERROR = "MODEL_ERROR"
TURN_CAP = "TURN_CAP"
BUDGET_CAP = "BUDGET_CAP"
TURN_LIMIT = "TURN_LIMIT"
TOKEN_LIMIT = "TOKEN_LIMIT"  # noqa: S105 - no password
COST_LIMIT = "COST_LIMIT"
MEMORY_LIMIT = "MEMORY_LIMIT"
OUTPUT_LIMIT = "OUTPUT_LIMIT"
STALLED = "STALLED"
WORKER_LOST = "WORKER_LOST"  # a worker from elsewhere that was not heard of, or gave up
NOT_TAKEN_UP = "NOT_TAKEN_UP"  # nobody came for what was offered
TIMEOUT = "TIMEOUT"
RATE_LIMITED = "RATE_LIMITED"
BUDGET_SPENT = "BUDGET_SPENT"
PACKAGE_BUDGET_SPENT = "PACKAGE_BUDGET_SPENT"
RUN_TIMEOUT = "RUN_TIMEOUT"
DISK_FULL = "DISK_FULL"
SESSION_LOST = "SESSION_LOST"
VERIFICATION_FAILED = "VERIFICATION_FAILED"
SCOPE_VIOLATION = "SCOPE_VIOLATION"
SETUP_FAILED = "SETUP_FAILED"
RESULT_REFUSED = (
    "RESULT_FOREIGN", "RESULT_REVISION", "RESULT_SCOPE_WIDENED", "RESULT_TIER_LOWERED",
    "RESULT_CONTRADICTORY", "RESULT_CHECK_NOT_RUN", "RESULT_ARTIFACT_MISSING",
)  # fmt: skip
MERGE_CONFLICT = "MERGE_CONFLICT"
LANDING_FAILED = "LANDING_FAILED"
CONFLICT_LEFT = "CONFLICT_LEFT"
PROSE_FOR_CODE = "PROSE_FOR_CODE"
LANDED_WORK_LOST = "LANDED_WORK_LOST"
REVIEW_REJECTED = "REVIEW_REJECTED"  # a reviewer wants the work done anew

# Attempts that use up nothing, in a row, until they count after all: nothing goes on for ever.
OFTEN = {AGENT_LOST: 3, DISK_FULL: 3, RATE_LIMITED: 20, WORKER_LOST: 5}
REFUSED_OFTEN = 3  # attempts in a row that wrote the same paths outside the scope
LONGEST_PARKING_S = 8 * 24 * 3600.0  # weekly quotas are the longest that providers have
SET_BACK_S = 60.0  # a clock that is earlier by so much than what it told before was set back

_UNFIT = frozenset({AGENT_NOT_STARTED, AGENT_UNAUTHORISED})  # and will be so the next time
_OF_THE_AGENT = _UNFIT | {
    AGENT_FAILED, AGENT_LOST, AGENT_CRASHED, AGENT_CANCELLED, AGENT_DENIED, MODEL_ERROR,
    STALLED, TIMEOUT, TURN_CAP, TURN_LIMIT, TOKEN_LIMIT, MEMORY_LIMIT, OUTPUT_LIMIT,
}  # fmt: skip
_TIME_HELPS = frozenset(
    {AGENT_FAILED, AGENT_LOST, AGENT_CRASHED, AGENT_CANCELLED, MODEL_ERROR, DISK_FULL, SETUP_FAILED}
)

_CODES: Mapping[FinishKind, str] = {
    FinishKind.API_ERROR: MODEL_ERROR,
    FinishKind.AUTH: AGENT_UNAUTHORISED,
    FinishKind.RATE_LIMIT: RATE_LIMITED,
    FinishKind.TURN_CAP: TURN_CAP,
    FinishKind.BUDGET_CAP: BUDGET_CAP,
    FinishKind.CANCELLED: AGENT_CANCELLED,
    FinishKind.DENIED: AGENT_DENIED,
    FinishKind.CRASHED: AGENT_CRASHED,
}


# An attempt that ends with one of these uses up nothing, where it can go on at all:
USES_UP_NOTHING = frozenset({RATE_LIMITED, AGENT_NOT_STARTED, AGENT_UNAUTHORISED})

# What an agent's work came to: whoever did it knows best how to put it right.
_OF_THE_WORK = frozenset(
    {
        VERIFICATION_FAILED,
        SCOPE_VIOLATION,
        MERGE_CONFLICT,
        CONFLICT_LEFT,
        PROSE_FOR_CODE,
        LANDED_WORK_LOST,
        *RESULT_REFUSED,
    }
)


class Remedy(StrEnum):
    """What may help after a failure."""

    SESSION = "session"  # another attempt at once, in the same session of the same agent
    FRESH = "fresh"  # another attempt at once: its brief says what was wrong
    LATER = "later"  # another attempt after a while
    ELSEWHERE = "elsewhere"  # another attempt at once, by another agent
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait: up to `base_s` before the first retry, twice as much before each next."""

    base_s: float = 1.0
    cap_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequel:
    """What follows an attempt; another one begins at `not_before` (Unix time), 0 for at once.

    With a `session` it goes on in that one.
    """

    verdict: Verdict
    not_before: float = 0.0
    session: str = ""


def code_of(finish: FinishKind | None) -> str:
    """The code of an attempt whose agent did not do its work; None: it gives no final word."""
    return AGENT_FAILED if finish is None else _CODES.get(finish, AGENT_FAILED)


def delay_s(backoff: Backoff, tries: int, *, seed: str) -> float:
    """Between nothing and `base_s` doubled with each of the `tries` before; the seed decides."""
    most = min(backoff.cap_s, backoff.base_s * 2.0 ** min(tries, 64))
    return most * int.from_bytes(sha256(seed.encode()).digest()[:8], "big") / 2.0**64


def remedy(
    state: PackageState,
    code: str,
    *,
    providers: Sequence[str] = (),
    violations: Sequence[str] = (),
    session: str = "",
) -> Remedy:
    """What may help a package whose last attempt failed with this code.

    Args:
        state: The package as it was before the failure was recorded.
        code: What failed.
        providers: The agents that may work on it, in the owner's order.
        violations: The paths it was refused for.
        session: The one in which its agent could go on, or empty.
    """
    if code in _OF_THE_AGENT and _others(state, providers):
        return Remedy.ELSEWHERE
    if code in _UNFIT:
        return Remedy.NEVER  # what it lacks, it will lack the next time
    if code in {BUDGET_CAP, COST_LIMIT}:
        return Remedy.NEVER  # the same again costs as much again
    if code == SCOPE_VIOLATION and _refused(state, violations) >= REFUSED_OFTEN:
        return Remedy.NEVER
    if session and code in _OF_THE_WORK:
        return Remedy.SESSION
    return Remedy.LATER if code in _TIME_HELPS else Remedy.FRESH


def after_failure(
    state: PackageState,
    code: str,
    *,
    run: RunId,
    retry_budget: int,
    now: float,
    backoff: Backoff,
    providers: Sequence[str] = (),
    violations: Sequence[str] = (),
    session: str = "",
) -> Sequel:
    """What follows a failure that counts. `now` is Unix time; see `remedy` for the rest."""
    helps = remedy(state, code, providers=providers, violations=violations, session=session)
    verdict = verdict_after_failure(state, retry_budget)
    if helps is Remedy.NEVER:
        verdict = Verdict.REJECT
    if verdict is Verdict.REVISE and helps is Remedy.SESSION:
        return Sequel(verdict=verdict, session=session)
    if verdict is not Verdict.REVISE or helps is not Remedy.LATER:
        return Sequel(verdict=verdict)
    return Sequel(verdict=verdict, not_before=_later(state, run, now, backoff, code))


def after_cut(
    state: PackageState,
    code: str,
    *,
    run: RunId,
    now: float,
    backoff: Backoff,
    providers: Sequence[str] = (),
) -> Sequel | None:
    """What follows an attempt that was cut short, and uses up nothing; None if it counts."""
    if code in _UNFIT:
        return Sequel(verdict=Verdict.REVISE) if _others(state, providers) else None
    if code in OFTEN and 1 + _in_a_row(state, code) >= OFTEN[code]:
        return None
    if remedy(state, code, providers=providers) is not Remedy.LATER:
        return Sequel(verdict=Verdict.REVISE)
    return Sequel(verdict=Verdict.REVISE, not_before=_later(state, run, now, backoff, code))


def parked_until(
    state: PackageState,
    *,
    run: RunId,
    now: float,
    backoff: Backoff,
    after_s: float | None,
    at: float | None,
) -> float:
    """Until when (Unix time) an agent is parked that was refused for its rate.

    Args:
        state: The package that it worked on.
        run: Its run.
        now: Unix time.
        backoff: How long to wait where nothing is said, or less than would help.
        after_s: In how many seconds it says it may come back.
        at: The Unix time at which it says so.
    """
    said = at if at is not None else now + (after_s or 0.0)
    least = _later(state, run, now, backoff, RATE_LIMITED)
    return min(max(said, least), now + LONGEST_PARKING_S)


def moves_on(attempt: Attempt) -> bool:
    """Whether the next attempt is another agent's, where there is one."""
    return attempt.error_code in _OF_THE_AGENT


def unfit(state: PackageState) -> frozenset[str]:
    """The agents that could not begin on the package: not there, or without a key that is good."""
    return frozenset(each.provider for each in state.attempts if each.error_code in _UNFIT)


def _later(state: PackageState, run: RunId, now: float, backoff: Backoff, code: str) -> float:
    tries = _in_a_row(state, code)
    seed = f"{run}/{state.id}/{len(state.attempts)}"
    return now + delay_s(backoff, tries, seed=seed)


def _in_a_row(state: PackageState, code: str) -> int:
    """How many attempts before the last one ended with that code, without another in between."""
    count = 0
    for attempt in reversed(state.attempts[:-1]):
        if attempt.error_code != code:
            break
        count += 1
    return count


def _refused(state: PackageState, violations: Sequence[str]) -> int:
    """How many attempts in a row, the last one too, were refused for the same paths."""
    count = 1
    for attempt in reversed(state.attempts[:-1]):
        same = attempt.violations == tuple(violations)
        if attempt.error_code != SCOPE_VIOLATION or not same:
            break
        count += 1
    return count


def _others(state: PackageState, providers: Sequence[str]) -> bool:
    """Whether an agent is left beside the last one that was not found unable to begin."""
    useless = unfit(state)
    last = state.attempts[-1].provider if state.attempts else ""
    return any(each != last and each not in useless for each in providers)
