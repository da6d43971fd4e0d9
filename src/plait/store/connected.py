"""What all calls of the store share: a connection, a clock, one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Connection, Engine

from plait.ports import Clock
from plait.store.failures import translated
from plait.store.patience import Doubt

PATIENCE_S = 30.0  # for a server that restarts


class Connected:
    """A database that `plait.store.database.open_store` has opened.

    May be called from any thread; calls wait for one another.
    """

    def __init__(
        self, engine: Engine, *, clock: Clock, place: str, lease_clock: Clock | None = None
    ) -> None:
        self._reading = engine
        self.shared = engine.dialect.name == "postgresql"
        if self.shared:  # a query is one statement: it needs no transaction
            self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = engine.execution_options(writes=True)
        self.patience_s = PATIENCE_S
        self._doubt: Doubt | None = None
        self._clock = clock
        self._lease_clock = lease_clock
        self._place = place
        self._lock = Lock()

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            self._reading.dispose()

    def _lease_time(self) -> float | None:
        """What leases are measured by, where that is not the database's clock."""
        return None if self._lease_clock is None else self._lease_clock.now()

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        with self._lock, translated(self._place), engine.begin() as connection:
            yield connection
