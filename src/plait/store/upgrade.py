"""Bring an older database to the newest revision. Imported only for that: Alembic is slow to."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from plait.errors import EnvironmentLack

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(connection: Connection, revision: str | None, *, place: str) -> None:
    """Run the migrations after `revision` (None: all) in the connection's transaction.

    Args:
        connection: An open writing transaction; nothing is committed here.
        revision: What the database says it is at.
        place: The database's path or URL, for people.

    Raises:
        EnvironmentLack: `STORE_TOO_NEW` if these migrations do not know the revision.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise EnvironmentLack(
            f"the store {place} is of revision {revision}, which this version does not know",
            code="STORE_TOO_NEW",
            hint="use the version of Plait that wrote it, or a newer one",
            where=place,
        )
    command.upgrade(config, "head")
