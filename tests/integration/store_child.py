"""A process that writes a run's history into a store until it is stopped or killed.

    write FILE       goes on until it is killed
    die FILE         is killed inside a call of the store, between two of its statements
    fill FILE BYTES  may write no file beyond so many bytes

After each call of the store that has returned, the number of its last event is printed.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import event as hooks
from tests.fakes.runs import RUN, package, plan

from plait.core.event import (
    AgentEnded,
    AgentStatus,
    AttemptEnded,
    AttemptStarted,
    Event,
    Landed,
    Recorded,
    RunContinued,
    RunStarted,
    Verdict,
    WorkCommitted,
    subject,
)
from plait.core.plan import PackageId
from plait.core.run import Run, fold
from plait.errors import EnvironmentLack
from plait.ports import Advance
from plait.store import open_store
from plait.store.sql import SqlStore

PLAN = plan(*(package(f"p{number}") for number in range(200)))


class _SystemClock:
    def now(self) -> float:
        return time.time()


def main() -> None:
    """Do what the arguments say."""
    mode, path = sys.argv[1], Path(sys.argv[2])
    store = open_store(path, clock=_SystemClock())
    if mode == "fill":
        limit = int(sys.argv[3])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        _write(store, die=mode == "die")
    except EnvironmentLack as lack:
        _say(f"{lack.code} {lack.where}")


def _write(store: SqlStore, *, die: bool) -> None:
    run = _taken_up(store)
    for number, events in enumerate(_history(store, run), start=1):
        if die and number == 8:
            hooks.listen(store._writing, "before_cursor_execute", _die_before_the_packages)
        if die and number > 8:
            return  # it should be dead
        run = _told(store, run, events)
        _say(str(run.seq))


def _taken_up(store: SqlStore) -> Run:
    run = Run(id=RUN, plan=PLAN)
    if store.runs():
        return _told(store, fold(run, store.events(RUN)), (RunContinued(pid=os.getpid()),))
    store.create_run(RUN, PLAN, branch="openspec/p", base="0" * 40, options={})
    began = RunStarted(
        plan=PLAN.id,
        format=PLAN.format,
        digest=PLAN.digest,
        base="0" * 40,
        branch=PLAN.branch,
        packages=tuple(each.id for each in PLAN.packages),
    )
    return _told(store, run, (began,))


def _history(store: SqlStore, run: Run) -> Iterator[tuple[Event, ...]]:
    """Two packages at a time, each tried and landed, then the next two; round and round."""
    for turn in count():
        pair = [PLAN.packages[(turn * 2 + side) % len(PLAN.packages)].id for side in (0, 1)]
        leases = [store.claim(RUN, each, holder="only", ttl_s=60) for each in pair]
        number = len(run.packages[pair[0]].attempts) + 1
        tries: list[dict[str, Any]] = [
            {"package": lease.package, "attempt": number, "epoch": lease.epoch} for lease in leases
        ]
        yield tuple(_started(each) for each in tries)
        yield tuple(event for each in tries for event in _worked(each))
        for each in tries:
            yield (Landed(**each, commit="e" * 40, tree="f" * 40, files=("a", "b")),)


def _started(each: dict[str, Any]) -> Event:
    return AttemptStarted(
        **each, agent="scripted", worktree="w", base="0" * 40, directory="d", setup_s=0.1
    )


def _worked(each: dict[str, Any]) -> tuple[Event, ...]:
    return (
        AgentEnded(**each, status=AgentStatus.COMPLETED, exit_code=0, duration_s=1.5),
        WorkCommitted(**each, commit="c" * 40, files=("a", "b")),
        AttemptEnded(**each, verdict=Verdict.PASS, commit="c" * 40, reason="x" * 200),
    )


def _told(store: SqlStore, run: Run, events: tuple[Event, ...]) -> Run:
    """Write the events with the rows that they lead to, as the engine does."""
    after = fold(
        run,
        [
            Recorded(seq=run.seq + index, at=0.0, run=RUN, event=event)
            for index, event in enumerate(events, start=1)
        ],
    )
    named = {name for name, _, _ in map(subject, events) if name is not None}
    if isinstance(events[0], RunContinued):
        named = _moved(run, after)
    states = tuple(after.packages[name] for name in sorted(named))
    store.advance(
        RUN, [Advance(events=events, packages=states, status=after.status, head=after.head)]
    )
    return after


def _moved(before: Run, after: Run) -> set[PackageId]:
    return {name for name, state in after.packages.items() if state != before.packages[name]}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _die_before_the_packages(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    if statement.startswith("UPDATE package SET status"):
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
