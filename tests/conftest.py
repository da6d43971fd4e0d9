"""What all tests share: how hypothesis runs, and a database server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.fakes import postgres

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if "CI" in os.environ else "default")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: most stories wait for a child now and then."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return cores + 1


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One PostgreSQL server for all tests that want a database there."""
    try:
        with postgres.server() as server:
            yield server
    except postgres.NoPostgresError as why:
        pytest.skip(f"no PostgreSQL here: {why}")


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> str:
    """The URL of an empty database."""
    return postgres_server.new_database()
