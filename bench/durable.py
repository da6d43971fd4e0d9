"""Events that the store has written for good, against their bytes appended to a file."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
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
    to_data,
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
    stored, appended = [], []
    for _ in range(ROUNDS):
        folder = Path(tempfile.mkdtemp(prefix=".bench-durable-", dir=Path.cwd()))
        try:
            appended.append(_append(folder / "log", lines))
            stored.append(_store(folder / "plait.db", batches))
        finally:
            shutil.rmtree(folder)
    least, taken = median(appended), median(stored)
    print(f"durable events, {BATCHES} batches of {BATCH}, {size:.0f} bytes each, in {Path.cwd()}")
    for name, each in (("append, fdatasync", least), ("the store", taken)):
        rate = BATCH * BATCHES / each
        print(f"  {name:18} {each / BATCHES * 1_000:7.2f} ms a batch, {rate:9,.0f} events a second")
    print(f"  the store has {least / taken:.2f} of the speed\n")
    return [Row(what="durable events, to append", ratio=taken / least, target=TARGET)]


def _append(path: Path, batches: list[list[bytes]]) -> float:
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
    return json.dumps(to_data(event)).encode() + b"\n"
