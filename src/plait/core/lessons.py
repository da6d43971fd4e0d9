"""What a run learns by itself: what failed for good, and what helped where an attempt failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from plait.core.event import AttemptEnded, Event, Landed, Verdict
from plait.core.handoff import PLAIT
from plait.core.package import Attempt, PackageState
from plait.core.plan import WorkPackage
from plait.core.remembered import Memory, MemoryEvent, MemoryKind
from plait.core.run import Run

MOST_REASON = 700  # characters of why an attempt failed
MOST_WORDS = 500  # of what an agent said of its work
_MOST_PATHS = 12


def lesson(run: Run, event: Event) -> Memory | None:
    """What is worth remembering of an event, in the run as it is after it. Pure."""
    match event:
        case AttemptEnded(package=package, verdict=Verdict.REJECT):
            state = run.packages[package]
            return _failed(run, run.plan.package(package), state) if state.attempts else None
        case Landed(package=package):
            state = run.packages[package]
            tried = _failures(state)
            return _cured(run, run.plan.package(package), state, tried) if tried else None
        case _:
            return None


def asked_for(package: WorkPackage, codes: Iterable[str]) -> str:
    """The words by which memories for a package are looked for: title, paths, error codes."""
    paths = (each.replace("*", "").rpartition(".")[0] or each for each in package.reach.write)
    words = [part for path in paths for part in path.split("/")[-3:] if part.strip("*")]
    return " ".join((package.title, *dict.fromkeys(codes), *dict.fromkeys(words)))


def _failed(run: Run, package: WorkPackage, state: PackageState) -> Memory:
    last = state.attempts[-1]
    return Memory(
        kind=MemoryKind.EPISODIC,
        event=MemoryEvent.ERROR,
        summary=_short(f"{package.title}: {last.error_code or 'failed'}", 300),
        details=excerpt(last.reason),
        outcome=f"it failed for good, after {_times(state.attempts_used)}",
        tags=_tags([last]),
        agent=PLAIT,
        source=PLAIT,
        run=run.id,
        package=package.id,
        lessons=_touched(last),
    )


def _cured(run: Run, package: WorkPackage, state: PackageState, tried: Sequence[Attempt]) -> Memory:
    last, passed = tried[-1], state.attempts[-1]
    more = sorted(set(passed.files) - set(last.files))
    less = sorted(set(last.files) - set(passed.files))
    changed = [
        f"it also changed {_listed(more)}" if more else "",
        f"it left alone {_listed(less)}" if less else "",
        f"a person had answered: {_short(state.answers[-1].text, 200)}" if state.answers else "",
        f"its agent said: {_short(passed.summary, MOST_WORDS)}" if passed.summary.strip() else "",
    ]
    cure = "; ".join(filter(None, changed)) or "it changed the same files, differently"
    return Memory(
        kind=MemoryKind.EPISODIC,
        event=MemoryEvent.SUCCESS,
        summary=_short(f"{package.title}: {last.error_code or 'failed'}, then it passed", 300),
        details=excerpt(last.reason),
        outcome=f"attempt {passed.number} passed: {cure}",
        tags=_tags(tried),
        agent=PLAIT,
        source=PLAIT,
        run=run.id,
        package=package.id,
        lessons=_touched(passed),
    )


def _failures(state: PackageState) -> list[Attempt]:
    """Attempts that were judged and not accepted; those that were cut short say nothing."""
    return [
        each
        for each in state.attempts[:-1]
        if not each.interrupted and each.outcome in {Verdict.REVISE, Verdict.REJECT}
    ]


def excerpt(reason: str) -> str:
    """A reason in short: its beginning, and its end, where logs say what went wrong."""
    told = "\n".join(each.rstrip() for each in reason.splitlines() if each.strip())
    if len(told) <= MOST_REASON:
        return told
    half = MOST_REASON // 2
    return f"{told[:half].rstrip()}\n…\n{told[-half:].lstrip()}"


def _touched(attempt: Attempt) -> tuple[str, ...]:
    return (f"files: {_listed(attempt.files)}",) if attempt.files else ()


def _tags(attempts: Iterable[Attempt]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.error_code for each in attempts if each.error_code))


def _listed(paths: Sequence[str]) -> str:
    left = len(paths) - _MOST_PATHS
    told = ", ".join(paths[:_MOST_PATHS])
    return f"{told} and {left} more" if left > 0 else told


def _times(count: int) -> str:
    return f"{count} attempt{'' if count == 1 else 's'}"


def _short(text: str, most: int) -> str:
    told = " ".join(text.split())
    return told if len(told) <= most else f"{told[: most - 1]}…"
