"""The state of record: SQLAlchemy Core on SQLite, Alembic migrations."""

from __future__ import annotations

from plait.store.database import open_store
from plait.store.sql import SqlStore

__all__ = ["SqlStore", "open_store"]
