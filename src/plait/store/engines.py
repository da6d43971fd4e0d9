"""Connections to the two kinds of database, and what one needs that the other does not."""

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
    func,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError

from plait.errors import EnvironmentLack, UsageError

BUSY_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 10
# The log is written over from its start after each checkpoint: while it does not grow, a sync has
# no blocks of the file system to record. At the usual 1,000 pages a batch takes a tenth longer.
CHECKPOINT_PAGES = 250
_TURN = 7_560_148_233  # Plait's own numbers among the advisory locks of a database
_PEN = 7_560_148_234
_POSTGRES = {"postgresql", "postgres", "postgresql+psycopg"}


def parse(url_or_path: str | Path) -> URL:
    """The URL of a file of SQLite, or of a database of a kind that Plait knows.

    Raises:
        UsageError: `STORE_UNSUPPORTED`; what was given is not repeated: it may hold a password.
    """
    if "://" not in str(url_or_path):
        return URL.create("sqlite", database=str(url_or_path))
    try:
        url = make_url(str(url_or_path))
    except (ArgumentError, ValueError):
        kind = "something that is no database URL"
    else:
        if url.drivername == "sqlite":
            return url
        if url.drivername in _POSTGRES:
            return url.set(drivername="postgresql+psycopg")
        kind = f"a database of kind {url.drivername}"
    raise UsageError(
        f"the store was to be kept in {kind}; Plait keeps it in SQLite or PostgreSQL",
        code="STORE_UNSUPPORTED",
        hint="give a file's path, sqlite:///PATH or postgresql://USER@HOST/DATABASE",
    )


def shown(url: URL) -> str:
    """The database as people are told of it: never with a password."""
    if url.drivername == "sqlite":
        return url.render_as_string() if url.query else str(url.database)
    host = url.host or url.query.get("host") or "localhost"
    user = f"{url.username}@" if url.username else ""
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{user}{host}{port}/{url.database or ''}"


def connect(url: URL) -> Engine:
    """An engine for a URL of `parse`. Nothing is connected yet.

    Raises:
        EnvironmentLack: `STORE_DRIVER_MISSING`.
    """
    return _sqlite(url) if url.drivername == "sqlite" else _postgres(url)


def take_turn(connection: Connection) -> None:
    """Let no other writer that takes turns in before this transaction ends.

    On SQLite a writing transaction has the whole database to itself; on PostgreSQL what hands
    out numbers, or makes tables, takes a lock for that.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_TURN)))


def take_pen(connection: Connection) -> None:
    """Let nobody else add to the audit before this transaction ends: the last lock it takes."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_PEN)))


def _sqlite(url: URL) -> Engine:
    """One connection, used by one thread at a time; transactions are begun by us, not by it."""
    engine = create_engine(
        url,
        poolclass=StaticPool,
        connect_args={
            "check_same_thread": False,
            "isolation_level": None,
            "timeout": BUSY_TIMEOUT_S,
        },
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")

    # A writer takes the lock at once, so that what it has read cannot change before it writes.
    # A reader needs no transaction: each query is one statement and sees one snapshot.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgres(url: URL) -> Engine:
    """One connection, since calls wait for one another; a broken one is replaced when needed."""
    given = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    try:
        return create_engine(url, pool_size=1, max_overflow=0, connect_args=given)
    except ImportError as error:
        raise EnvironmentLack(
            "a store in PostgreSQL needs the driver psycopg, which is not installed",
            code="STORE_DRIVER_MISSING",
            hint="pip install 'plait[postgres]'",
        ) from error
