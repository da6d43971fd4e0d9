"""Many values in one statement, without preparing each: events come a hundred at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Dialect, Insert, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Among(FunctionElement[bool]):
    """Whether a column's value is one of the texts of a parameter that `listed` made.

    An `IN` with a parameter for each text would be put together anew with every call.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[str], parameter: str) -> None:
        """Name the column and the parameter."""
        super().__init__(column, bindparam(parameter, type_=String()))


@compiles(Among, "sqlite")
def _sqlite(element: Among, compiler: Any, **more: Any) -> str:
    column, texts = (compiler.process(each, **more) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({texts}))"  # noqa: S608 - compiled parts


@compiles(Among, "postgresql")
def _postgresql(element: Among, compiler: Any, **more: Any) -> str:
    column, texts = (compiler.process(each, **more) for each in element.clauses)
    each = f"jsonb_array_elements_text(CAST({texts} AS JSONB))"
    return f"{column} IN (SELECT {each})"


def listed(texts: Iterable[str]) -> str:
    """The parameter that `Among` takes apart."""
    return json.dumps(list(texts))


def insert_many(
    connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows that all have the columns of the first, of types that the driver takes as is.

    There are at least two columns.
    """
    if rows:
        told, order = _prepared(connection.dialect, statement, tuple(rows[0]))
        given = [*map(itemgetter(*order), rows)] if order else rows
        connection.exec_driver_sql(told, given)  # dicts, or tuples


@lru_cache(maxsize=16)
def _prepared(
    dialect: Dialect, statement: Insert, columns: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """The statement as the driver takes it, and the order of the columns if it has one."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    return compiled.string, tuple(compiled.positiontup or ())
