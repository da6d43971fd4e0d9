"""The coordinator's part of the store.

Whoever writes first writes for all who wait: their work is done in one transaction, each part of
it undone by itself if it is refused, and one commit (one sync of the disk) carries all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from plait.ports.coordination import Coordination, CoordinationRows
from plait.store.connected import Connected
from plait.store.coordination.rows import SqlRows
from plait.store.patience import patient

T = TypeVar("T")
_COORDINATOR = 7_560_148_235  # beside the numbers in `engines`
_MOST = 64  # parts of one transaction: others write too


@dataclass(slots=True, eq=False)
class _Part:
    """Work of one caller, and what came of it once it is written, or refused."""

    work: Callable[[CoordinationRows], Any]
    answer: Any = None
    error: BaseException | None = None
    over: bool = False

    def told(self) -> Any:
        """The answer.

        Raises:
            BaseException: What the work raised.
        """
        if self.error is not None:
            raise self.error
        return self.answer


class SqlCoordination(Connected, Coordination):
    """Work on the coordinator's rows, one transaction at a time in the whole database.

    On SQLite a writing transaction has the database to itself; on PostgreSQL the coordinator's
    take an advisory lock, so that what one has read stands until it ends.
    """

    def __init__(self, *args: Any, **given: Any) -> None:
        """As `Connected`; nobody waits yet."""
        super().__init__(*args, **given)
        self._waiting: list[_Part] = []
        self._entering, self._turn = Lock(), Lock()

    @patient
    def transact(self, work: Callable[[CoordinationRows], T]) -> T:
        """Do work in one transaction: all of what it writes, or nothing if it raises."""
        part = _Part(work)
        with self._entering:
            self._waiting.append(part)
        with self._turn:  # who waits for it finds the work done, most often
            while not part.over:
                with self._entering:
                    parts, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                self._write(parts)
        answer: T = part.told()
        return answer

    @patient
    def look(self, work: Callable[[CoordinationRows], T]) -> T:
        """Do work that only reads."""
        with self._transaction(self._reading) as connection:
            return work(SqlRows(connection, at=self._lease_time()))

    def _write(self, parts: list[_Part]) -> None:
        try:
            with self._transaction(self._writing) as connection:
                if self.shared:
                    connection.execute(select(func.pg_advisory_xact_lock(_COORDINATOR)))
                rows = SqlRows(connection, at=self._lease_time())
                if len(parts) == 1:
                    parts[0].answer = parts[0].work(rows)
                else:
                    for part in parts:
                        _do(connection, rows, part)
                rows.tell()
        except BaseException as error:
            for part in parts:
                part.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            for part in parts:
                part.over = True


def _do(connection: Connection, rows: SqlRows, part: _Part) -> None:
    """One part of a transaction: undone by itself if it is refused."""
    facts = len(rows.facts)
    connection.exec_driver_sql("SAVEPOINT part")
    try:
        part.answer = part.work(rows)
    except DBAPIError:
        raise  # it is everybody's
    except Exception as error:  # noqa: BLE001 - its own caller's, who gets it
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT part")
        del rows.facts[facts:]
        part.error = error
    connection.exec_driver_sql("RELEASE SAVEPOINT part")
