"""The state of record: SQLAlchemy Core on SQLite or PostgreSQL, Alembic migrations."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plait.ports import Clock
    from plait.store.copying import Copied
    from plait.store.glimpse import Glance
    from plait.store.sql import SqlStore


def open_store(
    url_or_path: str | Path, *, clock: Clock, lease_clock: Clock | None = None
) -> SqlStore:
    """Open the store, creating or upgrading its tables; see `database.open_store`."""
    from plait.store import database

    return database.open_store(url_or_path, clock=clock, lease_clock=lease_clock)


def copy_store(source: str | Path, target: str | Path) -> Copied:
    """Copy everything from one store into another, empty one; see `copying.copy_store`."""
    from plait.store import copying

    return copying.copy_store(source, target)


def glance(path: Path) -> Glance | None:
    """A quick read-only view of an embedded store, or None where only the store itself will do."""
    from plait.store.glimpse import Glance

    try:
        return Glance(path)
    except sqlite3.Error:
        return None
