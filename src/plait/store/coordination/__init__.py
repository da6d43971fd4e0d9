"""The coordinator's part of the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import func, select

from plait.ports.coordination import Coordination, CoordinationRows
from plait.store.connected import Connected
from plait.store.coordination.rows import SqlRows
from plait.store.patience import patient

T = TypeVar("T")
_COORDINATOR = 7_560_148_235  # beside the numbers in `engines`


class SqlCoordination(Connected, Coordination):
    """Work on the coordinator's rows, one transaction at a time in the whole database.

    On SQLite a writing transaction has the database to itself; on PostgreSQL the coordinator's
    take an advisory lock, so that what one has read stands until it ends.
    """

    @patient
    def transact(self, work: Callable[[CoordinationRows], T]) -> T:
        """Do work in one transaction: all of what it writes, or nothing if it raises."""
        with self._transaction(self._writing) as connection:
            if self.shared:
                connection.execute(select(func.pg_advisory_xact_lock(_COORDINATOR)))
            return work(SqlRows(connection, at=self._lease_time()))

    @patient
    def look(self, work: Callable[[CoordinationRows], T]) -> T:
        """Do work that only reads."""
        with self._transaction(self._reading) as connection:
            return work(SqlRows(connection, at=self._lease_time()))
