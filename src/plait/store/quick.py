"""Statements put together once: claims come by the hundred, and each is a handful of them.

They go to the driver as they are: what SQLAlchemy does for each statement and each result takes
several times what the database does for a claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import Executable

Row = tuple[Any, ...]
_WROTE = "plait_wrote"  # in a connection's notes: whether it was written to since that was asked


def quick(connection: Connection, statement: Executable, given: Mapping[str, Any]) -> Sequence[Row]:
    """The rows of a statement whose values are all of types that the driver takes as is."""
    cursor = _executed(connection, statement, given)
    found: Sequence[Row] = cursor.fetchall()
    cursor.close()
    return found


def changed(connection: Connection, statement: Executable, given: Mapping[str, Any]) -> int:
    """How many rows a statement wrote that answers with none."""
    cursor = _executed(connection, statement, given)
    count: int = cursor.rowcount
    cursor.close()
    return count


def quick_each(
    connection: Connection, statement: Executable, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Run a statement for each row of parameters."""
    told, order, fixed = _prepared(connection.dialect, statement)
    made: Sequence[Any] = [{**fixed, **row} for row in rows]
    if order:
        made = [tuple(row[name] for name in order) for row in made]
    if made:
        connection.exec_driver_sql(told, made)


def note_write(connection: Connection, told: str) -> None:
    """Note that a connection was written to, if a statement does so."""
    if not told.startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")):
        connection.info[_WROTE] = True


def take_writes(connection: Connection) -> bool:
    """Whether a connection was written to since this was last called."""
    return bool(connection.info.pop(_WROTE, False))


def _executed(connection: Connection, statement: Executable, given: Mapping[str, Any]) -> Any:
    told, order, fixed = _prepared(connection.dialect, statement)
    note_write(connection, told)
    values: Any = {**fixed, **given}
    if order:
        values = tuple(values[name] for name in order)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(told, values)
    except connection.dialect.loaded_dbapi.Error as error:
        cursor.close()
        raise _as_sqlalchemy_says(connection, told, values, error) from error
    return cursor


def _as_sqlalchemy_says(
    connection: Connection, told: str, values: Any, error: Exception
) -> BaseException:
    """The driver's error in the form that all others have; a broken connection is given up."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(
        told,
        values,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=gone,
        dialect=dialect,
    )


@lru_cache(maxsize=256)
def _prepared(
    dialect: Dialect, statement: Executable
) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    """The text, the order of its parameters if it has one, those whose values are known."""
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return compiled.string, tuple(compiled.positiontup or ()), fixed
