"""Open the state of record: connect, make or upgrade the schema, hand out the store."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, Connection, Engine, insert, inspect, select

from plait.errors import EnvironmentLack
from plait.ports import Clock
from plait.store.coordination.tables import NOTE_NUMBER
from plait.store.engines import connect, parse, shown, take_turn
from plait.store.failures import translated
from plait.store.revision import HEAD_REVISION
from plait.store.schema import AUDIT_COUNT, LOCK_TOKEN, TASK_NUMBER, counter, metadata, version
from plait.store.sql import SqlStore


def open_store(
    url_or_path: str | Path, *, clock: Clock, lease_clock: Clock | None = None
) -> SqlStore:
    """The store in that database, which is made or upgraded if it must be.

    Opening a database of the current revision writes nothing.

    Args:
        url_or_path: A file of SQLite, or a database URL (anything with `://`).
        clock: Where the times in the rows come from.
        lease_clock: What leases are measured by instead of the database's clock; for tests.

    Raises:
        UsageError: `STORE_UNSUPPORTED` for a URL of another kind of database.
        EnvironmentLack: `STORE_UNREADABLE`, `STORE_TOO_NEW`, `STORE_READ_ONLY`, `STORE_BUSY`,
            `STORE_UNREACHABLE`, `STORE_DRIVER_MISSING` or `DISK_FULL`.
    """
    engine, place = prepared(parse(url_or_path))
    return SqlStore(engine, clock=clock, place=place, lease_clock=lease_clock)


def prepared(url: URL) -> tuple[Engine, str]:
    """An engine on a store of the newest revision, and the place as people are told of it."""
    place, engine = shown(url), connect(url)
    try:
        with translated(place):
            _prepare(engine, place)
    except BaseException:
        engine.dispose()
        raise
    return engine, place


def _prepare(engine: Engine, place: str) -> None:
    with engine.connect() as connection:
        current = _revision(connection, place)
        if engine.dialect.name == "sqlite":
            _keep_log(connection, place)
    if current == HEAD_REVISION:
        return
    with engine.execution_options(writes=True).begin() as connection:
        take_turn(connection)
        _bring_to_head(connection, place)


def _keep_log(connection: Connection, place: str) -> None:
    """Set only once the database is known to be ours; it lasts, so later it costs nothing."""
    if connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar_one() != "wal":
        raise EnvironmentLack(
            f"the store cannot keep a write-ahead log there: {place}",
            code="STORE_UNREADABLE",
            hint="keep it on a local disk, not on a network filesystem",
            where=place,
        )


def _bring_to_head(connection: Connection, place: str) -> None:
    """Another process may have been quicker: under the write lock the question is put again."""
    if not inspect(connection).has_table(version.name):
        metadata.create_all(connection)
        version.create(connection)
        counters = (LOCK_TOKEN, AUDIT_COUNT, TASK_NUMBER, NOTE_NUMBER)
        connection.execute(insert(counter), [{"name": name, "value": 0} for name in counters])
        connection.execute(insert(version).values(version_num=HEAD_REVISION))
        return
    current = _revision(connection, place)
    if current != HEAD_REVISION:
        from plait.store.upgrade import upgrade

        upgrade(connection, current, place=place)


def _revision(connection: Connection, place: str) -> str | None:
    """The database's revision; None where no migration has run yet."""
    inspector = inspect(connection)
    if inspector.has_table(version.name):
        return connection.execute(select(version.c.version_num)).scalar_one_or_none()
    if inspector.get_table_names():
        raise EnvironmentLack(
            f"this database is not a store of Plait's: {place}",
            code="STORE_UNREADABLE",
            hint="name another database; this one was left as it is",
            where=place,
        )
    return None
