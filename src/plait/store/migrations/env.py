"""What Alembic executes: migrate on the connection it was given, in that one's transaction."""

from __future__ import annotations

from alembic import context

from plait.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
context.run_migrations()
