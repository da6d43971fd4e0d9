"""The stores that one contract is held against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.clock import ManualClock
from tests.fakes.store import MemoryStore

from plait.engine.coordinator.desk import Desk
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


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def desk(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Desk]:
    """A coordinator on an empty store whose time stands still."""
    where: str | Path = tmp_path / "plait.db"
    if request.param == "postgres":
        where = request.getfixturevalue("postgres_url")
    opened = open_store(where, clock=clock, lease_clock=clock)
    yield Desk(store=opened)
    opened.close()
