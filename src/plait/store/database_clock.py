"""The database's own clock, as an expression of a statement.

Leases are measured by it alone, so that machines whose clocks disagree, or a clock that is set
back, neither shorten nor lengthen another's lease.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, bindparam, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement


class DatabaseNow(FunctionElement[float]):
    """Unix time in seconds at the moment the row is looked at."""

    type = Double()
    inherit_cache = True


@compiles(DatabaseNow, "sqlite")
def _sqlite(_element: DatabaseNow, _compiler: Any, **_more: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"  # to the millisecond, in every version


@compiles(DatabaseNow, "postgresql")
def _postgresql(_element: DatabaseNow, _compiler: Any, **_more: Any) -> str:
    # Not now(): that is the transaction's beginning, and a claim may have waited for the row.
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"


def moment() -> ColumnElement[float]:
    """The database's time, or that of the parameter `at` where it is given."""
    return func.coalesce(bindparam("at", type_=Double()), DatabaseNow())
