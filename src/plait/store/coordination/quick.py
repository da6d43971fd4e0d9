"""Statements put together once: claims come by the hundred, and each is a handful of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql.expression import Executable


def quick(
    connection: Connection, statement: Executable, given: Mapping[str, Any]
) -> CursorResult[Any]:
    """Run a statement whose parameters and columns are of types that the driver takes as is."""
    told, order, fixed = _prepared(connection.dialect, statement)
    values = {**fixed, **given}
    if order:
        return connection.exec_driver_sql(told, tuple(values[name] for name in order))
    return connection.exec_driver_sql(told, values)


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


@lru_cache(maxsize=128)
def _prepared(
    dialect: Dialect, statement: Executable
) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    """The text, the order of its parameters if it has one, those whose values are known."""
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return compiled.string, tuple(compiled.positiontup or ()), fixed
