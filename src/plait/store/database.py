"""Open the state of record: connect, make or upgrade the schema, hand out the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    StaticPool,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError

from plait.errors import EnvironmentLack, UsageError
from plait.ports import Clock
from plait.store.failures import translated
from plait.store.revision import HEAD_REVISION
from plait.store.schema import metadata, version
from plait.store.sql import SqlStore

_BUSY_TIMEOUT_S = 30.0


def open_store(url_or_path: str | Path, *, clock: Clock) -> SqlStore:
    """The store in that database, which is made or upgraded if it must be.

    Opening a database of the current revision writes nothing.

    Args:
        url_or_path: A file of SQLite, or a database URL (anything with `://`).
        clock: Where the times in the rows come from.

    Raises:
        UsageError: `STORE_UNSUPPORTED` for a URL of another kind of database.
        EnvironmentLack: `STORE_UNREADABLE`, `STORE_TOO_NEW`, `STORE_READ_ONLY`, `STORE_BUSY`
            or `DISK_FULL`.
    """
    url = _url(url_or_path)
    place = url.render_as_string() if url.query else str(url.database)
    engine = _sqlite_engine(url)
    try:
        with translated(place):
            _prepare(engine, place)
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine, clock=clock, place=place)


def _url(url_or_path: str | Path) -> URL:
    if "://" not in str(url_or_path):
        return URL.create("sqlite", database=str(url_or_path))
    try:
        url = make_url(str(url_or_path))
    except (ArgumentError, ValueError):
        kind = "something that is no database URL"  # it is not repeated: it may hold a password
    else:
        if url.drivername == "sqlite":
            return url
        kind = f"a database of kind {url.drivername}"
    raise UsageError(
        f"the store was to be kept in {kind}; Plait keeps it in SQLite",
        code="STORE_UNSUPPORTED",
        hint="give a file's path, or sqlite:///PATH",
    )


def _sqlite_engine(url: URL) -> Engine:
    """One connection, used by one thread at a time; transactions are begun by us, not by it."""
    engine = create_engine(
        url,
        poolclass=StaticPool,
        connect_args={
            "check_same_thread": False,
            "isolation_level": None,
            "timeout": _BUSY_TIMEOUT_S,
        },
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    # A writer takes the lock at once, so that what it has read cannot change before it writes.
    # A reader needs no transaction: each query is one statement and sees one snapshot.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _prepare(engine: Engine, place: str) -> None:
    with engine.connect() as connection:
        current = _revision(connection, place)
        # Set only once the database is known to be ours; it lasts, so later it costs nothing.
        mode = connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar_one()
    if mode != "wal":
        raise EnvironmentLack(
            f"the store cannot keep a write-ahead log there: {place}",
            code="STORE_UNREADABLE",
            hint="keep it on a local disk, not on a network filesystem",
            where=place,
        )
    if current == HEAD_REVISION:
        return
    with engine.execution_options(writes=True).begin() as connection:
        _bring_to_head(connection, place)


def _bring_to_head(connection: Connection, place: str) -> None:
    """Another process may have been quicker: under the write lock the question is put again."""
    if not inspect(connection).has_table(version.name):
        metadata.create_all(connection)
        version.create(connection)
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
            hint="name another file; this one was left as it is",
            where=place,
        )
    return None
