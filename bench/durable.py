"""Events that the store has written for good, against the same events appended to a file."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

from bench.table import Row
from plait.app.project import SystemClock
from plait.core.event import (
    AgentEnded,
    AgentStatus,
    Event,
    RunId,
    ScopeChecked,
    WorkCommitted,
    to_text,
)
from plait.core.plan import Digest, PackageId, Plan, WorkPackage
from plait.ports import Advance, Store
from plait.store import open_store

BATCH = 100
BATCHES = 200
ROUNDS = 5
TARGET = 2.5  # times what append and fdatasync take: 0.4 of their speed
RUN = RunId("bench")
PACKAGES = tuple(PackageId(f"p{number:03d}") for number in range(BATCH))


def measure() -> list[Row]:
    """Both by turns, in one folder on the disk: in memory there is nothing to wait for."""
    batches = [_batch(number) for number in range(BATCHES)]
    lines = [[_line(each) for each in batch] for batch in batches]
    size = sum(map(len, lines[0])) / BATCH
    stored, appended, ready = [], [], []
    for _ in range(ROUNDS):
        folder = Path(tempfile.mkdtemp(prefix=".bench-durable-", dir=Path.cwd()))
        try:
            ready.append(_append(folder / "ready", lines))
            appended.append(_append(folder / "log", _encoded(batches)))
            stored.append(_store(folder / "plait.db", batches))
        finally:
            shutil.rmtree(folder)
    least, plain, taken = median(ready), median(appended), median(stored)
    print(f"durable events, {BATCHES} batches of {BATCH}, {size:.0f} bytes each, in {Path.cwd()}")
    named = (
        ("bytes, append, fdatasync", least),
        ("append, fdatasync", plain),
        ("the store", taken),
    )
    for name, each in named:
        rate = BATCH * BATCHES / each
        print(f"  {name:25} {each / BATCHES * 1_000:7.2f} ms a batch, {rate:9,.0f} events a second")
    print(f"  the store has {plain / taken:.2f} of the speed; {least / taken:.2f} of that of bytes")
    print("  that somebody else has made of the events\n")
    return [Row(what="durable events, to append", ratio=taken / plain, target=TARGET)]


def _encoded(batches: list[tuple[Event, ...]]) -> Iterator[list[bytes]]:
    """The bytes of each batch, made when it is their turn: an event is no line of JSON before."""
    for batch in batches:
        yield [_line(each) for each in batch]


def _append(path: Path, batches: Iterable[list[bytes]]) -> float:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    began = time.perf_counter()
    for batch in batches:
        os.write(descriptor, b"".join(batch))
        os.fdatasync(descriptor)
    took = time.perf_counter() - began
    os.close(descriptor)
    return took


def _store(path: Path, batches: list[tuple[Event, ...]]) -> float:
    store = open_store(path, clock=SystemClock())
    _begin(store)
    began = time.perf_counter()
    for batch in batches:
        store.advance(RUN, [Advance(events=batch)])
    took = time.perf_counter() - began
    store.close()
    return took


def _begin(store: Store) -> None:
    """A run whose packages are all at epoch 1."""
    packages = tuple(WorkPackage(id=each, source_id=each, title=each) for each in PACKAGES)
    plan = Plan(
        id="bench",
        title="bench",
        format="plait",
        feature="bench",
        branch="feat/bench",
        digest=Digest("sha256:0"),
        files=(),
        packages=packages,
    )
    store.create_run(RUN, plan, branch="feat/bench", base="0" * 40, options={})
    for each in PACKAGES:
        store.claim(RUN, each, holder="bench", ttl_s=3600.0)


def _batch(number: int) -> tuple[Event, ...]:
    """What many packages have in common under load: their agents end, their work is looked at."""
    commit = f"{number:040x}"
    return tuple(_event(place, package, commit) for place, package in enumerate(PACKAGES))


def _event(place: int, package: PackageId, commit: str) -> Event:
    match place % 3:
        case 0:
            return AgentEnded(
                package=package,
                attempt=1,
                epoch=1,
                status=AgentStatus.COMPLETED,
                exit_code=0,
                duration_s=12.5,
                summary="Wrote the part and its tests.",
            )
        case 1:
            files = (f"parts/{package}.py", f"tests/{package}.py")
            return WorkCommitted(package=package, attempt=1, epoch=1, commit=commit, files=files)
        case _:
            return ScopeChecked(package=package, attempt=1, epoch=1, violations=(), deviations=())


def _line(event: Event) -> bytes:
    return to_text(event).encode() + b"\n"
