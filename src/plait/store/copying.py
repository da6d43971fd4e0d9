"""Copy a store into another database: every row, in one transaction, counted at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, delete, func, insert, select, text

from plait.errors import EnvironmentLack, UsageError
from plait.store.database import prepared
from plait.store.engines import parse, shown, take_turn
from plait.store.failures import translated
from plait.store.schema import approval, counter, metadata, run

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied: the two databases as people are told of them, and rows by table."""

    source: str
    target: str
    rows: Mapping[str, int]


def copy_store(source: str | Path, target: str | Path) -> Copied:
    """Copy everything from one store into another, which must be empty.

    No table has a sequence: a run, an approval or a lock key that is added later is numbered by
    what is there, or by the counter that is copied. Nobody writes the source meanwhile.

    Args:
        source: A file or URL; brought to the newest revision if it is older.
        target: A file or URL; made if it is not there.

    Raises:
        UsageError: `STORE_UNSUPPORTED`, `NO_SUCH_STORE`, `SAME_STORE`, `STORE_NOT_EMPTY`.
        EnvironmentLack: As `open_store` does; then the target is as it was.
    """
    from_url, to_url = parse(source), parse(target)
    _require_two(from_url, to_url)
    reading, from_place = prepared(from_url)
    try:
        writing, to_place = prepared(to_url)
        try:
            rows = _copy(reading, writing, from_place=from_place, to_place=to_place)
        finally:
            writing.dispose()
    finally:
        reading.dispose()
    return Copied(source=from_place, target=to_place, rows=rows)


def _require_two(source: URL, target: URL) -> None:
    place = shown(source)
    if source.drivername == "sqlite" and not source.query and not Path(place).is_file():
        raise UsageError(
            f"there is no store to copy: {place}",
            code="NO_SUCH_STORE",
            hint="name it by --from",
            where=place,
        )
    if _identity(source) == _identity(target):
        raise UsageError(
            f"a store cannot be copied onto itself: {place}",
            code="SAME_STORE",
            hint="name another database by --to",
            where=place,
        )


def _identity(url: URL) -> str:
    plain = url.drivername == "sqlite" and not url.query
    return str(Path(shown(url)).resolve()) if plain else shown(url)


def _copy(reading: Engine, writing: Engine, *, from_place: str, to_place: str) -> dict[str, int]:
    with translated(to_place), writing.execution_options(writes=True).begin() as target:
        take_turn(target)
        _require_empty(target, to_place)
        target.execute(delete(counter))
        with translated(from_place), _still(reading).begin() as source:
            _stop_writers(source)
            return {
                table.name: _copy_table(table, source, target, from_place)
                for table in metadata.sorted_tables
            }


def _still(engine: Engine) -> Engine:
    """The engine for a transaction that sees one state from beginning to end."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ")
    return engine.execution_options(writes=True)


def _stop_writers(connection: Connection) -> None:
    """Let others read and nobody write; on SQLite the transaction did that as it began."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in metadata.sorted_tables)
        connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))


def _require_empty(target: Connection, place: str) -> None:
    if any(_count(target, table) for table in (run, approval)):
        raise UsageError(
            f"there is something in that store already: {place}",
            code="STORE_NOT_EMPTY",
            hint="name a new file or an empty database by --to",
            where=place,
        )


def _copy_table(table: Table, source: Connection, target: Connection, place: str) -> int:
    for some in _rows(table, source, place):
        target.execute(insert(table), some)
    expected, found = _count(source, table), _count(target, table)
    if expected != found:
        raise EnvironmentLack(
            f"{found} rows of {expected} arrived in the table {table.name}; nothing was kept",
            code="STORE_COPY_INCOMPLETE",
            hint="try again",
            where=place,
        )
    return found


def _rows(table: Table, source: Connection, place: str) -> Iterator[list[dict[str, Any]]]:
    """A table's rows, some at a time: events may be many."""
    with translated(place):
        asked = select(table).order_by(*table.primary_key)
        found = source.execute(asked, execution_options={"yield_per": _ROWS_AT_ONCE})
        for some in found.mappings().partitions():
            yield [dict(row) for row in some]


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
