"""What is asked of the store and is not there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select

from plait.core.event import RunId
from plait.core.plan import PackageId
from plait.errors import UsageError


def only(
    connection: Connection, statement: Select[*tuple[Any, ...]], run: RunId
) -> Row[*tuple[Any, ...]]:
    """The one row that a run has. Raises UsageError `NO_SUCH_RUN`."""
    row = connection.execute(statement, {"run": run}).one_or_none()
    if row is None:
        raise no_such_run(run)
    return row


def no_such_run(run: RunId) -> UsageError:
    """There is no such run."""
    return UsageError(f"there is no run {run}", code="NO_SUCH_RUN", hint="see: plait status")


def no_such_package(run: RunId, package: PackageId) -> UsageError:
    """The run has no such package."""
    return UsageError(
        f"run {run} has no package {package}",
        code="NO_SUCH_PACKAGE",
        hint=f"see: plait status {run}",
    )
