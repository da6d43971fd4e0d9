"""Steps by name, and what people ask of a run: rows beside the events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row

from plait.core.event import RunId
from plait.core.plan import PackageId
from plait.core.step import Done, Step
from plait.errors import UsageError
from plait.ports import Request
from plait.store import rows, statements
from plait.store.refusals import only


def write_steps(connection: Connection, run: RunId, steps: Iterable[Step], now: float) -> None:
    """Keep what steps came to; a step that is done again in its epoch has its last outcome."""
    last = {(step.package, step.epoch, step.name): step for step in steps}
    written = [
        {
            "run": run,
            "package": package,
            "epoch": epoch,
            "name": name,
            "outcome": json.dumps(step.outcome, separators=(",", ":")),
            "at": now,
        }
        for (package, epoch, name), step in last.items()
    ]
    if written:
        connection.execute(statements.WRITE_STEP, written)


def steps(connection: Connection, run: RunId) -> Mapping[PackageId, Done]:
    """What the steps of each package's latest epoch came to."""
    found: dict[PackageId, dict[str, Mapping[str, Any]]] = {}
    for package, name, outcome in connection.execute(statements.STEPS, {"run": run}):
        found.setdefault(PackageId(package), {})[name] = json.loads(outcome)
    if not found:
        only(connection, statements.RUN, run)
    return found


def ask(
    connection: Connection,
    run: RunId,
    kind: str,
    data: Mapping[str, Any],
    *,
    who: str,
    now: float,
) -> int:
    """Add a request; its number."""
    only(connection, statements.LOCK_RUN, run)
    number: int = connection.execute(
        statements.ASK,
        {
            "of_run": run,
            "kind": kind,
            "data": json.dumps(data, separators=(",", ":")),
            "who": rows.storable(who),
            "at": now,
        },
    ).scalar_one()
    return number


def open_requests(connection: Connection, run: RunId) -> tuple[Request, ...]:
    """Those without an answer, oldest first."""
    found = connection.execute(statements.OPEN_REQUESTS, {"run": run})
    return tuple(_request(row) for row in found)


def request(connection: Connection, run: RunId, number: int) -> Request:
    """One request.

    Raises:
        UsageError: `NO_SUCH_REQUEST`.
    """
    given = {"run": run, "number": number}
    row = connection.execute(statements.REQUEST, given).one_or_none()
    if row is None:
        raise UsageError(f"run {run} has no request {number}", code="NO_SUCH_REQUEST")
    return _request(row)


def answer(
    connection: Connection, run: RunId, answers: Iterable[tuple[int, str]]
) -> list[tuple[int, str]]:
    """Write answers to requests that have none; those that were written."""
    written: list[tuple[int, str]] = []
    for number, told in answers:
        given = {"of_run": run, "of_number": number, "told": rows.storable(told)}
        if connection.execute(statements.ANSWER, given).rowcount:
            written.append((number, told))
    return written


def _request(row: Row[*tuple[Any, ...]]) -> Request:
    number, kind, data, who, at, told = row
    return Request(number=number, kind=kind, data=json.loads(data), who=who, at=at, answer=told)
