"""What the database refuses, said as what the machine lacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from plait.errors import EnvironmentLack

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


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise the database's refusals as what they mean to a person; leave bugs as they are.

    Args:
        place: The database's path or URL, for people.

    Raises:
        EnvironmentLack: `DISK_FULL`, `STORE_READ_ONLY`, `STORE_BUSY` or `STORE_UNREADABLE`.
    """
    try:
        yield
    except DBAPIError as error:
        lack = _lack(error.orig, place)
        if lack is None:
            raise
        raise lack from error


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
