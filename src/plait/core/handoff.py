"""A handoff: what whoever comes next has to know; a session writes it, or the run itself.

A run writes one when it ends, when it is paused or cut short, and when its plan is revised. It
is made from the run alone: what it tells is what Plait knows, not what agents say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from plait.core.event import RunStatus
from plait.core.package import ACTIVE, Attempt, PackageState, PackageStatus
from plait.core.run import Run

PLAIT = "plait"  # the agent of what Plait itself writes
MOST = 40  # of each list
_MOST_TEXT = 400
_STOPPED = (RunStatus.RUNNING, RunStatus.INTERRUPTED, RunStatus.PAUSED)


class Occasion(StrEnum):
    """Why a handoff was written."""

    SESSION = "session"  # a session wrote it
    END = "end"
    PAUSE = "pause"  # the run was paused, or cut short
    REVISION = "revision"  # its plan was replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """What was done, what is left, what was decided.

    `number` is 0 until it is stored. Paths are relative to the repository's root; `created_at`
    is Unix time.
    """

    summary: str
    agent: str
    occasion: Occasion = Occasion.SESSION
    session: str = ""
    run: str = ""
    package: str = ""
    completed_work: tuple[str, ...] = ()
    in_progress: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    relevant_files: tuple[str, ...] = ()
    number: int = 0
    created_at: float = 0.0


def occasion_of(run: Run) -> Occasion:
    """Why a run that is no longer driven writes a handoff."""
    return Occasion.PAUSE if run.status in _STOPPED else Occasion.END


def written_by(run: Run, occasion: Occasion) -> Handoff:
    """What a run hands over, as it stands. Pure."""
    states = tuple(run.packages.values())
    landed = run.with_status(PackageStatus.LANDED)
    files = dict.fromkeys(path for state in reversed(landed) for path in state.files)
    return Handoff(
        agent=PLAIT,
        occasion=occasion,
        run=run.id,
        summary=_summary(run, states, occasion),
        completed_work=_most(_landed(run, landed)),
        in_progress=_most(_open(run, states)),
        decisions=_most(_decisions(run, states)),
        next_steps=_most(_steps(run, states)),
        relevant_files=tuple(files)[:MOST],
    )


def _summary(run: Run, states: Iterable[PackageState], occasion: Occasion) -> str:
    counts: dict[str, int] = {}
    for state in states:
        counts[state.status.value] = counts.get(state.status.value, 0) + 1
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    where = f" on {run.branch} at {run.head[:12]}" if run.branch else ""
    if occasion is Occasion.REVISION:
        number = run.plan.revisions.plan
        return f"The plan of run {run.id} was revised (plan revision {number}): {told}{where}."
    word = "is cut short" if run.status in _STOPPED else f"has ended: {run.status.value}"
    if run.status is RunStatus.PAUSED:
        word = "is paused"
    return f"Run {run.id} of {run.plan.id} {word}. Packages: {told or 'none'}{where}."


def _landed(run: Run, landed: Iterable[PackageState]) -> Iterator[str]:
    for state in sorted(landed, key=lambda each: each.landed_at or 0.0):
        commit = f" as {state.commit[:12]}" if state.commit else ""
        tries = f", at attempt {state.attempts[-1].number}" if len(state.attempts) > 1 else ""
        yield _line(f"{state.id} landed{commit}{tries}: {run.plan.package(state.id).title}")


def _open(run: Run, states: Iterable[PackageState]) -> Iterator[str]:
    """What is not done: what was at work first, then what failed or waits for somebody."""
    order = (*ACTIVE, PackageStatus.BLOCKED, PackageStatus.FAILED, PackageStatus.CANCELLED)
    rank = {status: place for place, status in enumerate((*order, PackageStatus.SKIPPED))}
    found = [state for state in states if state.status in rank and not state.benign]
    for state in sorted(found, key=lambda each: rank[each.status]):
        why = state.question or state.reason
        last = state.attempts[-1] if state.attempts else None
        told = f"{state.id} is {state.status.value}"
        yield _line(f"{told}{_coded(last)}: {why}" if why else f"{told}{_coded(last)}")
    waiting = [state.id for state in states if state.status is PackageStatus.PENDING]
    if waiting:
        yield _line(f"{len(waiting)} not begun: {', '.join(waiting)}")
    if run.whole.asks and run.whole.judged is not None:
        yield _line(f"the branch as a whole does not pass: {run.whole.judged.question}")


def _decisions(run: Run, states: Iterable[PackageState]) -> Iterator[str]:
    for state in states:
        for answer in state.answers:
            who = answer.who or "somebody"
            yield _line(f"{state.id}: {answer.question} {who} answered: {answer.text}")
        if state.accepted is not None:
            who, why = state.accepted.who or "somebody", state.accepted.reason
            yield _line(f"{state.id}: its work was accepted as it is by {who}: {why}")
        for raised in state.escalations:
            told = raised.escalation
            yield _line(f"{state.id}: {told.type.value} ({told.severity.value}): {told.summary}")
    if run.whole.accepted is not None:
        told_by = run.whole.accepted
        yield _line(f"the branch was accepted as it is by {told_by.who}: {told_by.reason}")
    for revised in run.revisions:
        yield _line(f"{revised.who or 'somebody'} set plan revision {revised.plan_revision}")
    for noted in run.deviations:
        yield _line(f"{noted.package} did otherwise than planned: {noted.summary}")


def _steps(run: Run, states: Iterable[PackageState]) -> Iterator[str]:
    """What can be done next: commands, as they would be typed."""
    for state in states:
        if state.status is PackageStatus.BLOCKED:
            yield f'plait answer {run.id} {state.id} "…"'
        elif state.status is PackageStatus.FAILED:
            yield f"plait retry {run.id} {state.id}"
            kept = next((each.kept_ref for each in reversed(state.attempts) if each.kept_ref), None)
            if kept:
                yield f"git show {kept}"
    if run.whole.asks:
        yield f'plait answer {run.id} integration "…"'
    if run.status is not RunStatus.SUCCEEDED and run.status is not RunStatus.CANCELLED:
        yield f"plait resume {run.id}"
    yield f"plait report {run.id}"


def _coded(attempt: Attempt | None) -> str:
    return f" ({attempt.error_code})" if attempt is not None and attempt.error_code else ""


def _line(text: str) -> str:
    told = " ".join(text.split())
    return told if len(told) <= _MOST_TEXT else f"{told[: _MOST_TEXT - 1]}…"


def _most(lines: Iterable[str]) -> tuple[str, ...]:
    found = tuple(lines)
    left = len(found) - MOST
    return found if left <= 0 else (*found[: MOST - 1], f"… and {left + 1} more")
