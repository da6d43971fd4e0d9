"""What the database refuses, said as what the machine lacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from plait.errors import EnvironmentLack, StoreUnreachable

# By the beginning of SQLite's extended error name; the first that fits. A quota or a file-size
# limit shows as a failed write, a full disk under the shared index as SHMSIZE.
_LACKS = (
    (
        ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"),
        "DISK_FULL",
        "the disk takes no more of the store",
        "free some space on that disk, then: plait resume",
    ),
    (
        ("SQLITE_READONLY",),
        "STORE_READ_ONLY",
        "the store cannot be written",
        "make the file and its folder writable, or name another by PLAIT_DATABASE_URL",
    ),
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED"),
        "STORE_BUSY",
        "another process keeps the store locked",
        "wait for that process to end, or end it, then: plait resume",
    ),
    (
        ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM"),
        "STORE_UNREADABLE",
        "the store cannot be read",
        "check the path; a damaged file can be moved aside: what landed is on the run's branch",
    ),
)


# By the beginning of PostgreSQL's error number; the first that fits.
_STATES = (
    (("53100",), "DISK_FULL", "the disk takes no more of the store", "free some space there"),
    (
        ("25006", "42501"),
        "STORE_READ_ONLY",
        "the store cannot be written",
        "give the user the right to write there, or name another database",
    ),
    (
        ("55P03", "57014", "40001", "40P01"),
        "STORE_BUSY",
        "another process keeps the store locked",
        "wait for that process to end, or end it, then: plait resume",
    ),
    (
        ("28", "3D"),
        "STORE_UNREADABLE",
        "the store cannot be read",
        "check user, password and database in PLAIT_DATABASE_URL",
    ),
    (("XX",), "STORE_UNREADABLE", "the store cannot be read", "look into the server's log"),
)
_GONE = ("08", "53", "57P")  # no connection, no resources, the server goes down or comes up


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise the database's refusals as what they mean to a person; leave bugs as they are.

    Args:
        place: The database's path or URL, for people.

    Raises:
        StoreUnreachable: The server does not answer.
        EnvironmentLack: `DISK_FULL`, `STORE_READ_ONLY`, `STORE_BUSY` or `STORE_UNREADABLE`.
    """
    try:
        yield
    except DBAPIError as error:
        embedded = isinstance(error.orig, sqlite3.Error)
        lack = _lack(error.orig, place) if embedded else _server_lack(error, place)
        if lack is None:
            raise
        raise lack from error


def _server_lack(error: DBAPIError, place: str) -> EnvironmentLack | None:
    state: str = getattr(error.orig, "sqlstate", None) or ""
    said = (str(error.orig).strip().splitlines() or [""])[-1]
    for states, code, message, hint in _STATES:
        if state.startswith(states):
            return EnvironmentLack(f"{message}: {place}: {said}", code=code, hint=hint, where=place)
    broken = error.connection_invalidated or state.startswith(_GONE)
    if broken or (isinstance(error, OperationalError) and not state):
        return StoreUnreachable(f"the store does not answer: {place}: {said}", where=place)
    if isinstance(error, ProgrammingError) and not state:  # the driver takes no such option
        return EnvironmentLack(
            f"the store cannot be connected to: {place}: {said}",
            code="STORE_UNREADABLE",
            hint="check the options in PLAIT_DATABASE_URL",
            where=place,
        )
    return None


def _lack(error: BaseException | None, place: str) -> EnvironmentLack | None:
    if not isinstance(error, sqlite3.Error):
        return None
    name: str = getattr(error, "sqlite_errorname", "")
    for names, code, message, hint in _LACKS:
        if name.startswith(names):
            return EnvironmentLack(
                f"{message}: {place}: {error}", code=code, hint=hint, where=place
            )
    return None
