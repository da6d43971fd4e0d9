"""The stores that one contract is held against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore

from plait.ports import Store
from plait.store import open_store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1000.0)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    opened: Store
    if request.param == "memory":
        opened = MemoryStore(clock=clock)
    elif request.param == "sqlite":
        opened = open_store(tmp_path / "plait.db", clock=clock, lease_clock=clock)
    else:
        url = request.getfixturevalue("postgres_url")
        opened = open_store(url, clock=clock, lease_clock=clock)
    yield opened
    opened.close()
