"""The coordinator's part of the store.

Whoever writes first writes for all who wait: their work is done in one transaction, each part of
it undone by itself if it is refused, and one commit (one sync of the disk) carries all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import DBAPIError

from plait.ports.coordination import Coordination, CoordinationRows
from plait.store.connected import Connected
from plait.store.coordination.rows import SqlRows
from plait.store.patience import patient
from plait.store.quick import note_write, take_writes

T = TypeVar("T")
_COORDINATOR = 7_560_148_235  # beside the numbers in `engines`
_MOST = 64  # parts of one transaction: others write too


class _UndoneError(Exception):
    """A part was refused after it had written something."""


@dataclass(slots=True, eq=False)
class _Part:
    """Work of one caller, and what came of it once it is written, or refused.

    `turn` is held until the work is over, or it is this caller's turn to write for all.
    """

    work: Callable[[CoordinationRows], Any]
    turn: Lock
    leads: bool = False
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
        self._writes = False  # somebody does, for all who wait
        self._entering = Lock()
        event.listen(self._writing, "before_cursor_execute", _noted)

    @patient
    def transact(self, work: Callable[[CoordinationRows], T]) -> T:
        """Do work in one transaction: all of what it writes, or nothing if it raises.

        Work may be done more than once, if what it had written was undone.
        """
        part = _Part(work, Lock())
        with self._entering:
            self._waiting.append(part)
            part.leads, self._writes = not self._writes, True
            if not part.leads:
                part.turn.acquire()
        try:
            if not part.leads:
                part.turn.acquire()  # until another has written it, or hands the pen on
            if not part.over:
                self._lead()
        except BaseException:  # such as Ctrl-C
            self._step_aside(part)
            raise
        answer: T = part.told()
        return answer

    @patient
    def look(self, work: Callable[[CoordinationRows], T]) -> T:
        """Do work that only reads."""
        with self._transaction(self._reading) as connection:
            return work(SqlRows(connection, at=self._lease_time()))

    def _lead(self) -> None:
        """Write for all who wait, one's own work first, and hand the pen on."""
        with self._entering:
            parts, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        try:
            self._write(parts)
        finally:
            for part in parts[1:]:
                part.turn.release()
            with self._entering:
                self._hand_on()

    def _hand_on(self) -> None:
        self._writes = bool(self._waiting)
        if self._waiting:
            self._waiting[0].leads = True
            self._waiting[0].turn.release()

    def _step_aside(self, part: _Part) -> None:
        """Let the others go on without a caller that waits no more."""
        with self._entering:
            if part in self._waiting:
                self._waiting.remove(part)
                if part.leads:
                    self._hand_on()

    def _write(self, parts: list[_Part]) -> None:
        try:
            try:
                self._attempt(parts, apart=False)
            except _UndoneError:
                self._attempt(parts, apart=True)
        except BaseException as error:
            for part in parts:
                part.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            for part in parts:
                part.over = True

    def _attempt(self, parts: list[_Part], *, apart: bool) -> None:
        with self._transaction(self._writing) as connection:
            if self.shared:
                connection.execute(select(func.pg_advisory_xact_lock(_COORDINATOR)))
            rows = SqlRows(connection, at=self._lease_time())
            for part in parts:
                part.error = None
                if len(parts) == 1:
                    part.answer = part.work(rows)
                elif apart:
                    _apart(connection, rows, part)
                else:
                    _among(connection, rows, part)
            rows.tell()


def _noted(
    connection: Connection, _cursor: Any, told: str, _values: Any, _context: Any, _many: Any
) -> None:
    note_write(connection, told)


def _among(connection: Connection, rows: SqlRows, part: _Part) -> None:
    """One part of a transaction; one that is refused has written nothing, most often."""
    facts, put_off = len(rows.facts), rows.put_off
    take_writes(connection)
    try:
        part.answer = part.work(rows)
    except DBAPIError:
        raise  # it is everybody's
    except Exception as error:
        if take_writes(connection) or rows.put_off != put_off:
            raise _UndoneError from error
        del rows.facts[facts:]
        part.error = error


def _apart(connection: Connection, rows: SqlRows, part: _Part) -> None:
    """One part of a transaction: undone by itself if it is refused."""
    facts = len(rows.facts)
    connection.exec_driver_sql("SAVEPOINT part")
    try:
        part.answer = part.work(rows)
        rows.flush()
    except DBAPIError:
        raise  # it is everybody's
    except Exception as error:  # noqa: BLE001 - its own caller's, who gets it
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT part")
        del rows.facts[facts:]
        rows.forget()
        part.error = error
    connection.exec_driver_sql("RELEASE SAVEPOINT part")
